"""Where programs learn how to sign in to an application: its metadata as a protected resource (RFC 9728)."""

from __future__ import annotations

import json
from collections.abc import Collection
from urllib.parse import urlsplit

from appproxy.errors import RequestError
from appproxy.identity.openid.access_token import is_within
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.gates.provider_tokens import resource_of, takes_access_tokens
from appproxy.service.dispatch.ports import check_port
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage

#: What comes between host and path of a resource (section 3.1).
WELL_KNOWN = "/.well-known/oauth-protected-resource"
_START = WELL_KNOWN.encode("ascii")
#: Anybody may read it, pages of other origins, too: it is the same for all.
_FIELDS = b"content-type: application/json\ncache-control: max-age=300\naccess-control-allow-origin: *\n"


def metadata_url(route: ApplicationRoute) -> str:
    """Where the metadata of a route's application is."""
    path = urlsplit(resource_of(route)).path
    return route.origin + WELL_KNOWN + ("" if path == "/" else path)


class ResourceMetadata(Stage):
    """Answers for applications that take access tokens; others say themselves what they are."""

    name = "resource-metadata"
    targets = (_START,)

    def __init__(self, ports: Collection[int] = (443,)) -> None:
        self._ports = frozenset(ports)

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer what is asked of an application. Raises RequestError(UNKNOWN_HOST)."""
        head, snapshot = request.head, request.snapshot
        path = head.target.partition(b"?")[0]
        if not path.startswith(_START) or path[len(_START):][:1] not in (b"", b"/") or head.method not in (b"GET", b"HEAD"):
            return None
        rest = path[len(_START):] or b"/"
        try:
            route = snapshot.router_of(head.host).find(head.host, rest)
        except RequestError:
            return None
        issuers = [snapshot.providers[id].issuer for id in route.application.providers if id in snapshot.providers]
        # Section 3.3: the very resource whose metadata was asked for.
        resource = resource_of(route) if rest == b"/" else route.origin + rest.decode("latin-1")
        if not takes_access_tokens(route.application) or not issuers or not is_within(resource, [resource_of(route)]):
            return None
        check_port(head, route.segment.external.port, self._ports)
        document: dict[str, object] = {
            "resource": resource, "authorization_servers": issuers, "bearer_methods_supported": ["header"],
            "resource_name": route.application.name,
        }
        if route.application.bearer_scopes:
            document["scopes_supported"] = sorted(route.application.bearer_scopes)
        request.exchange.application = route.application.name
        request.exchange.answer(200, _FIELDS, json.dumps(document).encode())
        return ANSWERED
