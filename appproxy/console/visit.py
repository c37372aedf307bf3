"""One request for a page: who asks, what for, and the admin API in their name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from twisted.internet.defer import Deferred

from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.admin.base.problem import error_of
from appproxy.admin.fields import in_query
from appproxy.admin.logins.allowing import AllowingPerson
from appproxy.admin.transport.http_rules import PREFIX
from appproxy.admin.transport.https import AdminRequest, Answered, Caller
from appproxy.errors import AppProxyError, ConfigError

#: The admin API: answers what somebody asks, as far as they may.
Api = Callable[[AdminRequest], Deferred[Answered]]
#: Does something that takes long where nobody waits for it, and gives what that comes to.
Aside = Callable[[Callable[[], Any]], Deferred[Any]]
#: An ETag that nothing has.
_NEVER = '"-"'
_NONE: Mapping[str, str] = MappingProxyType({})
#: Rows of one page of a listing.
ROWS = 50


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do: for everything, and for some applications (ids) alone."""

    permissions: frozenset[str]
    scoped: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def allow(self, permission: Permission, application: str = "") -> bool:
        """May they, to this application if one is given?"""
        return permission.value in self.permissions or application in self.scoped.get(permission.value, ())


@dataclass(slots=True)
class Visit:
    """A request. `names`: those in its path; `query` and `form`: fields with all their values; `files`: those
    that were sent; `now`: seconds since 1970; `aside`: where work is done that takes long.

    `machines`: lets those in that show a code. `waiting`: how much waits for the visitor's decision, by the path of its page.
    `error` is why the form that was sent was refused; the page with that form is shown again then.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    form: Mapping[str, Sequence[str]]
    caller: Caller
    api: Api
    now: float
    aside: Aside
    names: Mapping[str, str] = field(default_factory=dict)
    rights: Rights = field(default_factory=lambda: Rights(frozenset()))
    roles: Sequence[str] = ()
    error: AppProxyError | None = None
    machines: AllowingPerson | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)

    def may_somewhere(self, permission: Permission) -> bool:
        """Has the visitor this permission for everything, or for some application?"""
        return self.may(permission) or bool(self.rights.scoped.get(permission.value))

    def may(self, permission: Permission, application: str = "") -> bool:
        """Has the visitor this permission?"""
        return self.rights.allow(permission, application)

    def require(self, permission: Permission) -> None:
        """Raises Forbidden, for a page that is nothing but a form which the visitor may not send."""
        if not self.may(permission):
            raise Forbidden(f"{self.caller.name} lacks the permission {permission.value}")

    def asked(self, name: str) -> str:
        """A field of the query, "" where it is not there."""
        return (self.query.get(name) or [""])[0]

    def said(self, name: str, default: str = "") -> str:
        """A field of the form, without spaces at its ends, and with ends of lines as we keep them."""
        return (self.form.get(name) or [default])[0].replace("\r\n", "\n").strip()

    def chosen(self, name: str) -> list[str]:
        """All values of a field of the form that are not empty; several may be in one, parted by commas or lines."""
        texts = [part.strip() for text in self.form.get(name, ()) for part in text.replace("\n", ",").split(",")]
        return [one for one in texts if one]

    def file_text(self, name: str) -> str:
        """The text of a file, "" where none was chosen. Raises ConfigError for one that is none."""
        try:
            return self.files.get(name, b"").decode()
        except ValueError as error:
            raise ConfigError(f"{name}: is no text in UTF-8: {error}") from error

    async def know(self) -> None:
        """Learn who the visitor is, from the API."""
        me = await self.get("/me")
        scoped = {name: frozenset(ids) for name, ids in me["for_one_application"].items()}
        self.rights, self.roles = Rights(frozenset(me["permissions"]), scoped), me["roles"]

    async def get(self, path: str, /, **fields: object) -> Any:
        """What an operation answers. Raises an AppProxyError, as it does."""
        given = {name: in_query(value) for name, value in fields.items() if value not in ("", None)}
        query = f"?{urlencode(given, doseq=True, quote_via=quote)}" if given else ""
        return (await self._call("GET", path + query, None)).data

    async def get_tagged(self, path: str) -> tuple[Any, str]:
        """The same, and its ETag, with quotes."""
        answered = await self._call("GET", path, None)
        return answered.data, dict(answered.fields).get("etag", "")

    async def get_if(self, permission: Permission, path: str, otherwise: Any = None, /, **fields: object) -> Any:
        """The same, and `otherwise` for a visitor who may not."""
        return await self.get(path, **fields) if self.may(permission) else otherwise

    async def change(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, dry: bool = False, if_match: str = "",
        is_new: bool = False,
    ) -> Any:
        """Have an operation change something, or (`dry`) say what it would answer. Raises an AppProxyError.

        `if_match`: the ETag that it must have still; `is_new`: nothing may be there yet, or Changed is raised.
        """
        if method == "DELETE" and body:
            path, body = f"{path}?{urlencode(body, doseq=True, quote_via=quote)}", None
        if dry:
            path += ("&" if "?" in path else "?") + "dry_run=true"
        given = {"if-none-match": "*"} if is_new else {"if-match": if_match} if if_match else {}
        return (await self._call(method, path, body, given)).data

    async def change_shown(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, dry: bool = False
    ) -> Any:
        """The same, as long as it is what the form has shown: its field `tag`, without which nobody knows what that was.

        Raises Changed otherwise.
        """
        return await self.change(method, path, body, dry=dry, if_match=self.said("tag") or _NEVER)

    async def _call(
        self, method: str, path: str, body: Mapping[str, object] | None, given: Mapping[str, str] = _NONE
    ) -> Answered:
        data = b"" if body is None else json.dumps(body).encode()
        fields = {**given, "content-type": "application/json"} if data else given
        answered = await self.api(AdminRequest(method, PREFIX + path, fields, data, self.caller))
        if answered.status >= 400:
            raise error_of(answered.status, answered.data)
        return answered


def one_of(*parts: str) -> str:
    """A path of the API, or of a page, with names in it that may have any sign."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a long listing. `more`: the key behind which the next page begins, "" for the last."""

    rows: Sequence[Any]
    more: str
    after: str
    search: str


async def listing(visit: Visit, path: str, key: str, rows: int = ROWS, **fields: object) -> Listing:
    """The page that the visitor asks for by `after` and `search`; `fields`: what else the operation is asked."""
    after, search = visit.asked("after"), visit.asked("search").strip()
    found = await visit.get(path, limit=rows + 1, after=after, search=search, **fields)
    shown = found[:rows]
    return Listing(shown, str(shown[-1][key]) if len(found) > rows else "", after, search)
