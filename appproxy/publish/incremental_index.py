"""Tables of pairs of URLs that grow from those of before: what did not change is shared, so that one change among ten
thousand applications costs little.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from appproxy.publish.application import Application, Segment

#: A pair of URLs, and whose it is.
Pair = tuple[Application, Segment]
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def difference(
    before: Mapping[str, Application], after: Mapping[str, Application]
) -> tuple[list[Application], list[Application]]:
    """The applications that are gone, and those that are new; one that was changed is both."""
    gone = [one for id_, one in before.items() if after.get(id_) is not one]
    new = [one for id_, one in after.items() if before.get(id_) is not one]
    return gone, new


class IncrementalIndex(Generic[K, T]):
    """For each key, such as a host, what is made of all pairs of URLs there: `made`.

    `key_of` tells where a pair belongs, `make` makes something of all that belong together, in order of their
    applications' names: it does not depend on what was changed when, so that all nodes come to the same.
    """

    __slots__ = ("_applications", "_pairs", "made")

    def __init__(
        self, applications: Iterable[Application], key_of: Callable[[Segment], K], make: Callable[[list[Pair]], T],
        before: IncrementalIndex[K, T] | None = None,
    ) -> None:
        self._applications = {one.id: one for one in applications}
        self._pairs: dict[K, list[Pair]] = {} if before is None else dict(before._pairs)
        self.made: dict[K, T] = {} if before is None else dict(before.made)
        gone, new = difference({} if before is None else before._applications, self._applications)
        touched: dict[K, list[Pair]] = {}
        for application in gone:
            for key in {key_of(segment) for segment in application.pairs}:
                found = self._own(touched, key)
                found[:] = [pair for pair in found if pair[0] is not application]
        for application in new:
            for segment in application.pairs:
                self._own(touched, key_of(segment)).append((application, segment))
        for key, found in touched.items():
            if not found:
                del self._pairs[key]
                self.made.pop(key, None)
                continue
            if len(found) > 1:
                found.sort(key=_by_name)
            self.made[key] = make(found)

    def __len__(self) -> int:
        return sum(map(len, self._pairs.values()))

    def _own(self, touched: dict[K, list[Pair]], key: K) -> list[Pair]:
        """The list of a key, to be changed: a copy of the one before."""
        found = touched.get(key)
        if found is None:
            found = touched[key] = self._pairs[key] = list(self._pairs.get(key, ()))
        return found


def _by_name(pair: Pair) -> tuple[str, str]:
    return pair[0].name.casefold(), pair[0].id
