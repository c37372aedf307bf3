"""Resource trees of twisted.web, served to exchanges."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from twisted.web.static import Data
from twisted.web.util import Redirect
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.pages import CONTENT_SECURITY_POLICY
from appproxy.service.own.resources import ResourceHandler
from tests.service.exchanges import ID, FakeExchange, head_for

FORM = [(b"content-type", b"application/x-www-form-urlencoded")]


class Tree(Resource):
    """A root with a child for everything that a page may do."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Request] = []
        self.ended: list[object] = []
        self.putChild(b"data", Data(b"x" * 10, "text/plain"))
        self.putChild(b"go", Redirect(b"https://signin.example.com/"))
        for name in ("form", "facts", "cookies", "wait", "broken", "refused", "half", "odd", "own"):
            self.putChild(name.encode(), Leaf(getattr(self, f"do_{name}")))

    def do_form(self, request: Request) -> bytes:
        return b"|".join(request.args[b"name"])

    def do_facts(self, request: Request) -> bytes:
        address, host = request.getClientAddress(), request.getHost()
        facts = (request.isSecure(), address.host, host.host, host.port, request.getHeader("x-request-id"), request.uri,
                 request.method, request.prePathURL())
        return repr(facts).encode()

    def do_cookies(self, request: Request) -> bytes:
        request.addCookie(b"a", b"1", secure=True)
        request.addCookie(b"b", b"2", httpOnly=True)
        return request.getCookie(b"theme") or b"none"

    def do_wait(self, request: Request) -> int:
        request.notifyFinish().addBoth(self.ended.append)
        self.later.append(request)
        return NOT_DONE_YET

    def do_broken(self, request: Request) -> bytes:
        raise ZeroDivisionError("canary-secret")

    def do_refused(self, request: Request) -> bytes:
        raise RequestError(Code.THROTTLED, "canary-secret")

    def do_half(self, request: Request) -> bytes:
        request.write(b"begun")
        raise ZeroDivisionError

    def do_odd(self, request: Request) -> Any:
        return "text"

    def do_own(self, request: Request) -> bytes:
        request.setHeader(b"content-security-policy", b"default-src 'self'")
        request.setHeader(b"cache-control", b"max-age=60")
        return b""


class Leaf(Resource):
    """A page made of one function."""

    isLeaf = True

    def __init__(self, do: Any) -> None:
        super().__init__()
        self._do = do

    def render_GET(self, request: Request) -> Any:
        return self._do(request)

    render_POST = render_GET


@pytest.fixture
def tree() -> Tree:
    """A new tree."""
    return Tree()


def ask(tree: Resource, path: str, method: bytes = b"GET", body: bytes = b"", **options: Any) -> FakeExchange:
    """One request to a tree, and its answer."""
    exchange = FakeExchange(head_for(f"https://apps.example.com:8443{path}", method, body=body, **options), body)
    ResourceHandler(tree)(exchange)
    return exchange


def test_a_page(tree: Tree) -> None:
    """A page leaves in one write, with our guards on."""
    exchange = ask(tree, "/data")
    assert (exchange.state, exchange.status, exchange.content) == ("answered", 200, b"x" * 10)
    assert exchange.field(b"content-type") == b"text/plain"
    assert exchange.field(b"cache-control") == b"no-store"
    assert exchange.field(b"content-security-policy") == CONTENT_SECURITY_POLICY
    assert exchange.field(b"x-content-type-options") == b"nosniff"
    assert exchange.field(b"x-request-id") == ID.encode()
    assert exchange.field(b"server") is None
    assert exchange.field(b"transfer-encoding") is None


def test_a_page_may_have_guards_of_its_own(tree: Tree) -> None:
    """A resource that sets a field knows why."""
    exchange = ask(tree, "/own")
    assert exchange.field(b"content-security-policy") == b"default-src 'self'"
    assert exchange.field(b"cache-control") == b"max-age=60"


def test_head(tree: Tree) -> None:
    """HEAD gives the head of GET, with its length and without its body, also where only GET is written."""
    for path, length in (("/data", b"10"), ("/facts", None)):
        exchange = ask(tree, path, b"HEAD")
        assert (exchange.status, exchange.content, exchange.state) == (200, b"", "answered")
        assert length is None or exchange.field(b"content-length") == length


