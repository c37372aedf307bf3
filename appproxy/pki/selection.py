"""Which certificate answers for which name (RFC 9525 section 6.3: an exact name, or `*` for one whole label)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def names_of(
    offers: Iterable[tuple[T, Iterable[str], float]], now: float, default: tuple[T, Iterable[str], float] | None = None
) -> dict[str, T]:
    """For each name the offer that answers for it. An offer is a certificate, its names and when it ends.

    Of several with the same name the one that ends last answers; the default one comes after all others. One that has
    ended answers only for names that no other covers, so that it does not hide a wildcard which is still good.
    """
    ranked = sorted(offers, key=lambda one: one[2], reverse=True)
    if default is not None:
        ranked.append(default)
    found: dict[str, T] = {}
    for offer, names, ends in ranked:
        if ends > now:
            for name in names:
                found.setdefault(name.lower(), offer)
    for offer, names, ends in ranked:
        if ends <= now:
            for name in names:
                if by_name(found, name) is None:
                    found[name.lower()] = offer
    return found


def by_name(names: Mapping[str, T], host: str) -> T | None:
    """What answers for this host: its exact name, else `*` in the place of its first label, else nothing."""
    name = host.lower().rstrip(".")
    found = names.get(name)
    return found if found is not None else names.get("*." + name.partition(".")[2])
