"""A request's fields as the application is to see them: what users may not say is dropped, what we know is added.

Ours come last, after `Connection` has been obeyed, so that no user can have them taken out again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from appproxy.http.cookies import cut
from appproxy.http.fields import encode_block
from appproxy.http.head import Fields, RequestHead
from appproxy.http.lines import members
from appproxy.http.refused import RefusedFields, same_spelling

#: Members of Connection that are no names of fields to take out.
_OPTIONS = frozenset([b"close", b"keep-alive", b"upgrade", b"te", b""])
#: What browsers send with every request: no other spelling of what `refused` names, so the names themselves suffice.
_COMMON = frozenset(
    b"accept accept-encoding accept-language cache-control content-type host if-modified-since if-none-match pragma "
    b"priority sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site "
    b"sec-fetch-user upgrade-insecure-requests user-agent".split())
#: Those that pass, too, but hold URLs.
_WITH_URLS = frozenset([b"destination", b"hx-current-url", b"if", b"origin", b"ping-from", b"ping-to", b"referer"])
#: The member `trailers` of TE.
_TRAILERS = re.compile(rb"(?:\A|,)[ \t]*+trailers[ \t]*+(?:,|\Z)", re.IGNORECASE)


#: Via (RFC 9110 section 7.6.3): the version in which the message came, and our pseudonym, which names no machine.
_VIA = {0: b"", 10: b"via: 1.0 appproxy\n", 11: b"via: 1.1 appproxy\n", 20: b"via: 2.0 appproxy\n"}


class RequestUrlTranslator(Protocol):
    """What translates URLs: `publish.fields.headers.RequestUrls`."""

    def field(self, name: bytes, value: bytes) -> bytes:
        """The value of one of `_WITH_URLS` with internal URLs."""


@dataclass(frozen=True, slots=True, eq=False)
class PublicPlace:
    """What an application is told of the place where users see it: made once for each of its public URLs.

    `lines` are X-Forwarded-Proto, -Host and -Port, `pairs` what Forwarded says of the same (RFC 7239 section 4).
    """

    lines: bytes
    pairs: bytes


def public_place(origin: str) -> PublicPlace:
    """The place of a public origin such as `https://wiki.example.com:8443`."""
    scheme, _, authority = origin.partition("://")
    bare, colon, port = authority.rpartition(":")
    if not colon or bare.startswith("[") != bare.endswith("]"):  # an IPv6 address without port ends in its bracket
        port = "443" if scheme == "https" else "80"
    lines = f"x-forwarded-proto: {scheme}\nx-forwarded-host: {authority}\nx-forwarded-port: {port}\n"
    return PublicPlace(lines.encode("ascii"), f';host="{authority}";proto={scheme}'.encode("ascii"))


def forwarded_block(head: RequestHead, *, client: str, place: PublicPlace | None, drop: RefusedFields,
                    request_id: bytes, inward: RequestUrlTranslator | None = None, via: bool = True) -> bytes:
    """The field block for the application, ready for the tunnel.

    `client` is the user's address without port, `place` what the application is told of the public URL: None, nothing, it
    sees the internal one. `drop` says what users may not send on, above all the names by which applications learn who the
    user is. Our own cookies are cut out, whichever they are. Host, framing and Upgrade are not in the block: whoever writes
    the request makes them from the head. `inward` turns the public URLs in what the user said into internal ones. `via`:
    the application is told that the request came through us.
    """
    repeated, version = head.repeated, head.version if via else 0
    if repeated is None:
        block = _without_id(head, client, place, drop, inward, version)
    elif (repeated.drop is drop and repeated.inward is inward and repeated.place is place
            and repeated.client == client and repeated.version == version):
        block = repeated.block
    else:
        block = repeated.block = _without_id(head, client, place, drop, inward, version)
        repeated.drop, repeated.inward, repeated.place = drop, inward, place
        repeated.client, repeated.version = client, version
    return b"%bx-request-id: %b\n" % (block, request_id)


def _without_id(
    head: RequestHead, client: str, place: PublicPlace | None, drop: RefusedFields, inward: RequestUrlTranslator | None,
    version: int
) -> bytes:
    """All but what is different for each request."""
    return _from_user(head, drop, inward) + _VIA[version] + _ours(client, place)


def _from_user(head: RequestHead, drop: RefusedFields, inward: RequestUrlTranslator | None) -> bytes:
    """What is left of what the user said."""
    connection: list[bytes] = []
    lines: list[bytes] = []
    for name, value in head.fields:
        if name in _COMMON:
            if name in drop.names:
                continue
        elif name in _WITH_URLS:
            if name in drop.names:
                continue
            if inward is not None:
                value = inward.field(name, value)
        elif name == b"cookie":
            value = cut(value)
            if not value:
                continue
        elif drop.holds(name):
            _heed(name, value, head.version, connection, lines)
            continue
        lines.append(b"%b: %b\n" % (name, value))
    return b"".join(_without_named(lines, connection) if connection else lines)


def _without_named(lines: list[bytes], connection: list[bytes]) -> list[bytes]:
    """Without the fields that Connection declares to be for this connection only."""
    named = _named_by(connection)
    return [line for line in lines if same_spelling(line.partition(b":")[0]) not in named] if named else lines


def _heed(name: bytes, value: bytes, version: int, connection: list[bytes], lines: list[bytes]) -> None:
    """Two that are not passed on are obeyed: Connection, and the part of TE that gRPC depends on."""
    if name == b"connection":
        connection.append(value)
    elif name == b"te" and version >= 11 and _TRAILERS.search(value) is not None:
        lines.append(b"te: trailers\n")


def forwarded_trailers(trailers: Fields, drop: RefusedFields) -> bytes:
    """The block of a request's trailers, without what its head may not say either, and without cookies.

    No browser sends a Cookie there, and nobody looks for ours in it.
    """
    return encode_block([
        field for field in trailers if same_spelling(field[0]) != b"cookie" and not drop.holds(field[0])
    ])


def _named_by(connection: list[bytes]) -> frozenset[bytes]:
    """The names that Connection declares to be for this connection only."""
    if connection == [b"keep-alive"]:
        return frozenset()
    return frozenset(map(same_spelling, members(b",".join(connection)))) - _OPTIONS


@lru_cache(maxsize=4096)  # The same for all requests of a user to an application.
def _ours(client: str, place: PublicPlace | None) -> bytes:
    """What we say about the user; `forwarded` is RFC 7239, where an address with colons is bracketed and quoted."""
    address = client.encode("ascii")
    node = b'"[%b]"' % address if ":" in client else address
    if place is None:
        return b"x-forwarded-for: %b\nforwarded: for=%b\n" % (address, node)
    return b"x-forwarded-for: %b\n%bforwarded: for=%b%b\n" % (address, place.lines, node, place.pairs)
