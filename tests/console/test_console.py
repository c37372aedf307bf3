"""The pages at `admin.DOMAIN` as a whole: who sees which, what forms need, and what nobody can do by them."""

from __future__ import annotations

import re

import pytest

from appproxy.console.console import CONTENT_SECURITY_POLICY
from appproxy.console.frame import NAVIGATION
from tests.console.conftest import HOST, House, Proof, Seat


def heading(text: str) -> str:
    """The title of a page."""
    found = re.search(r"<title>(.*?) ·", text)
    return found[1] if found else text[:200]


def test_pages_are_closed_to_all_but_themselves(alice: Seat) -> None:
    """No script or style but our own files, no frame, no cache, no form to elsewhere; and nothing inline."""
    page = alice.see("/")
    fields = {name.lower(): values for name, values in page.headers.getAllRawHeaders()}
    assert fields[b"content-security-policy"] == [CONTENT_SECURITY_POLICY]
    assert b"unsafe" not in CONTENT_SECURITY_POLICY and b"form-action 'self';" in CONTENT_SECURITY_POLICY
    assert fields[b"cache-control"] == [b"no-store"] and fields[b"x-frame-options"] == [b"DENY"]
    assert not re.search(r"<script(?! src=)|<style| style=| on[a-z]+=", page.text)


def test_the_forms_cookie_is_for_this_host_alone(house: House) -> None:
    """No request of another site brings it, and no script reads it; it is given once."""
    house.seats.pop("rita", None)
    seat = house.seat("rita")
    (cookie,) = [one for one in seat.browser.cookies if one.name == "__Host-appproxy-form"]
    rest = {name.lower(): value for name, value in cookie._rest.items()}  # type: ignore[attr-defined]
    assert rest["samesite"] == "Strict" and "httponly" in rest and cookie.secure and cookie.path == "/"
    assert seat.see("/").headers.getRawHeaders(b"set-cookie") is None


def test_style_and_script_are_kept_under_names_that_change(alice: Seat) -> None:
    """For a year; what is asked for by an old name is what there is now, and is not kept."""
    text = alice.see("/").text
    for path, kind in re.findall(r'(?:href|src)="(/console-[0-9a-f]{16}\.(css|js))"', text):
        page = alice.see(path)
        assert page.status == 200 and b"immutable" in (page.headers.getRawHeaders(b"cache-control") or [b""])[0]
        assert kind in ("css", "js") and len(page.body) > 500
    assert alice.see("/console-0000000000000000.css").headers.getRawHeaders(b"cache-control") == [b"no-store"]
    assert alice.see("/console-0000000000000000.js").status == 404


@pytest.mark.parametrize("name", ["rita", "hal", "con", "uma", "pol", "aud", "pub"])
def test_a_role_sees_what_it_may(house: House, name: str) -> None:
    """Each link of the navigation that is shown leads to a page, and none is shown that would be refused."""
    seat = house.seat(name)
    text = seat.see("/").text
    for one in (link for section in NAVIGATION for link in section.links):
        house.playground.network.pass_time(1)  # nobody opens so many at once
        page = seat.see(one.path)
        assert page.status == (200 if f'href="{one.path}"' in text else 403), one.path


def test_there_is_no_such_page(alice: Seat) -> None:
    """404 with a way back, whatever the path is made of; a page that only shows takes no form."""
    for path in ("/nothing", "/applications/none", "/applications/%00", "/applications/a/b/c/d", "/applications/..%2f..",
                 "/x" * 40):
        page = alice.see(path)
        assert page.status in (404, 422), path
        assert 'href="/"' in page.text
    assert alice.send("/applications", {}).status == 405


def test_programs_have_the_api(house: House) -> None:
    """A token opens no page."""
    made = house.call("POST", "/service-tokens", {"name": "robot", "role": "administrator"})
    page = house.playground.browser().get(HOST + "/", headers={"authorization": f"Bearer {made['token']}"})
    assert page.status == 404


PUBLISH = {"name": "forged", "internal": "http://10.0.0.1/", "external": "https://forged.example.org/"}


@pytest.mark.parametrize("headers", [
    {"origin": "https://wiki.example.org"}, {"origin": "null"}, {"origin": ""}, {"origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
])
def test_forms_of_other_pages_do_nothing(house: House, alice: Seat, headers: dict[str, str]) -> None:
    """Even with the hidden field: the Origin is this host's, or nothing happens."""
    page = alice.send("/applications/new", PUBLISH, headers=headers)
    assert page.status == 403 and "CROSS_SITE" in page.text
    assert "forged" not in {one["name"] for one in house.call("GET", "/applications")}


def test_forms_need_their_proof(house: House, alice: Seat) -> None:
    """The hidden field of this very session, and the cookie beside it: neither alone is enough, nor somebody else's."""
    other = house.seat("pub").proof
    for proof in ("", "x", other, other + "A", "ä"):
        assert alice.send("/applications/new", {**PUBLISH, "proof": proof}).status == 403
    own = Proof(alice.see("/applications/new").text).text
    line = "; ".join(f"{one.name}={one.value}" for one in alice.browser.cookies
                     if one.domain.startswith("admin") and one.name != "__Host-appproxy-form")
    page = house.playground.browser().request(
        "POST", HOST + "/applications/new", data={**PUBLISH, "proof": own},
        headers={"origin": HOST, "sec-fetch-site": "same-origin", "cookie": line})
    assert page.status == 403 and "CROSS_SITE" in page.text
    assert "forged" not in {one["name"] for one in house.call("GET", "/applications")}


def test_only_forms_are_read(alice: Seat) -> None:
    """Not JSON, and no file."""
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        page = alice.browser.request("POST", HOST + "/applications/new", data=b"name=x", headers={
            "origin": HOST, "sec-fetch-site": "same-origin", "content-type": kind})
        assert page.status == 400, kind


def test_who_is_signed_out_loses_nothing_by_surprise(house: House) -> None:
    """A form without a session says that nothing was changed; a page leads to the sign-in."""
    browser = house.playground.browser()
    page = browser.request("POST", HOST + "/applications/new", data=PUBLISH,
                           headers={"origin": HOST, "sec-fetch-site": "same-origin"})
    assert page.status == 401 and "nothing was changed" in page.text
    assert "password" in browser.get(HOST + "/applications").text


def test_what_is_shown_is_escaped(house: House, alice: Seat) -> None:
    """Names, URLs and what was searched for are texts, whatever is in them."""
    house.call("POST", "/groups", {"name": "<img src=x onerror=alert(1)>"})
    for path in ("/search?q=%3Cimg%20src=x", "/search?q=%22%3E%3Cscript%3E", "/?done=%3Cscript%3E",
                 "/applications?search=%3Cb%3E"):
        text = alice.see(path).text
        assert "<img" not in text and "<script>" not in text and "<b>" not in text


def test_a_hundred_thousand_fields_are_none(alice: Seat) -> None:
    """A form or a query with more than 400 fields is refused, and costs nothing."""
    assert alice.see("/applications?" + "&".join(f"a{n}=1" for n in range(500))).status == 400


def test_a_role_that_has_ended_opens_nothing(house: House) -> None:
    """403 with the next page, though the session goes on."""
    house.playground.add_user("tim", "a rather long password")
    house.call("POST", "/role-assignments", {"role": "reader", "user": "tim"})
    seat = house.seat("tim")
    assert heading(seat.see("/").text) == "Overview"
    house.call("DELETE", "/role-assignments", {"role": "reader", "user": "tim"})
    assert seat.see("/").status == 403
