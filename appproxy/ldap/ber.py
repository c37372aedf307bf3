"""BER as LDAP uses it (RFC 4511 section 5.1): definite lengths, tags of one byte. Reading costs what the input is long."""

from __future__ import annotations

from appproxy.errors import AppProxyError

BOOLEAN, INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31
#: Bytes of a length: 4 GiB are more than any message may have.
_LONGEST_LENGTH = 4
#: Bytes of an integer: those of LDAP have 31 bits (RFC 4511 section 4.1.1), some of Active Directory's 64.
_LONGEST_INTEGER = 9


class Malformed(AppProxyError):
    """What came is no LDAP."""


def tlv(tag: int, *contents: bytes) -> bytes:
    """One value: its tag, its length, and its contents one behind the other."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER, or with another `tag` an ENUMERATED: in as few bytes as hold it (X.690 section 8.3.2)."""
    size = (value + (value < 0)).bit_length() // 8 + 1  # -128 takes one byte, as 127 does
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def octets(value: bytes | str, tag: int = OCTETS) -> bytes:
    """An OCTET STRING; text is UTF-8."""
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def boolean(value: bool, tag: int = BOOLEAN) -> bytes:
    """A BOOLEAN (RFC 4511 section 5.1: true is 0xFF)."""
    return tlv(tag, b"\xff" if value else b"\x00")


def frame(data: bytes | bytearray, most: int) -> int | None:
    """How long the first message in `data` is, head included; None: not known yet. Raises Malformed, also beyond `most`."""
    if len(data) < 2:
        return None
    if data[0] != SEQUENCE:
        raise Malformed(f"a message begins with 0x{data[0]:02x}")
    first = data[1]
    head = 2
    size = first
    if first >= 0x80:
        count = first & 0x7F
        if not 1 <= count <= _LONGEST_LENGTH:
            raise Malformed("a length that cannot be")
        head += count
        if len(data) < head:
            return None
        size = int.from_bytes(data[2:head], "big")
    if size > most:
        raise Malformed(f"a message of {size} bytes")
    return head + size


class Reader:
    """Takes one value after the other from a part of `data`. Every method raises Malformed for what is not there."""

    __slots__ = ("_data", "_at", "_end")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = start
        self._end = len(data) if end is None else end

    @property
    def tag(self) -> int:
        """The tag of the next value; -1 at the end."""
        return self._data[self._at] if self._at < self._end else -1

    def _next(self, tag: int) -> tuple[int, int]:
        """Where the content of the next value is, which must have this tag."""
        data, at, end = self._data, self._at, self._end
        if at + 2 > end or data[at] != tag:
            raise Malformed(f"no value with the tag 0x{tag:02x}")
        size = data[at + 1]
        at += 2
        if size >= 0x80:
            count = size & 0x7F
            if not 1 <= count <= _LONGEST_LENGTH or at + count > end:
                raise Malformed("a length that cannot be")
            size = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + size > end:
            raise Malformed("a value that is longer than what it is in")
        self._at = at + size
        return at, at + size

    def inner(self, tag: int = SEQUENCE) -> Reader:
        """What is in the next value."""
        return Reader(self._data, *self._next(tag))

    def octets(self, tag: int = OCTETS) -> bytes:
        """The next value's bytes."""
        start, end = self._next(tag)
        return self._data[start:end]

    def text(self, tag: int = OCTETS) -> str:
        """The next value as text; what is no UTF-8 is replaced, because some servers' messages are none."""
        return self.octets(tag).decode("utf-8", "replace")

    def integer(self, tag: int = INTEGER) -> int:
        """The next value as a number."""
        content = self.octets(tag)
        if not 1 <= len(content) <= _LONGEST_INTEGER:
            raise Malformed("an integer that cannot be")
        return int.from_bytes(content, "big", signed=True)

    def skip(self) -> None:
        """Pass the next value over, whatever it is."""
        self._next(self.tag)
