"""Field blocks: LF-ended `name: value` lines with lower-case names, the form that fields have inside the system."""

from __future__ import annotations

from appproxy.errors import Code, RequestError
from appproxy.http.head import Fields
from appproxy.regex import compiled

_NAME = rb"[!#$%&'*+\-.^_`|~0-9a-z]++"
_NAMES = compiled(rb"(?:" + _NAME + rb"\n)*+")
_BLOCK = compiled(rb"(?:" + _NAME + rb": [\t\x20-\x7e\x80-\xff]*+\n)*+")


def encode_block(fields: Fields) -> bytes:
    """The block of `fields`. Raises RequestError(BAD_REQUEST) for a bad name, or a control character in a value."""
    block = b"".join([b"%b: %b\n" % field for field in fields])
    names = b"".join([name + b"\n" for name, _ in fields])
    # Names are checked apart: "a: b" as a name would make a good line. Lines are counted: so would "x\nb: y" as value.
    if block.count(b"\n") != len(fields) or _NAMES.fullmatch(names) is None or _BLOCK.fullmatch(block) is None:
        raise RequestError(Code.BAD_REQUEST, "a field has a byte that no field may have")
    return block


def decode_block(block: bytes) -> Fields:
    """The fields of a block that has been checked."""
    fields: Fields = []
    for line in block.split(b"\n")[:-1]:
        name, _, value = line.partition(b": ")
        fields.append((name, value))
    return fields


def check_block(block: bytes, limit_lines: int = 100) -> None:
    """Raises ValueError unless `block` is a field block of at most `limit_lines` lines."""
    if _BLOCK.fullmatch(block) is None:
        raise ValueError("a field block is malformed")
    if block.count(b"\n") > limit_lines:
        raise ValueError(f"a field block has more than {limit_lines} lines")


def drop(block: bytes, name: bytes) -> bytes:
    """The block without the lines of that name (lower case)."""
    start = name + b": "
    if start not in block:
        return block
    return b"".join([line for line in block.splitlines(keepends=True) if not line.startswith(start)])


def values(block: bytes, name: bytes) -> list[bytes]:
    """The values of all lines of that name (lower case), in their order."""
    start = name + b": "
    if start not in block:
        return []
    return [line[len(start):] for line in block.split(b"\n") if line.startswith(start)]
