"""The messages of LDAP that a client of ours sends and reads (RFC 4511 section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from appproxy.ldap import ber
from appproxy.ldap.ber import Malformed, Reader

#: RFC 4511 section 4.14.1.
START_TLS = "1.3.6.1.4.1.1466.20037"
#: draft-behera-ldap-password-policy-11 section 6: in a request, and with what it has to say in the answer.
PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
_VERSION = 3
#: Never look behind aliases: an entry is found where it is.
_NEVER_DEREFERENCE = 0


class Scope(IntEnum):
    """How far a search goes."""

    BASE = 0
    SUBTREE = 2


class ResultCode(IntEnum):
    """Result codes that something is made of here (RFC 4511 appendix A)."""

    SUCCESS = 0
    SIZE_LIMIT = 4
    REFERRAL = 10
    CONSTRAINT = 19
    NO_SUCH_OBJECT = 32
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49
    UNWILLING = 53


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is looked for. `filter` as `ldap.filters` makes it; `most`: entries that may come, the server keeps to it.

    `whole`: a part of what there is must not be taken for all of it.
    """

    base: str
    filter: bytes
    attributes: Sequence[str]
    most: int
    scope: Scope = Scope.SUBTREE
    #: Seconds that the server has for it.
    seconds: int = 5
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One entry. Names of attributes are in small letters, without options."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def texts(self, attribute: str) -> list[str]:
        """All values of an attribute that are UTF-8."""
        found = []
        for value in self.attributes.get(attribute.lower(), ()):
            try:
                found.append(value.decode())
            except UnicodeDecodeError:
                continue
        return found

    def text(self, attribute: str) -> str:
        """The first value, "" when there is none."""
        return next(iter(self.texts(attribute)), "")

    def number(self, attribute: str) -> int | None:
        """The first value as a number; None when there is none."""
        text = self.text(attribute)
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None

    def octets(self, attribute: str) -> bytes:
        """The first value's bytes, b"" when there is none."""
        return next(iter(self.attributes.get(attribute.lower(), ())), b"")


@dataclass(frozen=True, slots=True)
class Reference:
    """A part of the answer that another server would have; it is never asked."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended. `controls`: values by OID."""

    code: int
    message: str
    controls: Mapping[str, bytes] = field(default_factory=dict)


Response = DirectoryEntry | Reference | Result


def bind_request(id_: int, dn: str, password: str) -> bytes:
    """A simple bind. Raises ValueError without a name or a password.

    A bind without a password is "unauthenticated", and one without a name anonymous: both succeed at many servers, and prove
    nothing (RFC 4513 sections 5.1.1 and 5.1.2).
    """
    if not dn or not password:
        raise ValueError("a bind needs a name and a password")
    operation = ber.tlv(0x60, ber.integer(_VERSION), ber.octets(dn), ber.octets(password, 0x80))
    return _message(id_, operation, ber.tlv(0xA0, ber.tlv(ber.SEQUENCE, ber.octets(PASSWORD_POLICY))))


def search_request(id_: int, search: SearchRequest) -> bytes:
    """A search."""
    return _message(id_, ber.tlv(
        0x63, ber.octets(search.base), ber.integer(search.scope, ber.ENUMERATED),
        ber.integer(_NEVER_DEREFERENCE, ber.ENUMERATED), ber.integer(search.most), ber.integer(search.seconds),
        ber.boolean(False), search.filter, ber.tlv(ber.SEQUENCE, *map(ber.octets, search.attributes)),
    ))


def start_tls_request(id_: int) -> bytes:
    """From here on with TLS."""
    return _message(id_, ber.tlv(0x77, ber.octets(START_TLS, 0x80)))


def unbind_request(id_: int) -> bytes:
    """Good-bye; there is no answer."""
    return _message(id_, ber.tlv(0x42))


def _message(id_: int, operation: bytes, controls: bytes = b"") -> bytes:
    return ber.tlv(ber.SEQUENCE, ber.integer(id_), operation, controls)


def read_message(data: bytes) -> tuple[int, Response]:
    """The number of the request that a message answers (0: the server speaks by itself), and the answer. Raises Malformed."""
    message = Reader(data).inner()
    id_ = message.integer()
    tag = message.tag
    if tag == 0x64:
        return id_, _entry(message.inner(tag))
    if tag == 0x73:
        return id_, Reference()
    if tag not in (0x61, 0x65, 0x78):
        raise Malformed(f"an answer with the tag 0x{tag & 0xFF:02x}")
    inner = message.inner(tag)
    code = inner.integer(ber.ENUMERATED)
    inner.octets()
    return id_, Result(code, inner.text(), _controls(message))


def _entry(inner: Reader) -> DirectoryEntry:
    dn = inner.text()
    listed = inner.inner()
    attributes: dict[str, list[bytes]] = {}
    while listed.tag >= 0:
        one = listed.inner()
        values = attributes.setdefault(one.text().partition(";")[0].lower(), [])
        several = one.inner(ber.SET)
        while several.tag >= 0:
            values.append(several.octets())
    return DirectoryEntry(dn, attributes)


def _controls(message: Reader) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    if message.tag != 0xA0:
        return found
    listed = message.inner(0xA0)
    while listed.tag >= 0:
        one = listed.inner()
        name = one.text()
        if one.tag == ber.BOOLEAN:
            one.skip()
        found[name] = one.octets() if one.tag == ber.OCTETS else b""
    return found


def policy_error(value: bytes) -> int | None:
    """The error in the answer of the password policy control; None for none. Raises Malformed.

    0 password expired, 1 account locked, 2 change after reset (draft-behera-ldap-password-policy-11 section 6.2).
    """
    if not value:
        return None
    inner = Reader(value).inner()
    if inner.tag == 0xA0:
        inner.skip()
    return inner.integer(0x81) if inner.tag == 0x81 else None