def test_redirects_and_cookies(tree: Tree) -> None:
    """Location and every single Set-Cookie arrive."""
    exchange = ask(tree, "/go")
    assert (exchange.status, exchange.field(b"location")) == (302, b"https://signin.example.com/")
    exchange = ask(tree, "/cookies", fields=[(b"cookie", b"theme=dark"), (b"cookie", b"lang=en")])
    assert exchange.content == b"dark"
    assert exchange.fields(b"set-cookie") == [b"a=1; Secure", b"b=2; HttpOnly"]


def test_forms(tree: Tree) -> None:
    """A posted form is read, in however many pieces it comes."""
    exchange = ask(tree, "/form", b"POST", b"name=Ann&name=%C3%9C", fields=FORM)
    assert exchange.content == b"Ann|\xc3\x9c"
    long = b"name=" + b"x" * 60_000
    assert ask(tree, "/form", b"POST", long, fields=FORM).content == b"x" * 60_000


def test_what_a_page_knows_of_the_request(tree: Tree) -> None:
    """Address, TLS, host, port and our request id; the user's own X-Request-ID is not taken for it."""
    said = ask(tree, "/facts?q=1", fields=[(b"x-request-id", b"evil")]).content.decode()
    assert said == repr((True, "192.0.2.7", "apps.example.com", 8443, ID, b"/facts?q=1", b"GET",
                         b"https://apps.example.com:8443/facts"))


class TestLimits:
    """Bodies are bounded."""

    def test_an_announced_body_that_is_too_large(self, tree: Tree) -> None:
        """It is refused before one byte of it is read."""
        exchange = ask(tree, "/form", b"POST", b"x" * 65537, fields=FORM)
        assert (exchange.status, exchange.reader) == (413, None)

    def test_a_chunked_body_that_becomes_too_large(self, tree: Tree) -> None:
        """It is refused when the limit is passed, and what still comes is thrown away."""
        exchange = FakeExchange(head_for("https://a/form", b"POST", FORM, None), None)
        ResourceHandler(tree, body_limit=10)(exchange)
        assert exchange.reader is not None
        exchange.reader.body_received(b"0123456789")
        assert exchange.status == 0
        exchange.reader.body_received(b"0")
        assert exchange.status == 413
        exchange.reader.body_received(b"0" * 100)
        exchange.reader.body_ended([])
        assert exchange.state == "answered"

    def test_a_form_that_cannot_be_read(self, tree: Tree) -> None:
        """A multipart form is a bad request for a page that asks for its fields, and so are more fields than any form has."""
        fields = [(b"content-type", b"multipart/form-data; boundary=x")]
        assert ask(tree, "/form", b"POST", b"x", fields=fields).status == 400
        assert ask(tree, "/form", b"POST", b"name=x&" * 257, fields=FORM).status == 400
        assert ask(tree, "/form?" + "name=x&" * 257).status == 400
        assert ask(tree, "/form", b"POST", b"&".join([b"name=%41+"] * 256), fields=FORM).content == b"|".join([b"A "] * 256)

    def test_what_no_page_asks_for_is_not_read(self, tree: Tree) -> None:
        """Neither a type that is hard to read, nor a form, a query or a path of any size, costs an answer or time."""
        for value in (b"x/y" + b";" * 30_000, b"x/y" + b'"' * 30_000, b"x/y" + b"(" * 2_000):
            assert ask(tree, "/data", b"POST", b"x", fields=[(b"content-type", value)]).status == 405
        assert ask(tree, "/data?" + "a&" * 4_000).status == 200
        assert ask(tree, "/data" + "/a" * 4_000).status == 404


