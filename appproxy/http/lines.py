"""Field lines of a head or a trailer section, as both readers need them (RFC 9112 section 5)."""

from __future__ import annotations

import httptools

from appproxy.http.head import Fields
from appproxy.regex import compiled

#: RFC 9110 section 5.6.2: what names, methods and list members are made of.
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_FIELD_LINES = compiled(rb"(?:" + TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+")
#: What a double holds exactly: 9 petabytes; two programs might disagree about a larger size.
LARGEST_SIZE = 2**53
#: Bytes that surround a value without being part of it (OWS).
_BLANK = b" \t"


class _Collector:
    """Takes the fields from the parser; whole heads are fed at once, so each field comes in one call."""

    __slots__ = ("fields",)

    fields: Fields

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field; the parser strips white space in front of the value only."""
        self.fields.append((name.lower(), value.rstrip(_BLANK)))


def parse_head(parser: type[httptools.HttpRequestParser | httptools.HttpResponseParser], head: bytes) -> Fields:
    """The fields of one complete `head`, its start line included, which the caller has checked already.

    A fresh parser sees just this head, never a body nor a next message. Raises ValueError for what httptools refuses:
    bare CR or LF, control characters, folded lines, white space before the colon, two lengths, a length beside a
    transfer coding.
    """
    collector = _Collector()
    fields = collector.fields = []
    try:
        parser(collector).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise ValueError(str(error)) from error
    return fields


def parse_lines(section: bytes) -> Fields:
    """The fields of a trailer section: CRLF-ended lines without the closing empty one. Raises ValueError."""
    if _FIELD_LINES.fullmatch(section) is None:
        raise ValueError("a field line is malformed")
    fields: Fields = []
    for line in section.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip(_BLANK)))
    return fields


def members(value: bytes) -> list[bytes]:
    """The members of a comma-separated list, in lower case, such as those of Connection."""
    return [member.strip(_BLANK) for member in value.lower().split(b",")]


def parse_length(value: bytes) -> int:
    """The number in a Content-Length. Raises ValueError, also for a list of equal ones."""
    if not value.isdigit() or len(value) > 16 or (length := int(value)) > LARGEST_SIZE:
        raise ValueError("the length is malformed")
    return length


def is_chunked(read: dict[bytes, bytes], version: int) -> bool:
    """Is the body chunked, by what `transfer-encoding` and `content-length` in `read` say? `version`: 10 or 11.

    Raises ValueError for all that has been used for smuggling: another coding, several, one in HTTP/1.0, one beside a
    length (RFC 9112 section 6.1).
    """
    coding = read.get(b"transfer-encoding")
    if coding is None:
        return False
    if version == 10 or coding.lower() != b"chunked" or b"content-length" in read:
        raise ValueError("only `chunked`, only in HTTP/1.1, and without a length")
    return True
