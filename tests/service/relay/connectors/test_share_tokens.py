"""What connectors tell users apart by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.identity.session import Session
from appproxy.service.relay.connectors.share_tokens import ShareTokens

ANN = Session("s1", "ann", "https://signin.example.com", "builtin", "Ann", 940.0, 4600.0, 940.0)
BOB = replace(ANN, id="s2", subject="bob")


def tokens(key: bytes = b"k", share_key: bytes = b"s") -> ShareTokens:
    """A node's tokens, made with these keys: one of its start, and one that all nodes have."""
    return ShareTokens(lambda size: key * size, share_key * 32)


def test_they_are_short_and_have_no_blanks() -> None:
    """16 characters of base64url: what the tunnel's requests take."""
    made = tokens()
    for token in (made.share(ANN, ""), made.share(None, "192.0.2.1"), made.owner(ANN, 7), made.owner(None, 7)):
        assert len(token) == 16
        assert token.replace(b"-", b"a").replace(b"_", b"a").isalnum()


def test_they_tell_nobody_who_it_is() -> None:
    """Another service has a key of its own: nothing can be looked up in a table."""
    one, other = tokens(share_key=b"s"), tokens(share_key=b"t")
    assert one.share(ANN, "") != other.share(ANN, "")
    assert one.share(None, "192.0.2.1") != other.share(None, "192.0.2.1")


def test_shares_are_the_same_at_all_nodes_and_owners_are_not() -> None:
    """Also after a start: a user's requests stay together; connections' numbers begin again, and their owners are others."""
    one, other = tokens(b"k"), tokens(b"l")
    assert one.share(ANN, "") == other.share(ANN, "")
    assert one.share(None, "192.0.2.1") == other.share(None, "192.0.2.1")
    assert one.owner(ANN, 1) != other.owner(ANN, 1)


def test_a_user_has_one_share_in_all_sessions_and_from_everywhere() -> None:
    """Provider, issuer and subject count, and neither the session nor the address."""
    made = tokens()
    assert made.share(ANN, "192.0.2.1") == made.share(replace(ANN, id="s9"), "2001:db8::1")
    assert made.share(ANN, "") != made.share(BOB, "")
    assert made.share(ANN, "") != made.share(replace(ANN, issuer="https://other.example.com"), "")


def test_two_providers_of_one_issuer_have_different_users() -> None:
    """A subject means somebody to its provider alone: two clients of one issuer may be told different ones of one name."""
    made, other = tokens(), replace(ANN, provider="second")
    assert made.share(ANN, "") != made.share(other, "")
    assert made.owner(ANN, 7) != made.owner(other, 7)
    assert made.owner(ANN, 0) != made.owner(other, 0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::1", "::192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("unknown", "unknown", True),
        ("unknown", "hidden", False),
    ],
)
def test_without_a_session_the_address_counts(one: str, other: str, same: bool) -> None:
    """Of IPv6 the /64 that one subscriber has."""
    made = tokens()
    assert (made.share(None, one) == made.share(None, other)) is same


def test_a_site_has_eight_shares() -> None:
    """However many of its networks it sends from: it would have a place, and one of the reserve, for each."""
    made = tokens()
    assert len({made.share(None, f"2001:db8:7:{number:x}::1") for number in range(2000)}) == 8


def test_no_address_has_a_users_share() -> None:
    """Whatever a subject is named."""
    made = tokens()
    assert made.share(replace(ANN, issuer="", subject="192.0.2.1"), "") != made.share(None, "192.0.2.1")


def test_an_owner_is_one_session_on_one_connection() -> None:
    """Another connection, session, user, provider or issuer is another owner; the same one is the same for each request."""
    made = tokens()
    others = [
        made.owner(ANN, 8), made.owner(None, 7), made.owner(None, 8), made.owner(BOB, 7), made.owner(ANN, 0),
        made.owner(replace(ANN, id="s9"), 7), made.owner(replace(ANN, issuer="https://other.example.com"), 7),
        made.owner(replace(ANN, subject="bob"), 7),
    ]
    assert len({made.owner(ANN, 7), *others}) == 1 + len(others)
    assert made.owner(ANN, 7) == made.owner(replace(ANN, name="Anna"), 7)


def test_behind_a_trusted_proxy_only_a_session_owns() -> None:
    """Its connections carry several users: without a session nobody can own anything."""
    made = tokens()
    assert made.owner(None, 0) == b"-"
    assert made.owner(ANN, 0) not in (b"-", made.owner(BOB, 0))


def test_no_two_owners_are_written_alike() -> None:
    """What one part ends with is not what another begins with."""
    made = tokens()
    assert made.owner(replace(ANN, id="s1x", issuer="y"), 1) != made.owner(replace(ANN, id="s1", issuer="xy"), 1)


@pytest.mark.parametrize("session", [None, ANN, BOB, replace(ANN, provider="second")])
@pytest.mark.parametrize("client", ["192.0.2.1", "192.0.2.2"])
@pytest.mark.parametrize("connection", [0, 7, 8])
def test_both_are_worked_out_once(session: Session | None, client: str, connection: int) -> None:
    """The next request of the connection costs one look-up, whoever else came meanwhile."""
    made = tokens()
    for other in (None, ANN, BOB):
        made.of(other, "192.0.2.1", 7)
    both = made.of(session, client, connection)
    assert both == (made.share(session, client), made.owner(session, connection))
    assert made.of(session, client, connection) is both
    assert both[0] is made.share(session, client)
