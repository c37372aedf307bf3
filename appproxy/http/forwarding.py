"""A request's fields as the application is to see them: what users may not say is dropped, what we know is added.

Ours come last, after `Connection` has been obeyed, so that no user can have them taken out again.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from appproxy.http.cookies import cut
from appproxy.http.fields import encode_block
from appproxy.http.head import Fields, RequestHead
from appproxy.http.lines import members

#: CGI, WSGI and PHP show `X_User`, and older servers also `X.User`, as the same variable as `X-User`.
_SPELLING = bytes(byte if bytes([byte]).isalnum() else 0x2D for byte in range(256)).lower()

#: Meant for this connection (RFC 9110 section 7.6.1), or made anew for the next one.
_OF_THE_CONNECTION = frozenset(
    b"connection content-length expect host http2-settings keep-alive proxy-authenticate proxy-authorization "
    b"proxy-connection te trailer transfer-encoding upgrade".split())
#: What applications read as the word of a trusted proxy: who the client is, which host, scheme and path it asked for.
#: `proxy` is no field at all, but CGI makes HTTP_PROXY of it (CVE-2016-5385).
_WORDS_OF_PROXIES = frozenset(
    b"cf-connecting-ip client-ip fastly-client-ip forwarded forwarded-for forwarded-proto front-end-https proxy "
    b"proxy-client-ip true-client-ip via wl-proxy-client-ip x-client-ip x-cluster-client-ip x-correlation-id "
    b"x-host x-original-host x-original-url x-originating-ip x-real-ip x-remote-addr x-remote-ip x-request-id "
    b"x-rewrite-url x-scheme x-url-scheme".split())
#: Members of Connection that are no names of fields to take out.
_OPTIONS = frozenset([b"close", b"keep-alive", b"upgrade", b"te", b""])
_NEVER_FROM_USERS = _OF_THE_CONNECTION | _WORDS_OF_PROXIES
#: What browsers send with every request: neither in the lists above nor beginning like that, so look no closer.
_COMMON = frozenset(
    b"accept accept-encoding accept-language cache-control content-type if-modified-since if-none-match pragma "
    b"priority sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site "
    b"sec-fetch-user upgrade-insecure-requests user-agent".split())
#: Those that pass, too, but hold URLs.
_WITH_URLS = frozenset([b"destination", b"if", b"origin", b"referer"])
_PREFIXES = (b"x-forwarded-", b"x-original-forwarded-", b"x-appproxy-")


class Inward(Protocol):
    """What translates URLs: `publish.headers.Inward`."""

    def field(self, name: bytes, value: bytes) -> bytes:
        """The value of one of `_WITH_URLS` with internal URLs."""


def same_spelling(name: bytes) -> bytes:
    """What all spellings of a field name have in common: lower case, `-` for `_` and every other sign."""
    return name.translate(_SPELLING)


def forwarded_block(head: RequestHead, *, client: str, scheme: str, drop_names: Container[bytes],
                    request_id: bytes, inward: Inward | None = None) -> bytes:
    """The field block for the application, ready for the tunnel.

    `client` is the user's address without port, `scheme` `https` or `http`. `drop_names` holds, as `same_spelling`
    gives them, the names by which applications learn who the user is. Our own cookies are cut out, whichever they are.
    Host, framing and Upgrade are not in the block: whoever writes the request makes them from the head. `inward` turns
    the public URLs in what the user said into internal ones.
    """
    repeated = head.repeated
    if repeated is None:
        block = _without_id(head, client, scheme, drop_names, inward)
    elif (repeated.drop_names is drop_names and repeated.inward is inward
            and repeated.client == client and repeated.scheme == scheme):
        block = repeated.block
    else:
        block = repeated.block = _without_id(head, client, scheme, drop_names, inward)
        repeated.drop_names, repeated.inward = drop_names, inward
        repeated.client, repeated.scheme = client, scheme
    return b"%bx-request-id: %b\n" % (block, request_id)


def _without_id(head: RequestHead, client: str, scheme: str, drop_names: Container[bytes],
                inward: Inward | None) -> bytes:
    """All but what is different for each request."""
    ours = _ours(client.encode("ascii"), scheme.encode("ascii"), head.authority)
    return _from_user(head, drop_names, inward) + ours


def _from_user(head: RequestHead, drop_names: Container[bytes], inward: Inward | None) -> bytes:
    """What is left of what the user said."""
    connection: list[bytes] = []
    lines: list[bytes] = []
    for name, value in head.fields:
        if name in _COMMON:
            if name in drop_names:
                continue
        elif name in _WITH_URLS:
            if name in drop_names:
                continue
            if inward is not None:
                value = inward.field(name, value)
        elif _is_refused(name, drop_names):
            _heed(name, value, head.version, connection, lines)
            continue
        elif name == b"cookie":
            value = cut(value)
            if not value:
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
    elif name == b"te" and version >= 11 and b"trailers" in members(value):
        lines.append(b"te: trailers\n")


def forwarded_trailers(trailers: Fields, drop_names: Container[bytes]) -> bytes:
    """The block of a request's trailers, without what its head may not say either, and without cookies.

    No browser sends a Cookie there, and nobody looks for ours in it.
    """
    return encode_block([
        field for field in trailers if same_spelling(field[0]) != b"cookie" and not _is_refused(field[0], drop_names)
    ])


def _is_refused(name: bytes, drop_names: Container[bytes]) -> bool:
    """Is it a name, in any spelling, that users may not send on?"""
    spelled = name.translate(_SPELLING)
    return spelled in _NEVER_FROM_USERS or spelled in drop_names or spelled.startswith(_PREFIXES)


def _named_by(connection: list[bytes]) -> frozenset[bytes]:
    """The names that Connection declares to be for this connection only."""
    if connection == [b"keep-alive"]:
        return frozenset()
    return frozenset(map(same_spelling, members(b",".join(connection)))) - _OPTIONS


def _ours(client: bytes, scheme: bytes, authority: bytes) -> bytes:
    """What we say about the user; `forwarded` is RFC 7239, where an address with colons is bracketed and quoted."""
    node = b'"[%b]"' % client if b":" in client else client
    return (b"x-forwarded-for: %b\nx-forwarded-proto: %b\nx-forwarded-host: %b\n"
            b'forwarded: for=%b;host="%b";proto=%b\n' % (client, scheme, authority, node, authority, scheme))
