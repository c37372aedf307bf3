"""Which fields users may not send on to an application."""

from __future__ import annotations

import pytest

from appproxy.http import refused as lists
from appproxy.http.refused import names_a_user, refused_fields, same_spelling

USUAL = [
    b"Remote-User", b"Remote-Name", b"Remote-Email", b"Remote-Groups", b"X-Remote-User", b"X-Remote-Group",
    b"X-Remote-Extra-Scopes", b"X-Forwarded-User", b"X-Forwarded-Email", b"X-Forwarded-Groups",
    b"X-Forwarded-Preferred-Username", b"X-Forwarded-Access-Token", b"X-Forwarded-Client-Cert", b"X-Auth-Request-User",
    b"X-Auth-Request-Email", b"X-Auth-Request-Access-Token", b"X-WEBAUTH-USER", b"X-WEBAUTH-ROLE", b"X-User", b"X-Username",
    b"X-Authenticated-User", b"X-Authenticated-Userid", b"X-Token-Subject", b"X-Token-User-Email", b"Tailscale-User-Login",
    b"Tailscale-User-Name", b"Cf-Access-Authenticated-User-Email", b"Cf-Access-Jwt-Assertion", b"X-Pomerium-Jwt-Assertion",
    b"X-Pomerium-Claim-Email", b"X-Goog-Authenticated-User-Email", b"X-Goog-IAP-JWT-Assertion", b"X-MS-CLIENT-PRINCIPAL",
    b"X-MS-CLIENT-PRINCIPAL-NAME", b"X-Amzn-Oidc-Identity", b"X-Amzn-Oidc-Data", b"X-authentik-username",
    b"SSL_CLIENT_S_DN", b"X-SSL-Client-CN", b"X-Client-Cert", b"X-Client-Verify", b"X-ARR-ClientCert", b"Client-Cert",
    b"OIDC_CLAIM_email", b"SM_USER", b"iv-user", b"X-Consumer-Username", b"X-Userinfo", b"X-Vouch-User", b"Shib-Session-ID",
    b"kubeflow-userid", b"X-ProxiedEntitiesChain",
]  # fmt: skip
#: They prove something by themselves, or say nothing of who the user is.
PASSING = [
    b"authorization", b"x-auth-token", b"x-auth-key", b"x-api-key", b"x-access-token", b"x-user-id", b"x-csrf-token",
    b"x-requested-with", b"x-xsrf-token", b"x-amz-date", b"x-goog-api-key", b"x-ms-version", b"x-client-data", b"x-token",
    b"x-users", b"remote-userx", b"x-remote", b"x-forward", b"ssl-client", b"private-token", b"cookie", b"depth",
]  # fmt: skip


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_names_are_refused_in_every_spelling(name: bytes) -> None:
    """Whatever is between the words, and in any case."""
    for sign in (b"-", b"_", b"."):
        for spelled in (name.replace(b"-", sign).replace(b"_", sign), name.upper(), name.lower()):
            assert refused_fields().holds(spelled)
            assert names_a_user(spelled)


def test_what_proves_itself_passes() -> None:
    """Keys, tokens and everything that is not on the list."""
    assert [name for name in PASSING if refused_fields().holds(name) or names_a_user(name)] == []


def test_an_application_may_let_its_users_send_some() -> None:
    """These and no others; by name or by the beginning of it; spelled as they like."""
    some = refused_fields(allowed=frozenset({b"x_user", b"X-Webauth-User"}))
    assert not some.holds(b"X-User") and not some.holds(b"x_webauth_user")
    assert some.holds(b"x-webauth-email") and some.holds(b"x-username")


def test_only_names_of_users_can_be_allowed_and_none_that_we_set() -> None:
    """The word of a proxy, a field of the connection and one of ours are refused all the same."""
    never = frozenset({b"x-forwarded-for", b"forwarded", b"connection", b"x-appproxy-user", b"x-real-ip", b"x-user"})
    some = refused_fields(frozenset({b"x-user"}), never)
    assert [name for name in never if not some.holds(name)] == []


def test_what_an_application_is_told_is_refused() -> None:
    """A name of the admin's choice."""
    assert refused_fields(frozenset({b"x-who"})).holds(b"X_Who") and not refused_fields().holds(b"X_Who")


def test_the_lists_are_in_one_spelling() -> None:
    """Otherwise a name in them would never be found."""
    names = lists._ALWAYS | lists.IDENTITY_NAMES | set(lists.IDENTITY_PREFIXES) | set(lists._PROXY_PREFIXES)
    assert {same_spelling(name) for name in names} == names
    assert all(len(prefix) >= 3 for prefix in lists.IDENTITY_PREFIXES)
