"""Which forms are kept while their sender signs in again, and what goes on in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.head import Fields
from appproxy.identity.session import Session
from appproxy.service.kept_form import (
    TICKET_LENGTH,
    KeptForm,
    is_own_form,
    may_bring_ticket,
    owner_of,
    place_of,
    row_of,
    ticket_in,
)
from tests.service.exchanges import head_for

ORIGIN = b"https://wiki.example.com"
URL = "https://wiki.example.com/save?a=b"
#: What a browser says of a form of the page itself.
OWN: Fields = [
    (b"origin", ORIGIN), (b"sec-fetch-site", b"same-origin"), (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document")]
#: What one without Sec-Fetch fields does.
OLD: Fields = [(b"origin", ORIGIN), (b"accept", b"text/html,*/*;q=0.8")]


def posted(fields: Fields, method: bytes = b"POST", body: bytes = b"a=b") -> bool:
    """Is it an own form?"""
    return is_own_form(head_for(URL, method, fields, body), ORIGIN)


def but(fields: Fields, name: bytes, *values: bytes) -> Fields:
    """The same fields with other values of this name."""
    return [(each, value) for each, value in fields if each != name] + [(name, value) for value in values]


def test_forms_of_the_page_itself() -> None:
    """Also where its referrer policy hides the origin, and of browsers from before Sec-Fetch."""
    assert posted(OWN) and posted(but(OWN, b"origin", b"null")) and posted(but(OWN, b"origin")) and posted(OLD)


@pytest.mark.parametrize("fields", [
    but(OWN, b"sec-fetch-site", b"cross-site"), but(OWN, b"sec-fetch-site", b"same-site"),
    but(OWN, b"sec-fetch-site", b"none"), but(OWN, b"sec-fetch-site"),
    but(OWN, b"sec-fetch-site", b"same-origin", b"cross-site"),
    but(OWN, b"origin", b"https://evil.example"), but(OWN, b"origin", ORIGIN, b"https://evil.example"),
    but(OWN, b"origin", ORIGIN + b".evil.example"), but(OWN, b"origin", b"http://wiki.example.com"),
    but(OWN, b"sec-fetch-mode", b"cors"), but(OWN, b"sec-fetch-dest", b"iframe"), but(OWN, b"sec-fetch-dest"),
    but(OLD, b"origin", b"null"), but(OLD, b"origin"), but(OLD, b"origin", b"https://evil.example"),
    but(OLD, b"accept", b"application/json"), [],
])
def test_all_others(fields: Fields) -> None:
    """Another site's, another host's, a script's, a frame's, and what does not tell."""
    assert not posted(fields)


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"PATCH", b"DELETE", b"post"])
def test_other_methods(method: bytes) -> None:
    """Forms post; scripts that do something else get 401, and have what they sent."""
    assert not posted(OWN, method)


_ORIGINS = st.sampled_from([ORIGIN, b"null", b"https://evil.example", b""])
_SITES = st.sampled_from([b"same-origin", b"same-site", b"cross-site", b"none", b""])


@given(st.lists(st.tuples(st.just(b"origin"), _ORIGINS), max_size=2), st.lists(st.tuples(
    st.just(b"sec-fetch-site"), _SITES), max_size=2), st.booleans())
def test_nothing_of_another_site_is_kept(origins: Fields, sites: Fields, modern: bool) -> None:
    """Whatever is said twice, half or not at all: where anything names another origin, it is not kept."""
    rest = OWN[2:] if modern else [OLD[1]]
    if posted([*origins, *sites, *rest]):
        named, said = [value for _, value in origins], [value for _, value in sites]
        assert named in ([], [ORIGIN], [b"null"])
        assert said == [b"same-origin"] or (named == [ORIGIN] and not modern and not said)


_TEXT = st.binary(max_size=50)


@given(st.binary(max_size=3000), st.lists(st.tuples(st.sampled_from(
    [b"content-type", b"origin", b"referer", b"cookie", b"authorization"]), _TEXT), max_size=5))
def test_a_form_comes_out_as_it_went_in(body: bytes, fields: Fields) -> None:
    """Every byte; of the fields those about the body and its page, and no cookie or password."""
    form = KeptForm.of(head_for(URL, b"POST", fields, body), body)
    assert KeptForm.decode(form.encode()) == form
    assert form.body == body and form.target == b"/save?a=b"
    assert {name for name, _ in form.fields} <= {b"content-type", b"origin", b"referer"}
    assert b"body" not in repr(form).encode() and "fields" not in repr(form)


def test_the_head_that_goes_on() -> None:
    """Cookies are the new ones; what describes the body is the kept form's, and nothing of the ticket's is left."""
    kept = head_for(URL, b"POST", [(b"content-type", b"multipart/form-data; boundary=x"), (b"cookie", b"old=1"),
                                   (b"referer", b"https://wiki.example.com/form")], b"y" * 70_000)
    bringing = head_for("https://wiki.example.com/save", b"POST", [
        (b"content-type", b"text/plain"), (b"content-length", b"48"), (b"cookie", b"new=1"),
        (b"referer", b"https://wiki.example.com/.appproxy/finish?t=secret"), (b"origin", ORIGIN)], b"z" * 48)
    head = KeptForm.of(kept, b"y" * 70_000).head(bringing)
    assert (head.method, head.target, head.length, head.repeated) == (b"POST", b"/save?a=b", 70_000, None)
    assert head.fields == [
        (b"host", b"wiki.example.com"), (b"cookie", b"new=1"),
        (b"content-type", b"multipart/form-data; boundary=x"), (b"referer", b"https://wiki.example.com/form")]


def test_tickets() -> None:
    """As a browser writes them; anything else of that length is somebody's text."""
    ticket = "0123456789abcdef" * 2
    body = f"appproxy-kept={ticket}\r\n".encode()
    assert len(body) == TICKET_LENGTH and ticket_in(body) == ticket
    assert may_bring_ticket(head_for(URL, b"POST", [(b"content-type", b"text/plain; charset=utf-8")], body))
    assert not may_bring_ticket(head_for(URL, b"POST", [(b"content-type", b"application/json")], body))
    assert not may_bring_ticket(head_for(URL, b"POST", [(b"content-type", b"text/plain")], body + b"x"))
    assert not may_bring_ticket(head_for(URL, b"POST", [], body))
    assert ticket_in(body.upper()) == ticket_in(b"x" * TICKET_LENGTH) == ticket_in(b"") == ""
    assert ticket not in row_of(ticket)


def test_whose_and_where() -> None:
    """Another subject, issuer or provider is another user; parts cannot be shifted from one to the next."""
    def owner(provider: str, issuer: str, subject: str, id: str = "s") -> str:
        return owner_of(Session(id, subject, issuer, provider, "Ann", 1.0, 2.0, 1.0))

    assert owner("p", "i", "s") == owner("p", "i", "s", "another session")
    others = [("q", "i", "s"), ("p", "j", "s"), ("p", "i", "t"), ("p", "is", "")]
    assert len({owner("p", "i", "s"), *(owner(*each) for each in others)}) == 5
    assert place_of("a", "b") != place_of("ab", "") and len(place_of("a", "b")) == 64
