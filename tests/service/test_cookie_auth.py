"""Sign-in for any site on twisted.web, in a stock Site."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
import treq
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from twisted.web.static import Data

from appproxy.errors import ConfigError
from appproxy.net.agent import BytesProducer
from appproxy.service.cookie_auth import CookieAuthResource, IIdentity, identity_of
from tests.service.sign_in_world import ISSUER, NOW, RECORD, FakeProvider, Tokens
from tests.service.signin.openid.test_oidc_client import result_of
from tests.service.signin.sessions.test_sign_out import hidden

ORIGIN = "https://www.example.com"
EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "cookie_auth.py"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Headers
    content: bytes

    @property
    def location(self) -> str | None:
        """Where it leads."""
        found = self.headers.getRawHeaders("location")
        return found[0] if found else None


@dataclass
class Browser:
    """A browser that talks to one site over a real (in-memory) connection."""

    root: IResource
    provider: FakeProvider | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def request(
        self, url: str, method: bytes = b"GET", form: Mapping[str, str] | None = None, **fields: str
    ) -> Answer:
        """One request."""
        agent = RequestTraversalAgent(self.root)
        headers = Headers({"sec-fetch-mode": ["navigate"], **{k.replace("_", "-"): [v] for k, v in fields.items()}})
        if self.cookies:
            headers.setRawHeaders("cookie", ["; ".join(f"{name}={value}" for name, value in self.cookies.items())])
        body = None
        if form is not None:
            headers.setRawHeaders("content-type", ["application/x-www-form-urlencoded"])
            body = BytesProducer(urlencode(form).encode())
        asked: Deferred[IResponse] = agent.request(method, url.encode(), headers, body)
        agent.flush()
        response = result_of(asked)
        read = treq.content(response)
        agent.flush()
        for line in response.headers.getRawHeaders("set-cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
        return Answer(response.code, response.headers, result_of(read))

    def open(self, url: str) -> Answer:
        """Follow redirects to the end."""
        for _ in range(10):
            if url.startswith(f"{ISSUER}/authorize") and self.provider is not None:
                url = self.provider.authorize(url)
            answer = self.request(url)
            if answer.location is None:
                return answer
            url = urljoin(url, answer.location)
        raise AssertionError("too many redirects")


class Who(Resource):
    """Says who asks."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        session = identity_of(request)
        assert session is not None
        assert request.getComponent(IIdentity) is session
        return f"{session.subject} at {b'/'.join(request.postpath or []).decode()}".encode()

    render_POST = render_GET


def protect(resource: IResource, provider: FakeProvider | None = None, **options: Any) -> CookieAuthResource:
    """The resource behind sign-in."""
    values: dict[str, Any] = {
        "origin": ORIGIN, "provider": RECORD, "client": provider or FakeProvider(), "secret": b"s" * 32,
        "wall_clock": lambda: NOW, "random_bytes": Tokens(), **options,
    }
    return CookieAuthResource(resource, **values)


def signed_in(resource: IResource, **options: Any) -> Browser:
    """A browser that can sign in to the resource."""
    provider = FakeProvider()
    return Browser(protect(resource, provider, **options), provider)


def tree() -> Resource:
    """A site with a folder."""
    root, folder = Resource(), Resource()
    root.putChild(b"", Data(b"front", "text/plain"))
    root.putChild(b"folder", folder)
    folder.putChild(b"who", Who())
    return root


