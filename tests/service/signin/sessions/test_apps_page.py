"""`apps.DOMAIN`: what a user may open, by links, after the product's own sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer
from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.routing import Router
from appproxy.service.signin.portal.entries import PortalEntry, entries
from appproxy.service.signin.sessions import apps_page
from appproxy.store.snapshot import ProviderRecord, Snapshot
from appproxy.testing import Playground

PASSWORD = "correct horse battery staple"
APPS = "https://apps.example.org/"


class Text(Resource):
    """An application that says one thing."""

    isLeaf = True

    def __init__(self, said: bytes) -> None:
        super().__init__()
        self._said = said

    def render_GET(self, request: Request) -> bytes:
        return self._said


def one(name: str, host: str = "", **changes: Any) -> Application:
    """A published application."""
    url = Url("https", host or f"{name}.example.org", 443)
    return replace(Application(name, name.title(), url, Url("http", "10.0.0.1", 80)), **changes)


ANN = Session(id="s", subject="ann", issuer="https://idp", provider="builtin", name="Ann", issued=1.0, expires=2.0,
              auth_time=1.0, amr=(), acr="", groups=("staff",), claims={})


IDP = ProviderRecord("builtin", "builtin", "https://idp", "appproxy", "")
AUTHORIZER = Authorizer(Snapshot(1, {}, Router(), {}, {}, {"builtin": IDP}, (), ()))


class TestEntries:
    """Which applications are on the page."""

    @pytest.mark.parametrize(
        ("changes", "shown"),
        [
            ({"assigned_users": frozenset({"ann"})}, True),
            ({"assigned_groups": frozenset({"staff"})}, True),
            ({"assigned_users": frozenset({"bob"}), "assigned_groups": frozenset({"sales"})}, False),
            ({}, False),
            ({"assignment_required": False}, True),
            ({"preauthentication": Preauthentication.PASSTHROUGH}, True),
            # The same subject of another provider is somebody else.
            ({"assigned_users": frozenset({"ann"}), "provider": "corp"}, False),
            ({"assignment_required": False, "provider": "corp"}, False),
        ],
    )
    def test_what_may_be_opened_is_shown(self, changes: dict[str, Any], shown: bool) -> None:
        """Exactly what the gate would let this session pass to."""
        assert bool(entries({"wiki": one("wiki", **changes)}, {"builtin": ANN}, AUTHORIZER, ANN.issued)) is shown

    def test_a_link_leads_to_the_external_address(self) -> None:
        """Path and port included; of a wildcard no host can be opened, so it is no link."""
        published = {
            "a": one("a", external=Url("https", "a.example.org", 8443, "/x/"), assignment_required=False),
            "b": one("b", "*.example.org", assignment_required=False),
        }
        assert entries(published, {"builtin": ANN}, AUTHORIZER, ANN.issued) == [
            PortalEntry("a", "A", "https://a.example.org:8443/x/", "a.example.org:8443/x"),
            PortalEntry("b", "B", "", "*.example.org"),
        ]


    def test_what_users_read_about_it(self) -> None:
        """A line of the admin's, and whether it is being maintained, with what is said of that."""
        published = {
            "a": one("a", description="Holidays", assignment_required=False),
            "b": one("b", maintenance=True, maintenance_text="Back at six.", assignment_required=False),
            "c": one("c", maintenance=True, assignment_required=False),
            "d": one("d", maintenance_text="x", assignment_required=False),
        }
        found = entries(published, {"builtin": ANN}, AUTHORIZER, ANN.issued)
        assert [(entry.description, entry.closed) for entry in found] == [
            ("Holidays", ""), ("", "Back at six."), ("", "It is back soon."), ("", "")]
        assert [entry.name for entry in found if entry.has("HOLI")] == ["A"]
        assert [entry.name for entry in found if entry.has("b.example.org")] == ["B"]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """Three applications; ann may open two of them."""
    with Playground() as playground:
        playground.add_user("ann", PASSWORD)
        playground.add_user("eve", PASSWORD)
        playground.publish("wiki", Text(b"wiki"), users=["ann"])
        playground.publish("crm", Text(b"crm"))
        playground.publish("all", Text(b"all"), assignment_required="no")
        yield playground


#: Where users of the built-in provider look after these.
OWN = "Your password and second factors"


