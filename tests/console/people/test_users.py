"""Users and groups on the pages, each task by who may do it."""

from __future__ import annotations

import html
import re

from tests.console.conftest import HOST, PASSWORD, House, Seat, shown_of


def test_inviting(house: House) -> None:
    """Whoever looks after users gets a link, once, by which the new one sets a password; mistakes are said at their field."""
    uma = house.seat("uma")
    body = {"name": "iris", "display_name": "Iris", "groups": "staff", "expires": "1d"}
    page = uma.send("/users/new", body, of="/users/new")
    link = re.search(r"https://signin\.example\.org/password\?t=[A-Za-z0-9_-]+", html.unescape(page.text))
    assert page.status == 200 and link and house.playground.browser().get(link[0]).status == 200
    assert house.call("GET", "/users/iris")["groups"] == ["staff"] and house.last()["detail"]["caller"] == "uma"
    assert link[0] not in uma.see("/users/iris").text
    wrong = uma.send("/users/new", {"name": "iris", "email": "x@example.org"}, of="/users/new")
    assert wrong.status == 409 and 'value="x@example.org"' in wrong.text
    weak = uma.send("/users/new", {"name": "otto", "password": "short"}, of="/users/new")
    assert weak.status == 422 and "short" not in weak.text.partition("<main")[2].replace("shorter", "")
    assert uma.send("/users/new", {"name": "otto", "password": PASSWORD}, of="/users/new").status == 200
    house.playground.browser().sign_in("https://apps.example.org/", "otto", PASSWORD)
    for name in ("iris", "otto"):
        uma.send(f"/users/{name}/remove", {}, of=f"/users/{name}")
        assert name not in {one["name"] for one in house.call("GET", "/users")}


def test_a_lost_device(house: House) -> None:
    """The help desk makes a link, forgets factors and signs out; it changes nobody else's name."""
    house.playground.add_user("dora", PASSWORD)
    house.playground.browser().sign_in("https://apps.example.org/", "dora", PASSWORD)
    hal = house.seat("hal")
    text = hal.see("/users/dora").text
    assert "Make a link" in text and "Sign out everywhere" in text and "Disable" not in text and "Shown as" not in text
    link = hal.send("/users/dora/link", {"expires": "1d"}, of="/users/dora")
    assert "https://signin.example.org/password?t=" in link.text
    assert hal.send("/users/dora/sign-out", {}, of="/users/dora").status == 200
    assert not [one for one in house.call("GET", "/sessions", {"user": "dora"}) if not one["ended"]]
    assert hal.send("/users/dora/factors", {}).status == 412, "nobody knows what they had on the page"
    _, tag = shown_of(house, "/users/dora")
    assert hal.send("/users/dora/factors", {"tag": tag}).status == 200
    assert hal.send("/users/dora", {"display_name": "x"}, of="/users/dora").status == 403
    house.call("DELETE", "/users/dora")


def test_nobody_becomes_more_by_a_page(house: House) -> None:
    """The link of an administrator is refused to who may do less, with the reason, and so is a break-glass user's."""
    hal = house.seat("hal")
    page = hal.send("/users/alice/link", {"expires": "1d"}, of="/users/alice")
    assert page.status == 403 and "may do less" in page.text and "password?t=" not in page.text
    house.playground.add_user("glass", PASSWORD)
    house.call("PUT", "/break-glass/glass")
    assert "no policy counts" in hal.see("/users/glass").text
    refused = hal.send("/users/glass/link", {"expires": "1d"})
    assert refused.status == 403 and "break-glass" in refused.text
    house.call("DELETE", "/users/glass")


def test_changing(house: House, alice: Seat) -> None:
    """Name, mail address, groups; disabled and let in again."""
    house.playground.add_user("fred", PASSWORD)
    path = "/users/fred"
    alice.send(path, {"display_name": "Frederic", "email": "fred@example.org"}, of=path)
    found = house.call("GET", path)
    assert (found["display_name"], found["email"]) == ("Frederic", "fred@example.org")
    stale = alice.send(path, {"display_name": "Fred", "email": ""})
    assert stale.status == 412 and 'value="Fred"' in stale.text and house.call("GET", path)["email"] == "fred@example.org"
    house.call("POST", "/groups", {"name": "band"})
    alice.send(path + "/groups", {"group": "band", "do": "join"}, of=path)
    assert house.call("GET", path)["groups"] == ["band"] and "band</a>" in alice.see(path).text
    alice.send(path + "/groups", {"group": "band", "do": "leave"}, of=path)
    assert house.call("GET", path)["groups"] == []
    alice.send(path + "/disabled", {"disabled": "yes"}, of=path)
    assert house.call("GET", path)["disabled"] is True and "Disabled" in alice.see("/users?search=fred").text
    of_then = shown_of(house, path)[1]
    house.call("PATCH", path, {"email": "f@example.org"})
    stale = alice.send(path + "/disabled", {"disabled": "no", "tag": of_then})
    assert stale.status == 412 and house.call("GET", path)["disabled"] is True
    assert alice.send(path + "/disabled", {"disabled": "yes", "tag": of_then}).status == 200, "to shut out is never late"
    alice.send(path + "/disabled", {"disabled": "no"}, of=path)
    assert house.call("GET", path)["disabled"] is False
    house.call("DELETE", path)
    house.call("DELETE", "/groups/band")


def test_groups(house: House, alice: Seat) -> None:
    """Made, filled, and removed; one with signs of its own in its name, too."""
    name = "R&D? 100%"
    house.playground.add_user("gina", PASSWORD)
    path = "/groups/R%26D%3F%20100%25"
    page = alice.send("/groups", {"name": name}, of="/groups")
    assert page.status == 200 and page.url.startswith(HOST + path)
    alice.send(path + "/members", {"user": "gina"}, of=path)
    assert ">gina</a>" in alice.see(path).text
    wrong = alice.send(path + "/members", {"user": "nobody"}, of=path)
    assert wrong.status == 404 and 'value="nobody"' in wrong.text
    alice.send(path + "/members", {"user": "gina", "do": "leave"}, of=path)
    assert ">gina</a>" not in alice.see(path).text
    assert alice.see("/groups/no%20such").status == 404
    then = shown_of(house, path)[1]
    house.call("PUT", "/users/gina" + path)
    assert alice.send(path + "/remove", {"tag": then}).status == 412, "somebody has joined since"
    assert alice.send(path + "/remove", {}, of=path).status == 200 and alice.see(path).status == 404
    house.call("DELETE", "/users/gina")


def test_users_are_shown_to_who_may(house: House) -> None:
    """A reader learns nothing of people; whoever reads about users changes none."""
    assert house.seat("rita").see("/users/alice").status == 403
    aud = house.seat("aud")
    assert aud.see("/users/alice").status == 200 and 'method="post"' not in aud.see("/users/alice").text
    assert aud.send("/users/alice/remove", {}).status == 403
    assert aud.see("/users/new").status == 403, "a page that is nothing but a form is for who may send it"


def test_a_password_that_is_handed_over(house: House) -> None:
    """The help desk sets one; a weak one is refused at its field."""
    house.playground.add_user("nora", PASSWORD)
    hal = house.seat("hal")
    weak = hal.send("/users/nora/password", {"password": "x"}, of="/users/nora")
    assert weak.status == 422 and 'aria-invalid="true"' in weak.text
    assert hal.send("/users/nora/password", {"password": "another rather long one"}, of="/users/nora").status == 200
    assert house.last()["action"] == "user.set_password"
    house.call("DELETE", "/users/nora")
