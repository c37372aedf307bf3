"""What policies let through of a session's requests and answers: reading alone, no downloads, no uploads.

A proxy sees methods, types and sizes. It does not see what a page is for: whatever is shown can be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TypeVar

from appproxy.policy.conditional.parts.contexts import SAFE

#: Types that browsers show in place, or that pages are made of; all others they keep as files. Of `FAMILIES` all are.
SHOWN = frozenset({
    b"text/html", b"text/css", b"text/plain", b"text/javascript", b"text/xml", b"text/event-stream", b"application/javascript",
    b"application/json", b"application/x-javascript", b"application/xhtml+xml", b"application/xml",
    b"application/manifest+json", b"application/wasm", b"application/x-ndjson", b"application/x-font-ttf",
    b"application/font-woff",
})  # fmt: skip
FAMILIES = (b"image/", b"font/", b"audio/", b"video/")
SUFFIXES = (b"+json", b"+xml")
#: Types in which forms without files, and scripts, send what users type.
TYPED = frozenset({
    b"application/x-www-form-urlencoded", b"application/json", b"application/xml", b"application/graphql", b"text/plain",
    b"text/xml", b"application/csp-report", b"application/x-ndjson",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What one policy says. `most`: bytes of one answer, or of one request's body; `upgrades`: may connections change to
    another protocol, in which nothing can be seen?
    """

    policy: str
    message: str = ""
    most: float = inf
    upgrades: bool = False

    def __or__(self, other: Rule) -> Rule:
        """The strictest of both, under the name of this one."""
        return replace(self, most=min(self.most, other.most), upgrades=self.upgrades and other.upgrades)


@dataclass(frozen=True, slots=True)
class Transfers:
    """The rules of a session; None where nothing is said."""

    read_only: Rule | None = None
    download: Rule | None = None
    upload: Rule | None = None

    def __or__(self, other: Transfers) -> Transfers:
        """The strictest of both."""
        return Transfers(
            both(self.read_only, other.read_only), both(self.download, other.download), both(self.upload, other.upload))

    @property
    def rules(self) -> tuple[tuple[str, Rule], ...]:
        """Those that there are, with what they are called."""
        named = (("read-only", self.read_only), ("no download", self.download), ("no upload", self.upload))
        return tuple((name, rule) for name, rule in named if rule is not None)


T = TypeVar("T", Rule, Transfers)


def both(one: T | None, other: T | None) -> T | None:
    """The strictest of both; None where neither says anything."""
    return one | other if one is not None and other is not None else one or other


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not let through: by which rule, and why, for the log."""

    rule: Rule
    why: str

    def __str__(self) -> str:
        """For the log."""
        return f"{self.rule.policy!r} lets through no {self.why}"


def refused_request(
    transfers: Transfers, method: bytes, *, upgrade: bool = False, types: Sequence[bytes] = (), length: float | None = 0,
) -> Refused | None:
    """Why a request may not pass, if so.

    `types`: the values of Content-Type; `length`: of its body in bytes, None for one whose end will tell.
    """
    if upgrade:
        for _, one in transfers.rules:
            if not one.upgrades:
                return Refused(one, "upgrade of a connection, in which nothing can be seen")
        return None
    reading = transfers.read_only
    if reading is not None and method not in SAFE:
        return Refused(reading, f"{method.decode('latin-1')}, as it lets only read")
    rule = transfers.upload
    if rule is None or length == 0:
        return None
    if not types or not all(_type(one) in TYPED or _type(one).endswith(SUFFIXES) for one in types):
        return Refused(rule, f"upload of {_shown(types)}")
    if length is not None and length > rule.most:
        return Refused(rule, f"upload of {length:.0f} bytes")
    return None


def refused_answer(
    transfers: Transfers, method: bytes, status: int, types: Sequence[bytes], dispositions: Sequence[bytes],
    size: float | None,
) -> Refused | None:
    """Why an answer may not pass, if so.

    `types`, `dispositions`: the values of Content-Type and Content-Disposition; `size`: of the whole representation in bytes,
    also where only a range of it comes (RFC 9110 section 14.4), None for unknown.
    """
    rule = transfers.download
    # Without content (RFC 9110 section 6.4.1) there is nothing to keep.
    if rule is None or method == b"HEAD" or status in (101, 204, 205, 304) or size == 0:
        return None
    # What is not `inline` is an attachment (RFC 6266 section 4.2).
    if any(_type(one) != b"inline" for one in dispositions):
        return Refused(rule, "download: the application says that it is to be kept as a file")
    if not types or not all(is_shown(one) for one in types):
        return Refused(rule, f"download of {_shown(types)}")
    if size is not None and size > rule.most:
        return Refused(rule, f"download of {size:.0f} bytes")
    return None


def is_shown(value: bytes) -> bool:
    """Do browsers show this type, in place of keeping it as a file?"""
    kind = _type(value)
    return kind in SHOWN or kind.startswith(FAMILIES) or kind.endswith(SUFFIXES)


def _type(value: bytes) -> bytes:
    return value.partition(b";")[0].strip().lower()


def _shown(types: Sequence[bytes]) -> str:
    return _type(types[-1])[:100].decode("latin-1") if types else "no known type"
