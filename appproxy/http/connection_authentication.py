"""NTLM and Negotiate (RFC 4559): schemes with which a server authenticates the connection, and not each request.

What is written after the handshake without any credentials is answered as whoever made it. So a connection on which a
request with such credentials was sent, or such a challenge came, may serve one user alone from then on.

Blocks are field blocks of the tunnel: lower-case names, LF-ended lines. All searches are linear in the block.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from enum import IntEnum

from appproxy.http.fields import values

#: Negotiate has had drafts and relatives (Nego2, NegoEx), and Kerberos was a scheme of its own; WS-Management has both, and
#: CredSSP (MS-WSMV). A scheme begins a value, or an element of a list: several challenges may share a line.
#: The first letter comes first, for a search skips to one quickly: 30,000 commas take a tenth of the time.
_SCHEME = rb"[nkcNKC](?<![^\t ,].)(?i:(?<=n)tlm|(?<=n)ego[0-9a-z]*+|(?<=k)erberos|(?<=c)redssp)"
_scheme = re.compile(_SCHEME + rb"(?=[\t ,]|\Z)").search
#: A challenge with a token: the server has answered one leg, and waits for the next.
_leg = re.compile(_SCHEME + rb" ++[0-9A-Za-z+/=]{8}").search
_token = re.compile(_SCHEME + rb" ++([0-9A-Za-z+/=]++)").search
#: In base64: NTLM's third message ("NTLMSSP\0" and 3), and a NegTokenResp of SPNEGO (RFC 4178 section 4.2, its first byte
#: is 0xa1).
_CONTINUES = re.compile(rb"TlRMTVNTUAAD|o[Q-Za-f]")
#: A ticket for the application (RFC 4121 section 4.1: Kerberos 5 by its object identifier, then AP-REQ), bare or in SPNEGO.
_AP_REQ = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00"
#: Its legs are records of TLS that nobody else can tell apart.
_credssp = re.compile(rb"(?<![^\t ,])(?i:credssp)(?=[\t ,]|\Z)").search


class Leg(IntEnum):
    """What of a handshake a request carries."""

    NONE = 0
    #: The first message: nothing before it counts.
    FIRST = 1
    #: The answer to a challenge, which only the connection that gave the challenge can make sense of.
    NEXT = 2
    #: A ticket of Kerberos: the first message, and as a rule the only one.
    TICKET = 3


def has_credentials(block: bytes) -> bool:
    """Does a request's block bear credentials that authenticate its connection? Cheap where it has no Authorization."""
    return b"authorization: " in block and any(map(_scheme, values(block, b"authorization")))


def has_challenge(block: bytes) -> bool:
    """Does an answer's block say that its connection is, or is to be, authenticated?"""
    # Persistent-Auth (RFC 4559's companion in IIS) speaks of such a connection, whatever it says.
    return (
        b"www-authenticate: " in block and any(map(_scheme, values(block, b"www-authenticate")))
        or b"persistent-auth: " in block and bool(values(block, b"persistent-auth"))
    )


def awaits_next_leg(status: int, block: bytes) -> bool:
    """Is the answer the middle of a handshake, whose next request must come on the same connection?"""
    return status == 401 and any(map(_leg, values(block, b"www-authenticate")))


def leg_of(block: bytes) -> Leg:
    """What of a handshake this request's block carries."""
    if not has_credentials(block):
        return Leg.NONE
    if any(map(_credssp, values(block, b"authorization"))):
        return Leg.NEXT
    tokens = _tokens(block)
    if any(map(_CONTINUES.match, tokens)):
        return Leg.NEXT
    return Leg.TICKET if tokens and all(map(_is_ticket, tokens)) else Leg.FIRST


def _is_ticket(token: bytes) -> bool:
    try:
        return _AP_REQ in b64decode(token)
    except NotBase64:
        return False


def _tokens(block: bytes) -> list[bytes]:
    """What a request's credentials say, one for each line that has some."""
    return [found[1] for found in map(_token, values(block, b"authorization")) if found is not None]
