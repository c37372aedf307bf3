"""Fair shares: who may have one of a limited number of places, who waits for one, and who gives way.

A share is whatever one user (or one address without a sign-in) has; its key is the `share` of REQ, with `ADDRESS` before it
where nobody signed in. One user alone may have nearly all places. The last eighth, the reserve, is for shares that hold few,
so that new small work finds a place at once whatever the others hold; it is one place at least wherever there are four.
Addresses cost an attacker little: they get half of the reserve, or three quarters once they have read an answer to its end,
and who had to give way gets nothing of it for a while. Whoever waits is served share by share in turn. Where places are
short, those give way whose users take or send next to nothing, of the largest share first, and then what a share holds
beyond an equal part.

Each call costs the same however many places and shares there are, but for `give_way` and `pop`, which say what they cost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

#: A share that holds fewer places than this may have one of the reserve: a browser opens six connections to a host.
FEW = 8
#: Where there are fewer than 32 places, a share holds few as long as it has less than one in so many.
_FEW_OF = 4
#: One place in so many is of the reserve.
_RESERVE = 8
#: From so many places on one of them is. With fewer, one user would lose a third or more of what is there for nobody.
_LEAST = 4
#: What the key of a share begins with that is an address's, and no user's. No token does (`tunnel.messages`).
ADDRESS = b"@"
#: Seconds that one who had to give way gets nothing of the reserve, and that an address is known for having read an answer.
_BLAMED_SECONDS = 60.0
_KNOWN_SECONDS = 600.0
#: Shares that are remembered for each of these: those of longest ago are forgotten.
_MOST_KNOWN = 4_096
#: Bytes a second below which a user takes or sends next to nothing: the slowest mobile networks give several times that.
SLOW_RATE = 4096.0
#: Seconds over which that is looked at. What the sockets on the way hold leaves in pieces: less would misjudge a slow line.
SLOW_SECONDS = 10.0
#: The same for one of a share that holds more than an equal part, and for all when addresses can get nothing more of the
#: reserve: others wait for these places.
SLOW_SECONDS_OVER = 3.0

#: The same where somebody waits who holds nothing at all, for an address that holds more than one and has never read an answer
#: to its end: so long must nothing have gone through the place. One of several pictures may be cut of a user on a line that
#: has just come to a halt; the other would see nothing.
STILL_SECONDS = 0.5

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def few_of(most: int) -> int:
    """How many of `most` places are too many for a share that wants one of the reserve; 1 or more."""
    return max(1, min(FEW, most // _FEW_OF))


def reserve_of(most: int) -> int:
    """How many of `most` places are kept for shares that hold few."""
    return max(most // _RESERVE, 1) if most >= _LEAST else 0


class Tally(Generic[K]):
    """How many each key has; `most` is the largest of these numbers."""

    __slots__ = ("_counts", "_levels", "most", "total")

    def __init__(self) -> None:
        self.total = 0
        self.most = 0
        self._counts: dict[K, int] = {}
        #: The keys that have exactly so many.
        self._levels: dict[int, dict[K, None]] = {}

    def __getitem__(self, key: K) -> int:
        return self._counts.get(key, 0)

    def __len__(self) -> int:
        """How many keys have any."""
        return len(self._counts)

    def add(self, key: K) -> None:
        """One more."""
        self._move(key, self._counts.get(key, 0), 1)

    def remove(self, key: K) -> None:
        """One less; of a key that has none, a mistake of the caller's (KeyError)."""
        self._move(key, self._counts[key], -1)

    def largest(self) -> K | None:
        """A key that has the most; None where nobody has any."""
        return next(iter(self._levels[self.most])) if self.total else None

    def _move(self, key: K, before: int, step: int) -> None:
        after = before + step
        self.total += step
        if before:
            level = self._levels[before]
            del level[key]
            if not level:
                del self._levels[before]
        if after:
            self._counts[key] = after
            self._levels.setdefault(after, {})[key] = None
        else:
            del self._counts[key]
        if after > self.most or self.most not in self._levels:
            self.most = after  # a step is one: the key itself is on the level next to the one that it has left empty