def links(text: str) -> dict[str, str]:
    """Texts and addresses of the links of a page."""
    return {unescape(words): href for href, words in re.findall(r'<a[^>]* href="([^"]*)">([^<]*)</a>', text)}


class TestThePage:
    """As a browser sees it."""

    def test_sign_in_leads_to_the_list_of_what_the_user_may_open(self, playground: Playground) -> None:
        """The sign-in is the product's own, the links open, and no more than allowed is told."""
        browser = playground.browser()
        page = browser.sign_in(APPS, "ann", PASSWORD)
        assert (page.status, page.url) == (200, APPS)
        assert "signed in as <strong>ann</strong>" in page.text
        assert links(page.text) == {
            "all": "https://all.example.org/", "wiki": "https://wiki.example.org/", "Sign out": "/.appproxy/sign-out",
            OWN: "https://signin.example.org/account", "Your sessions": "/sessions",
        }
        assert browser.get("https://wiki.example.org/").body == b"wiki"

    def test_somebody_without_an_assignment_sees_only_what_is_everybodys(self, playground: Playground) -> None:
        """Names of other applications are nobody's business."""
        page = playground.browser().sign_in(APPS, "eve", PASSWORD)
        assert set(links(page.text)) == {"all", OWN, "Your sessions", "Sign out"}

    def test_nothing_is_told_without_a_sign_in(self, playground: Playground) -> None:
        """A script gets 401, a person the form; neither any name."""
        browser = playground.browser()
        assert browser.get(APPS, navigate=False).status == 401
        page = browser.get(APPS)
        assert page.url.startswith("https://signin.example.org/")
        assert "wiki" not in page.text

    def test_signing_out_ends_the_list(self, playground: Playground) -> None:
        """The form of the page itself; afterwards the list asks for a sign-in again."""
        browser = playground.browser()
        browser.sign_in(APPS, "ann", PASSWORD)
        asked = browser.get(APPS + ".appproxy/sign-out")
        assert "signed in to <strong>the list of your applications</strong>" in asked.text
        assert "all applications" in asked.text, "they end with it, and whoever signs out must know"
        found = re.search(r'name="csrf" value="([^"]+)"', asked.text)
        assert found is not None
        origin = {"origin": APPS.rstrip("/"), "sec-fetch-site": "same-origin"}
        out = browser.request("POST", APPS + ".appproxy/sign-out", data={"csrf": found[1]}, headers=origin)
        assert "You are signed out" in out.text
        assert browser.get(APPS).url.startswith("https://signin.example.org/")

    def test_a_long_list_is_searched(self, playground: Playground) -> None:
        """From the thirteenth application on, by what users see; what they may not open is not found, and markup is a text."""
        browser = playground.browser()
        browser.sign_in(APPS, "ann", PASSWORD)
        assert 'type="search"' not in browser.get(APPS).text
        for number in range(apps_page.SEARCHED):
            about = f"Number {number} of <b>many</b>"
            playground.publish(f"n{number}", Text(b""), assignment_required="no", description=about)
        page = browser.get(APPS).text
        assert 'type="search"' in page and "Number 3 of &lt;b&gt;many" in page
        found = links(browser.get(APPS + "?q=NUMBER%203").text)
        assert "n3" in found and "n4" not in found and "wiki" not in found
        assert "crm" not in links(browser.get(APPS + "?q=crm").text)
        nothing = browser.get(APPS + "?q=%3Cb%3E%22x").text
        assert "None of your applications" in nothing and "<b>" not in nothing and "&lt;b&gt;&#34;x" in nothing
        for number in range(apps_page.SEARCHED):
            playground.admin("DELETE", f"/applications/n{number}")
        playground.network.pass_time(1)

    def test_no_script_and_no_frame(self, playground: Playground) -> None:
        """The page works without scripts, and its policy lets none run."""
        page = playground.browser().sign_in(APPS, "ann", PASSWORD)
        policy = page.headers.getRawHeaders("content-security-policy") or [""]
        assert "default-src 'none'" in policy[0] and "script-src" not in policy[0]
        assert "<script" not in page.text
        assert page.headers.getRawHeaders("cache-control") == ["no-store"]

    def test_an_assignment_that_ends_is_gone_from_the_page(self, playground: Playground) -> None:
        """It shows what is, not what was at the sign-in."""
        browser = playground.browser()
        browser.sign_in(APPS, "ann", PASSWORD)
        playground.admin("DELETE", "/applications/wiki/assignments", {"user": "ann"})
        playground.network.pass_time(1)
        assert "wiki" not in links(browser.get(APPS).text)
        playground.admin("POST", "/applications/wiki/assignments", {"user": "ann"})
        playground.network.pass_time(1)

    def test_a_revoked_session_shows_nothing(self, playground: Playground) -> None:
        """`session revoke` holds here too."""
        browser = playground.browser()
        browser.sign_in(APPS, "ann", PASSWORD)
        playground.network.pass_time(2)
        playground.admin("POST", "/sessions/revoke", {"user": "ann"})
        playground.network.pass_time(2)
        assert browser.get(APPS, navigate=False).status == 401

    @pytest.mark.parametrize("path", [
        "x", "sign-in", "sign-in/", "sign-in/nobody/", "sign-in/builtin", "sign-in/builtin/x/", "sign-in/a/b",
    ])
    def test_nothing_else_is_there(self, playground: Playground, path: str) -> None:
        """Other paths are no pages."""
        assert playground.browser().get(APPS + path).status == 404

    def test_the_domain_leads_there(self, playground: Playground) -> None:
        """Whoever types the domain alone ends at the list; other paths of it are none."""
        browser = playground.browser()
        assert browser.sign_in("https://example.org/", "ann", PASSWORD).url == APPS
        assert browser.get("https://example.org/x").status == 404
        assert "https://apps.example.org/" in browser.get("https://signin.example.org/").text

    def test_an_application_on_the_domain_itself_comes_first(self, playground: Playground) -> None:
        """The domain is the admin's to publish something on."""
        body = {"name": "home", "internal": "http://127.0.0.1:9/", "external": "https://example.org/"}
        playground.admin("POST", "/applications", {**body, "preauth": "passthrough"})
        playground.network.pass_time(1)
        assert playground.browser().get("https://example.org/").status == 502
        playground.admin("DELETE", "/applications/home")
        playground.network.pass_time(1)


