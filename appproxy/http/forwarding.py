"""A request's fields as the application is to see them: what users may not say is dropped, what we know is added.

Ours come last, after `Connection` has been obeyed, so that no user can have them taken out again.
"""

from __future__ import annotations

from collections.abc import Container

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
_NEVER_FROM_USERS = _OF_THE_CONNECTION | _WORDS_OF_PROXIES
_PREFIXES = (b"x-forwarded-", b"x-original-forwarded-", b"x-appproxy-")


def same_spelling(name: bytes) -> bytes:
    """What all spellings of a field name have in common: lower case, `-` for `_` and every other sign."""
    return name.translate(_SPELLING)


def forwarded_block(head: RequestHead, *, client: str, scheme: str, drop_names: Container[bytes],
                    cookie_names: tuple[bytes, ...], request_id: bytes) -> bytes:
    """The field block for the application, ready for the tunnel.

    `client` is the user's address without port, `scheme` `https` or `http`. `drop_names` holds, as `same_spelling`
    gives them, the names by which applications learn who the user is. Cookies called one of `cookie_names` are cut out.
    Host, framing and Upgrade are not in the block: whoever writes the request makes them from the head.
    """
    never = _NEVER_FROM_USERS
    named: Container[bytes] = ()
    lines = []
    for name, value in head.fields:
        spelled = name.translate(_SPELLING)
        if spelled in never:
            if name == b"connection" and value:
                named = _named_by(head)
            continue
        if spelled in drop_names or spelled.startswith(_PREFIXES):
            continue
        if name == b"cookie":
            value = cut(value, cookie_names)
            if not value:
                continue
        lines.append(b"%b: %b\n" % (name, value))
    if named:
        lines = [line for line in lines if line.partition(b":")[0].translate(_SPELLING) not in named]
    if _offers_trailers(head):
        lines.append(b"te: trailers\n")
    lines.append(_ours(client.encode("ascii"), scheme.encode("ascii"), head.authority, request_id))
    return b"".join(lines)


def forwarded_trailers(trailers: Fields, drop_names: Container[bytes]) -> bytes:
    """The block of a request's trailers, without what its head may not say either."""
    kept = []
    for name, value in trailers:
        spelled = same_spelling(name)
        if spelled not in _NEVER_FROM_USERS and spelled not in drop_names and not spelled.startswith(_PREFIXES):
            kept.append((name, value))
    return encode_block(kept)


def _named_by(head: RequestHead) -> frozenset[bytes]:
    """The names that Connection declares to be for this connection only."""
    options = [option for name, value in head.fields if name == b"connection" for option in members(value)]
    return frozenset(map(same_spelling, options)) - {b"close", b"keep-alive", b"upgrade", b"te", b""}


def _offers_trailers(head: RequestHead) -> bool:
    """Can the user take trailers? Of TE only that is kept (RFC 9110 section 10.1.4); gRPC depends on it."""
    if head.version == 10:
        return False
    return any(name == b"te" and b"trailers" in members(value) for name, value in head.fields)


def _ours(client: bytes, scheme: bytes, authority: bytes, request_id: bytes) -> bytes:
    """What we say about the user; `forwarded` is RFC 7239, where an address with colons is bracketed and quoted."""
    node = b'"[%b]"' % client if b":" in client else client
    return (b"x-forwarded-for: %b\nx-forwarded-proto: %b\nx-forwarded-host: %b\n"
            b'forwarded: for=%b;host="%b";proto=%b\nx-request-id: %b\n'
            % (client, scheme, authority, node, authority, scheme, request_id))
