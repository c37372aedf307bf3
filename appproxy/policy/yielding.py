"""Who gives way where all places are taken: the oldest of the greediest network, so that a flood leaves room for all others.

Networks are compared at three widths (`networks.whose`): of the provider with the most its greediest site, of that its
greediest network. So neither many addresses of one site nor many sites of one provider get more than one share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from appproxy.policy.networks import whose


def yielding(waiting: Iterable[tuple[str, str]], many: int) -> list[str]:
    """The ids of `many` who give way. `waiting`: an id and an address of each, the oldest first.

    Each gets its place in the row of its network, the newest first; by that its place in the row of its site, and so on. Who
    is last of all has the place that the most are before who share with it. It costs as much as sorting three times.
    """
    placed = [(0, age, id_, whose(address)) for age, (id_, address) in enumerate(reversed(list(waiting)))]
    for width in (2, 1, 0):
        placed.sort(key=lambda one: one[:2])
        before: Counter[str] = Counter()
        again = []
        for _, age, id_, networks in placed:
            again.append((before[networks[width]], age, id_, networks))
            before[networks[width]] += 1
        placed = again
    placed.sort(key=lambda one: one[:2])
    return [id_ for _, _, id_, _ in reversed(placed[-many:])] if many > 0 else []
