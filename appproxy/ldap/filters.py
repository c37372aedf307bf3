"""Search filters, as LDAP sends them (RFC 4511 section 4.5.1.7) and as people write them (RFC 4515).

A filter is made of values, never of text, so that nothing that somebody types can become a part of its structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from appproxy.ldap import ber

#: Levels of brackets that a written filter may have.
_DEEPEST = 16
#: RFC 4512 section 1.4: a name or an OID, with options.
_ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")
_RULE = re.compile(r"[A-Za-z0-9.-]+")
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2})")
#: Active Directory: the value is looked for along the whole chain of links ([MS-ADTS] section 3.1.1.3.4.4.3).
IN_CHAIN = "1.2.840.113556.1.4.1941"


def equal(attribute: str, value: bytes | str) -> bytes:
    """`(attribute=value)`, whatever is in the value."""
    return ber.tlv(0xA3, ber.octets(attribute), ber.octets(value))


def present(attribute: str) -> bytes:
    """`(attribute=*)`."""
    return ber.octets(attribute, 0x87)


def every(parts: Iterable[bytes]) -> bytes:
    """`(&...)`."""
    return ber.tlv(0xA0, *parts)


def some(parts: Iterable[bytes]) -> bytes:
    """`(|...)`."""
    return ber.tlv(0xA1, *parts)


def matching(rule: str, attribute: str, value: bytes | str) -> bytes:
    """`(attribute:rule:=value)`."""
    return ber.tlv(0xA9, ber.octets(rule, 0x81), ber.octets(attribute, 0x82), ber.octets(value, 0x83))


def is_attribute(text: str) -> bool:
    """Could an attribute be called so?"""
    return _ATTRIBUTE.fullmatch(text) is not None


def parse(text: str) -> bytes:
    """A filter as people write it, such as `(&(objectClass=person)(!(uid=a*)))`. Raises ValueError, which says why not."""
    made, end = _parse(text, 0, 0)
    if end != len(text):
        raise ValueError(f"something follows the last bracket: {text[end:end + 20]!r}")
    return made


def _parse(text: str, at: int, depth: int) -> tuple[bytes, int]:
    """The filter that begins at `at`, and where it ends."""
    if depth > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} brackets in one another")
    if text[at : at + 1] != "(":
        raise ValueError(f"a `(` is missing before {text[at:at + 20]!r}" if text[at:] else "a filter begins with `(`")
    kind = text[at + 1 : at + 2]
    if kind in ("&", "|", "!"):
        return _composed(text, at + 2, kind, depth)
    end = text.find(")", at)
    if end < 0:
        raise ValueError("a `)` is missing")
    return _item(text[at + 1 : end]), end + 1


def _composed(text: str, at: int, kind: str, depth: int) -> tuple[bytes, int]:
    parts: list[bytes] = []
    while text[at : at + 1] == "(":
        part, at = _parse(text, at, depth + 1)
        parts.append(part)
    if text[at : at + 1] != ")":
        raise ValueError("a `)` is missing")
    if not parts or (kind == "!" and len(parts) != 1):
        raise ValueError(f"`{kind}` needs {'one filter' if kind == '!' else 'a filter'} behind it")
    return ber.tlv({"&": 0xA0, "|": 0xA1, "!": 0xA2}[kind], *parts), at + 1


def _item(text: str) -> bytes:
    """What is between two brackets without more of them."""
    name, equals, value = text.partition("=")
    if not equals or "(" in text:
        raise ValueError(f"{text!r} is no comparison, such as uid=ann")
    if name.endswith(":"):
        return _extensible(name[:-1], value)
    for sign, tag in ((">", 0xA5), ("<", 0xA6), ("~", 0xA8)):
        if name.endswith(sign):
            return ber.tlv(tag, ber.octets(_attribute(name[:-1])), ber.octets(_value(value)))
    attribute = _attribute(name)
    if value == "*":
        return present(attribute)
    if "*" in value:
        return _substrings(attribute, value)
    return equal(attribute, _value(value))


def _substrings(attribute: str, value: str) -> bytes:
    first, *middle, last = [_value(part) for part in value.split("*")]
    parts = [ber.octets(first, 0x80)] if first else []
    parts += [ber.octets(part, 0x81) for part in middle if part]
    parts += [ber.octets(last, 0x82)] if last else []
    if not parts:
        raise ValueError(f"{attribute}={value}: one `*` alone means that it is there")
    return ber.tlv(0xA4, ber.octets(attribute), ber.tlv(ber.SEQUENCE, *parts))


def _extensible(name: str, value: str) -> bytes:
    attribute, *options = name.split(":")
    with_dn = [option.lower() for option in options].count("dn")
    rules = [option for option in options if option.lower() != "dn"]
    if with_dn > 1 or len(rules) > 1 or not all(_RULE.fullmatch(rule) for rule in rules) or not (attribute or rules):
        raise ValueError(f"{name!r} is no matching rule, such as memberOf:{IN_CHAIN}")
    parts = [ber.octets(rule, 0x81) for rule in rules]
    parts += [ber.octets(_attribute(attribute), 0x82)] if attribute else []
    parts += [ber.octets(_value(value), 0x83)]
    parts += [ber.boolean(True, 0x84)] if with_dn else []
    return ber.tlv(0xA9, *parts)


def _attribute(text: str) -> str:
    if not is_attribute(text):
        raise ValueError(f"{text!r} is not the name of an attribute")
    return text


def _value(text: str) -> bytes:
    """A value, with `\\28` and the like as the bytes that they mean (RFC 4515 section 3)."""
    data = text.encode()
    if b"\\" in _ESCAPE.sub(b"", data):
        raise ValueError(f"{text!r}: a `\\` is written \\5c")
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), data)
