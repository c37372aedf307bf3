"""One answer head of an application, from bytes to checked values; `client.py` decides what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httptools

from appproxy.http.lines import is_chunked, members, parse_head, parse_length

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*+))?\r\n")

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
    version = 11 if line[1] == b"1" else 10
    read: dict[bytes, bytes] = {}
    lines = []
    for name, value in parse_head(httptools.HttpResponseParser, head):
        if name not in _TAKEN_OUT:
            lines.append(b"%b: %b\n" % (name, value))  # the parser has checked every byte
        else:  # joined by commas: the same for a list field, refused in a length
            read[name] = read[name] + b"," + value if name in read else value
    length = parse_length(read[b"content-length"]) if b"content-length" in read else None
    connection = read.get(b"connection", b"")
    answer = ResponseHead(int(line[2]), line[3] or b"", b"", length, is_chunked(read, version), version == 11, b"")
    if connection and connection != b"keep-alive":
        options = members(connection)
        lines = [field for field in lines if field.partition(b":")[0] not in options]
        answer.upgrade = read.get(b"upgrade", b"") if b"upgrade" in options else b""
        answer.keep_alive = b"close" not in options and (version == 11 or b"keep-alive" in options)
    elif connection:
        answer.keep_alive = True
    answer.block = b"".join(lines)
    return answer