def test_with_several_providers_the_user_chooses() -> None:
    """Each one in use has a link, and none of their applications is shown to the other's users."""
    with Playground() as playground:
        playground.add_user("ann", PASSWORD)
        playground.admin("POST", "/providers", {
            "name": "Corp", "issuer": "https://idp.example.com", "client_id": "x", "client_secret": "y" * 20})
        playground.publish("wiki", Text(b"wiki"), users=["ann"])
        body = {"internal": "http://127.0.0.1:9/", "external": "https://crm.example.org/", "provider": "Corp"}
        playground.admin("POST", "/applications", {"name": "crm", **body, "settings": {"assignment_required": "no"}})
        playground.network.pass_time(1)
        browser = playground.browser()
        choice = links(browser.get(APPS).text)
        assert set(choice) == {"Sign in with a user name and password", "Sign in with Corp"}
        page = browser.sign_in(APPS + choice["Sign in with a user name and password"].lstrip("/"), "ann", PASSWORD)
        assert page.url == APPS
        assert set(links(page.text)) == {"wiki", "Sign in with Corp to see more", OWN, "Your sessions", "Sign out"}


def test_a_long_list_ends(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has a bound, and says how many are left out."""
    monkeypatch.setattr(apps_page, "MOST", 1)
    page = playground.browser().sign_in(APPS, "ann", PASSWORD)
    assert set(links(page.text)) == {"all", OWN, "Your sessions", "Sign out"}
    assert "1 more are not shown" in page.text


def test_a_database_that_hangs_holds_the_list_up_for_a_second(playground: Playground) -> None:
    """Both questions are asked side by side; the list comes without what they would tell, and says nothing in its place."""
    browser = playground.browser()
    browser.sign_in(APPS, "ann", PASSWORD)
    live, asked = playground.service.live, list[object]()
    read = live.read

    def hanging(do: object, *arguments: object) -> Deferred[object]:
        asked.append(do)
        return Deferred()

    live.read = hanging  # type: ignore[method-assign, assignment]
    try:
        began = playground.network.seconds()
        page = browser.get(APPS)
        took = playground.network.seconds() - began
    finally:
        live.read = read  # type: ignore[method-assign]
    assert page.status == 200 and "all" in links(page.text)
    assert len(asked) == 2 and took < 1.5
    assert "Used lately" not in page.text and "What you have asked for" not in page.text