class TestFailures:
    """Whatever fails looks like all our failures, and tells nothing of our insides."""

    @pytest.mark.parametrize(
        ("path", "method", "status"),
        [
            ("/broken", b"GET", 500),
            ("/odd", b"GET", 500),
            ("/refused", b"GET", 429),
            ("/none", b"GET", 404),
            ("/data/below", b"GET", 404),
            ("/<script>alert(1)</script>", b"GET", 404),
            ("/", b"GET", 404),
            ("/form", b"DELETE", 405),
            ("/form", b"BREW", 405),
        ],
    )
    def test_an_error_page(self, tree: Tree, path: str, method: bytes, status: int) -> None:
        """The page has the request id, and neither a traceback nor anything of the request."""
        exchange = ask(tree, path, method)
        assert exchange.status == status
        assert ID.encode() in exchange.content
        for secret in (b"canary", b"Traceback", b"script", b"BREW", b"ZeroDivision"):
            assert secret not in exchange.content
        assert exchange.field(b"proxy-status") is not None
        assert exchange.failure is not None
        assert exchange.field(b"cache-control") == b"no-store"
        assert exchange.field(b"content-type") == b"text/html; charset=utf-8"

    def test_as_json(self, tree: Tree) -> None:
        """A script that asks for JSON gets JSON."""
        exchange = ask(tree, "/none", fields=[(b"accept", b"application/json")])
        assert exchange.field(b"content-type") == b"application/problem+json"

    def test_a_failure_within_an_answer(self, tree: Tree) -> None:
        """A page that fails half-way is broken off, so that nobody takes it for whole."""
        assert ask(tree, "/half").state == "aborted"

    def test_which_methods_there_are(self, tree: Tree) -> None:
        """405 names the methods that work."""
        assert b"GET" in (ask(tree, "/form", b"DELETE").field(b"allow") or b"")


class TestLater:
    """Pages that answer later, or bit by bit."""

    def test_an_answer_that_comes_later(self, tree: Tree) -> None:
        """Nothing is sent before the page is ready; then all of it."""
        exchange = ask(tree, "/wait")
        assert exchange.state == "open"
        [request] = tree.later
        request.setHeader(b"content-length", b"2")
        request.write(b"ok")
        request.finish()
        assert (exchange.state, exchange.content) == ("answered", b"ok")
        assert tree.ended == [None]

    def test_a_stream(self, tree: Tree) -> None:
        """Without a length each piece goes out as it comes."""
        exchange = ask(tree, "/wait")
        [request] = tree.later
        request.write(b"one")
        assert (exchange.state, exchange.pieces, exchange.length) == ("flowing", [b"one"], None)
        request.write(b"two")
        assert exchange.pieces == [b"one", b"two"]
        request.finish()
        assert exchange.state == "finished"

    def test_an_empty_answer(self, tree: Tree) -> None:
        """No content is an answer too."""
        exchange = ask(tree, "/wait")
        tree.later[0].setResponseCode(204)
        tree.later[0].finish()
        assert (exchange.state, exchange.status, exchange.content) == ("answered", 204, b"")

    def test_a_large_page_with_a_producer(self, tree: Tree) -> None:
        """A producer is paused with the user's connection, and released at the end."""
        exchange = ask(tree, "/wait")
        [request] = tree.later
        request.setHeader(b"content-length", b"100000")
        producer = Recorder()
        request.registerProducer(producer, True)
        assert exchange.producer == producer
        request.write(b"x" * 100_000)
        assert (exchange.state, exchange.length) == ("flowing", 100_000)
        request.unregisterProducer()
        request.finish()
        assert (exchange.producer, exchange.state) == (None, "finished")

    def test_the_user_leaves(self, tree: Tree) -> None:
        """The page hears of it, and what it writes afterwards goes nowhere."""
        exchange = ask(tree, "/wait")
        exchange.leave()
        [reason] = tree.ended
        assert isinstance(reason, Failure)
        tree.later[0].write(b"late")
        assert exchange.pieces == []

    def test_the_user_leaves_before_the_body_is_there(self, tree: Tree) -> None:
        """No page is asked then."""
        exchange = FakeExchange(head_for("https://a/wait", b"POST", FORM, None), None)
        ResourceHandler(tree)(exchange)
        exchange.leave()
        assert exchange.reader is not None
        exchange.reader.body_ended([])
        assert tree.later == []


@implementer(IPushProducer)
class Recorder:
    """A push producer."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def stopProducing(self) -> None: ...
