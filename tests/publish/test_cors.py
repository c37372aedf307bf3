"""Which other origins' pages may call an application."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.fields import decode_block
from appproxy.publish.cors import (
    NOTHING,
    CorsRule,
    CorsTable,
    answer_fields,
    answer_preflight,
    is_preflight,
)

APP = "https://app.example.com"
RULE = CorsRule("/", frozenset({APP}), frozenset({"PUT"}), frozenset({"content-type", "x-own-*"}), ("x-total",),
                credentials=True, max_age=600)
OPEN = CorsRule("/", frozenset({"*"}), headers=frozenset({"*"}))


def asking(origin: bytes = APP.encode(), method: bytes = b"PUT", names: bytes | None = None) -> list[tuple[bytes, bytes]]:
    """The fields of a preflight."""
    fields = [(b"origin", origin), (b"access-control-request-method", method)]
    return fields if names is None else [*fields, (b"access-control-request-headers", names)]


def test_a_preflight_is_told_what_the_call_may_do() -> None:
    """The origin itself, credentials, methods, the fields that were asked for, and for how long."""
    answer = answer_preflight(RULE, asking(names=b"Content-Type, x-own-mark"))
    assert answer.refusal == ""
    assert dict(decode_block(answer.block)) == {
        b"access-control-allow-origin": APP.encode(),
        b"access-control-allow-credentials": b"true",
        b"access-control-allow-methods": b"PUT",
        b"access-control-allow-headers": b"content-type, x-own-mark",
        b"access-control-max-age": b"600",
        b"vary": b"origin, access-control-request-method, access-control-request-headers",
    }


@pytest.mark.parametrize(
    "origin",
    [b"http://app.example.com", b"https://app.example.com:8443", b"https://app.example.com:443",
     b"https://app.example.com.", b"https://APP.example.com", b"https://app.example.com/", b"https://evil-app.example.com",
     b"https://app.example.com.evil.example", b"https://a.app.example.com", b"null", b"", b"*", b"https://app.example.com\xff"],
)
def test_origins_are_compared_exactly(origin: bytes) -> None:
    """Scheme, host and port: what only looks alike gets no leave, neither to ask nor to read."""
    answer = answer_preflight(RULE, asking(origin))
    assert "origin" in answer.refusal and b"allow" not in answer.block
    assert answer_fields(RULE, [(b"origin", origin)]) == b"vary: origin\n"


def test_two_origins_are_none() -> None:
    """Nobody knows which one an application, or a cache, would look at."""
    twice = [*asking(), (b"origin", APP.encode())]
    assert answer_preflight(RULE, twice).refusal
    assert answer_fields(RULE, twice) == b"vary: origin\n"


@pytest.mark.parametrize(
    ("method", "allowed"),
    [(b"GET", True), (b"HEAD", True), (b"POST", True), (b"PUT", True), (b"put", False), (b"DELETE", False), (b"*", False),
     (b"", False)],
)
def test_methods(method: bytes, allowed: bool) -> None:
    """Those of the rule, spelled exactly, and those that need no leave."""
    answer = answer_preflight(RULE, asking(method=method))
    assert (answer.refusal == "") is allowed
    assert (b"access-control-allow-origin" in answer.block) is allowed


@pytest.mark.parametrize(
    ("names", "allowed"),
    [(b"content-type", True), (b"CONTENT-TYPE", True), (b"content-type,x-own-a", True), (b" content-type ,, x-own-b ", True),
     (b"", True), (b"x-own-", True), (b"x-ow", False), (b"content-type-2", False), (b"content-type, x-other", False),
     (b"x-own-a b", False), (b"x-own-\xe9", False), (b"*", False), (b"x-own-*", True), (b"authorization", False),
     (b",".join([b"x-own-a"] * 101), False)],
)
def test_names_of_fields(names: bytes, allowed: bool) -> None:
    """In any capitals; a star at the end of a rule's name stands for whatever follows."""
    assert (answer_preflight(RULE, asking(names=names)).refusal == "") is allowed


