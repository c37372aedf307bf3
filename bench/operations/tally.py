"""What came of the users of one row: requests by user and application, what became of streams and WebSockets, times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Failure:
    """A request of `user` (application and number) that was not answered as it should be. `began`: `time.monotonic`."""

    user: str
    began: float
    reason: str
    #: When the connection was made on which it was sent.
    connected: float


@dataclass(frozen=True, slots=True)
class Killed:
    """When something had ended that was killed, and whether it had users' connections: whoever asks on one of those that were
    made before asks one who is dead, and hears of it a moment later.
    """

    at: float
    had_connections: bool


@dataclass(slots=True)
class Tally:
    """Of one row, or of the quiet before it."""

    done: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    #: Seconds from when a request was due to the last byte of its answer.
    times: list[float] = field(default_factory=list)
    #: How streams and WebSockets ended while their users still wanted them.
    ended: dict[str, Counter[str]] = field(default_factory=lambda: {"streams": Counter(), "sockets": Counter()})
    #: What was received of them and was not what had been sent.
    wrong: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """Requests that are over."""
        return sum(self.done.values()) + len(self.failures)

    def beyond_hands(self, killed: Killed) -> list[Failure]:
        """Failures of requests that were not in the hands of what was killed."""
        since = {one: one.connected if killed.had_connections else one.began for one in self.failures}
        return [one for one, then in since.items() if then > killed.at]


def percentile(times: Sequence[float], share: float) -> float:
    """The time in seconds that so large a share of requests did not exceed; 0.0 of none."""
    if not times:
        return 0.0
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class Outcome:
    """One row of the table. `killed`: what was, whose requests may be lost; None: none may.

    `seconds`: how long the operation took.
    """

    row: str
    tally: Tally
    quiet: Tally
    seconds: float
    killed: Killed | None = None

    @property
    def wrong(self) -> list[str]:
        """What must not be."""
        found = self.tally.failures if self.killed is None else self.tally.beyond_hands(self.killed)
        reasons = [f"{one.user}: {one.reason}" for one in found[:5]]
        if found:
            by_user = sorted(Counter(one.user for one in found).items())
            reasons.insert(0, f"{len(found)} failed: " + ", ".join(f"{user} {count}" for user, count in by_user))
        return reasons + self.tally.wrong[:5]


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Markdown. A failure in the hands of what was killed is in brackets."""
    yield "| operation | took | requests | failed | streams ended | WebSockets ended | p50, quiet | p99, quiet |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in outcomes:
        tally, quiet = one.tally, one.quiet
        failed = len(tally.failures if one.killed is None else tally.beyond_hands(one.killed))
        lost = len(tally.failures) - failed
        yield (
            f"| {one.row} | {one.seconds:.1f} s | {tally.asked} | {failed}{f' (+{lost} in its hands)' if lost else ''} "
            f"| {_ways(tally.ended['streams'])} | {_ways(tally.ended['sockets'])} "
            f"| {_both(tally, quiet, 0.5)} | {_both(tally, quiet, 0.99)} |"
        )


def _ways(ended: Counter[str]) -> str:
    return ", ".join(f"{count} {how}" for how, count in sorted(ended.items())) or "0"


def _both(tally: Tally, quiet: Tally, share: float) -> str:
    now, before = (percentile(one.times, share) * 1e3 for one in (tally, quiet))
    return f"{now:.0f} ms, {before:.0f} ms"
