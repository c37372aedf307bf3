"""The admin API of a service elsewhere: what is sent to it, and what is believed of its answers."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import pytest

from appproxy.admin.base.problem import Changed
from appproxy.admin.transport.remote import Remote, TokenRefused, origin_of
from appproxy.errors import AppProxyError, ConfigError, NotFound, StoreError

URL = "https://admin.example.com"
SERVICE = Remote(URL, "t0ken")
Call = tuple[str, str, str | None, dict[str, str]]


@dataclass
class Elsewhere:
    """What `http.client` offers, with answers that were said before: status, body, Link; or an error."""

    answers: list[tuple[int, bytes, str] | Exception]
    calls: list[Call] = field(default_factory=list)
    closed: int = 0
    most: int = 0

    def request(self, method: str, target: str, body: str | None, fields: dict[str, str]) -> None:
        self.calls.append((method, target, body, fields))
        if isinstance(self.answers[0], Exception):
            raise self.answers.pop(0)  # type: ignore[misc]

    def getresponse(self) -> Elsewhere:
        return self

    @property
    def status(self) -> int:
        return self.now[0]

    @property
    def now(self) -> tuple[int, bytes, str]:
        first = self.answers[0]
        assert not isinstance(first, Exception)
        return first

    def read(self, most: int) -> bytes:
        self.most = most
        return self.now[1]

    def getheader(self, name: str, default: str) -> str:
        assert name == "Link"
        link = self.now[2] or default
        self.answers.pop(0)
        return link

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets the service answer so, one call after the other."""

    def answers(*said: tuple[int, object, str] | Exception) -> Elsewhere:
        made = Elsewhere([one if isinstance(one, Exception) else (
            one[0], one[1] if isinstance(one[1], bytes) else json.dumps(one[1]).encode(), one[2]) for one in said])
        monkeypatch.setattr(Remote, "_connection", lambda self: made)
        return made

    return answers


def test_a_question(asks: Any) -> None:
    """Its fields are the query; truth is said in JSON's words, and a list one by one."""
    there = asks((200, {"a": 1}, ""))
    body: Mapping[str, object] = {"limit": 5, "all": True, "not": False, "of": ("a b", "c")}
    assert SERVICE.call("GET", "/users/a%2Fb", body) == {"a": 1}
    assert there.calls == [("GET", "/api/v1/users/a%2Fb?limit=5&all=true&not=false&of=a+b&of=c", None, {
        "Authorization": "Bearer t0ken", "Accept": "application/json"})]
    assert there.closed == 1 and there.most == 64 << 20
    asks((200, None, ""))
    assert SERVICE.call("GET", "/x") is None


def test_a_change(asks: Any) -> None:
    """Its fields are JSON; it may have a precondition, and be done only to see."""
    there = asks((200, {}, ""), (200, {}, ""), (200, b"", ""))
    SERVICE.call("PATCH", "/x", {"a": [1]}, if_match="e1")
    SERVICE.call("POST", "/x", {"a": 1}, dry_run=True)
    assert SERVICE.call("DELETE", "/x") is None
    assert [(method, target, body) for method, target, body, _ in there.calls] == [
        ("PATCH", "/api/v1/x", '{"a": [1]}'), ("POST", "/api/v1/x?dry_run=true", '{"a": 1}'), ("DELETE", "/api/v1/x", None)]
    kept = {"Authorization": "Bearer t0ken", "Accept": "application/json"}
    assert [fields for *_, fields in there.calls] == [
        {**kept, "If-Match": '"e1"', "Content-Type": "application/json"}, {**kept, "Content-Type": "application/json"}, kept]


def test_a_listing_is_all_of_its_pages(asks: Any) -> None:
    """Each page says where the next one is; precondition and fields are not said again."""
    there = asks((200, [1, 2], '</api/v1/x?after=2&limit=2>; rel="next"'), (200, [3], '</api/v1/x?after=3>; rel="next"'),
                 (200, [], ""))
    assert SERVICE.call("GET", "/x", {"limit": 2}, if_match="e") == [1, 2, 3]
    assert [one[1] for one in there.calls] == ["/api/v1/x?limit=2", "/api/v1/x?after=2&limit=2", "/api/v1/x?after=3"]
    assert ["If-Match" in one[3] for one in there.calls] == [True, False, False]


@pytest.mark.parametrize("link", [
    "", '<https://evil.example/api/v1/x>; rel="next"', '</api/v1x>; rel="next"', '</other>; rel="next"',
    '</api/v1/x>; rel="prev"',
    "</api/v1/x>"])
def test_nobody_leads_a_listing_elsewhere(asks: Any, link: str) -> None:
    """Only to another page of the API."""
    there = asks((200, [1], link))
    assert SERVICE.call("GET", "/x") == [1] and len(there.calls) == 1


