"""The two directions of a data connection, as tables."""

from __future__ import annotations

import pytest

from appproxy.errors import RemoteProtocolError
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.connections.stream_directions import (
    ANSWER_WAY,
    BODY_WAY,
    OF_CONNECTION,
    RECEIVABLE,
    StreamDirection,
    check_content,
)
from appproxy.tunnel.frames import DATA_LIMITS, Kind

TABLES = pytest.mark.parametrize("table", [BODY_WAY, ANSWER_WAY], ids=["body", "answer"])


@TABLES
class TestBothWays:
    """What holds in either direction."""

    def test_each_direction_ends(self, table: dict[int, dict[int, StreamDirection]]) -> None:
        """ABORT ends a direction in every state, END whenever it has begun or was stopped; nothing follows."""
        for state in (StreamDirection.WAITING, StreamDirection.OPEN, StreamDirection.STOPPED):
            assert table[state][Kind.ABORT] is StreamDirection.OVER
        for state in (StreamDirection.OPEN, StreamDirection.STOPPED):
            assert table[state][Kind.END] is StreamDirection.OVER
        assert not table[StreamDirection.OVER]

    def test_what_was_stopped_does_not_open_again(self, table: dict[int, dict[int, StreamDirection]]) -> None:
        """After STOP everything is discarded until the end, whatever was possible before."""
        before = set(table[StreamDirection.WAITING]) | set(table[StreamDirection.OPEN])
        assert set(table[StreamDirection.STOPPED]) == before
        assert set(table[StreamDirection.STOPPED].values()) == {StreamDirection.STOPPED, StreamDirection.OVER}


def test_an_answer_needs_its_head() -> None:
    """No body and no end before the head; no second head."""
    assert set(ANSWER_WAY[StreamDirection.WAITING]) == {Kind.INFO, Kind.HEAD, Kind.ABORT}
    assert Kind.HEAD not in ANSWER_WAY[StreamDirection.OPEN]


def test_go_is_said_once_and_first() -> None:
    """GO stands in for the first byte."""
    assert BODY_WAY[StreamDirection.WAITING][Kind.GO] is StreamDirection.OPEN
    assert Kind.GO not in BODY_WAY[StreamDirection.OPEN]


def test_every_kind_of_a_data_connection_has_a_receiver() -> None:
    """Each kind is either of the connection itself, or meant for one or both of the ends."""
    assert RECEIVABLE[Role.SERVICE] | RECEIVABLE[Role.CONNECTOR] | OF_CONNECTION == set(DATA_LIMITS)
    both = RECEIVABLE[Role.SERVICE] & RECEIVABLE[Role.CONNECTOR]
    assert both == {Kind.BODY, Kind.END, Kind.ABORT, Kind.STOP}


@pytest.mark.parametrize(("kind", "head", "tail"), [
    (Kind.END, b"x", b""), (Kind.END, b"", b"no field"), (Kind.ABORT, b"no code", b""),
    (Kind.HEAD, b"100\n", b""), (Kind.INFO, b"200\n", b""), (Kind.INFO, b"101\n", b""),
])
def test_content_that_no_frame_of_its_kind_has(kind: Kind, head: bytes, tail: bytes) -> None:
    """An end with a head, a code that is none, a final answer that is interim: the peer's fault."""
    with pytest.raises(RemoteProtocolError):
        check_content(kind, head, tail)


@pytest.mark.parametrize(("kind", "head", "tail"), [
    (Kind.END, b"", b""), (Kind.END, b"", b"x-sum: 1\n"), (Kind.HEAD, b"200\n", b""), (Kind.HEAD, b"101\n", b""),
    (Kind.INFO, b"103\n", b""), (Kind.BODY, b"", b"anything"), (Kind.GO, b"", b""),
])
def test_content_that_frames_have(kind: Kind, head: bytes, tail: bytes) -> None:
    """Bodies are nobody's business here."""
    check_content(kind, head, tail)