class Repute:
    """Who has recently read an answer to its end, and who had to give way because little or nothing went through a place."""

    __slots__ = ("_blamed", "_known")

    def __init__(self) -> None:
        #: Until when, in the order of these times.
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._blamed: OrderedDict[bytes, float] = OrderedDict()

    def is_trusted(self, key: bytes) -> bool:
        """Is it a user's, or has it read an answer to its end?"""
        return not key.startswith(ADDRESS) or key in self._known

    def is_blamed(self, key: bytes) -> bool:
        """Had this share to give way?"""
        return key in self._blamed

    def read(self, key: bytes, now: float) -> None:
        """An answer was read to its end."""
        if key not in self._blamed:
            _note(self._known, key, now + _KNOWN_SECONDS)

    def gave_way(self, key: bytes, now: float) -> None:
        """One of this share was so slow that it had to."""
        self._known.pop(key, None)
        _note(self._blamed, key, now + _BLAMED_SECONDS)

    def forget(self, now: float) -> None:
        """Forget what is too old. Costs nothing but for what is forgotten."""
        for notes in (self._known, self._blamed):
            while notes and next(iter(notes.values())) <= now:
                notes.popitem(last=False)


def _note(notes: OrderedDict[bytes, float], key: bytes, until: float) -> None:
    notes[key] = until
    notes.move_to_end(key)
    if len(notes) > _MOST_KNOWN:
        notes.popitem(last=False)


