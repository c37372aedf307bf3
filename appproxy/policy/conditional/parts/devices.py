"""The device authorities of a moment: does a device that was proved once still count, and until when?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from math import inf

from appproxy.device import ProvedDevice

#: In seconds: the clock of the node at which a device was proved may be ahead of ours by so much.
AHEAD = 300.0
#: In a list of devices: one of any authority.
PROVED = "proved"


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """One. `until`: when the first of its lists of revoked certificates ends, seconds since 1970; infinity without lists.

    `revoked`: the certificates that count no longer, as `ProvedDevice.path` names them. `answers`: of those that a responder
    was asked about again, until when its answer counts; None where a device counts without one.
    """

    name: str
    until: float = inf
    revoked: Set[str] = frozenset()
    answers: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Devices:
    """Authorities by id. One that was removed vouches for nobody any more."""

    authorities: Mapping[str, TrustedAuthority] = field(default_factory=dict)

    def until(self, device: ProvedDevice) -> float:
        """Until when a device counts; -infinity for one that does not, whatever the time."""
        authority = self.authorities.get(device.authority)
        if authority is None or not authority.revoked.isdisjoint(device.path):
            return -inf
        until = min(device.ends, authority.until)
        if authority.answers is None:
            return until
        return min(until, max(device.answered, authority.answers.get(device.path[0], 0.0) if device.path else 0.0))


NO_DEVICES = Devices()


@dataclass(frozen=True, slots=True)
class DevicePattern:
    """Devices that will do: of one authority (its id) or, with `PROVED`, of any; each named part of the subject is like its
    pattern, in which `*` is any text.
    """

    authority: str
    subject: tuple[tuple[str, str], ...] = ()

    def takes(self, device: ProvedDevice) -> bool:
        """Will this one do?"""
        if self.authority not in (PROVED, device.authority):
            return False
        return all(
            any(name == wanted and is_like(value, pattern) for name, value in device.subject)
            for wanted, pattern in self.subject)


def is_like(text: str, pattern: str) -> bool:
    """Is a text as a pattern says, capitals aside? `*` stands for any text."""
    first, *rest = pattern.casefold().split("*")
    text = text.casefold()
    if not rest:
        return text == first
    return text.startswith(first) and _follow(text, len(first), rest)


def _follow(text: str, at: int, pieces: Sequence[str]) -> bool:
    """Do these pieces come one after the other, the last of them at the end? The first place of each is the best one."""
    for piece in pieces[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(pieces[-1]) >= at and text.endswith(pieces[-1])
