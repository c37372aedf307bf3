"""What every answer of an application gets, and what none has."""

from __future__ import annotations

import pytest

from appproxy.http.fields import check_block
from appproxy.publish.response_policy import UNTOUCHABLE, ResponseField, ResponsePolicy, response_policy


def policy(**changes: object) -> ResponsePolicy:
    """A policy with these settings, the others at their weakest."""
    given: dict[str, object] = {
        "robots_disallow": False, "hsts_max_age": None, "hsts_subdomains": False, "fields": (), "removed": frozenset(),
    }
    made = response_policy(**given | changes)  # type: ignore[arg-type]
    check_block(made.added)
    return made


def test_no_settings_no_cost() -> None:
    """Then nothing is added, and nothing looked for."""
    assert policy() == ResponsePolicy(b"", frozenset())


def test_search_engines() -> None:
    """They are told to stay away; the application's own word stays beside it, and the stricter one counts."""
    assert policy(robots_disallow=True) == ResponsePolicy(b"x-robots-tag: noindex, nofollow\n", frozenset())
    own = policy(robots_disallow=True, fields=[ResponseField("x-robots-tag", "all")])
    assert own.added == b"x-robots-tag: all\n"


@pytest.mark.parametrize(("age", "below", "value"), [
    (31536000, False, b"max-age=31536000"), (31536000, True, b"max-age=31536000; includeSubDomains"), (0, False, b"max-age=0"),
])
def test_hsts(age: int, below: bool, value: bytes) -> None:
    """RFC 6797 section 6.1; an application's own field would make two, of which browsers take the first."""
    made = policy(hsts_max_age=age, hsts_subdomains=below)
    assert made.added == b"strict-transport-security: " + value + b"\n"
    assert made.replaced == {b"strict-transport-security"}


def test_hsts_for_subdomains_alone_is_nothing() -> None:
    """Without an age the application's own field stays."""
    assert policy(hsts_subdomains=True) == ResponsePolicy()


def test_fields_replace_and_names_remove() -> None:
    """An answer has a field of the policy once."""
    made = policy(fields=[ResponseField("x-frame-options", "DENY")], removed={"server"})
    assert made == ResponsePolicy(b"x-frame-options: DENY\n", frozenset({b"x-frame-options", b"server"}))


def test_what_frames_a_message_is_out_of_reach() -> None:
    """A policy that could set these would break answers or cut them out of another."""
    assert {"content-length", "transfer-encoding", "connection", "set-cookie", "location"} <= UNTOUCHABLE
    assert all(name == name.lower() for name in UNTOUCHABLE)