def test_a_page_that_is_no_list(asks: Any) -> None:
    """Is an error; an object with a next page is none of a listing."""
    asks((200, [1], '</api/v1/x>; rel="next"'), (200, {}, ""))
    with pytest.raises(StoreError, match="gives a page that is no list"):
        SERVICE.call("GET", "/x")
    there = asks((200, {"a": 1}, '</api/v1/x>; rel="next"'))
    assert SERVICE.call("GET", "/x") == {"a": 1} and len(there.calls) == 1


@pytest.mark.parametrize(("status", "name", "kind"), [
    (401, "", TokenRefused), (404, "not-found", NotFound), (412, "changed", Changed), (500, "", StoreError), (201, "",
    StoreError)])
def test_what_is_no_answer(asks: Any, status: int, name: str, kind: type[AppProxyError]) -> None:
    """Is the error that the service tells of; only 200 is one."""
    asks((status, {"detail": "it is so; do that", "hint": "do that", "name": name}, ""))
    with pytest.raises(kind) as caught:
        SERVICE.call("GET", "/x")
    assert type(caught.value) is kind
    if status != 401:
        assert (caught.value.message, caught.value.hint) == ("it is so", "do that")


@pytest.mark.parametrize(("error", "kind", "said"), [
    (OSError("no route"), StoreError, "does not answer as an admin API (no route)"), (HTTPException("odd"), StoreError,
    "(odd)"),
    (ssl.SSLCertVerificationError("x"), ConfigError, "its certificate is not believed"),
])
def test_who_does_not_answer(asks: Any, error: Exception, kind: type[AppProxyError], said: str) -> None:
    """And whose certificate nobody vouches for, which is ours to mend; the connection is closed in any case."""
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed certificate"
    there = asks(error)
    with pytest.raises(kind) as caught:
        SERVICE.call("GET", "/x")
    assert said in caught.value.message and caught.value.message.startswith(URL) and there.closed == 1


def test_what_is_no_json(asks: Any) -> None:
    """Another server is there."""
    there = asks((200, b"<html>", ""))
    with pytest.raises(StoreError, match="does not answer as an admin API"):
        SERVICE.call("GET", "/x")
    assert there.closed == 1


def test_a_form(asks: Any) -> None:
    """Without the token, and whatever the status."""
    there = asks((400, {"error": "slow_down"}, ""), (200, [], ""))
    assert SERVICE.post_form("/token", {"a": "b c"}) == (400, {"error": "slow_down"})
    assert there.calls == [("POST", "/token", "a=b+c", {
        "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})]
    with pytest.raises(StoreError, match="answers with what is no object"):
        SERVICE.post_form("/token", {})


@pytest.mark.parametrize(("url", "host", "port"), [
    (URL, "admin.example.com", 443), (f"{URL}:8443", "admin.example.com", 8443), ("https://[::1]:8443", "::1", 8443)])
def test_where_it_is(url: str, host: str, port: int) -> None:
    """Its certificate has to be for that name."""
    made = Remote(url)._connection()
    assert (made.host, made.port, made.timeout) == (host, port, 90.0)
    context: ssl.SSLContext = made._context  # type: ignore[attr-defined]
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED


def test_who_vouches_for_it() -> None:
    """Has to be a certificate."""
    with pytest.raises(ConfigError, match="^ca: is no certificate in PEM"):
        Remote(URL, ca="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----")._connection()


def test_a_print_tells_no_token() -> None:
    """Nor the one that brings the next."""
    shown = repr(Remote(URL, "s3cret", refresh_token="s3cret too"))
    assert "s3cret" not in shown and URL in shown


@pytest.mark.parametrize(("text", "origin"), [
    ("admin.example.com", URL), (f"{URL}/", URL), (f"{URL}:443", URL), ("HTTPS://Admin.Example.com:8443", f"{URL}:8443"),
    ("[::1]:8443", "https://[::1]:8443")])
def test_what_somebody_means(text: str, origin: str) -> None:
    """Written in one way."""
    assert origin_of(text) == origin


@pytest.mark.parametrize("text", [
    "http://admin.example.com", "", "https://", f"{URL}/x", f"{URL}?x", f"{URL}#x", "https://u@admin.example.com",
    "https://:p@admin.example.com", "ftp://admin.example.com"])
def test_a_token_goes_by_https_alone(text: str) -> None:
    """And to an origin."""
    with pytest.raises(ConfigError, match="is no origin of an admin API"):
        origin_of(text)
    with pytest.raises(ConfigError, match="has no port that there is"):
        origin_of(f"{URL}:70000")