def test_a_rule_for_everybody_gives_no_credentials() -> None:
    """Every field may be set, but for Authorization, which must be named."""
    block = answer_preflight(OPEN, asking(b"https://any.example", b"GET", b"x-any")).block
    assert b"access-control-allow-origin: *\n" in block and b"credentials" not in block
    assert answer_preflight(OPEN, asking(b"https://any.example", b"GET", b"authorization")).refusal
    named = CorsRule("/", frozenset({"*"}), headers=frozenset({"*", "authorization"}))
    assert not answer_preflight(named, asking(b"https://any.example", b"GET", b"authorization")).refusal


@given(st.text(max_size=20), st.text(max_size=20), st.sets(st.sampled_from(["*", APP, "https://b.example"]), max_size=3))
def test_never_a_wildcard_with_credentials(origin: str, name: str, origins: set[str]) -> None:
    """Whatever is in the rule and in the request, also where the rule should never have been made."""
    rule = CorsRule("/", frozenset(origins), headers=frozenset({"*"}), exposed=("x-a",), credentials=True)
    fields = asking(origin.encode(), b"GET", name.encode())
    for block in (answer_preflight(rule, fields).block, answer_fields(rule, fields)):
        assert b": *" not in block
        if b"allow-origin" in block:
            assert origin in origins


def test_an_origin_called_star_is_nobody() -> None:
    """Also where a rule that should never have been made has a star and credentials."""
    wrong = CorsRule("/", frozenset({"*"}), credentials=True)
    assert answer_preflight(wrong, asking(b"*", b"GET")).refusal and b"allow" not in answer_fields(wrong, [(b"origin", b"*")])


def test_a_star_for_names_means_nothing_with_credentials() -> None:
    """As browsers read it: there it is a name like any other."""
    rule = CorsRule("/", frozenset({APP}), headers=frozenset({"*"}), credentials=True)
    for name in (b"x-any", b"*"):
        assert answer_preflight(rule, asking(method=b"GET", names=name)).refusal


def test_an_answer_may_be_read_by_its_origin() -> None:
    """And its exposed fields, too; without an origin, or with another, it only says that it depends on it."""
    assert answer_fields(RULE, [(b"origin", APP.encode())]) == (
        b"access-control-allow-origin: https://app.example.com\naccess-control-allow-credentials: true\n"
        b"access-control-expose-headers: x-total\nvary: origin\n"
    )
    assert answer_fields(RULE, []) == b"vary: origin\n"


def test_what_a_preflight_is() -> None:
    """OPTIONS with an origin and a method; any other OPTIONS is the application's."""
    assert is_preflight(b"OPTIONS", asking())
    assert not is_preflight(b"GET", asking())
    assert not is_preflight(b"OPTIONS", asking()[:1])
    assert not is_preflight(b"OPTIONS", asking()[1:])


WHOLE = CorsRule("/", frozenset({"https://whole.example"}))
API = CorsRule("/api/", frozenset({"https://api.example"}))


@pytest.mark.parametrize(
    ("target", "rules", "found"),
    [
        (b"/", (WHOLE,), WHOLE),
        (b"/a/%2e%2e/b", (WHOLE,), WHOLE),
        (b"/api", (WHOLE, API), API),
        (b"/api/x?y=/", (WHOLE, API), API),
        (b"/apis", (WHOLE, API), WHOLE),
        (b"/x", (API,), None),
        (b"/API/x", (WHOLE, API), NOTHING),
        (b"/%61pi/x", (WHOLE, API), NOTHING),
        (b"/x/../api/", (WHOLE, API), NOTHING),
        (b"//api/", (API,), NOTHING),
    ],
)
def test_the_longest_path_decides(target: bytes, rules: tuple[CorsRule, ...], found: CorsRule | None) -> None:
    """And where another reading of the path has another rule, nothing is allowed."""
    assert CorsTable(rules).find(target) is found
