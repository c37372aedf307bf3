"""A whole application proxy in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.testing import Playground, SignInFailed

PASSWORD = "correct horse battery staple"


class Echo(Resource):
    """An internal application that shows what it was sent."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        names = sorted(name.decode() for name, _ in request.requestHeaders.getAllRawHeaders())
        return f"path {request.uri.decode()} fields {' '.join(names).lower()} cookie {request.getHeader('cookie')}".encode()

    def render_POST(self, request: Request) -> bytes:
        assert request.content is not None
        sent: bytes = request.content.read()
        return sent[::-1]


@pytest.fixture(scope="module", params=[False, True], ids=["in line", "strict"])
def playground(request: pytest.FixtureRequest) -> Iterator[Playground]:
    with Playground(strict=request.param) as made:
        made.add_user("ann", PASSWORD)
        made.add_user("bob", PASSWORD)
        made.publish("wiki", Echo(), users=["ann"])
        made.publish("open", Echo(), preauth="passthrough")
        yield made


def test_an_open_application_is_reached_through_service_and_connector(playground: Playground) -> None:
    """Request and answer go the whole way."""
    page = playground.browser().get("https://open.example.org/a/b?c=d")
    assert page.status == 200
    assert page.text.startswith("path /a/b?c=d ")
    assert "x-forwarded-for" in page.text


def test_signing_in_leads_back_to_the_page_that_was_asked_for(playground: Playground) -> None:
    """Through the built-in provider, with query and all; our cookie does not reach the application."""
    browser = playground.browser()
    page = browser.sign_in("https://wiki.example.org/page?x=1", "ann", PASSWORD)
    assert (page.status, page.url) == (200, "https://wiki.example.org/page?x=1")
    assert page.text.endswith("cookie None")
    assert browser.request("POST", "https://wiki.example.org/", data=b"abc" * 50_000).body == b"cba" * 50_000


def test_a_wrong_password_does_not(playground: Playground) -> None:
    """The form comes back."""
    with pytest.raises(SignInFailed):
        playground.browser().sign_in("https://wiki.example.org/", "ann", "not the password")


def test_one_who_is_not_assigned_sees_why(playground: Playground) -> None:
    """Signed in, and still not allowed."""
    page = playground.browser().sign_in("https://wiki.example.org/", "bob", PASSWORD)
    assert page.status == 403
    assert "You may not use this application" in page.text


def test_scripts_get_401_and_no_redirect(playground: Playground) -> None:
    """JSON, with WWW-Authenticate."""
    page = playground.browser().request("GET", "https://wiki.example.org/", navigate=False)
    assert page.status == 401
    assert page.headers.getRawHeaders("www-authenticate")


def test_a_second_connector_takes_over(playground: Playground) -> None:
    """When the first drains, nobody notices."""
    second = playground.add_connector()
    first = playground.connectors[0]
    playground.network.run(first.stopService(), 300)
    playground.connectors.remove(first)
    assert playground.connectors == [second]
    assert playground.browser().get("https://open.example.org/").status == 200


def test_a_revoked_connector_is_cut(playground: Playground) -> None:
    """The next request finds nobody."""
    (connector,) = playground.connectors
    playground.admin("POST", f"/connectors/{connector.settings.id}/revoke", {})
    page = playground.browser().get("https://open.example.org/")
    assert page.status == 503


class Echoing(Resource):
    """An internal application that shows which host and path it was asked for."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        return f"{request.getHeader('host')}{request.uri.decode()}".encode()


def test_wildcards_segments_and_other_hosts() -> None:
    """One application is reached under many names, the sign-in on each of them ends there, and it sees internal names."""
    with Playground() as playground:
        playground.add_user("ann", PASSWORD)
        playground.add_user("bob", PASSWORD)
        playground.publish("places", Echoing(), users=["ann"])
        port = playground.admin("GET", "/applications/places")["internal"].rpartition(":")[2].rstrip("/")
        for external, internal in (
            ("https://*.example.org/", f"http://*.corp:{port}/"), ("https://api.example.org/v1/", f"http://api.corp:{port}/app/"),
        ):
            playground.admin("POST", "/applications/places/segments", {"external": external, "internal": internal})
        values = {"alternate_hosts": "alias.example.org", "excluded_hosts": "no.example.org"}
        playground.admin("PATCH", "/applications/places", {"settings": values})
        playground.network.pass_time(1)
        browser = playground.browser()
        for number, (url, seen) in enumerate({
            "https://one.example.org/x?y": f"one.corp:{port}/x?y", "https://two.example.org/": f"two.corp:{port}/",
            "https://api.example.org/v1/z": f"api.corp:{port}/app/z", "https://alias.example.org/": f"127.0.0.1:{port}/",
        }.items()):
            page = browser.get(url) if number else browser.sign_in(url, "ann", PASSWORD)
            assert (page.status, page.url, page.text) == (200, url, seen), page.text
        assert browser.get("https://no.example.org/").status == browser.get("https://connect.example.org/").status == 404
        assert playground.browser().sign_in("https://one.example.org/", "bob", PASSWORD).status == 403
