"""A user's own sessions."""

from __future__ import annotations

import re
from html import unescape
from itertools import count

import pytest

from appproxy.errors import Code
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SessionRow
from appproxy.store.service import audit
from tests.fakes.outcome import got
from tests.provider.house import NOW
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import NAVIGATION, Browser
from tests.service.signin.stores.test_live_store import PAGE, Service, database, service, type_password  # noqa: F401 -- fixtures

APPS = "https://apps.example.com/"
SESSIONS = f"{APPS}sessions"
_TURNS = count(1)
AGENT = (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


def signed_in(service: Service, name: str = "ann") -> Browser:  # noqa: F811 -- a fixture
    """A browser in which the list of applications was opened."""
    browser = Browser(service)
    type_password(browser, browser.open(APPS), name)
    browser.open(PAGE)
    return browser


def field(page: FakeExchange) -> str:
    """The hidden field."""
    found = re.search(rb'name="csrf" value="([^"]+)"', page.content)
    assert found is not None, page.content
    return unescape(found[1].decode())


def place(answer: FakeExchange) -> str:
    """Where it leads."""
    return (answer.field(b"location") or b"").decode()


def buttons(page: FakeExchange) -> list[str]:
    """What can be signed out."""
    return [value.decode() for value in re.findall(rb'name="session" value="([^"]+)"', page.content)]


def rows(service: Service) -> dict[str, SessionRow]:  # noqa: F811 -- a fixture
    """The sessions that last."""
    return {row.id: row for row in got(service.live.read(session_rows.list_all, NOW))}


def works(browser: Browser) -> bool:
    """Is the browser signed in to the application?"""
    return browser.request(PAGE, fields=[]).status == 200


@pytest.fixture
def two(service: Service) -> tuple[Browser, Browser]:  # noqa: F811 -- a fixture
    """Two browsers of Ann's, and no other sessions."""
    # All tests share a database, in which "everywhere" counts up to its moment.
    service.clock.advance(60.0 * next(_TURNS))
    for id_ in rows(service):
        got(service.live.write(session_rows.end, id_))
    return signed_in(service), signed_in(service)


def test_what_is_shown(service: Service, two: tuple[Browser, Browser]) -> None:  # noqa: F811 -- a fixture
    """Each session with its browser and what it has opened; which is this one's; nobody else's."""
    signed_in(service, "bob")
    page = two[0].open(SESSIONS)
    assert page.status == 200
    text = page.content.decode()
    assert text.count("(this browser)") == 1 and text.count("Opened: wiki.") == 2 and "192.0.2.7" in text
    assert set(buttons(page)) == {*(id_ for id_, row in rows(service).items() if row.name == "Ann Other"), "others", "all"}
    assert "Your sessions" in two[0].open(APPS).content.decode()


def test_one_of_them(service: Service, two: tuple[Browser, Browser]) -> None:  # noqa: F811 -- a fixture
    """The other browser is signed out, this one stays and sees the list again."""
    page = two[0].open(SESSIONS)
    (own,) = re.findall(r"\(this browser\).*?value=\"(\w{32})\"", page.content.decode(), re.S)
    other = next(one for one in buttons(page) if one not in (own, "others", "all"))
    answer = two[0].request(SESSIONS, b"POST", {"csrf": field(page), "session": other})
    assert answer.field(b"location") == SESSIONS.encode()
    assert works(two[0]) and not works(two[1])
    assert b"password" in two[1].open(PAGE).content, "the provider's session has ended, too"
    row = got(service.live.read(audit.list_recent))[0]
    assert (row.action, row.detail["session"], row.detail["address"]) == ("sign-out", other, "192.0.2.7")


@pytest.mark.parametrize(("which", "left"), [("others", [True, False]), ("all", [False, False])])
def test_all_of_them(two: tuple[Browser, Browser], which: str, left: list[bool]) -> None:
    """All but this one, or this one too: then the provider's session ends as well."""
    answer = two[0].request(SESSIONS, b"POST", {"csrf": field(two[0].open(SESSIONS)), "session": which})
    page = two[0].open(place(answer))
    assert [works(one) for one in two] == left
    assert (b"signed out" in page.content) is (which == "all")
    if which == "all":
        assert b"password" in two[0].open(APPS).content


def test_others_in_one_transaction(service: Service, two: tuple[Browser, Browser]) -> None:  # noqa: F811 -- a fixture
    """However many there are: each snapshot makes all nodes judge what they know again."""
    third = signed_in(service)
    before = service.live.snapshot.revision
    answer = two[0].request(SESSIONS, b"POST", {"csrf": field(two[0].open(SESSIONS)), "session": "others"})
    assert answer.field(b"location") == SESSIONS.encode()
    assert service.live.snapshot.revision == before + 1
    assert [works(one) for one in (*two, third)] == [True, False, False]
    told = got(service.live.read(audit.list_recent))[:2]
    assert [row.action for row in told] == ["sign-out"] * 2 and len({row.detail["session"] for row in told}) == 2


def test_its_own(two: tuple[Browser, Browser]) -> None:
    """Signing out of this very session is a sign-out."""
    page = two[0].open(SESSIONS)
    (own,) = re.findall(r"\(this browser\).*?value=\"(\w{32})\"", page.content.decode(), re.S)
    answer = two[0].request(SESSIONS, b"POST", {"csrf": field(page), "session": own})
    assert b"signed out" in two[0].open(place(answer)).content
    assert not works(two[0]) and works(two[1])


def test_forgery(service: Service, two: tuple[Browser, Browser]) -> None:  # noqa: F811 -- a fixture
    """A form of another site, without our field, or with somebody else's; and a session of somebody else."""
    good = field(two[0].open(SESSIONS))
    bob = signed_in(service, "bob")
    for form, fields in (
        ({"csrf": good, "session": "all"}, [*NAVIGATION, (b"origin", b"https://evil.example")]),
        ({"csrf": good, "session": "all"}, [*NAVIGATION, (b"origin", b"https://wiki.example.com")]),
        ({"session": "all"}, NAVIGATION), ({"csrf": "x", "session": "all"}, NAVIGATION),
        ({"csrf": field(two[1].open(SESSIONS)), "session": "all"}, NAVIGATION),
    ):
        assert two[0].request(SESSIONS, b"POST", form, fields).failure is Code.CROSS_SITE
    ours = next(id_ for id_, row in rows(service).items() if row.name == "Ann Other")
    assert bob.request(SESSIONS, b"POST", {"csrf": field(bob.open(SESSIONS)), "session": ours}).status == 303
    assert works(two[0]) and works(two[1])


def test_nobody(service: Service) -> None:  # noqa: F811 -- a fixture
    """Whoever is not signed in is led to the sign-in, and can end nothing."""
    browser = Browser(service)
    assert browser.request(SESSIONS).field(b"location") == APPS.encode()
    assert browser.request(SESSIONS, b"POST", {"session": "all"}).failure is Code.CROSS_SITE
