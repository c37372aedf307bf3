"""A second access cookie of the same name: what to say, and how to be rid of it.

Only an access cookie without Secure can be there twice (`cookie_secure=no`): the name of the others keeps siblings from
setting one for a parent domain or a path. Of two none counts, and signing in again does not change that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from appproxy.http.cookies import ours
from appproxy.http.head import RequestHead

#: Set-Cookie lines at most: with four of them to a host and its parents, those of sixteen paths.
_MOST = 64
#: A segment of a path as it may stand in a cookie's Path. Others end what is tried.
_SEGMENT = re.compile(r"[A-Za-z0-9._~%!$&'()+*,=:@-]+")


def is_doubled(head: RequestHead, names: Iterable[bytes]) -> bool:
    """Does a request bring two cookies of one of these names?"""
    cookies = ours(value for name, value in head.fields if name == b"cookie")
    return any(len(cookies.get(name, ())) > 1 for name in names)


def deletions(name: bytes, host: str, target: bytes) -> list[bytes]:
    """Set-Cookie values that delete the cookie wherever this host may: for it and its parents, on each part of the path."""
    made = []
    for path in _paths(target.partition(b"?")[0].decode("latin-1")):
        for domain in _domains(host):
            made.append(b"%b=; Path=%b%b; Max-Age=0" % (name, path.encode("ascii"), domain))
    return made[:_MOST]


def _paths(path: str) -> list[str]:
    """`/`, `/a`, `/a/`, `/a/b` of `/a/b`: a cookie's Path is often without the last slash (RFC 6265 section 5.1.4)."""
    found, whole = ["/"], ""
    for segment in path.split("/")[1:]:
        if not _SEGMENT.fullmatch(segment):
            break
        whole += "/" + segment
        found += [whole, whole + "/"]
    return found


def _domains(host: str) -> list[bytes]:
    """None, the host, and its parents but the last label. Of those that are public suffixes browsers take no notice."""
    labels = host.split(".")
    return [b"", *(b"; Domain=" + ".".join(labels[at:]).encode("ascii") for at in range(max(len(labels) - 1, 1)))]
