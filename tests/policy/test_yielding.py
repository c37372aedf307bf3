"""Who gives way where all places are taken."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.networks import whose
from appproxy.policy.yielding import yielding


def test_the_oldest_of_the_greediest() -> None:
    """However old those of others are."""
    greedy = "198.51.100.7"
    waiting = [("quiet", "192.0.2.1"), ("a", greedy), ("b", greedy), ("c", "203.0.113.9"), ("d", greedy)]
    assert yielding(waiting, 1) == ["a"]
    assert yielding(waiting, 2) == ["a", "b"]
    assert yielding(waiting, 3) == ["a", "b", "quiet"]
    assert yielding(waiting, 0) == yielding([], 3) == []


def test_many_addresses_of_one_site_are_one_share() -> None:
    """Of a /48 with each address in a network of its own, and of many /48 of one provider."""
    flood = [(f"f{number}", f"2001:db8:1:{number:x}::1") for number in range(50)]
    flood += [(f"g{number}", f"2001:db8:{number + 16:x}::1") for number in range(50)]
    flood += [(f"h{number}", f"198.51.100.{number}") for number in range(50)]
    others = [("neighbour", "2001:db8:2::1"), ("elsewhere", "2001:470::1"), ("here", "203.0.113.5")]
    gone = yielding([*others, *flood], 100)
    assert "elsewhere" not in gone and "here" not in gone
    assert yielding([others[0], *flood[:50]], 49)[-1] == "f48", "a neighbour of another site keeps its place to the end"


@given(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.3.1", "203.0.113.1", "2001:db8::1", "2001:db8:1::1", "x"]),
                max_size=40), st.integers(0, 40))
def test_nobody_gives_way_to_who_has_more(addresses: list[str], many: int) -> None:
    """At every width: one that yields was of a network with at least as many as any other of its site, and so on."""
    waiting = [(str(number), address) for number, address in enumerate(addresses)]
    left = dict(waiting)
    gone = yielding(waiting, many)
    assert len(set(gone)) == len(gone) == min(many, len(waiting))
    for id_ in gone:
        mine = whose(left[id_])
        for width in range(3):
            shared = [whose(one) for one in left.values() if whose(one)[:width] == mine[:width]]
            counts = Counter(one[:width + 1] for one in shared)
            assert counts[mine[:width + 1]] == max(counts.values())
        assert not any(whose(left[other]) == mine and int(other) < int(id_) for other in left)
        del left[id_]