class Places:
    """So many places, and who holds them. A share that holds fewer than `few` may have one of the reserve."""

    __slots__ = ("_held", "few", "most", "repute", "reserve")

    def __init__(self, most: int) -> None:
        self.repute = Repute()
        self._held: Tally[bytes] = Tally()
        self.resize(most)

    def resize(self, most: int) -> None:
        """So many there are from now on, whatever is held."""
        self.most = most
        self.few = few_of(most)
        self.reserve = reserve_of(most)

    @property
    def taken(self) -> int:
        """How many are held."""
        return self._held.total

    @property
    def free(self) -> int:
        """How many are not; below 0 after `take` without a look at `has_room`."""
        return self.most - self._held.total

    @property
    def short(self) -> int:
        """How many of the reserve are held: 0 or less while there is no need to be strict with anybody."""
        return self.reserve - self.free

    @property
    def tight(self) -> bool:
        """Is all of the reserve held that addresses may have?"""
        return self.free <= self.reserve // 2

    def held(self, key: bytes) -> int:
        """How many this share holds."""
        return self._held[key]

    def has_room(self, key: bytes) -> bool:
        """Is there a place for this share now?"""
        free = self.free
        return free > self.reserve or (free > self._kept_from(key) and self.has_few(key))

    def has_few(self, key: bytes) -> bool:
        """Is the reserve for this share, too? It must hold few, and must not have had to give way recently."""
        return self._held[key] < self.few and not self.repute.is_blamed(key)

    def _kept_from(self, key: bytes) -> int:
        """How many of the reserve are for others, even if this share has few."""
        if not key.startswith(ADDRESS):
            return 0
        return self.reserve * (1 if self.repute.is_trusted(key) else 2) // 4

    def is_over(self, key: bytes) -> bool:
        """Does this share hold more than few, and more than an equal part of all places, with room for one share more?"""
        return self._held[key] > max(self.few, self.most // (len(self._held) + 1))

    def take(self, key: bytes) -> None:
        """One is this share's now."""
        self._held.add(key)

    def give(self, key: bytes) -> None:
        """It gives one back."""
        self._held.remove(key)


class FairQueue(Generic[K, T]):
    """Those who wait, each share in its own row; the rows are served in turn, each in its order. Both must be hashable."""

    __slots__ = ("_rows", "_tally")

    def __init__(self) -> None:
        self._rows: OrderedDict[K, OrderedDict[T, None]] = OrderedDict()
        self._tally: Tally[K] = Tally()

    def __len__(self) -> int:
        return self._tally.total

    def __iter__(self) -> Iterator[T]:
        return iter([item for row in self._rows.values() for item in row])

    @property
    def shares(self) -> int:
        """How many shares wait."""
        return len(self._rows)

    def waiting(self, key: K) -> int:
        """How many of this share wait."""
        return self._tally[key]

    def push(self, key: K, item: T) -> None:
        """Wait, behind all others of this share."""
        self._rows.setdefault(key, OrderedDict())[item] = None
        self._tally.add(key)

    def discard(self, key: K, item: T) -> bool:
        """Wait no longer; False: it did not."""
        row = self._rows.get(key)
        if row is None or item not in row:
            return False
        del row[item]
        self._tally.remove(key)
        if not row:
            del self._rows[key]
        return True

    def pop(self, may: Callable[[K], bool]) -> T | None:
        """Whose turn it is among the shares that `may` have a place; looks at each share that may not, once."""
        for key, row in self._rows.items():
            if may(key):
                item, _ = row.popitem(last=False)
                self._tally.remove(key)
                if row:
                    self._rows.move_to_end(key)
                else:
                    del self._rows[key]
                return item
        return None

    def wanted(self, may: Callable[[K], bool]) -> int:
        """How many wait whose share `may` have a place; looks at each share once."""
        return sum(len(row) for key, row in self._rows.items() if may(key))

    def count(self, may: Callable[[K], bool]) -> int:
        """How many shares wait that `may` have something; looks at each once."""
        return sum(may(key) for key in self._rows)

    def crowd_out(self, key: K) -> T | None:
        """Make room for one of this share: the latest of the share that has most waiting, which then waits no longer.

        None when this share itself has as many: nobody has to go for it.
        """
        largest = self._tally.largest()
        if largest is None or self._tally[key] + 1 >= self._tally.most + (largest == key):
            return None
        item = next(reversed(self._rows[largest]))
        self.discard(largest, item)
        return item


@dataclass(slots=True, eq=False)
class Held(Generic[T]):
    """A place that is held, as `give_way` looks at it.

    `stuck`: it waits for its user, who does not read the answer or does not send the body. `rate`: bytes a second that
    went through it in its last `seconds`. `still`: for how many seconds nothing has, at least.
    """

    key: bytes
    what: T
    stuck: bool
    rate: float
    seconds: float
    still: float = 0.0


def is_slow(place: Held[T], urgent: bool) -> bool:
    """Does its user take or send next to nothing? `urgent`: their share holds more than an equal part, or places are tight."""
    return hardly_moves(place) and place.seconds >= (SLOW_SECONDS_OVER if urgent else SLOW_SECONDS)


def hardly_moves(place: Held[T]) -> bool:
    """Does next to nothing go through it at this moment, because of its user?"""
    return place.stuck and place.rate < SLOW_RATE


def stands_still(place: Held[T], repute: Repute) -> bool:
    """Has nothing gone through it for a moment, because of an address of which nothing good is known?"""
    return place.stuck and place.still >= STILL_SECONDS and not repute.is_trusted(place.key)


def give_way(
    places: Places, held: Sequence[Held[T]], waiting: int, going: int = 0, newcomers: int = 0,
) -> list[Held[T]]:
    """Who gives way now. `waiting`: how many wait for a place whose shares are not over their part; `going`: how many were
    told before to go, and are not among `held` any more, though they have not given back their places yet; `newcomers`:
    how many of those who wait are the first of their share, which holds nothing.

    The slow ones do: those of shares that are over their part as far as the reserve is used, others where anybody waits.
    For newcomers, those that stand still do, but for the last of each share. Where that is not enough for those who wait, so
    do more of shares that are over their part, those through which least goes. Costs a sort of `held`.
    """
    over = {key: places.is_over(key) for key in {place.key for place in held}}
    tight = places.tight
    slow = [place for place in held if is_slow(place, tight or over[place.key])]
    slow.sort(key=lambda place: (-places.held(place.key), place.rate, -place.seconds))
    most = max(0, waiting - going), max(0, places.short - going, waiting - going)
    gone: list[Held[T]] = []
    for place in slow:
        if len(gone) < most[over[place.key]]:
            gone.append(place)
    # A stranger finds a place only beyond the part of the reserve that is kept from strangers.
    needed = newcomers + max(0, places.reserve // 2 - places.free) - going - len(gone)
    if newcomers and needed > 0:
        gone += _still_ones(places, held, gone, needed)
    missing = waiting - going - len(gone) - max(0, places.free)
    if missing <= 0:
        return gone
    left: dict[bytes, int] = {key: places.held(key) for key, is_over in over.items() if is_over}
    for place in gone:
        if place.key in left:
            left[place.key] -= 1
    part = max(places.few, places.most // (len(over) + 1))
    chosen = {id(place) for place in gone}
    rest = [place for place in held if place.key in left and id(place) not in chosen]
    rest.sort(key=lambda place: (-places.held(place.key), place.rate))
    for place in rest:
        if missing > 0 and left[place.key] > part:
            left[place.key] -= 1
            missing -= 1
            gone.append(place)
    return gone


def _still_ones(places: Places, held: Sequence[Held[T]], gone: Sequence[Held[T]], most: int) -> list[Held[T]]:
    """Those that stand still, at most so many, of the largest shares, and never the last of a share."""
    chosen = {id(place) for place in gone}
    left: dict[bytes, int] = {}
    for place in gone:
        left[place.key] = left.get(place.key, places.held(place.key)) - 1
    still = [place for place in held if id(place) not in chosen and stands_still(place, places.repute)]
    still.sort(key=lambda place: (-places.held(place.key), -place.still))
    found: list[Held[T]] = []
    for place in still:
        if len(found) >= most:
            break
        if (remains := left.get(place.key, places.held(place.key))) > 1:
            left[place.key] = remains - 1
            found.append(place)
    return found