class TestASite:
    """A stock Site behind sign-in."""

    def test_sign_in_and_through(self) -> None:
        """The user signs in once, ends where the way began, and the site knows who it is."""
        browser = signed_in(tree())
        assert browser.open(f"{ORIGIN}/folder/who/a/b?c=d").content == b"ann at a/b"
        assert browser.request(f"{ORIGIN}/").content == b"front"
        assert {name for name in browser.cookies if "-browser-" not in name} == {"__Host-appproxy"}

    def test_a_leaf_as_root(self) -> None:
        """A site that is one resource works too, whatever the path."""
        browser = signed_in(Who())
        assert browser.open(f"{ORIGIN}/").content == b"ann at "
        assert browser.request(f"{ORIGIN}/x/y").content == b"ann at x/y"
        assert browser.request(f"{ORIGIN}/", b"POST", {}).content == b"ann at "

    def test_below_a_path(self) -> None:
        """A part of a site can be protected, with the pages of sign-in at the site's root."""
        provider = FakeProvider()
        protected = protect(Who(), provider)
        root = Resource()
        root.putChild(b"open", Data(b"for all", "text/plain"))
        root.putChild(b"private", protected)
        root.putChild(b".appproxy", protected.pages)
        browser = Browser(root, provider)
        assert browser.request(f"{ORIGIN}/open").content == b"for all"
        assert browser.open(f"{ORIGIN}/private").content == b"ann at "
        assert browser.request(f"{ORIGIN}/private/x").content == b"ann at x"
        assert browser.request(f"{ORIGIN}/private/.appproxy/session").content == b"ann at .appproxy/session"

    @pytest.mark.parametrize("path", ["/", "/folder/who", "/none", "/.appproxyx", "//.appproxy/", "/folder/.appproxy/"])
    @pytest.mark.parametrize("method", [b"GET", b"POST", b"OPTIONS", b"DELETE"])
    def test_nothing_is_reached_without(self, path: str, method: bytes) -> None:
        """Without a cookie no path and no method reaches the site; scripts get 401 as JSON."""
        browser = Browser(protect(tree()))
        answer = browser.request(ORIGIN + path, method, sec_fetch_mode="cors")
        assert answer.status == 401
        assert answer.headers.getRawHeaders("content-type") == ["application/problem+json"]
        assert browser.request(ORIGIN + path, method).status == 303

    def test_only_some_users(self) -> None:
        """Users and groups can be named; others are told that they may not."""
        assert signed_in(tree(), users=["bob"]).open(f"{ORIGIN}/").status == 403
        assert signed_in(tree(), users=["ann"]).open(f"{ORIGIN}/").status == 200
        assert signed_in(tree(), groups=["staff"]).open(f"{ORIGIN}/").status == 200
        assert signed_in(tree(), groups=["Staff"]).open(f"{ORIGIN}/").status == 403

    def test_sign_out(self) -> None:
        """After sign-out a copy of the cookie is worth nothing."""
        browser = signed_in(tree())
        browser.open(f"{ORIGIN}/")
        stolen = dict(browser.cookies)
        asked = browser.request(f"{ORIGIN}/.appproxy/sign-out")
        csrf = hidden(asked)  # type: ignore[arg-type]  # both have `content`
        answer = browser.request(f"{ORIGIN}/.appproxy/sign-out", b"POST", {"csrf": csrf})
        assert answer.location is not None
        assert b"signed out" in browser.open(answer.location).content
        browser.cookies = stolen
        assert browser.request(f"{ORIGIN}/").status == 303

    def test_websockets_of_other_sites(self) -> None:
        """An upgrade from another origin is refused although the cookie comes with it."""
        browser = signed_in(tree())
        browser.open(f"{ORIGIN}/")
        for origin, status in (("https://evil.example", 403), (ORIGIN, 200)):
            answer = browser.request(
                f"{ORIGIN}/", connection="keep-alive, Upgrade", upgrade="websocket", origin=origin
            )
            assert answer.status == status

    @pytest.mark.parametrize("host", ["evil.example", "www.example.com.evil.example", ""])
    def test_another_host(self, host: str) -> None:
        """Requests that name another host are not served: they would make links and redirects for it."""
        assert signed_in(tree()).request(f"{ORIGIN}/", host=host).status in (400, 404)

    def test_another_sites_cookie(self) -> None:
        """A cookie sealed under another secret signs nobody in."""
        browser = signed_in(tree())
        browser.open(f"{ORIGIN}/")
        browser.root = protect(tree(), secret=b"x" * 32)
        assert browser.request(f"{ORIGIN}/").status == 303


class TestSettings:
    """Mistakes are named at once."""

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"secret": b"short"}, "secret"),
            ({"origin": "http://www.example.com"}, "origin"),
            ({"origin": "https://www.example.com/path"}, "origin"),
            ({"origin": "www.example.com"}, "origin"),
        ],
    )
    def test_what_cannot_work(self, options: dict[str, Any], name: str) -> None:
        """A wrong setting is refused, and its name said."""
        with pytest.raises(ConfigError, match=name):
            protect(tree(), **options)

    def test_loopback_for_trying_out(self) -> None:
        """On localhost plain HTTP works, because browsers keep the cookies there."""
        browser = Browser(protect(tree(), origin="http://localhost:8080"))
        assert browser.request("http://localhost:8080/").status == 303


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program of the documentation."""
    spec = importlib.util.spec_from_file_location("cookie_auth_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


class TestTheExample:
    """The program in docs/library."""

    def test_it_signs_in(self, example: ModuleType) -> None:
        """With the stand-in one click leads to the page."""
        options = argparse.Namespace(port=8080, issuer="", client_id="example")
        browser = Browser(example.make_site(options, MemoryReactorClock(), lambda: NOW))
        assert browser.open("http://localhost:8080/").content.startswith(b"Welcome, Ann.")

    def test_it_listens_on_loopback_only(self, example: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """It prints its address, and nobody else on the network reaches it."""
        reactor = MemoryReactorClock()
        example.main(["--port", "8081", "--issuer", "https://idp.example.com"], reactor)
        [(port, _, _, interface)] = reactor.tcpServers
        assert (port, interface) == (8081, "127.0.0.1")
        assert capsys.readouterr().out == "http://localhost:8081/\n"
