"""The score of a sign-in: what is learned and what is signalled, added up; and its level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appproxy.policy.risk.features import Key, Seen, step_of
from appproxy.policy.risk.learned import has_baseline, learned
from appproxy.policy.risk.levels import LOW, UNKNOWN, Part, Thresholds
from appproxy.policy.risk.signals import Circumstances, signals

#: What is as usual outweighs so many points of signals, and no more.
LEAST_LEARNED = -10.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of a sign-in. `seen`: with what was new about it; `level`: "" for unknown."""

    seen: Seen
    level: str
    score: float
    parts: tuple[Part, ...]


def with_news(seen: Seen, history: Sequence[Seen]) -> Seen:
    """The sign-in, with what is new about it."""
    known = any(one.device == seen.device for one in history)
    return replace(seen, step=step_of(seen, history), new_device=not known if seen.device else None)


def judge(
    seen: Seen, history: Sequence[Seen], counts: Mapping[Key, float], around: Circumstances, thresholds: Thresholds
) -> Judgement:
    """Judge a sign-in. `history`: what teaches of this user's former ones; `counts`: what `Seen.asked` names, of all users.

    Before there is a baseline only signals count, and where they come to nothing the level is unknown.
    """
    seen = with_news(seen, history)
    said = signals(seen, history, around)
    learned_parts = learned(seen, history, counts) if has_baseline(history, counts) else []
    score = max(sum(part.points for part in learned_parts), LEAST_LEARNED) + sum(part.points for part in said)
    level = thresholds.level(score)
    if not learned_parts and level == LOW:
        level = UNKNOWN
    return Judgement(seen, level, score, (*learned_parts, *said))
