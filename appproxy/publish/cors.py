"""Cross-origin calls (Fetch standard, section "CORS protocol"): which other origins' pages may call an application.

Preflights are decided here and answered by the service, before any sign-in: browsers send them without cookies. On the
answers to the calls themselves, what a rule says takes the place of what the application says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from appproxy.paths import Prefixes, is_ambiguous, loose

#: Stands for every origin, or for every name of a field, where credentials are not allowed.
ANY = "*"
#: Fields of an application's answers that a rule takes the place of.
ANSWERS = frozenset({
    b"access-control-allow-credentials", b"access-control-allow-headers", b"access-control-allow-methods",
    b"access-control-allow-origin", b"access-control-allow-private-network", b"access-control-expose-headers",
    b"access-control-max-age",
})
#: Never asked for by a preflight, and always allowed (Fetch: CORS-safelisted methods).
_SAFE_METHODS = frozenset({b"GET", b"HEAD", b"POST"})
#: Names in one preflight that are looked at; browsers name the few that a call has.
_MOST_NAMES = 100
#: Of a request: lower-case names and values.
Fields: TypeAlias = Sequence[tuple[bytes, bytes]]
_VARY = b"vary: origin\n"
_VARY_PREFLIGHT = b"vary: origin, access-control-request-method, access-control-request-headers\n"


@dataclass(frozen=True, slots=True)
class CorsRule:
    """What pages of other origins may do at `path` of an application's public URLs, and below it.

    `path` begins and ends in `/`. `origins` are scheme, host and port as browsers write them, compared exactly, or only
    `*`. `headers` are lower-case names of request fields that may be set; a name that ends in `*` stands for all that
    begin like it. `exposed` are names of answers' fields that scripts may read. `max_age` is how many seconds a browser
    may remember the answer to a preflight. `host`: only on this public host of the application, "" on all of them.
    """

    path: str
    origins: frozenset[str]
    methods: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int = 5
    host: str = ""

    @property
    def resource(self) -> str:
        """What it is for, as admins write it: `/api/`, or `https://api.example.com/v1/` where only one host is meant."""
        return f"https://{self.host}{self.path}" if self.host else self.path


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """The fields of the answer to a preflight; `refusal` says for the log why the call is not allowed, or is empty."""

    block: bytes
    refusal: str = ""


class CorsTable:
    """The rules of one application on one of its hosts; those for this very host win over those for all."""

    __slots__ = ("_exact", "_loose", "_only")

    def __init__(self, rules: Sequence[CorsRule], host: str = "") -> None:
        rules = [rule for rule in rules if rule.host == host] + [rule for rule in rules if not rule.host and host]
        self._only = rules[0] if len(rules) == 1 and rules[0].path == "/" else None
        self._exact = Prefixes((rule.path.encode("ascii"), rule) for rule in rules)
        self._loose = Prefixes((loose(rule.path.encode("ascii")), rule) for rule in rules)

    def find(self, target: bytes) -> CorsRule | None:
        """The rule with the longest path that the target begins with; None where the application speaks for itself.

        Where rules depend on the path, one that could be read in two ways gets a rule that allows nothing.
        """
        if self._only is not None:
            return self._only
        path = target.partition(b"?")[0]
        rule = self._exact.longest(path)
        if is_ambiguous(path) or self._loose.longest(loose(path)) is not rule:
            return NOTHING
        return rule


#: Allows nothing to anybody.
NOTHING = CorsRule("/", frozenset())


def is_preflight(method: bytes, fields: Fields) -> bool:
    """Is it a browser's question whether a call is allowed (Fetch: CORS-preflight request)?"""
    if method != b"OPTIONS":
        return False
    names = {name for name, _ in fields}
    return b"origin" in names and b"access-control-request-method" in names


def answer_preflight(rule: CorsRule, fields: Fields) -> PreflightAnswer:
    """May the call be made that this preflight asks about?"""
    origin, method = _only(fields, b"origin"), _only(fields, b"access-control-request-method")
    if origin is None or not _is_allowed(rule, origin):
        return PreflightAnswer(_VARY_PREFLIGHT, "no rule allows this origin")
    if method is None or method not in _SAFE_METHODS and method.decode("latin-1") not in rule.methods:
        return PreflightAnswer(_VARY_PREFLIGHT, "no rule allows this method")
    wanted = b",".join(value for name, value in fields if name == b"access-control-request-headers")
    if wanted.count(b",") >= _MOST_NAMES:
        return PreflightAnswer(_VARY_PREFLIGHT, f"more than {_MOST_NAMES} names of fields")
    names = [name for name in (part.strip().lower() for part in wanted.split(b",")) if name]
    if not all(_may_set(rule, name.decode("latin-1")) for name in names):
        return PreflightAnswer(_VARY_PREFLIGHT, "no rule allows one of these fields")
    block = _allowing(rule, origin)
    methods = {each.encode("ascii") for each in rule.methods} | {method}
    block += b"access-control-allow-methods: %b\n" % b", ".join(sorted(methods))
    if names:
        block += b"access-control-allow-headers: %b\n" % b", ".join(dict.fromkeys(names))
    return PreflightAnswer(block + b"access-control-max-age: %d\n" % rule.max_age + _VARY_PREFLIGHT)


def answer_fields(rule: CorsRule, fields: Fields) -> bytes:
    """What an answer to this request gets: leave for its origin to read it, where the rule gives that."""
    origin = _only(fields, b"origin")
    if origin is None or not _is_allowed(rule, origin):
        # An answer without leave depends on the origin, too: no cache may give it to an origin that has leave.
        return _VARY
    block = _allowing(rule, origin)
    if rule.exposed:
        block += b"access-control-expose-headers: %b\n" % ", ".join(rule.exposed).encode("ascii")
    return block + _VARY


def _allowing(rule: CorsRule, origin: bytes) -> bytes:
    if rule.credentials:
        return b"access-control-allow-origin: %b\naccess-control-allow-credentials: true\n" % origin
    return b"access-control-allow-origin: %b\n" % (b"*" if ANY in rule.origins else origin)


def _is_allowed(rule: CorsRule, origin: bytes) -> bool:
    """Exactly one of the rule's. With credentials `*` means nothing, whatever the database says."""
    text = origin.decode("latin-1")
    return (text in rule.origins and text != ANY) or (ANY in rule.origins and not rule.credentials)


def _may_set(rule: CorsRule, name: str) -> bool:
    if name in rule.headers and name != ANY:
        return True
    if not name.isascii() or not all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name):
        return False
    for pattern in rule.headers:
        if pattern == ANY:
            # As browsers read it: never where credentials go, and Authorization must be named (Fetch, "CORS non-wildcard").
            if not rule.credentials and name != "authorization":
                return True
        elif pattern.endswith(ANY) and name.startswith(pattern[:-1]):
            return True
    return False


def _only(fields: Fields, name: bytes) -> bytes | None:
    """The value of the only field of this name; of two nobody knows which one counts."""
    values = [value for key, value in fields if key == name]
    return values[0] if len(values) == 1 else None
