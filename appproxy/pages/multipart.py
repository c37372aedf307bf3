"""Forms with files (multipart/form-data, RFC 7578), as browsers send them: read in one pass, and bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Parts of a form, and bytes of the head of one: a page of ours has some dozens of fields.
MOST_PARTS, LONGEST_HEAD = 400, 4096
#: RFC 2046 section 5.1.1; what browsers make has letters, digits and dashes alone.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_DISPOSITION = re.compile(r'form-data; ?name="([^"\r\n]*)"(?:; ?filename="([^"\r\n]*)")?')
#: What the HTML standard writes in a name for a quote and the ends of lines.
_ESCAPED = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


@dataclass(frozen=True, slots=True)
class FormPart:
    """`filename`: None for a field, "" for a file that was not chosen."""

    name: str
    data: bytes
    filename: str | None = None


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names. Raises ValueError for one that is not of a form with files."""
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise ValueError("not a form with files")
    for one in parameters.split(";"):
        name, _, value = one.strip().partition("=")
        if name.lower() == "boundary":
            value = value.strip('"')
            if _BOUNDARY.fullmatch(value):
                return value
    raise ValueError("a boundary is needed")


def read_multipart(body: bytes, content_type: str) -> list[FormPart]:
    """The parts of a form, in order. Raises ValueError for what is none, and for more than `MOST_PARTS`."""
    delimiter = b"--" + boundary_of(content_type).encode("ascii")
    if not body.startswith(delimiter):
        raise ValueError("the boundary is not where it should be")
    pieces = body[len(delimiter):].split(b"\r\n" + delimiter, MOST_PARTS + 1)
    if len(pieces) > MOST_PARTS + 1:
        raise ValueError(f"more than {MOST_PARTS} fields")
    if not pieces[-1].startswith(b"--"):
        raise ValueError("it is cut off")
    return [_part(one) for one in pieces[:-1]]


def _part(piece: bytes) -> FormPart:
    if not piece.startswith(b"\r\n"):
        raise ValueError("a part does not begin with a line")
    end = piece.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    if end < 0:
        raise ValueError("the head of a part has no end")
    found = None
    for line in piece[2:end].decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            found = _DISPOSITION.fullmatch(value.strip())
    if found is None:
        raise ValueError("a part has no name")
    return FormPart(_plain(found[1]), piece[end + 4:], None if found[2] is None else _plain(found[2]))


def _plain(text: str) -> str:
    for escaped, sign in _ESCAPED:
        text = text.replace(escaped, sign)
    return text
