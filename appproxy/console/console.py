"""Answers requests for pages: finds the page, checks forms, and makes errors into something that people can act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from appproxy.admin.base.problem import Unreadable, problem
from appproxy.admin.logins.allowing import AllowingPerson
from appproxy.admin.transport.https import Caller
from appproxy.branding import Brand
from appproxy.console import proofs
from appproxy.console.answers import ConsolePage, FileContent, PageContent, Redirection
from appproxy.console.frame import SCRIPT, SCRIPT_PATH, framed, sheet_of
from appproxy.console.pages import PAGES
from appproxy.console.visit import Api, Aside, Visit
from appproxy.console.waiting import count_access
from appproxy.errors import AppProxyError, Code, RequestError
from appproxy.http.cookies import find
from appproxy.pages import NO_STORE, SECURITY_FIELDS
from appproxy.pages.multipart import read_multipart
from appproxy.store.snapshot import SealingKey

#: Scripts and styles are files of this host; forms go nowhere else.
CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'"
)
_SECURITY = (
    b"content-security-policy: " + CONTENT_SECURITY_POLICY + b"\n"
    + SECURITY_FIELDS.partition(b"\n")[2] + b"cross-origin-opener-policy: same-origin\n")
_HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE + _SECURITY
#: The name of a file changes with what is in it.
_KEPT = b"cache-control: private, max-age=31536000, immutable\nx-content-type-options: nosniff\n"
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 400

Sent = tuple[int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request of somebody who has signed in. `fields`: by lower-case names; `session`: the id of theirs; `machines`: lets
    those in that show a code.
    """

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes
    caller: Caller
    session: str
    machines: AllowingPerson | None = None


class Console:
    """Made once a node. `brand` and `keys` (the newest first) are those of now; `port`: the public one. `aside`: where
    work is done that takes long."""

    log = Logger()

    def __init__(
        self, api: Api, brand: Callable[[], Brand], keys: Callable[[], tuple[SealingKey, ...]], port: int,
        wall_clock: Callable[[], float], aside: Aside,
    ) -> None:
        self._api = api
        self._brand = brand
        self._keys = keys
        self._cookie = proofs.cookie_name(port)
        self._wall_clock = wall_clock
        self._aside = aside

    def answer(self, request: PageRequest) -> Deferred[Sent]:
        """Status, fields and body. Fails with RequestError where there is nothing to show at all."""
        return Deferred.fromCoroutine(self._answer(request))

    async def _answer(self, request: PageRequest) -> Sent:
        path, _, query = request.target.partition("?")
        if file := self._file(path):
            return file
        visit = Visit(
            request.method, path, _read(query), {}, request.caller, self._api, self._wall_clock(), self._aside,
            machines=request.machines)
        await visit.know()
        visit.waiting = await count_access(visit)
        try:
            page, visit.names = PAGES.find(request.method, path)
            if request.method == "POST":
                visit.form, visit.files = self._form(request)
            return await self._serve(page, visit, request)
        except AppProxyError as error:
            if isinstance(error, RequestError):
                raise
            return self._failed(error, visit, request)

    def _file(self, path: str) -> Sent | None:
        """A style sheet or a script; what is asked for by a name from before gets what there is now."""
        if not path.startswith("/console-"):
            return None
        if path == SCRIPT_PATH:
            return 200, b"content-type: text/javascript; charset=utf-8\n" + _KEPT, SCRIPT
        now, sheet = sheet_of(self._brand())
        if path.endswith(".css"):
            kept = _KEPT if path == now else NO_STORE
            return 200, b"content-type: text/css; charset=utf-8\n" + kept, sheet
        raise RequestError(Code.NOT_FOUND, "no such file")

    def _form(self, request: PageRequest) -> tuple[Mapping[str, list[str]], Mapping[str, bytes]]:
        """Fields and files that were sent. Raises RequestError(CROSS_SITE) for what no page of ours made for this browser."""
        form, files = _sent(request)
        cookies = find(request.fields.get("cookie", "").encode("latin-1"), self._cookie.encode())
        cookie = cookies[-1].decode("latin-1") if cookies else ""
        if not proofs.is_proved(self._keys(), request.session, cookie, (form.pop("proof", None) or [""])[0]):
            raise RequestError(Code.CROSS_SITE, "a form without its proof")
        return form, files

    async def _serve(self, page: ConsolePage, visit: Visit, request: PageRequest) -> Sent:
        try:
            shown = await page.serve(visit)
        except AppProxyError as error:
            if page.again is None or isinstance(error, RequestError):
                raise
            visit.error = error
            again = await page.again(visit)
            assert isinstance(again, PageContent)
            return self._page(again, visit, request, problem(error)[0])
        if isinstance(shown, FileContent):
            name = f"content-type: {shown.kind}\ncontent-disposition: attachment; filename=\"{shown.name}\"\n"
            return 200, name.encode("ascii") + NO_STORE + _SECURITY, shown.data
        if isinstance(shown, Redirection):
            mark = "&" if "?" in shown.path else "?"
            location = shown.path + (f"{mark}done={quote(shown.done)}" if shown.done else "")
            return 303, b"location: " + location.encode("ascii") + b"\n" + NO_STORE + _SECURITY, b""
        return self._page(shown, visit, request, shown.status)

    def _failed(self, error: AppProxyError, visit: Visit, request: PageRequest) -> Sent:
        status, said = problem(error)
        shown = PageContent("failed", str(said["title"]), {"what": error.message, "fix": error.hint})
        visit.error = None
        return self._page(shown, visit, request, status)

    def _page(self, shown: PageContent, visit: Visit, request: PageRequest, status: int) -> Sent:
        key = self._keys()[0]
        body = framed(shown, visit, self._brand(), proofs.field_value(key, request.session))
        value = proofs.cookie_value(key, request.session)
        has = f"{self._cookie}={value}" in request.fields.get("cookie", "")
        return status, _HTML + (b"" if has else proofs.set_cookie(self._cookie, value)), body


def _sent(request: PageRequest) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """Fields and files of a form. Raises Unreadable."""
    kind = request.fields.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == _FORM:
        return _read(request.body.decode("utf-8", "replace")), {}
    try:
        parts = read_multipart(request.body, kind)
    except ValueError as error:
        raise Unreadable(f"a form is needed: {error}") from error
    form: dict[str, list[str]] = {}
    for one in parts:
        if one.filename is None:
            form.setdefault(one.name, []).append(one.data.decode("utf-8", "replace"))
    return form, {one.name: one.data for one in parts if one.filename}


def _read(text: str) -> dict[str, list[str]]:
    """The fields of a query or a form. Raises RequestError(BAD_REQUEST)."""
    try:
        return parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise RequestError(Code.BAD_REQUEST, f"more than {_MOST_FIELDS} fields") from error
