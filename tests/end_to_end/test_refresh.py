"""Many sessions whose tokens last seconds: each is refreshed once for each life of its tokens, and nobody notices."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.end_to_end.identity_provider import CLIENT, IdentityProvider
from tests.end_to_end.test_identity_provider import corp, world
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until

__all__ = ["corp", "world"]

#: The shortest life that is respected, in seconds; sessions, and requests of each at the same time.
LIFE, SESSIONS, TABS = 20, 20, 20
#: Seconds of requests, and when the provider is away meanwhile.
LASTS, AWAY = 75.0, (22.0, 45.0)


def test_once_for_each_life_of_the_tokens(world: World, corp: IdentityProvider) -> None:
    """20 tabs of each session ask all the time, also while the provider is away: no redirect, no refusal, and no token that is
    used twice.
    """
    world.admin("provider", "add", "seconds", "--issuer", corp.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                "--ca-bundle", str(corp.anchor), stdin=corp.secret + "\n")
    world.publish("seconds", world.internal, "--provider", "seconds", "--set", "assignment_required=no")
    url = world.url("seconds")
    corp.lifetime = LIFE
    visitors = []
    for _ in range(SESSIONS):
        visitor = Visitor(world.port, world.anchor)
        visitor.elsewhere["localhost"] = int(corp.issuer.rpartition(":")[2])
        visitor.trust(corp.anchor)
        until(lambda visitor=visitor: visitor.navigate(url).status == 200, "no sign-in", 20)  # type: ignore[misc]
        visitors.append(visitor)
    began, rounds = time.monotonic(), 0
    statuses: Counter[int] = Counter()
    with ThreadPoolExecutor(TABS) as tabs:
        while (passed := time.monotonic() - began) < LASTS:
            corp.away = AWAY[0] < passed < AWAY[1]
            for visitor in visitors:
                statuses.update(tabs.map(lambda _, visitor=visitor: visitor.get(url).status, range(TABS)))
            rounds += 1
            time.sleep(0.5)  # the requests of a second are enough
    corp.away = False
    assert set(statuses) == {200}, statuses
    assert corp.reused == []
    assert len(corp.refreshed) == SESSIONS
    for moments in corp.refreshed.values():
        assert 2 <= len(moments) <= LASTS / LIFE
        assert all(later - earlier >= LIFE - 1 for earlier, later in zip(moments, moments[1:], strict=False))
    print(f"{statuses.total()} requests in {rounds} rounds; refreshes: {Counter(map(len, corp.refreshed.values()))}")
