"""Addresses that are too long for the sealed texts of a sign-in: the browser keeps them itself, in cookies of their own.

    GET /a-very-long-address    cookies for the path /.appproxy/at/ID alone, and the sign-in begins with ID
    /.appproxy/finish           leads on to /.appproxy/at/ID
    /.appproxy/at/ID            opens the cookies, and leads on to the address

Nothing is kept here, so nobody can fill anything by asking for long addresses; and no other request carries these cookies, so
that any number of tabs may have some. They last as long as a sign-in may take: Back and Reload find the address again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import Key, seal_bytes, unseal_bytes
from appproxy.identity.states import START_LIFETIME

#: Below which path of an application's host addresses are kept; an id follows.
PLACE = "/.appproxy/at/"
#: Random bytes of an id: of one browser's sign-ins no two have the same.
ID_SIZE = 8
#: The longest target that the front takes, in bytes.
LONGEST = 8192
#: What of it is in one cookie: browsers keep 4,096 bytes, name and attributes included.
_PIECE = 3800
#: As many as the longest needs that does not become smaller.
_MOST = 3
_NAME = b"appproxy-at-"
_PURPOSE = "address"


def keep(target: bytes, id: str, host: str, key: Key, nonce: bytes) -> list[bytes]:
    """The Set-Cookie values that keep a target; `nonce` as `seal_bytes` wants it."""
    text = seal_bytes(_PURPOSE, zlib.compress(target), key, nonce, (host, id))
    guards = f"; Path={PLACE}{id}; Secure; HttpOnly; SameSite=Lax; Max-Age={int(START_LIFETIME)}".encode("ascii")
    return [
        b"%b%d=%b%b" % (_NAME, number, text[start : start + _PIECE], guards)
        for number, start in enumerate(range(0, len(text), _PIECE))]


def recall(cookies: Mapping[bytes, list[bytes]], id: str, host: str, keys: Iterable[Key]) -> bytes:
    """The target that was kept under this id. Raises IdentityError(SIGN_IN_STATE) where the browser has not all of it.

    `cookies`: values by name, those of the longest path first, as browsers send them: a neighbouring host can plant others
    of a shorter path, which do not count.
    """
    pieces = []
    for number in range(_MOST):
        found = cookies.get(b"%b%d" % (_NAME, number))
        if not found:
            break
        pieces.append(found[0])
    packed = unseal_bytes(_PURPOSE, b"".join(pieces), keys, (host, id), _MOST * _PIECE)
    unpacking = zlib.decompressobj()
    target = unpacking.decompress(packed, LONGEST + 1)
    if not unpacking.eof or len(target) > LONGEST:
        raise IdentityError(Code.SIGN_IN_STATE, "address: longer than any that is kept")
    return target
