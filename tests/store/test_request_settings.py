"""Which fields of requests tell an application who the user is, and which ones users may send."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.publish.application import HeaderRule
from appproxy.store.application_settings import parse_settings


@pytest.mark.parametrize(
    "name",
    ["host", "Cookie", "content-length", "Content-Type", "X-Forwarded-For", "x_forwarded_for", "transfer-encoding",
     "TRANSFER_ENCODING", "connection", "upgrade", "te", "forwarded", "x-request-id", "x-appproxy-user", "authorization",
     "sec-fetch-mode", "proxy-authorization", "if-match", "accept-encoding", "x-real-ip", "traceparent", "via",
     "x.forwarded.for", "x.real-ip"],
)  # fmt: skip
def test_fields_that_belong_to_http_cannot_carry_a_claim(name: str) -> None:
    """A rule can neither break the message nor pretend where it came from, however its name is spelled."""
    with pytest.raises(ConfigError, match="belongs to HTTP or to appproxy"):
        parse_settings({f"header.{name}": "email"})


def test_two_rules_that_applications_cannot_tell_apart() -> None:
    """`x_user` and `x-user` are one variable to many applications."""
    with pytest.raises(ConfigError, match="the same to applications as"):
        parse_settings({"header.x-user": "email", "header.X_User": "name"})
    with pytest.raises(ConfigError, match="the same to applications as"):
        parse_settings({"header.x-user": "email", "header.x.user": "name"})


@pytest.mark.parametrize("name", ["x-forwarded-user", "x-forwarded-email", "remote-user", "x_webauth_user"])
def test_the_usual_names_can_carry_a_claim(name: str) -> None:
    """They are what applications read out of the box."""
    assert parse_settings({f"header.{name}": "email"}) == {"headers": (HeaderRule(name, "email"),)}


def test_users_cannot_send_what_a_rule_sets() -> None:
    """In no spelling: one of the two settings is a mistake."""
    with pytest.raises(ConfigError, match="user_fields: x_user is set by header.x_user"):
        parse_settings({"user_fields": "X-User,remote-user", "header.x_user": "name"})
