"""Which of several members a key belongs to, worked out each time: nothing is remembered, and whoever sees the same
members says the same, at every node and after every start.

Rendezvous hashing, or highest random weight (Thaler and Ravishankar, Using name-based mappings to increase hit rates,
IEEE/ACM Transactions on Networking 6(1), 1998): each member has a weight for each key, and the heaviest has the key. When a
member goes, its keys spread evenly over the others, and no other key moves; when one comes, it takes its part, evenly of all.

With a bound a member that is over its share of the load is passed over, and the next heaviest gets the request (Mirrokni,
Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, SODA 2018). So no member has more than `bound` times the
mean, however uneven the keys are.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import ceil

#: How many times the mean a member may have: a quarter more than the others is no overload, and with less of it many more
#: requests would leave their member.
BOUND = 1.25
#: So many under way say nothing of a member's load: one page asks for some dozens of things at once over HTTP/2.
FEW = 32


def weight(key: bytes, name: bytes) -> bytes:
    """The weight of the member with this name for a key of at most 64 bytes: 8 bytes, compared as a number is."""
    return blake2b(name, digest_size=8, key=key).digest()


def choose(key: bytes, names: Sequence[bytes], loads: Sequence[int] = (), bound: float | None = None) -> int:
    """The place in `names` of the member that has `key`; of two with one weight the first.

    With a `bound`, of 1 or more, `loads` says how much each has under way, and one is passed over that with one more would
    have over `bound` times the mean, and over `FEW`. Raises ValueError without any member.
    """
    places: Sequence[int] = range(len(names))
    if bound is not None and names:
        most = max(FEW, ceil(bound * (sum(loads) + 1) / len(names)))
        places = [place for place in places if loads[place] < most]
    return max(places, key=lambda place: weight(key, names[place]))
