"""Regular expressions are compiled when a program starts: the large ones take 25 ms each, for which nobody is to wait."""

from __future__ import annotations

import re
from re import _compiler  # type: ignore[attr-defined]  # the only place that all of them pass
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.relay import plan
from appproxy.testing import Playground
from tests.cost.measured_node import MeasuredNode

#: What a request may compile in all, in bytes: what is told of one application, its hosts and names. That takes 1 ms.
SMALL = 400
PAGE = (b"<base href=/><svg></svg><iframe></iframe><noembed></noembed><noframes></noframes><xmp></xmp><title></title>"
        b"<textarea></textarea><style>a{b:url(/c)}</style><script>x='http://127.0.0.1/'</script><a style='b:url(/)' href=/x>"
        b"<iframe srcdoc='<a href=/>'></iframe><plaintext>")


class Pages(Protocol):
    """An application that answers with a page of everything."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        kind = b"image/svg+xml" if b"/drawing" in data else b"text/css" if b"/sheet" in data else b"text/html"
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\nserver: x\r\ncontent-length: %d\r\n\r\n%b" % (
            kind, len(PAGE), PAGE))


def test_no_request_waits_for_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is the same for all applications nothing is compiled in a request; what is an application's own is small."""
    sizes: list[int] = []
    compile_one = _compiler.compile

    def counted(pattern: Any, flags: int = 0) -> re.Pattern[Any]:
        found: re.Pattern[Any] = compile_one(pattern, flags)
        sizes.append(len(found.pattern))
        return found

    with Playground() as playground:
        playground.publish(
            "open", Factory.forProtocol(Pages), preauth="passthrough", translate_body="html,css,javascript,json,xml,events",
            hsts_max_age="60", removed_fields="server", view="public", forwarded_prefix="yes")
        port = max(playground.network.ports)
        playground.admin("POST", "/applications", {
            "name": "below", "internal": f"http://127.0.0.1:{port}/", "external": "https://open.example.org/b/",
            "preauth": "passthrough", "settings": {"translate_body": "html"}})
        playground.network.pass_time(2)
        node = MeasuredNode(playground)
        plan._replaced.cache_clear()
        re.purge()
        monkeypatch.setattr(_compiler, "compile", counted)
        costs = []
        for _ in range(2):
            before = len(sizes)
            for target in (b"/", b"/drawing", b"/sheet", b"/b/", b"/b/drawing"):
                answer = node.send(node.users, UserConnection, b"GET %b HTTP/1.1\r\nhost: open.example.org\r\n\r\n" % target)
                assert answer.answer.startswith(b"HTTP/1.1 200 ")
                assert (b"server: x" in answer.answer) == target.startswith(b"/b/")
            costs.append(sizes[before:])
    assert 0 < sum(costs[0]) <= SMALL, costs[0]
    assert costs[1] == []
