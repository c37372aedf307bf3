"""NTLM and Negotiate (RFC 4559): schemes with which a server authenticates the connection, and not each request.

What is written after the handshake without any credentials is answered as whoever made it. So a connection on which a
request with such credentials was sent, or such a challenge came, may serve one user alone from then on.

Blocks are field blocks of the tunnel: lower-case names, LF-ended lines. All searches are linear in the block.
"""

from __future__ import annotations

import re
from enum import IntEnum

#: Negotiate has had drafts and relatives (Nego2, NegoEx), and Kerberos was a scheme of its own.
_SCHEME = rb"(?i:ntlm|nego[0-9a-z]*+|kerberos)"
#: A scheme begins a value, or an element of a list: several challenges may share a line.
_BEFORE = rb"(?:[^\n]*[\t ,])?"
_credentials = re.compile(rb"(?:\A|\n)authorization: " + _BEFORE + _SCHEME + rb"(?=[\t ,\n])").search
#: Persistent-Auth (RFC 4559's companion in IIS) speaks of such a connection, whatever it says.
_challenge = re.compile(
    rb"(?:\A|\n)(?:www-authenticate: " + _BEFORE + _SCHEME + rb"(?=[\t ,\n])|persistent-auth: )"
).search
#: A challenge with a token: the server has answered one leg, and waits for the next.
_leg = re.compile(rb"(?:\A|\n)www-authenticate: " + _BEFORE + _SCHEME + rb" ++[0-9A-Za-z+/=]{8}").search
_token = re.compile(rb"(?:\A|\n)authorization: " + _BEFORE + _SCHEME + rb" ++([0-9A-Za-z+/=]++)").search
#: In base64: NTLM's first message ("NTLMSSP\0" and 1); its third, and a NegTokenResp of SPNEGO (RFC 4178 section 4.2, its
#: first byte is 0xa1).
_FIRST_OF_THREE = b"TlRMTVNTUAAB"
_CONTINUES = re.compile(rb"TlRMTVNTUAAD|o[Q-Za-f]")


class Leg(IntEnum):
    """What of a handshake a request carries."""

    NONE = 0
    #: The first message: nothing before it counts.
    FIRST = 1
    #: The answer to a challenge, which only the connection that gave the challenge can make sense of.
    NEXT = 2


def has_credentials(block: bytes) -> bool:
    """Does a request's block bear credentials that authenticate its connection? Cheap where it has no Authorization."""
    return b"authorization: " in block and _credentials(block) is not None


def has_challenge(block: bytes) -> bool:
    """Does an answer's block say that its connection is, or is to be, authenticated?"""
    return (b"www-authenticate: " in block or b"persistent-auth: " in block) and _challenge(block) is not None


def awaits_next_leg(status: int, block: bytes) -> bool:
    """Is the answer the middle of a handshake, whose next request must come on the same connection?"""
    return status == 401 and _leg(block) is not None


def begins_handshake(block: bytes) -> bool:
    """Does a request's block carry the first of NTLM's three messages? (Kerberos needs one leg as a rule.)"""
    found = _token(block)
    return found is not None and found[1].startswith(_FIRST_OF_THREE)


def leg_of(block: bytes) -> Leg:
    """What of a handshake this request's block carries."""
    if not has_credentials(block):
        return Leg.NONE
    found = _token(block)
    return Leg.NEXT if found is not None and _CONTINUES.match(found[1]) else Leg.FIRST
