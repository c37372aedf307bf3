"""An application that authenticates connections as IIS does: who completed NTLM on one is whoever asks there from then on.

No password is checked; what is checked is that each message of the handshake comes on the connection that its challenge
was given on. `/public` is open to everybody, and says who it takes them for; `/slow` takes 0.1 s for each challenge.
"""

from __future__ import annotations

import base64
import secrets
import ssl
import struct
import time
from dataclasses import dataclass

from tests.end_to_end.origins import Call, Origin

_SIGNATURE = b"NTLMSSP\0"
#: Unicode, NTLM, extended session security, target information.
_FLAGS = 0x1 | 0x200 | 0x80000 | 0x800000
#: NetBIOS domain name (2) "D", end of list (0).
_TARGET = struct.pack("<HH", 2, 2) + "D".encode("utf-16-le") + struct.pack("<HH", 0, 0)


def first_message() -> bytes:
    """What a client begins with, in base64."""
    return base64.b64encode(_SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16))


def in_spnego(message: bytes) -> bytes:
    """An NTLM message as Negotiate carries it where Kerberos is offered, too (RFC 4178), in base64; lengths are made up."""
    raw = base64.b64decode(message)
    start = b"\x60\x40\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x30" if raw[8] == 1 else b"\xa1\x40\x30\x3e"
    return base64.b64encode(start + raw)


def third_message(challenge: bytes, user: str) -> bytes:
    """What `user` answers to a challenge, in base64; the server's nonce stands where a real client puts its proof."""
    nonce = base64.b64decode(challenge)[24:32]
    name = user.encode("utf-16-le")
    empty = struct.pack("<HHI", 0, 0, 72)
    proof = struct.pack("<HHI", 8, 8, 72 + len(name))
    text = struct.pack("<HHI", len(name), len(name), 72)
    return base64.b64encode(
        _SIGNATURE + struct.pack("<I", 3) + empty + proof + empty + text + empty + empty + struct.pack("<I", _FLAGS) + bytes(8)
        + name + nonce
    )


@dataclass(slots=True)
class State:
    """What is known of one connection."""

    nonce: bytes = b""
    user: str = ""


class NtlmOrigin(Origin):
    """`context`: TLS, if any. `misplaced` counts third messages that came where no challenge had been given."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.states: dict[int, State] = {}
        self.misplaced = 0
        super().__init__(context=context)
        for path in ("/", "/page", "/public", "/slow"):
            self.on(path, self._answer)

    def _answer(self, call: Call) -> bool:
        body = call.body()
        state = self.states.setdefault(call.connection.number, State())
        credentials = (call.seen.values("authorization") or [b""])[0]
        scheme, _, token = credentials.partition(b" ")
        if scheme.lower() in (b"ntlm", b"negotiate"):
            self._handshake(call, state, scheme, base64.b64decode(token))
        elif state.user or call.seen.target.startswith(b"/public"):
            call.answer(f"{state.user or 'nobody'} {call.connection.number} {len(body)}".encode())
        else:
            call.answer(b"who?", "401 Unauthorized", "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n")
        return True

    def _handshake(self, call: Call, state: State, scheme: bytes, message: bytes) -> None:
        name = scheme.decode()
        if message.startswith(b"kerberos "):
            state.user = message.split()[1].decode()
            call.answer(f"{state.user} {call.connection.number} 0".encode(), fields="Persistent-Auth: true\r\n")
            return
        message = message[message.find(_SIGNATURE):]
        kind = struct.unpack_from("<I", message, 8)[0]
        if kind == 1:
            if call.seen.target.startswith(b"/slow"):
                time.sleep(0.1)
            state.nonce, state.user = secrets.token_bytes(8), ""
            challenge = base64.b64encode(
                _SIGNATURE + struct.pack("<IHHI", 2, 0, 0, 48) + struct.pack("<I", _FLAGS) + state.nonce + bytes(8)
                + struct.pack("<HHI", len(_TARGET), len(_TARGET), 48) + _TARGET
            ).decode()
            call.answer(b"", "401 Unauthorized", f"WWW-Authenticate: {name} {challenge}\r\n")
            return
        length, _, offset = struct.unpack_from("<HHI", message, 36)
        if not state.nonce or (message[-8:] != state.nonce and b"curl" not in b"".join(call.seen.values("user-agent"))):
            self.misplaced += 1
            call.answer(b"wrong", "401 Unauthorized", f"WWW-Authenticate: {name}\r\n")
            return
        raw = message[offset : offset + length]
        state.user = raw.decode("utf-16-le") if b"\0" in raw else raw.decode()
        state.nonce = b""
        call.answer(f"{state.user} {call.connection.number} {len(call.seen.body)}".encode())
