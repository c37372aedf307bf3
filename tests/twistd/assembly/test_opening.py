"""From where a service has its store, and how long it may do with what was kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import AppProxyError, StoreAway, StoreError
from appproxy.store.database.away import AwayStore
from appproxy.store.database.kept import Keeper
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store, _explaining
from appproxy.store.engine import make_engine
from appproxy.twistd.assembly.opening import LOOK_EVERY, SAY_EVERY, KeptWatch, keeper_of, open_or_kept
from appproxy.twistd.state import create_state

NOW = 1782864000.0
#: Nobody listens there.
NOWHERE = "postgresql://appproxy:secret@127.0.0.1:1/appproxy"


@dataclass
class Live:
    """As much of a LiveStore as the watch looks at."""

    kept_at: float | None


class Watched:
    """A watch, and its clock."""

    def __init__(self, kept_at: float | None) -> None:
        self.clock = Clock()
        self.live = Live(kept_at)
        self.watch = KeptWatch(cast("LiveStore", self.live), 1.0, self.clock, lambda: NOW + self.clock.seconds())
        self.ended: list[Any] = []
        self.watch.over.addErrback(lambda failure: self.ended.append(failure.value))
        with capturedLogs() as self.logs:
            self.watch.start()

    def passes(self, seconds: float) -> list[str]:
        """What is logged in this time."""
        with capturedLogs() as logs:
            self.clock.pump([LOOK_EVERY] * int(seconds / LOOK_EVERY))
        return [event["log_level"].name for event in logs]


def test_it_is_said_again_and_again() -> None:
    """As an error, at once and every ten minutes, until the database is back."""
    watched = Watched(NOW - 60)
    assert [event["log_level"].name for event in watched.logs] == ["error"]
    assert watched.passes(SAY_EVERY) == ["error"]
    watched.live.kept_at = None
    assert watched.passes(2 * SAY_EVERY) == [] and not watched.clock.getDelayedCalls()
    assert Watched(None).logs == []


def test_it_ends_when_it_is_too_old() -> None:
    """The age is that of what was kept, not of the start."""
    watched = Watched(NOW - 1800)
    watched.passes(1790)
    assert watched.ended == []
    watched.passes(20)
    assert isinstance(watched.ended[0], StoreAway) and "kept_snapshot_hours (1)" in str(watched.ended[0])
    assert not watched.clock.getDelayedCalls()
    stopped = Watched(NOW)
    stopped.watch.stop()
    assert not stopped.clock.getDelayedCalls()


def test_a_start(tmp_path: Path) -> None:
    """From the database; without it, from what was kept; without both, not at all, and no password is told."""
    state = tmp_path / "state"
    create_state(state, ServiceSettings(domain="example.com"), NOW, {})
    paths, local = StatePaths(state), ServiceSettings(domain="example.com")
    store = open_or_kept(paths, local, {}, NOW, lambda: 0.0)
    assert isinstance(store, Store) and keeper_of(paths, local, store, lambda: NOW) is None
    away = ServiceSettings(domain="example.com", database_url=NOWHERE)
    with pytest.raises(StoreAway, match=r"refused.*; start the database; it cannot be done without: no .*sealed") as told:
        open_or_kept(paths, away, {}, NOW, lambda: 0.0)
    assert "secret" not in str(told.value)
    Keeper(paths.kept_snapshot, lambda: NOW).look(store, 1)
    store.close()
    found = open_or_kept(paths, away, {}, NOW + 3600, lambda: 0.0)
    assert isinstance(found, AwayStore) and found.kept_at == NOW and keeper_of(paths, away, found, lambda: NOW) is not None
    with pytest.raises(StoreAway, match="the database is away"), found.reading():
        pass
    found.close()
    other = ServiceSettings(domain="example.org", database_url=NOWHERE)
    with pytest.raises(AppProxyError, match=r"made for example\.com"):
        open_or_kept(paths, other, {}, NOW, lambda: 0.0)


@pytest.mark.parametrize(
    ("text", "state", "away"),
    [
        ("connection to server at x failed: Connection refused", None, True),
        ("connection failed: FATAL:  the database system is starting up", None, True),
        ("connection failed: FATAL:  sorry, too many clients already", None, True),
        ("connection timeout expired", None, True),
        ("server closed the connection unexpectedly", None, True),
        ('connection failed: FATAL:  password authentication failed for user "x"', None, False),
        ('connection failed: FATAL:  database "x" does not exist', None, False),
        ("terminating connection due to administrator command", "57P01", True),
        ("canceling statement due to lock timeout", "55P03", False),
        ("canceling statement due to statement timeout", "57014", False),
    ],
)
def test_what_counts_as_away(text: str, state: str | None, away: bool) -> None:
    """A server that cannot be reached, and not one that refuses us."""
    error = OSError(text)
    error.sqlstate = state  # type: ignore[attr-defined]
    with pytest.raises(StoreError) as caught, _explaining(make_engine(NOWHERE)):
        raise OperationalError("SELECT", {}, error)
    assert isinstance(caught.value, StoreAway) is away
