"""The handlers of those who come without TLS: an authority's look at our hosts (http-01), and the way to https."""

from __future__ import annotations

from collections.abc import Callable, Collection

from appproxy.branding import Brand
from appproxy.errors import Code
from appproxy.pages import refusal_page
from appproxy.service.dispatch.error_pages import failure_answer
from appproxy.service.exchange.exchange import Exchange
from appproxy.store.certificates.acme import HTTP_01
from appproxy.store.snapshot import Snapshot

_LOOKED_AT = b"/.well-known/acme-challenge/"
_ANSWER_FIELDS = b"content-type: application/octet-stream\ncache-control: no-store\n"
#: For those who come to the wrong port, or with the wrong scheme.
_NOTICE = "This port speaks HTTPS, and the request came without TLS: use https:// in place of http://."


class PlainDispatcher:
    """Answers challenges; sends everybody else to the same URL under https. `own` are the service's own hosts."""

    def __init__(self, snapshot: Callable[[], Snapshot], port_suffix: str, own: Collection[str]) -> None:
        self._snapshot = snapshot
        self._port_suffix = port_suffix.encode("ascii")
        self._own = frozenset(own)

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.exchange.Handler`)."""
        head = exchange.head
        snapshot = self._snapshot()
        path = head.target.partition(b"?")[0]
        if path.startswith(_LOOKED_AT):
            token = path[len(_LOOKED_AT):].decode("latin-1")
            for one in snapshot.challenges:
                if one.token == token and one.host == head.host and one.kind == HTTP_01:
                    exchange.answer(200, _ANSWER_FIELDS, one.answer.encode("ascii"))
                    return
        if not self.redirect(exchange):
            exchange.failure = Code.UNKNOWN_HOST
            exchange.answer(*failure_answer(Code.UNKNOWN_HOST, exchange, snapshot.brand))

    def redirect(self, exchange: Exchange) -> bool:
        """Send a request for one of our hosts to https; whether it is one."""
        head = exchange.head
        if head.target == b"*" or head.host not in self._own and not self._snapshot().router.knows_host(head.host):
            return False
        # 308: whoever posts in the clear has said it already, and a changed method would only hide the mistake.
        location = b"https://%b%b%b" % (head.host.encode("ascii"), self._port_suffix, head.target)
        exchange.answer(308, b"location: %b\ncache-control: no-store\n" % location, b"")
        return True


class StrayDispatcher:
    """Answers those who speak HTTP without TLS at the port for HTTPS: with the way there, or with what was wrong."""

    def __init__(self, plain: PlainDispatcher, brand: Callable[[], Brand]) -> None:
        self._plain = plain
        self._brand = brand

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.exchange.Handler`)."""
        if not self._plain.redirect(exchange):
            exchange.failure = Code.BAD_REQUEST
            exchange.detail = _NOTICE
            exchange.answer(*self.refusal(Code.BAD_REQUEST, exchange.id, exchange.head.get(b"accept")))

    def refusal(self, code: Code, request_id: str, accept: bytes | None) -> tuple[int, bytes, bytes]:
        """The answer to a request that is malformed besides (`service.front.front.Refusal`)."""
        return refusal_page(code, request_id, accept, notice=_NOTICE, brand=self._brand())
