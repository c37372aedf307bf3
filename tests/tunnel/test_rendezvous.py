"""Which of several members a key belongs to."""

from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.rendezvous import BOUND, FEW, choose, weight

KEYS = [b"user-%d" % number for number in range(4_000)]
MEMBERS = [b"http://%d.corp:80" % number for number in range(5)]
_names = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8, unique=True)
_key = st.binary(min_size=1, max_size=64)


def homes(names: list[bytes]) -> dict[bytes, bytes]:
    """Where each key is."""
    return {key: names[choose(key, names)] for key in KEYS}


def test_the_weights_never_change() -> None:
    """Nodes and connectors of two releases must agree: these are BLAKE2b's (RFC 7693), 8 bytes, with the key as its key."""
    assert weight(b"ann", b"http://wiki.corp:80").hex() == "1761ea3312c67e35"
    assert choose(b"ann", MEMBERS) == 3


def test_keys_are_spread_evenly() -> None:
    """Each of five has a fifth of 4,000 keys, within five standard deviations (25)."""
    counts = Counter(homes(MEMBERS).values())
    assert all(abs(counts[name] - 800) < 125 for name in MEMBERS), counts


@pytest.mark.parametrize("gone", MEMBERS)
def test_when_one_goes_only_its_keys_move(gone: bytes) -> None:
    """And they go to all the others alike, so that no second one falls under them."""
    before, after = homes(MEMBERS), homes([name for name in MEMBERS if name != gone])
    moved = [key for key in KEYS if before[key] != after[key]]
    assert {before[key] for key in moved} == {gone}
    counts = Counter(after[key] for key in moved)
    assert len(counts) == 4
    assert all(abs(count - len(moved) / 4) < 65 for count in counts.values()), counts


@given(key=_key, names=_names, data=st.data())
def test_a_key_stays_whatever_happens_to_others(key: bytes, names: list[bytes], data: st.DataObject) -> None:
    """In any order, and with any of the others gone."""
    home = names[choose(key, names)]
    rest = data.draw(st.permutations(names))
    kept = [name for name in rest if name == home or data.draw(st.booleans())]
    assert kept[choose(key, kept)] == home


@given(key=_key, names=_names, new=st.binary(min_size=1, max_size=40))
def test_one_that_comes_takes_keys_for_itself_alone(key: bytes, names: list[bytes], new: bytes) -> None:
    """A key stays where it was, or is the newcomer's."""
    home = names[choose(key, names)]
    assert [*names, new][choose(key, [*names, new])] in (home, new)


@given(names=_names, keys=st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=400))
def test_no_member_has_more_than_the_bound(names: list[bytes], keys: list[bytes]) -> None:
    """However uneven the keys: with three users for all, too."""
    loads = [0] * len(names)
    for key in keys:
        chosen = choose(key, names, loads, BOUND)
        loads[chosen] += 1
        assert loads[chosen] <= max(FEW, ceil(BOUND * sum(loads) / len(names)))


@given(key=_key, names=_names, data=st.data())
def test_with_few_under_way_the_bound_moves_nobody(key: bytes, names: list[bytes], data: st.DataObject) -> None:
    """A browser that loads a page is no load that is worth leaving for."""
    loads = [data.draw(st.integers(0, FEW - 1)) for _ in names]
    assert choose(key, names, loads, BOUND) == choose(key, names)


@given(key=_key, names=_names, data=st.data(), bound=st.sampled_from([1.0, BOUND, 2.0]))
def test_whatever_the_loads_one_is_found(key: bytes, names: list[bytes], data: st.DataObject, bound: float) -> None:
    """Somebody has no more than the mean."""
    loads = [data.draw(st.integers(0, 10_000)) for _ in names]
    chosen = choose(key, names, loads, bound)
    assert loads[chosen] < max(FEW, bound * (sum(loads) + 1) / len(names) + 1)


def test_the_next_heaviest_gets_what_is_over() -> None:
    """All of a key's overflow goes to one member, and comes home when there is room."""
    key = KEYS[0]
    order = sorted(range(5), key=lambda place: weight(key, MEMBERS[place]), reverse=True)
    loads = [40] * 5
    loads[order[0]] = 100
    assert choose(key, MEMBERS, loads, BOUND) == order[1]
    assert choose(key, MEMBERS, loads) == order[0]
    loads[order[0]] = 40
    assert choose(key, MEMBERS, loads, BOUND) == order[0]


@pytest.mark.parametrize("bound", [None, BOUND])
def test_without_members(bound: float | None) -> None:
    """There is nobody to choose."""
    with pytest.raises(ValueError, match="empty"):
        choose(b"ann", [], [], bound)
