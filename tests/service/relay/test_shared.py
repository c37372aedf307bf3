"""What all requests of a node share: who waits for nothing, who is refused and how, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from twisted.internet.task import Clock

from appproxy.errors import Code
from appproxy.publish.application import Application
from appproxy.publish.urls import Translation
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster, RosterLimits
from appproxy.service.relay.moves.stream_moves import MoveTimes
from appproxy.service.relay.shared import RelaySettings, Shared
from tests.service.exchanges import FakeExchange, head_for

ANN, BOB = (b"ann", "wiki"), (b"bob", "wiki")


class Link:
    """A signal connection that takes requests."""

    congested = draining = False

    def write(self, data: bytes) -> None:
        """Nothing is read."""


@dataclass(frozen=True)
class EnrolledIn:
    """Nothing is published, and connectors are of one group."""

    group: str
    applications: Mapping[str, Application] = field(default_factory=dict)
    urls: Translation = field(default_factory=Translation)

    def has_connectors(self, group: str) -> bool:
        """Of that one alone."""
        return group == self.group


@dataclass
class Rig:
    """What requests share, and the pages that were made."""

    limits: RosterLimits = field(default_factory=RosterLimits)
    pages: list[tuple[Code, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.roster = Roster(0.0, self.limits)
        self.shared = Shared(
            self.roster, self.clock, self, lambda: EnrolledIn("known"), RelaySettings(times=MoveTimes(60.0, 0.5)), Hooks())

    def __call__(self, code: Code, exchange: Exchange, *, notice: str = "") -> tuple[int, bytes, bytes]:
        """The page of a failure."""
        self.pages.append((code, notice))
        return 503, b"", b"page"

    def connector(self, id: str = "c1") -> Peer:
        """One that is here."""
        peer = Peer(id, "known", b"i", 0.0)
        peer.links[0] = Link()
        self.roster.add(peer)
        return peer


class Waiting:
    """A request that waits for a connector."""

    def __init__(self, sent: list[tuple[str, str]], name: str) -> None:
        self._sent = sent
        self._name = name

    def send(self, peer: Peer, now: float) -> None:
        """It is its turn."""
        self._sent.append((self._name, peer.id))
        peer.in_flight[len(self._sent)] = cast("Any", self)


def exchange() -> FakeExchange:
    """A user's request."""
    return FakeExchange(head_for("https://wiki.example.com/"), subject="ann", application="wiki")


def test_waiting_makes_sense_where_there_are_connectors() -> None:
    """For a group without any the user hears at once that an administrator has to do something."""
    rig = Rig()
    assert rig.shared.no_hope("known") is None and rig.shared.no_hope("empty") is Code.NO_CONNECTOR


def test_a_refusal_is_a_page_and_an_entry_of_the_log() -> None:
    """With the notice in it; what it was is known to the log by code and detail."""
    rig, user = Rig(), exchange()
    rig.shared.refuse(user, Code.CONNECTOR_LOST, "why", notice="come back")
    assert (user.status, user.pieces, user.failure, user.detail) == (503, [b"page"], Code.CONNECTOR_LOST, "why")
    assert rig.pages == [(Code.CONNECTOR_LOST, "come back")] and rig.shared.shortages.counts == {}


def test_an_answer_that_has_begun_is_broken_off() -> None:
    """Nobody takes part of it for the whole: no page is put behind it."""
    rig, user = Rig(), exchange()
    user.start(200, b"", 10)
    rig.shared.refuse(user, Code.CONNECTOR_LOST, "why")
    assert user.state == "aborted" and rig.pages == [] and user.failure is Code.CONNECTOR_LOST


def test_who_meets_a_limit_that_all_share_is_counted() -> None:
    """So that an administrator sees who uses up what."""
    rig = Rig()
    for code in (Code.SHARE_EXCEEDED, Code.SHARE_EXCEEDED, Code.ORIGIN_TIMEOUT):
        rig.shared.refuse(exchange(), code, "why")
    assert rig.shared.shortages.counts == {("wiki", Code.SHARE_EXCEEDED): 2}


def test_those_who_wait_are_served_by_turns_as_long_as_there_are_places() -> None:
    """Users take turns, whoever came first with however many; the rest goes on waiting until a place is free."""
    rig = Rig(RosterLimits(in_flight=2))
    sent: list[tuple[str, str]] = []
    peer = rig.connector()
    for name, whose in (("a1", ANN), ("a2", ANN), ("b1", BOB)):
        assert rig.roster.park(cast("Any", Waiting(sent, name)), "known", 0.0, whose) is None
    rig.shared.serve("known")
    assert sent == [("a1", "c1"), ("b1", "c1")] and rig.roster.waiting == 1
    del peer.in_flight[1]
    rig.shared.slot_free(peer)
    assert sent[2:] == [("a2", "c1")] and rig.roster.waiting == 0
    rig.shared.slot_free(peer)
    assert len(sent) == 3


def test_a_free_place_serves_its_own_group() -> None:
    """A connector of one group is nothing to those who wait for another."""
    rig = Rig()
    sent: list[tuple[str, str]] = []
    peer = rig.connector()
    other = Peer("c2", "other", b"i", 0.0)
    rig.roster.add(other)
    rig.roster.park(cast("Any", Waiting(sent, "o")), "other", 0.0, ANN)
    rig.shared.slot_free(peer)
    assert sent == []
