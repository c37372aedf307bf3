"""The list of applications as something to sign in to: once for each provider that some application uses."""

from __future__ import annotations

from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.portal import Portal, portal_at


def published(name: str, provider: str, preauthentication: Preauthentication = Preauthentication.OIDC) -> Application:
    """An application behind this provider."""
    return Application(
        name, name, Url("https", f"{name}.example.com", 443), Url("http", "10.0.0.1", 80), provider=provider,
        preauthentication=preauthentication,
    )  # fmt: skip


def test_one_for_each_provider_that_is_used() -> None:
    """Each below a path of its own, so that each has a cookie of its own; all on one host."""
    portal = portal_at("apps.example.com", 8443, [published("a", "corp"), published("b", "guests"), published("c", "corp")],
                       "builtin")
    assert list(portal.applications) == ["corp", "guests"]
    assert {one.external.path for one in portal.applications.values()} == {"/sign-in/corp/", "/sign-in/guests/"}
    assert portal.url == "https://apps.example.com:8443/"


def test_what_needs_no_sign_in_needs_no_provider() -> None:
    """Applications that pass everybody on do not count; where nothing else is published it is the built-in one's."""
    portal = portal_at("apps.example.com", 443, [published("a", "corp", Preauthentication.PASSTHROUGH)], "builtin")
    assert list(portal.applications) == ["builtin"]
    assert list(portal_at("apps.example.com", 443, [], "builtin").applications) == ["builtin"]


def test_it_is_found_by_its_id_and_its_address() -> None:
    """And no id of it can be that of a published application, which is of hex digits."""
    portal = portal_at("apps.example.com", 443, [published("a", "corp")], "builtin")
    (one,) = portal.applications.values()
    assert portal.find(one.id) is one
    assert portal.find("corp") is None
    assert not set(one.id) <= set("0123456789abcdef")
    assert not one.assignment_required


def test_where_there_is_none() -> None:
    """A service without users of its own has no address for it."""
    assert Portal().url == ""
    assert Portal().find("apps-builtin") is None
