"""The answer for a failure: a page that says whose fault it is and what to do, or the same as JSON (RFC 9457).

Nothing of the request is in it but our own request id, so there is nothing to inject.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from appproxy.branding import PLAIN, Brand
from appproxy.errors import FAILURES, Code, FailureSource
from appproxy.pages.render import render
from appproxy.pages.security import NO_STORE, SECURITY_FIELDS

#: No code page of ours uses this sign; the request id takes its place.
_MARK = "\ue000"
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
#: The scheme that we have: the access cookie, got by signing in with a browser. Its name depends on the application.
WWW_AUTHENTICATE = b'www-authenticate: Cookie realm="appproxy"\n'

#: Which of these a resource has is its own business: whoever asks it with another learns that from itself.
_ALLOW = b"allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\n"

#: The way of a request, as the page draws it.
HOPS = ("You", "Service", "Connector", "Application")
_HOP_OF = {FailureSource.REQUEST: "You", FailureSource.CONNECTOR: "Connector", FailureSource.APPLICATION: "Application"}


def error_page(
    code: Code, request_id: str, accept_json: bool, *, link: str = "", link_text: str = "", notice: str = "",
    retry_after: int | None = None, brand: Brand = PLAIN,
) -> tuple[int, bytes, bytes]:
    """Status, field block and body for a failure. `link` and its text: a way out, on the page only.

    `notice` takes the place of the advice; `retry_after`, in seconds, of the failure's own.
    """
    failure = FAILURES[code]
    known = request_id if _REQUEST_ID.fullmatch(request_id) else ""
    if accept_json:
        body = _problem(code, notice)
    else:
        body = _page(code, link, link_text, notice, brand) if link or notice else _plain_page(code, brand)
    body = body.replace(_MARK.encode(), known.encode())
    kind = b"application/problem+json" if accept_json else b"text/html; charset=utf-8"
    block = b"content-type: " + kind + b"\n" + failure_fields(code, retry_after) + NO_STORE + SECURITY_FIELDS
    if known:
        block += b"x-request-id: " + known.encode() + b"\n"
    return failure.status, block, body


def refusal_page(
    code: Code, request_id: str, accept: bytes | None, *, notice: str = "", brand: Brand = PLAIN
) -> tuple[int, bytes, bytes]:
    """The answer to a head that nobody is asked about, with the same values as `error_page`. `accept`: its Accept, if any.

    CONNECT and TRACE are refused so; the answer lists what is not (RFC 9110 section 15.5.6).
    """
    status, block, body = error_page(code, request_id, accepts_json(accept), notice=notice, brand=brand)
    return status, block + (_ALLOW if code is Code.METHOD_NOT_ALLOWED else b""), body


def failure_fields(code: Code, retry_after: int | None = None) -> bytes:
    """What a failure adds to the fields: Proxy-Status (RFC 9209), Retry-After, WWW-Authenticate."""
    failure = FAILURES[code]
    block = b'proxy-status: appproxy; error=%b; details="%b"\n' % (failure.proxy_status.encode(), code.name.encode())
    seconds = failure.retry_after if retry_after is None else retry_after
    if seconds is not None:
        block += b"retry-after: %d\n" % seconds
    if failure.status == 401:
        block += WWW_AUTHENTICATE
    return block


def accepts_json(accept: bytes | None) -> bool:
    """Does this Accept value ask for JSON, and not for HTML as well? Browsers always name text/html."""
    if accept is None or len(accept) > 1000:
        return False
    lowered = accept.lower()
    return b"json" in lowered and b"text/html" not in lowered


#: All failures of two brands: the one that is, and the one before.
@lru_cache(maxsize=2 * len(FAILURES))
def _plain_page(code: Code, brand: Brand) -> bytes:
    return _page(code, "", "", "", brand)


def _page(code: Code, link: str, link_text: str, notice: str, brand: Brand) -> bytes:
    failure = FAILURES[code]
    return render(
        "error", brand, title=failure.title, advice=notice or failure.advice, source=failure.source.value,
        status=failure.status, code=code.name, request_id=_MARK, hops=HOPS, broken=_HOP_OF.get(failure.source, "Service"),
        link=link, link_text=link_text,
    )


@lru_cache(maxsize=256)
def _problem(code: Code, notice: str = "") -> bytes:
    failure = FAILURES[code]
    problem = {
        "type": f"urn:appproxy:error:{code.name.lower()}", "title": failure.title, "status": failure.status,
        "detail": notice or failure.advice, "source": failure.source.value, "code": code.name, "request_id": _MARK,
    }
    return json.dumps(problem, ensure_ascii=False).encode()
