"""A connector that is here, as requests see it."""

from __future__ import annotations

from appproxy.service.relay.connectors.peer import Peer


class FakeLink:
    """A signal connection."""

    def __init__(self, *, congested: bool = False, draining: bool = False) -> None:
        self.congested = congested
        self.draining = draining

    def write(self, data: bytes) -> None:
        raise AssertionError("nothing is written here")


def peer(*links: FakeLink) -> Peer:
    """One with these signal connections."""
    made = Peer("c1", "default", b"i", 0.0)
    made.links = dict(enumerate(links))
    return made


def test_the_first_signal_connection_that_takes_requests_is_used() -> None:
    """So that frames share its records; the second one only while the first is congested or drains."""
    well = FakeLink()
    assert peer(first := FakeLink(), well).link() is first
    for first in (FakeLink(congested=True), FakeLink(draining=True)):
        assert peer(first, well).link() is well
        assert peer(first, first).link() is None
    assert peer().link() is None


def test_it_is_online_while_it_does_not_drain() -> None:
    """A buffer that is full for a moment sends nobody away; a connector that drains on both connections is leaving."""
    assert peer(FakeLink(congested=True)).online
    assert peer(FakeLink(draining=True), FakeLink()).online
    assert not peer(FakeLink(draining=True), FakeLink(draining=True)).online
    assert not peer().online


def test_an_answer_makes_up_for_time_outs() -> None:
    """It gets requests as before, and no longer one try now and then."""
    one = peer(FakeLink())
    one.timeouts, one.try_at = 3, 60.0
    one.answered()
    assert (one.timeouts, one.try_at) == (0, 0.0)


def test_ids_begin_elsewhere_at_each_node() -> None:
    """Elsewhere at each node: a HELLO may list other nodes' requests, and none of them is taken for one of ours."""
    first, second = (Peer("c1", "default", b"i", 0.0, before_ids=before) for before in (0, 7_000))
    assert (first.ids.allocate(first.used), second.ids.allocate(second.used)) == (1, 7_001)
