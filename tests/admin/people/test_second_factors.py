"""Operations on second factors, and on links to set a password."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import authenticator_apps, factors, recovery_codes
from tests.admin.conftest import NOW

DAY = 86400.0


@pytest.fixture
def desk(desk: Any) -> Any:
    """A desk with the user ann, who has an app."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough", "groups": ["staff"]})
    with desk.store.transaction(NOW) as tx:
        ann = users.find(tx, "ann")
        authenticator_apps.add(tx, ann.id, "phone", "JBSWY3DPEHPK3PXP", 0)
        recovery_codes.replace(tx, ann.id, ["a" * 16])
    return desk


def secret_in(link: object) -> str:
    """What the link holds."""
    parts = urlsplit(str(link))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "signin.example.com", "/password")
    return parse_qs(parts.query)["t"][0]


def test_an_invitation(desk: Any) -> None:
    """Adds a user without a password; its link works for a week, and neither audit nor listing shows it."""
    made = desk.record("POST", "/invitations", {"name": "Bob", "groups": ["staff"]})
    secret = secret_in(made["link"])
    assert made["expires"] == NOW + 7 * DAY
    with desk.store.reading() as reading:
        bob = users.find(reading, "bob")
        found = password_links.find(reading, secret, NOW)
    assert (bob.password_hash, [group.name for group in bob.groups]) == ("", ["staff"])
    assert found is not None and (found.user, found.kind.value) == (bob.id, "invitation")
    shown = desk.record("GET", "/users/bob")
    assert (shown["has_password"], shown["link"]) == (False, {"kind": "invitation", "expires": NOW + 7 * DAY})
    assert secret not in repr((desk.audit(), shown))
    with pytest.raises(AlreadyThere):
        desk.call("POST", "/invitations", {"name": "bob"})


def test_a_link_for_another_password(desk: Any) -> None:
    """For a day, or as long as is said; a password that is set otherwise ends it."""
    made = desk.record("POST", "/users/ann/password-link", {"expires": "1h"})
    assert made["expires"] == NOW + 3600 and desk.audit()[0].action == "user.password_link"
    assert desk.record("GET", "/users/ann")["link"]["kind"] == "reset"
    with pytest.raises(ConfigError, match="expires"):
        desk.call("POST", "/users/ann/password-link", {"expires": "90d"})
    desk.call("PUT", "/users/ann/password", {"password": "another one"})
    assert desk.record("GET", "/users/ann")["link"] is None


def test_factors_are_shown_and_reset(desk: Any) -> None:
    """Without their secrets; the audit says what there was."""
    shown = desk.record("GET", "/users/ann")
    assert [one["kind"] for one in shown["second_factors"]] == ["totp", "recovery-codes"]
    assert "JBSWY" not in repr(shown)
    assert desk.record("DELETE", "/users/ann/factors")["removed"] == ["phone", "recovery-codes"]
    assert desk.audit()[0].action == "user.reset_factors" and desk.audit()[0].detail["removed"] == ["phone", "recovery-codes"]
    with desk.store.reading() as reading:
        assert not factors.of_user(reading, users.find(reading, "ann").id).any


def test_who_must_have_one(desk: Any) -> None:
    """All, or a group; a grace in days."""
    assert desk.rows("/second-factor-rules") == []
    desk.call("PUT", "/second-factor-rules", {"group": "staff", "grace": "14d"})
    desk.call("PUT", "/second-factor-rules", {})
    assert desk.rows("/second-factor-rules") == [
        {"group": "", "since": NOW, "grace": 0.0}, {"group": "staff", "since": NOW, "grace": 14 * DAY}]
    assert desk.record("GET", "/users/ann")["second_factor_due"] == NOW
    desk.call("DELETE", "/second-factor-rules", {})
    assert desk.record("GET", "/users/ann")["second_factor_due"] == NOW + 14 * DAY
    with pytest.raises(NotFound, match="no rule for 'all users'"):
        desk.call("DELETE", "/second-factor-rules", {})
    with pytest.raises(NotFound, match="no group"):
        desk.call("PUT", "/second-factor-rules", {"group": "nobody"})
    assert [row.action for row in desk.audit()[:3]] == [
        "second_factor.waive", "second_factor.require", "second_factor.require"]
