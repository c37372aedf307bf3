"""Filters as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pyasn1_modules import rfc2251

from appproxy.ldap import filters


@pytest.mark.parametrize(("text", "made"), [
    ("(uid=ann)", filters.equal("uid", "ann")),
    ("(uid=*)", filters.present("uid")),
    ("(&(a=b)(|(c=d)(e=f)))", filters.every([filters.equal("a", "b"), filters.some([
        filters.equal("c", "d"), filters.equal("e", "f")])])),
    (r"(cn=a\28b\29\2a\5c)", filters.equal("cn", r"a(b)*" + "\\")),
    ("(cn=M\u00fcller)", filters.equal("cn", "M\u00fcller")),
    (r"(objectGUID=\00\ff)", filters.equal("objectGUID", b"\x00\xff")),
    ("(memberOf:1.2.840.113556.1.4.1941:=cn=x)", filters.matching(filters.IN_CHAIN, "memberOf", "cn=x")),
])
def test_what_is_written_is_what_is_sent(text: str, made: bytes) -> None:
    assert filters.parse(text) == made
    decoder.decode(made, asn1Spec=rfc2251.Filter())


@pytest.mark.parametrize("text", [
    "(!(uid=a))", "(uid=a*)", "(uid=*a)", "(uid=a*b*c)", "(n>=3)", "(n<=3)", "(cn~=x)", "(cn:dn:=x)"])
def test_other_kinds_are_filters_for_others_too(text: str) -> None:
    _, rest = decoder.decode(filters.parse(text), asn1Spec=rfc2251.Filter())
    assert not rest


@pytest.mark.parametrize("text", [
    "", "uid=a", "(uid=a", "(uid=a))", "(uid=a)(b=c)", "(&)", "(!(a=b)(c=d))", "(=a)", "(u id=a)", "(uid)", r"(uid=\zz)",
    "(uid=**)", "(" * 40 + "a=b" + ")" * 40, "(&" * 40 + "(a=b)" + ")" * 40, "(a:b:c:=d)", "((a=b))", "(a=(b)",
])
def test_what_is_no_filter_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError):
        filters.parse(text)


@given(st.text(max_size=60))
def test_no_text_does_anything_worse_than_be_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        filters.parse(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_typed_becomes_structure(typed: str) -> None:
    found, rest = decoder.decode(filters.equal("uid", typed), asn1Spec=rfc2251.Filter())
    assert not rest
    assert bytes(found["equalityMatch"]["assertionValue"]) == typed.encode()
