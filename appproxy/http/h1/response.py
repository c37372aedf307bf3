"""One answer head of an application, from bytes to checked values; `client.py` decides what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httptools

from appproxy.http.head import Fields
from appproxy.http.lines import is_chunked, members, parse_head, parse_length

#: Any version of HTTP/1 (RFC 9110 section 2.5: a later minor version is read as the latest that is known), and any status
#: of three digits from 100 on: RFC 9110 section 15 reads 600 to 999 as errors of the server, and users are to see them.
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*+))?\r\n")
_LENGTHS = re.compile(rb"\r\ncontent-length:[ \t]*+([0-9][0-9, \t]*+)(?=\r\n)", re.IGNORECASE)
#: Not a transfer coding any more, and never one that changed a byte (RFC 2616 section 3.6; RFC 7230 appendix A.2).
_IDENTITY = re.compile(rb"\r\ntransfer-encoding:[ \t]*+identity[ \t]*+(?=\r\n)", re.IGNORECASE)

#: Meant for this one connection (RFC 9110 section 7.6.1, and what it replaced), and the length, which is rewritten.
_TAKEN_OUT = frozenset([b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
                        b"upgrade", b"content-length"])


@dataclass(slots=True)
class ResponseHead:
    """One answer's head. `block`: its fields without those that are for this connection only, and without the length.

    `length`: Content-Length if there was one. `upgrade`: the Upgrade field if `Connection: upgrade` came with it.
    """

    status: int
    reason: bytes
    block: bytes
    length: int | None
    chunked: bool
    keep_alive: bool
    upgrade: bytes


def parse_response(head: bytes, max_fields: int) -> ResponseHead:
    """Read one complete head, its closing empty line included.

    Raises OverflowError for too many fields, ValueError for anything that is not a strict HTTP/1.0 or 1.1 answer.
    """
    line = _STATUS_LINE.match(head)
    if line is None:
        raise ValueError("the status line is malformed")
    if head.count(b"\r\n") - 2 > max_fields:
        raise OverflowError(f"more than {max_fields} fields")
    version = 10 if line[1] == b"0" else 11
    read: dict[bytes, bytes] = {}
    lines = []
    for name, value in _fields(head, line):
        if name not in _TAKEN_OUT:
            lines.append(b"%b: %b\n" % (name, value))  # the parser has checked every byte
        else:  # joined by commas: the same for a list field, refused in a length
            read[name] = read[name] + b"," + value if name in read else value
    length = parse_length(read[b"content-length"]) if b"content-length" in read else None
    connection = read.get(b"connection", b"")
    chunked = b"transfer-encoding" in read and is_chunked(read, version)
    answer = ResponseHead(int(line[2]), line[3] or b"", b"", length, chunked, version == 11, b"")
    if connection and connection != b"keep-alive":
        options = frozenset(members(connection))
        lines = [field for field in lines if field.partition(b":")[0] not in options]
        answer.upgrade = read.get(b"upgrade", b"") if b"upgrade" in options else b""
        answer.keep_alive = b"close" not in options and (version == 11 or b"keep-alive" in options)
    elif connection:
        answer.keep_alive = True
    answer.block = b"".join(lines)
    return answer


def _fields(head: bytes, line: re.Match[bytes]) -> Fields:
    """The head's fields; what is odd, but can be read in one way only, is read so. Raises ValueError."""
    try:
        if line[1] in b"01" and b"dentity" not in head:
            return parse_head(httptools.HttpResponseParser, head)
    except ValueError:
        if len(set(_lengths(head))) != 1:
            raise
    return parse_head(httptools.HttpResponseParser, _plain(head, line))


def _plain(head: bytes, line: re.Match[bytes]) -> bytes:
    """The same with a version that the parser knows, without `identity`, and with one length where there are equal ones."""
    fields, identities = _IDENTITY.subn(b"", head[line.end() - 2 :])
    if identities and b"\r\ntransfer-encoding:" in fields.lower():
        raise ValueError("`identity` beside another transfer coding")
    lengths = _lengths(fields)
    if len(lengths) > 1 and len(set(lengths)) == 1:
        fields = b"\r\ncontent-length: " + lengths[0] + _LENGTHS.sub(b"", fields)
    return b"HTTP/1.%d %b -%b" % (line[1] != b"0", line[2], fields)


def _lengths(head: bytes) -> list[bytes]:
    return [length.strip(b" \t") for value in _LENGTHS.findall(head) for length in value.split(b",")]
