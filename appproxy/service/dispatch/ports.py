"""Which ports a host may be named with: where users come in, and where the application is published."""

from __future__ import annotations

from collections.abc import Collection

from appproxy.errors import Code, RequestError
from appproxy.http.head import RequestHead
from appproxy.http.host import port_of
from appproxy.service.dispatch.request import InboundRequest


def check_port(head: RequestHead, published: int, ports: Collection[int]) -> None:
    """Is the host named with a port at which it is published, or where we answer? Raises RequestError(UNKNOWN_HOST).

    No port is every port: front proxies leave it out.
    """
    port = port_of(head.authority)
    if port is not None and port != published and port not in ports:
        raise _foreign(head, port)


def check_port_of_any(request: InboundRequest, ports: Collection[int]) -> None:
    """The same for a page of ours, which all applications of a host have. Raises RequestError(UNKNOWN_HOST)."""
    head = request.head
    port = port_of(head.authority)
    if port is None or port in ports:  # then there is no need to look at what may be thousands of them
        return
    if all(port != route.segment.external.port for route in request.snapshot.router.routes_of(head.host)):
        raise _foreign(head, port)


def _foreign(head: RequestHead, port: int) -> RequestError:
    return RequestError(Code.UNKNOWN_HOST, f"nothing is published at port {port} of {head.host}")
