"""What connector and application are told of the user."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.identity.session import Session
from appproxy.publish.application import Application, HeaderRule
from appproxy.publish.url import Url
from appproxy.service.relay.identity_blocks import Blocks, claim_of, identity_block, user_header

ANN = Session("s1", "u1", "https://idp", "idp", "Ann Ä", 0.0, 1.0, 0.0, claims={"email": " ann@example.com ", "team": "Käse"})
WIKI = Application("1", "wiki", Url.parse("https://w/"), Url.parse("http://w/"), headers=(
    HeaderRule("x-mail", "email"), HeaderRule("x-team", "team"), HeaderRule("x-none", "nothing"), HeaderRule("x-id", "sub")))


def test_the_connector_is_told_who_it_is() -> None:
    """In ASCII, without the session's id; of nobody that there is nobody."""
    assert json.loads(user_header(ANN)) == {"subject": "u1", "issuer": "https://idp", "name": "Ann Ä"}
    assert user_header(ANN).isascii() and b"s1" not in user_header(ANN) and Blocks().user_header(None) == b"null"


def test_the_application_is_told_by_its_rules() -> None:
    """A line for each claim that the user has, without blanks at its ends, in UTF-8."""
    assert identity_block(WIKI, ANN) == "x-mail: ann@example.com\nx-team: Käse\nx-id: u1\n".encode()


@pytest.mark.parametrize(("claim", "value"), [
    ("sub", "u1"), ("subject", "u1"), ("iss", "https://idp"), ("issuer", "https://idp"), ("name", "Ann Ä"), ("team", "Käse"),
    ("gone", None)])
def test_claims_by_their_names(claim: str, value: str | None) -> None:
    """Parts of the session cannot be changed by a claim of the same name, but for the name of the user."""
    assert claim_of(ANN, claim) == value
    forged = replace(ANN, claims={"sub": "eve", "subject": "eve", "iss": "eve", "issuer": "eve", "name": "Annie"})
    expected = {"name": "Annie", "team": None}.get(claim, value)
    assert claim_of(forged, claim) == expected


@pytest.mark.parametrize("value", ["a\nx-admin: yes", "a\rb", "a\x00b"])
def test_no_claim_begins_another_field(value: str) -> None:
    """The request fails, and nothing goes on."""
    with pytest.raises(IdentityError) as caught:
        identity_block(WIKI, replace(ANN, claims={"email": value}))
    assert caught.value.code is Code.TOKEN_REFUSED and "'email'" in caught.value.detail


def test_it_is_worked_out_once_for_a_session() -> None:
    """And anew for another one of the same id, whose user may have another name by now, or another picture of the rules."""
    blocks, newer = Blocks(), replace(ANN, name="Bea", claims={"email": "bea"})
    assert blocks.user_header(ANN) is blocks.user_header(ANN) and blocks.identity_block(WIKI,
        ANN) is blocks.identity_block(WIKI, ANN)
    assert b"Bea" in blocks.user_header(newer) and blocks.identity_block(WIKI, newer) == b"x-mail: bea\nx-id: u1\n"
    other = replace(WIKI, headers=WIKI.headers[:1])
    assert blocks.identity_block(other, newer) == b"x-mail: bea\n"
    two = replace(other, id="2", headers=WIKI.headers[3:])
    assert blocks.identity_block(two, newer) == b"x-id: u1\n" and blocks.identity_block(other, newer) == b"x-mail: bea\n"


def test_where_nothing_is_to_be_told() -> None:
    """No rules, or nobody."""
    assert Blocks().identity_block(WIKI, None) == b"" == Blocks().identity_block(replace(WIKI, headers=()), ANN)


def test_it_remembers_so_many() -> None:
    """The oldest goes."""
    blocks = Blocks(size=2)
    first = blocks.user_header(ANN)
    for number in range(3):
        blocks.user_header(replace(ANN, id=f"t{number}"))
    assert blocks.user_header(ANN) == first and blocks.user_header(ANN) is not first
