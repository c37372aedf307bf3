"""What tells that a connection is, or may be, authenticated."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest

from appproxy.http.connection_authentication import (
    Leg,
    awaits_next_leg,
    has_challenge,
    has_credentials,
    leg_of,
)
from tests.cost.growth import MOST, growth

FIRST, THIRD = b"TlRMTVNTUAABAAAA", b"TlRMTVNTUAADAAAA"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"authorization: NTLM " + FIRST, True), (b"authorization: negotiate YIIabc", True),
        (b"authorization: Negotiate", True), (b"authorization: CredSSP MDc", True), (b"authorization: CredSSPx MDc", False),
        (b"authorization: nTLM\tx", True), (b"authorization: Kerberos x", True), (b"authorization: Nego2 x", True),
        (b"authorization: Basic x, NTLM y", True), (b"authorization: Basic x,NTLM y", True),
        (b"authorization: Basic bnRsbQ==", False), (b"authorization: Bearer ntlmtoken", False),
        (b"authorization: NTLMish x", False),
        (b"x-authorization: NTLM x", False), (b"authorization-x: NTLM x", False), (b"accept: NTLM", False),
        (b"www-authenticate: NTLM", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", [(b"", b""), (b"accept: */*\n", b"cookie: a=b\n")])
def test_credentials(line: bytes, expected: bool, around: tuple[bytes, bytes]) -> None:
    """NTLM and Negotiate, and their relatives, in any case; wherever the line stands, and whatever else it lists."""
    assert has_credentials(around[0] + line + b"\n" + around[1]) is expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"www-authenticate: NTLM\n", True), (b"www-authenticate: Negotiate abc=\n", True),
        (b'www-authenticate: Basic realm="a, b", negotiate\n', True), (b'www-authenticate: Basic realm="a",NTLM\n', True),
        (b'www-authenticate: Basic realm="a"\nwww-authenticate: ntlm\n', True), (b"persistent-auth: true\n", True),
        (b"www-authenticate: CredSSP\n", True),
        (b"persistent-auth: false\n", True), (b'www-authenticate: Basic realm="NTLMs"\n', False),
        (b"www-authenticate: Bearer\n", False), (b"x: NTLM\n", False), (b"", False),
    ],
)  # fmt: skip
def test_challenges(block: bytes, expected: bool) -> None:
    """In several lines or in one list; and what IIS says of a connection that stays authenticated."""
    assert has_challenge(block) is expected


def test_the_middle_of_a_handshake() -> None:
    """A 401 whose challenge bears a token; not the invitation to begin, and no other status."""
    block = b"www-authenticate: Negotiate\nwww-authenticate: NTLM TlRMTVNTUAAC\n"
    assert awaits_next_leg(401, block)
    assert not awaits_next_leg(200, block)
    assert not awaits_next_leg(401, b"www-authenticate: Negotiate\nwww-authenticate: NTLM\n")


#: A ticket (RFC 4121 section 4.1), and a NegTokenInit that offers Kerberos (RFC 4178 section 4.2.1).
KERBEROS = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
TICKET = b"\x60\x20" + KERBEROS + b"\x01\x00ticket"
OFFER = b"\x60\x40\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x36\x30\x34\xa0\x0d\x30\x0b" + KERBEROS


@pytest.mark.parametrize(
    ("value", "leg"),
    [
        (b"NTLM " + FIRST, Leg.FIRST), (b"Negotiate " + FIRST, Leg.FIRST), (b"NTLM " + THIRD, Leg.NEXT),
        (b"Negotiate " + THIRD, Leg.NEXT), (b"Negotiate YIIFzwYG", Leg.FIRST), (b"Negotiate oYIB", Leg.NEXT),
        (b"Negotiate", Leg.FIRST), (b"Negotiate ?", Leg.FIRST), (b"Negotiate YIIab", Leg.FIRST),
        (b"Basic x", Leg.NONE), (b"CredSSP MDcwNTAzMAMC", Leg.NEXT),
        (b"Negotiate " + b64encode(TICKET), Leg.TICKET), (b"Kerberos " + b64encode(TICKET), Leg.TICKET),
        (b"Negotiate " + b64encode(OFFER + b"\xa2\x22\x04\x20" + TICKET), Leg.TICKET),
        (b"Negotiate " + b64encode(OFFER + b"\xa2\x12\x04\x10NTLMSSP\0\1\0\0\0"), Leg.FIRST),
        (b"Negotiate " + b64encode(OFFER), Leg.FIRST),
        (b"Negotiate " + b64encode(TICKET) + b"\nauthorization: NTLM " + FIRST, Leg.FIRST),
    ],
)  # fmt: skip
def test_legs(value: bytes, leg: Leg) -> None:
    """NTLM bare or in Negotiate, SPNEGO and Kerberos: what begins, and what only one connection can make sense of."""
    assert leg_of(b"authorization: " + value + b"\n") == leg


def test_long_blocks_take_time_in_proportion() -> None:
    """Four times the bytes never take more than some four times as long, whatever they are."""
    for piece in (b"a, ", b"NTLM", b"\t,", b"nego1 ", b" ntl"):

        def work(count: int, piece: bytes = piece) -> Callable[[], object]:
            block = b"authorization: " + piece * count + b"\n"
            answer = block.replace(b"authorization", b"www-authenticate")
            return lambda: (has_credentials(block), leg_of(block), has_challenge(answer))

        assert growth(work, 4_000) <= MOST
