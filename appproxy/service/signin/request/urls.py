"""Addresses that sign-in leads to: of what is published, and of nothing else."""

from __future__ import annotations

from urllib.parse import quote

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.publish.routing import ApplicationRoute, Router

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def url_of(router: Router, route: ApplicationRoute, target: str) -> str:
    """The absolute URL of a target of the application on the route's host, and of nothing else.

    Raises IdentityError(SIGN_IN_STATE).
    """
    raw = target.encode("latin-1")
    try:
        found = router.find(route.host, raw).application.id if raw.startswith(b"/") else ""
    except RequestError as error:
        raise IdentityError(Code.SIGN_IN_STATE, "the way back is nobody's") from error
    if found != route.application.id:
        raise IdentityError(Code.SIGN_IN_STATE, "the way back is not the application's")
    return route.origin + quote(raw, safe=_PRINTABLE)
