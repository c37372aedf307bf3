"""Which fields of requests tell an application who the user is, and which ones users may send."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.publish.application import HeaderRule
from appproxy.publish.settings.texts import parse_settings


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


def test_one_field_is_set_in_one_way() -> None:
    """By a claim, by a constant or by users, however its name is spelled."""
    for texts in ({"request.x_who": "a", "header.x-who": "name"}, {"request.x-user": "a", "user_fields": "x_user"},
                  {"request.x-a": "1", "request.x_a": "2"}):
        with pytest.raises(ConfigError, match="the same to applications as what"):
            parse_settings(texts)
    with pytest.raises(ConfigError, match="11 fields are set, 10 are possible"):
        parse_settings({f"request.x-{number}": "a" for number in range(11)})


def test_a_constant_may_be_a_credential() -> None:
    """One that the application wants of everybody; it is in no representation of the value."""
    (one,) = parse_settings({"request.authorization": "Basic c2VjcmV0"})["request_fields"]
    assert (one.name, one.value) == ("authorization", "Basic c2VjcmV0") and "c2VjcmV0" not in repr(one)
