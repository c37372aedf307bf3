"""Requests of whom an application knows by a connection go to the connector that has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.service.relay.connectors.affinity import Affinity
from tests.service.relay.test_relay import WIKI, RelayRig
from tests.service.world import under_way

NTLM = [(b"authorization", b"NTLM TlRMTVNTUAABAAAA")]
CHALLENGE = b"www-authenticate: Basic realm=x, Negotiate\n"


def ask(rig: RelayRig, connection: int, application: object = WIKI, **head: object) -> str:
    """A request on the user's connection of this number; gives the connector that it was sent to."""
    exchange = rig.start(application, connection=connection, **head)  # type: ignore[arg-type]
    return exchange.connector


def test_credentials_bring_it_back() -> None:
    """However much the connector has to do meanwhile; other users go to the one that has least."""
    rig = RelayRig(connectors=2)
    first = ask(rig, 1, fields=NTLM)
    for number in range(2, 8):
        ask(rig, number)
    assert [ask(rig, 1) for _ in range(6)] == [first] * 6
    assert ask(rig, 9) != first


@pytest.mark.parametrize(("status", "block", "kept"), [(401, CHALLENGE, True), (200, CHALLENGE, False), (401, b"", False)])
def test_a_challenge_brings_it_back(status: int, block: bytes, kept: bool) -> None:
    """Of these schemes, and in a 401."""
    rig = RelayRig(connectors=2)
    first = ask(rig, 1)
    request = next(iter(rig.relay.roster.peers[first].in_flight.values()))
    request.answered(status, block, b"")
    rig.relay.roster.peers[first].in_flight.update({-number: request for number in range(1, 4)})
    assert (ask(rig, 1) == first) is kept


def test_one_that_is_gone_is_not_waited_for() -> None:
    """Another connector's application can ask who it is once more."""
    rig = RelayRig(connectors=2)
    first = ask(rig, 1, fields=NTLM)
    rig.relay.roster.remove(rig.relay.roster.peers[first], 0.0)
    assert ask(rig, 1) not in ("", first)


def test_settings_and_applications() -> None:
    """`always` needs no credentials, `never` heeds none, and another application knows nothing of it."""
    rig = RelayRig(connectors=2)
    always, never = (replace(WIKI, connection_authentication=how) for how in ("always", "never"))
    first = ask(rig, 1, never, fields=NTLM)
    assert not rig.relay.affinity
    ask(rig, 2, always)
    assert rig.relay.affinity
    affinity = Affinity()
    affinity.note(WIKI, b"o" * 16, first)
    assert affinity.connector_of(WIKI, b"o" * 16) == first
    assert affinity.connector_of(replace(WIKI, id="other"), b"o" * 16) is None
    affinity.note(WIKI, b"-", first)
    assert affinity.connector_of(WIKI, b"-") is None


@pytest.mark.parametrize(("status", "block", "seen"), [(200, b"", 502), (401, CHALLENGE, 401)])
@pytest.mark.parametrize("known", [True, False])
def test_a_repeat_elsewhere_never_goes_unauthenticated(status: int, block: bytes, seen: int, known: bool) -> None:
    """The connector where the application knew the user is lost: another one's answer counts if it asks who they are."""
    rig = RelayRig(connectors=2)
    first = ask(rig, 1, fields=NTLM)
    exchange = rig.start(connection=1 if known else 2)
    peer = rig.relay.roster.peers[exchange.connector]
    assert (peer.id == first) is known
    request = next(each for each in under_way(peer) if each.exchange is exchange)
    request.rejected(Code.DRAINING, "")
    assert exchange.connector != peer.id
    request.answered(status, block, b"")
    assert exchange.status == (seen if known else status)
