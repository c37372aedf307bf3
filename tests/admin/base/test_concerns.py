"""What needs attention: each concern is there when it has to be, says what to do, and goes when that is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.admin.base import concerns
from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import AdminContext, Call
from appproxy.admin.base.principal import Permission, Principal
from appproxy.net.loop import exhaustion
from appproxy.store.connectors import connectors, sightings
from appproxy.store.connectors.sightings import Sighting
from tests.admin.conftest import NOW, Desk, hash_password
from tests.pki.authorities import authority, server

DAY = 86_400.0


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file was ever missing, whatever tests before have done in this process."""
    monkeypatch.setattr(exhaustion, "EXHAUSTION", exhaustion.Exhaustion())


def found(desk: Desk, **more: Any) -> list[dict[str, Any]]:
    """All concerns, by a running service with these connectors online."""
    context = AdminContext(Principal.full("local:0"), NOW, desk.settings, hash_password, lambda: desk.live, running=True)
    call = Call({}, Body({}, ()), replace(context, **more))
    with desk.store.reading() as reading:
        told: Any = concerns.listed(reading, call)
    return list(told)


def texts(desk: Desk, about: str, **more: Any) -> list[str]:
    """What is said of one kind of things."""
    return [f"{one['urgency']}: {one['detail']}" for one in found(desk, **more) if one["about"] == about]


def publish(desk: Desk, name: str = "wiki", host: str = "wiki.example.com", **more: object) -> None:
    """An application."""
    desk.call("POST", "/applications", {"name": name, "internal": "http://i/", "external": f"https://{host}", **more})


def join(desk: Desk, name: str, *, days: float = 365.0) -> str:
    """A connector of the default group; its certificate holds so long."""
    with desk.store.transaction(NOW) as tx:
        id_ = tx.new_id()
        group = desk.rows("/connector-groups")[0]["id"]
        connectors.enrol(tx, id_, name, str(group), connectors.Shown("01", NOW - DAY, NOW + days * DAY))
    return id_


def test_nothing(desk: Desk) -> None:
    """A new service needs no attention, nor does one whose applications have two connectors."""
    assert found(desk) == []
    publish(desk)
    for name in ("a", "b"):
        desk.live[join(desk, name)] = {"online": True}
    assert found(desk) == []


def test_connectors(desk: Desk) -> None:
    """None, none online, one alone; and one that is away, waits for approval, or did not renew its certificate."""
    publish(desk)
    (one,) = found(desk)
    assert (one["about"], one["id"], one["urgency"]) == ("group", "default", "broken") and "connector token" in one["hint"]
    id_ = join(desk, "a", days=20)
    assert texts(desk, "group") == [
        "broken: 1 application of connector group default cannot be reached: none of its connectors is connected"]
    assert texts(desk, "connector") == [
        "warning: connector a is not connected", "warning: the certificate of connector a ends in 20 days"]
    desk.live[id_] = {"online": True}
    assert texts(desk, "group")[0].startswith("advice: ") and len(texts(desk, "connector")) == 1
    desk.call("PATCH", "/connector-groups/default", {"needs_approval": True})
    join(desk, "new")
    assert texts(desk, "connector")[1] == "warning: connector new waits for approval"
    assert [one["urgency"] for one in found(desk)] == ["warning", "warning", "advice"]


def test_a_connector_of_another_node_is_not_away(desk: Desk) -> None:
    """Nodes note every minute which are there."""
    id_ = join(desk, "a")
    for ago, away in ((100.0, []), (300.0, ["warning: connector a is not connected"])):
        with desk.store.transaction(NOW - ago) as tx:
            sightings.seen(tx, "n", Sighting(id_, "1", "192.0.2.1"))
        assert texts(desk, "connector") == away


def test_hosts_without_certificate(desk: Desk) -> None:
    """Also alternate ones and those of segments; a wildcard certificate covers its hosts, and many are counted."""
    given = server(authority(), "a.example.com", "*.example.com").certificate
    other = server(authority(), "signin.example.com").certificate
    desk.live[join(desk, "a")] = desk.live[join(desk, "b")] = {"online": True}
    publish(desk)
    desk.call("POST", "/applications/wiki/segments", {"external": "https://seg.example.com", "internal": "http://i/"})
    desk.call("PATCH", "/applications/wiki", {"settings": {"alternate_hosts": "alt.example.com"}})
    assert texts(desk, "certificate", given_certificate=lambda: given) == []
    assert texts(desk, "certificate", given_certificate=lambda: other) == [
        "broken: no certificate for alt.example.com, seg.example.com, wiki.example.com"]
    for number in range(7):
        publish(desk, f"n{number}", f"n{number}.example.com")
    assert texts(desk, "certificate", given_certificate=lambda: other)[0].endswith(" and 5 more")


def test_limits_and_symptoms(desk: Desk) -> None:
    """Who met a limit, and which application takes itself for another place."""
    met = [{"who": "ann", "application": "wiki", "limit": "QUEUE_FULL", "count": 3, "seconds_ago": 1}] * 9
    assert texts(desk, "limit", limits_met=met) == ["warning: ann met the limit QUEUE_FULL at wiki, 3 times"] * 5
    reader = Principal("builtin:x", frozenset({Permission.READ_SERVICE}))
    assert texts(desk, "limit", limits_met=met[:1], principal=reader) == [
        "warning: somebody met the limit QUEUE_FULL at wiki, 3 times"]
    told = found(desk, symptoms=[("wiki", "the application redirects: set view=public", 4)])
    assert [(one["detail"], one["hint"]) for one in told] == [("wiki: the application redirects (4 times)", "set view=public")]


@pytest.mark.parametrize(("files", "said"), [
    ({"open": 91, "limit": 100, "closed": 0, "seconds_ago": None}, ["warning: 91 of 100 files are open"]),
    ({"open": 5, "limit": 100, "closed": 3, "seconds_ago": 10.0},
     ["broken: no file was free 10 s ago, so that connections were closed"]),
    ({"open": 5, "limit": 100, "closed": 3, "seconds_ago": 1000.0}, []),
])
def test_files(desk: Desk, monkeypatch: pytest.MonkeyPatch, files: dict[str, object], said: list[str]) -> None:
    """Soon none is free, or none was."""
    monkeypatch.setattr(concerns, "usage", lambda: files)
    assert texts(desk, "limit") == said


def test_without_a_service_nothing_is_away(desk: Desk) -> None:
    """Who is connected nobody knows then."""
    publish(desk)
    join(desk, "a")
    assert found(desk, running=False) == []
