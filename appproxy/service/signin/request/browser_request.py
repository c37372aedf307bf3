"""What sign-in reads of a browser's request: cookies, parameters, where it comes from. Strictly, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.iweb import IRequest

from appproxy.errors import Code, RequestError
from appproxy.http.cookies import beginning, find, ours
from appproxy.http.head import RequestHead
from appproxy.identity.binding import Cookie
from appproxy.identity.openid.oidc import read_parameters
from appproxy.net.web import form_body

#: Bytes of a form that sign-out takes.
_FORM = 16384


def is_navigation(head: RequestHead) -> bool:
    """Does a person wait for a page, so that a redirect makes sense?

    `Sec-Fetch-Mode: navigate`; without Sec-Fetch fields GET or HEAD with text/html accepted. An upgrade is none.
    """
    if head.upgrade is not None:
        return False
    mode = head.get(b"sec-fetch-mode")
    if mode is not None or any(name.startswith(b"sec-fetch-") for name, _ in head.fields):
        return mode == b"navigate"
    if head.method not in (b"GET", b"HEAD"):
        return False
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in head.fields)


def cookie_of(request: IRequest, name: bytes) -> bytes | None:
    """The value of the cookie `name`; None when it is missing or there twice."""
    found = [value for line in request.requestHeaders.getRawHeaders(b"cookie") or [] for value in find(line, name)]
    return found[0] if len(found) == 1 else None


def access_cookies(request: IRequest) -> dict[bytes, list[bytes]]:
    """The values of our cookies by name."""
    return ours(request.requestHeaders.getRawHeaders(b"cookie") or [])


def cookies_of_head(head: RequestHead, prefix: bytes) -> list[Cookie]:
    """The cookies whose names begin so, in the browser's order: the oldest first."""
    return beginning([line for name, line in head.fields if name == b"cookie"], prefix)


def is_page_request(request: IRequest) -> bool:
    """Does a person wait for a page? The same as `is_navigation`."""
    mode = request.requestHeaders.getRawHeaders(b"sec-fetch-mode")
    if mode is not None:
        return [bytes(each) for each in mode] == [b"navigate"]
    return any(b"text/html" in value.lower() for value in request.requestHeaders.getRawHeaders(b"accept") or [])


def is_document_request(request: IRequest) -> bool:
    """Will a browser show the answer as a page of its own, not in a frame? Only Sec-Fetch fields tell for certain."""
    fields = request.requestHeaders
    return all(
        [bytes(each) for each in fields.getRawHeaders(name) or []] == [value]
        for name, value in ((b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")))


def query_of(request: IRequest) -> dict[str, str]:
    """The query's parameters. Raises IdentityError(SIGN_IN_STATE), also for a doubled one."""
    return read_parameters(request.uri.partition(b"?")[2])


def form_of(request: IRequest) -> Mapping[str, str]:
    """The fields of a posted form. Raises RequestError for anything else."""
    return read_parameters(form_body(request, _FORM))


def host_of(request: IRequest) -> str:
    """The host that the user typed, in lower case and without port. Raises RequestError(BAD_REQUEST) for two of them."""
    if len(request.requestHeaders.getRawHeaders(b"host") or []) != 1:
        raise RequestError(Code.BAD_REQUEST, "not exactly one Host")
    host: bytes = request.getRequestHostname()
    return host.decode("ascii", "replace").lower().rstrip(".")


def client_of(request: IRequest) -> str:
    """What the browser says that it is (User-Agent), 255 signs at most; "" for nothing."""
    said = (request.requestHeaders.getRawHeaders(b"user-agent") or [b""])[0]
    return "".join(sign if sign.isprintable() else " " for sign in said[:255].decode("ascii", "replace"))


def user_agent_of(request: IRequest) -> bytes:
    """The User-Agent field as it is; b"" for none."""
    said: bytes = (request.requestHeaders.getRawHeaders(b"user-agent") or [b""])[0]
    return said


def origin_of(request: IRequest) -> str | None:
    """The Origin field; "null" when there are several of them."""
    values = request.requestHeaders.getRawHeaders(b"origin") or []
    if not values:
        return None
    return values[0].decode("ascii", "replace") if len(values) == 1 else "null"
