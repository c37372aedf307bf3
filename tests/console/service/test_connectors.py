"""Connectors on the pages: what they do, how one joins, and what is done to one."""

from __future__ import annotations

import html
import re
from pathlib import Path

from twisted.internet.defer import Deferred

from appproxy.connector.enrol.enrolment import join
from appproxy.console.service.connectors import part
from appproxy.console.visit import Visit
from tests.console.conftest import House, Proof, Seat


def test_the_list(house: House, alice: Seat) -> None:
    """State, group and certificate of each; of one, all that is known."""
    (one,) = house.call("GET", "/connectors")
    text = alice.see("/connectors").text
    assert "Connected" in text and "1 of 1 connected" in text and "in 364 days" in text
    assert f"<code>{one['id']}</code>" in alice.see(f"/connectors/{one['id']}").text
    assert "No connector has" in alice.see("/connectors?search=nothing").text


def test_pages_by_name() -> None:
    """Fifty each; a search looks at name, group and address. Two with one name are two."""
    rows = [{"id": str(number), "name": f"c{number % 40:02}", "group": "g", "address": None} for number in range(80)]

    def listed(**query: str) -> list[str]:
        visit = Visit("GET", "/", {key: [text] for key, text in query.items()}, {}, None, None, 0.0, None)  # type: ignore[arg-type]
        found = part(rows, visit)
        return [f"{one['name']} {one['id']}" for one in found.rows] + ([] if not found.more else listed(after=found.more))

    assert listed() == sorted(f"{one['name']} {one['id']}" for one in rows)
    assert listed(search="C07") == ["c07 47", "c07 7"]


def test_joining(house: House, alice: Seat) -> None:
    """The token is shown once, in a command that works; it can be taken back, and what is wrong is said at its field."""
    page = alice.send("/connectors/join", {"group": "default", "expires": "1h", "uses": "2"}, of="/connectors")
    token = re.search(r"appproxy connector join (\S+) --state", html.unescape(page.text))
    assert page.status == 200 and token and token[1].startswith("appproxy1.")
    (made,) = [one for one in house.call("GET", "/connector-tokens") if one["uses"] == 2]
    listed = alice.see("/connectors").text
    assert made["id"] in listed and token[1] not in listed and house.last()["action"] == "connector.token"
    assert alice.send("/connectors/withdraw", {"token": made["id"]}, of="/connectors").status == 200
    assert made["id"] not in {one["id"] for one in house.call("GET", "/connector-tokens")}
    wrong = alice.send("/connectors/join", {"group": "default", "uses": "many"}, of="/connectors")
    assert wrong.status == 422 and 'value="many"' in wrong.text and 'aria-invalid="true"' in wrong.text


def test_a_life(house: House, alice: Seat, tmp_path: Path) -> None:
    """It waits for approval, gets it, is moved, revoked and forgotten; each is in the audit by who did it."""
    house.call("PATCH", "/connector-groups/default", {"needs_approval": True})
    state, network = tmp_path / "waits", house.playground.network
    token = house.call("POST", "/connector-tokens", {"group": "default"})["token"]
    network.run(Deferred.fromCoroutine(join(token, state, network, house.playground.wall_clock, "waits", environment={})))
    house.call("PATCH", "/connector-groups/default", {"needs_approval": False})
    (new,) = [one for one in house.call("GET", "/connectors") if one["state"] == "pending approval"]
    path = f"/connectors/{new['id']}"
    assert "waits for approval" in alice.see("/connectors").text and "waits for approval" in alice.see("/").text
    alice.send("/connector-groups", {"name": "lab", "needs_approval": "yes"}, of="/connectors")
    assert [one["needs_approval"] for one in house.call("GET", "/connector-groups") if one["name"] == "lab"] == [True]
    done = []
    shown = Proof(alice.see(path).text).tag
    house.call("POST", f"{path}/move", {"group": "lab"})
    for action in ("approve", "move", "remove"):
        for tag in ({}, {"tag": shown}):
            stale = alice.send(f"{path}/{action}", {"group": "lab", **tag})
            assert stale.status == 412 and house.call("GET", path)["state"] == "pending approval"
    house.call("POST", f"{path}/move", {"group": "default"})
    for action, form in (("approve", {}), ("move", {"group": "lab"}), ("revoke", {}), ("remove", {})):
        page = alice.send(f"{path}/{action}", form, of=path)
        assert page.status == 200, page.text
        done.append((house.last()["action"], house.last()["detail"]["caller"]))
    assert done == [(f"connector.{one}", "alice") for one in ("approve", "move", "revoke", "remove")]
    assert alice.send("/connector-groups/lab", {"do": "open"}, of="/connectors").status == 200
    assert [one["needs_approval"] for one in house.call("GET", "/connector-groups") if one["name"] == "lab"] == [False]
    assert alice.send("/connector-groups/lab", {"do": "remove"}, of="/connectors").status == 200
    assert "lab" not in {one["name"] for one in house.call("GET", "/connector-groups")}


def test_what_a_reader_sees(house: House) -> None:
    """No form, and none that is sent is obeyed."""
    rita = house.seat("rita")
    (one,) = house.call("GET", "/connectors")
    for path in ("/connectors", f"/connectors/{one['id']}"):
        assert 'method="post"' not in rita.see(path).text
    for action in ("approve", "revoke", "remove"):
        assert rita.send(f"/connectors/{one['id']}/{action}", {}).status == 403
    assert rita.send("/connectors/join", {"group": "default"}).status == 403
    assert house.call("GET", f"/connectors/{one['id']}")["state"] == "approved"


def test_one_is_examined(house: House, alice: Seat) -> None:
    """The connector of this house is part of a program, and cannot be asked: the page says so, and what to do."""
    (one,) = house.call("GET", "/connectors")
    path = f"/connectors/{one['id']}"
    assert "Examine" in alice.see(path).text
    page = alice.send(path + "/examine", {}, of=path)
    assert page.status >= 400 and "not supported" in page.text and "appproxy doctor --state DIR" in page.text
