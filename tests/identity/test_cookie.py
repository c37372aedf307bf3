"""The access cookie: bound to application and host, small, and never trusted when changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, IdentityError
from appproxy.http.cookies import RESERVED, cut
from appproxy.identity.cookie import (
    BARE_PREFIX,
    BROWSER_COOKIE,
    COOKIE_PREFIX,
    MAX_COOKIE,
    START_COOKIE,
    CookiePlace,
    clear_cookie,
    cookie_name,
    counting_places,
    open_session,
    seal_session,
    set_cookie,
)
from appproxy.identity.session import Session
from tests.identity.test_sealing import NEW, NONCE, NOW, OLD

SESSION = Session(
    "s1", "user-1", "https://idp.example.com", "corp", "Ann Ünal", NOW, NOW + 3600, NOW - 5, ("pwd",), "1", ("g1", "g2"),
    {"email": "ann@example.com"}, sign_in_risk="high",
)
WIKI = CookiePlace("wiki", "wiki.example.com", "/", b"__Host-appproxy")
PLACE = CookiePlace("a", "h", "/", b"__Host-appproxy")
VALUE = seal_session(SESSION, NEW, WIKI, NONCE)


def test_a_session_comes_back_whole() -> None:
    """What sign-in wrote is what the gate reads."""
    assert open_session(VALUE, [OLD, NEW], WIKI, NOW) == SESSION


def test_a_bare_session_comes_back() -> None:
    """A session without groups, methods and claims is the same afterwards."""
    bare = Session("s", "u", "i", "p", "n", 1.0, NOW + 1, 1.0)
    assert open_session(seal_session(bare, NEW, PLACE, NONCE), [NEW], PLACE, NOW) == bare


@pytest.mark.parametrize(
    ("place", "now"),
    [
        (replace(WIKI, application="crm"), NOW),
        (replace(WIKI, host="crm.example.com"), NOW),
        (replace(WIKI, host="WIKI.example.com"), NOW),
        (replace(WIKI, path="/wiki/"), NOW),
        (replace(WIKI, path="/wiki/", name=cookie_name(443, "/wiki/")), NOW),
        (replace(WIKI, name=b"appproxy"), NOW),
        (replace(WIKI, name=b"__Host-appproxy-8443"), NOW),
        (WIKI, NOW + 3600),
    ],
)
def test_it_opens_nowhere_else(place: CookiePlace, now: float) -> None:
    """With another application, host, path or name, or after its time, the cookie is worth nothing."""
    with pytest.raises(IdentityError) as caught:
        open_session(VALUE, [NEW], place, now)
    assert caught.value.code is Code.SIGN_IN_REQUIRED


@settings(max_examples=300)
@given(st.integers(0, len(VALUE) - 1), st.integers(1, 255))
def test_any_change_is_refused(place: int, change: int) -> None:
    """Any byte flipped anywhere: not signed in."""
    forged = VALUE[:place] + bytes([VALUE[place] ^ change]) + VALUE[place + 1 :]
    with pytest.raises(IdentityError):
        open_session(forged, [NEW], WIKI, NOW)


def test_too_many_groups_are_named() -> None:
    """A cookie that browsers would drop is refused at sign-in, with its own error."""
    groups = tuple(f"group-{number:030}" for number in range(100))
    with pytest.raises(IdentityError) as caught:
        seal_session(replace(SESSION, groups=groups), NEW, PLACE, NONCE)
    assert caught.value.code is Code.COOKIE_TOO_LARGE
    assert "100 groups" in caught.value.detail


def test_a_cookie_that_just_fits_also_opens() -> None:
    """The limit is the same on both sides."""
    sizes = {}
    for length in range(2400, 2700):
        session = Session("s", "u", "i", "p", "n" * length, NOW, NOW + 1, NOW)
        try:
            sizes[length] = len(value := seal_session(session, NEW, PLACE, NONCE))
        except IdentityError:
            break
    assert MAX_COOKIE - 2 < max(sizes.values()) <= MAX_COOKIE
    assert open_session(value, [NEW], PLACE, NOW).name == "n" * max(sizes)


def test_names_keep_services_apart() -> None:
    """Two ports, or two paths of one host, do not overwrite each other's cookie."""
    assert cookie_name(443) == b"__Host-appproxy"
    assert cookie_name(8443) == b"__Host-appproxy-8443"
    names = {cookie_name(443), cookie_name(443, "/wiki/"), cookie_name(443, "/crm/"), cookie_name(8443, "/crm/")}
    assert len(names) == 4
    assert cookie_name(443, "/wiki/").startswith(b"__Host-appproxy-")


def test_where_a_cookie_counts() -> None:
    """Under the safe name always, under the bare one only where an admin let go of Secure."""
    safe, bare = cookie_name(8443, "/wiki/"), cookie_name(8443, "/wiki/", secure=False)
    places = counting_places("wiki", "h", "/wiki/", 8443, secure=False)
    assert places == (CookiePlace("wiki", "h", "/wiki/", safe), CookiePlace("wiki", "h", "/wiki/", bare))
    assert counting_places("wiki", "h", "/wiki/", 8443, secure=True) == places[:1]


def test_every_name_of_ours_is_reserved() -> None:
    """Whatever cookies we set, no application can set one called so, and none sees one."""
    names = [
        cookie_name(port, path, secure=secure) for port in (443, 8443) for path in ("/", "/a/") for secure in (True, False)
    ]
    for name in (*names, START_COOKIE, BROWSER_COOKIE, COOKIE_PREFIX, BARE_PREFIX):
        assert name.lower().startswith(RESERVED)
        assert cut(b"a=b; " + name + b"=secret") == b"a=b"


def test_all_guards_are_on() -> None:
    """No script reads the cookie, no plain connection carries it, no other site sends it along."""
    value = set_cookie(b"__Host-x", b"v")
    assert value == b"__Host-x=v; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert clear_cookie(b"__Host-x") == b"__Host-x=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"


def test_an_admin_may_take_guards_off() -> None:
    """One by one; without Secure the name has no prefix, because browsers would refuse it."""
    assert set_cookie(b"x", b"v", 60, secure=False, same_site="none") == (
        b"x=v; Path=/; HttpOnly; SameSite=None; Max-Age=60")
    assert set_cookie(b"x", b"v", http_only=False) == b"x=v; Path=/; Secure; SameSite=Lax"
    assert cookie_name(443, secure=False) == b"appproxy"
    assert cookie_name(8443, "/wiki/", secure=False) == cookie_name(8443, "/wiki/").removeprefix(b"__Host-")
