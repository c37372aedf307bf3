"""LDAP's messages, against another implementation of RFC 4511: the schema of pyasn1-modules."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from appproxy.ldap import ber, filters, messages
from appproxy.ldap.ber import Malformed
from appproxy.ldap.messages import DirectoryEntry, Result, SearchRequest

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def decoded(data: bytes) -> Any:
    """As the other implementation reads it, to the last byte."""
    found, rest = decoder.decode(data, asn1Spec=rfc2251.LDAPMessage())
    assert not rest
    return found


@given(st.integers(1, 2**31 - 1), TEXTS.filter(bool), TEXTS.filter(bool))
def test_a_bind_says_whose_password_it_is(id_: int, dn: str, password: str) -> None:
    found = decoded(messages.bind_request(id_, dn, password))
    assert int(found["messageID"]) == id_
    bind = found["protocolOp"]["bindRequest"]
    assert (int(bind["version"]), bytes(bind["name"])) == (3, dn.encode())
    assert bytes(bind["authentication"]["simple"]) == password.encode()
    assert bytes(found["controls"][0]["controlType"]).decode() == messages.PASSWORD_POLICY


@pytest.mark.parametrize(("dn", "password"), [("cn=ann", ""), ("", "secret"), ("", "")])
def test_a_bind_that_proves_nothing_is_never_made(dn: str, password: str) -> None:
    with pytest.raises(ValueError, match="needs a name and a password"):
        messages.bind_request(1, dn, password)


@given(TEXTS, TEXTS)
def test_a_search_looks_for_exactly_what_was_typed(base: str, typed: str) -> None:
    search = SearchRequest(base, filters.some([filters.equal("uid", typed), filters.equal("mail", typed)]), ("uid", "mail"), 3)
    found = decoded(messages.search_request(7, search))["protocolOp"]["searchRequest"]
    assert bytes(found["baseObject"]) == base.encode()
    assert (int(found["scope"]), int(found["derefAliases"]), int(found["sizeLimit"])) == (2, 0, 3)
    each = found["filter"]["or"]
    assert [bytes(one["equalityMatch"]["assertionValue"]) for one in each] == [typed.encode()] * 2
    assert [bytes(one) for one in found["attributes"]] == [b"uid", b"mail"]


def test_start_tls_is_asked_for_by_its_name() -> None:
    asked = decoded(messages.start_tls_request(1))["protocolOp"]["extendedReq"]
    assert bytes(asked["requestName"]).decode() == messages.START_TLS
    assert "unbindRequest" in decoded(messages.unbind_request(2))["protocolOp"]


@given(TEXTS, st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.lists(st.binary(max_size=200), max_size=4)))
def test_an_entry_is_read_as_the_server_has_written_it(dn: str, attributes: dict[str, list[bytes]]) -> None:
    message = rfc2251.LDAPMessage()
    message["messageID"] = 5
    entry = message["protocolOp"]["searchResEntry"]
    entry["objectName"] = dn.encode()
    entry["attributes"].clear()
    for number, (name, values) in enumerate(attributes.items()):
        entry["attributes"][number]["type"] = name.encode()
        entry["attributes"][number]["vals"].clear()
        for at, value in enumerate(values):
            entry["attributes"][number]["vals"][at] = value
    id_, found = messages.read_message(encoder.encode(message))
    assert id_ == 5
    assert isinstance(found, DirectoryEntry)
    # A SET has no order.
    assert (found.dn, {name: sorted(values) for name, values in found.attributes.items()}) == (
        dn, {name: sorted(values) for name, values in attributes.items()})


@given(st.integers(0, 90), TEXTS)
def test_a_result_has_its_code_and_message(code: int, text: str) -> None:
    data = ber.tlv(ber.SEQUENCE, ber.integer(3), ber.tlv(
        0x61, ber.integer(code, ber.ENUMERATED), ber.octets(b""), ber.octets(text)))
    assert messages.read_message(data) == (3, Result(code, text))


@pytest.mark.parametrize(("value", "error"), [
    ("", None), ("3000", None), ("3003810100", 0), ("3003810101", 1), ("3003810102", 2), ("3008a003800164810102", 2),
    ("3005a003800164", None),
])
def test_a_password_policy_says_what_is_wrong(value: str, error: int | None) -> None:
    assert messages.policy_error(bytes.fromhex(value)) == error


@given(st.binary(max_size=400))
def test_anything_else_is_refused_and_nothing_worse(data: bytes) -> None:
    id_ = ber.integer(1)
    for made in (data, ber.tlv(ber.SEQUENCE, id_, data), ber.tlv(ber.SEQUENCE, id_, ber.tlv(0x64, data))):
        with contextlib.suppress(Malformed):
            messages.read_message(made)


@given(st.binary(max_size=300), st.data())
def test_a_message_is_cut_at_its_end_however_it_arrives(content: bytes, data: st.DataObject) -> None:
    whole = ber.tlv(ber.SEQUENCE, content)
    part = data.draw(st.integers(0, len(whole)))
    assert ber.frame(whole[:part], 1000) in (None, len(whole))
    assert ber.frame(whole + b"more", 1000) == len(whole)


def test_a_message_that_is_too_large_is_refused_at_its_head() -> None:
    with pytest.raises(Malformed):
        ber.frame(bytes.fromhex("308400100000"), 1 << 20 - 1)
    with pytest.raises(Malformed):
        ber.frame(b"HTTP/1.1", 1000)


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_come_back(value: int) -> None:
    assert ber.Reader(ber.integer(value)).integer() == value
