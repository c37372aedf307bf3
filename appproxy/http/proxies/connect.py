"""CONNECT (RFC 9110 section 9.3.6): what asks a proxy for a tunnel, and what the proxy answers."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

#: Bytes of all that comes before the tunnel, interim answers too. Proxies send a few hundred.
MOST_BYTES = 16_384
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: ([^\r\n]*))?")
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)(?!\s*=)")
#: What the first bytes of every answer must agree with, as far as they go.
_BEGINNING = b"HTTP/1."


@dataclass(frozen=True, slots=True)
class ConnectAnswer:
    """Status, reason phrase (printable, at most 100 characters), the schemes of Proxy-Authenticate in lower case, and how many
    bytes the answer's head took: what follows a 2xx is the tunnel's.
    """

    status: int
    reason: str
    schemes: tuple[str, ...]
    size: int

    @property
    def is_open(self) -> bool:
        """Is the tunnel there? Whatever lengths a 2xx names mean nothing."""
        return 200 <= self.status < 300


def connect_request(host: str, port: int, credentials: str = "") -> bytes:
    """The request for a tunnel to a name or address. `credentials`: `USER:PASSWORD` for Basic (RFC 7617), "" for none."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if credentials:
        lines.append("Proxy-Authorization: Basic " + b64encode(credentials.encode()).decode("ascii"))
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def read_connect_answer(begun: bytes) -> ConnectAnswer | None:
    """Read the answer from all bytes that have come so far; None when more are needed.

    Raises ValueError, which quotes nothing of it, when this is not an answer of HTTP/1 or is too long.
    """
    start = 0
    while True:
        if not begun.startswith(_BEGINNING[: len(begun) - start], start):
            raise ValueError("it does not answer as an HTTP proxy does")
        end = begun.find(b"\r\n\r\n", start, MOST_BYTES)
        if end < 0:
            if len(begun) >= MOST_BYTES:
                raise ValueError(f"its answer has more than {MOST_BYTES} bytes")
            return None
        lines = begun[start:end].split(b"\r\n")
        found = _STATUS_LINE.fullmatch(lines[0])
        if found is None:
            raise ValueError("it does not answer as an HTTP proxy does")
        start = end + 4
        status = int(found[1])
        if status >= 200:
            return ConnectAnswer(status, _printable(found[2] or b""), _schemes(lines[1:]), start)
        if status == 101:
            raise ValueError("it switches protocols, which nobody has asked for")


def _printable(text: bytes) -> str:
    return "".join(sign for sign in text.decode("latin-1") if sign.isprintable())[:100]


def _schemes(lines: list[bytes]) -> tuple[str, ...]:
    """The schemes that Proxy-Authenticate offers, in the order of the answer."""
    found: list[str] = []
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "proxy-authenticate":
            found += [scheme.lower() for scheme in _SCHEME.findall(value)]
    return tuple(dict.fromkeys(found))
