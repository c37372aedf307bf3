"""What is seen of a sign-in, and what of it is counted over all users."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

#: What is counted: a kind of feature, and its value.
Key = tuple[str, str]
#: How many sign-ins there were.
ALL: Key = ("all", "")
#: What an address that cannot be read is cut to.
_LONGEST = 64


class Networks(NamedTuple):
    """An address, and what is around it: of IPv4 the /24 and the /16, of IPv6 the /64, the /48 and the /32."""

    address: str
    block: str
    range: str


class AddressStep(Enum):
    """The closest thing about an address that was seen of the same user before."""

    ADDRESS = "address"
    BLOCK = "block"
    RANGE = "range"
    COUNTRY = "country"
    NONE = "none"
    #: Of a user of whom nothing was seen.
    FIRST = "first"


#: The steps that have a value of their own, the closest first.
PLACES = (AddressStep.ADDRESS, AddressStep.BLOCK, AddressStep.RANGE, AddressStep.COUNTRY)


@lru_cache(maxsize=4096)
def networks_of(address: str) -> Networks:
    """What an address is in. One that cannot be read is alone."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return Networks(address[:_LONGEST], address[:_LONGEST], address[:_LONGEST])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return Networks(*(str(ipaddress.ip_network((int(parsed), bits), strict=False)) for bits in (64, 48, 32)))
        parsed = parsed.ipv4_mapped
    wider = (str(ipaddress.ip_network((int(parsed), bits), strict=False)) for bits in (24, 16))
    return Networks(str(parsed), *wider)


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign-in. `time`: seconds since 1970; `country`, `browser`, `system`, `device`: "" for unknown; `place`: latitude and
    longitude. `step` and `new_device`: what was new about it when it came, None where there is no device to know.
    """

    time: float
    networks: Networks
    country: str = ""
    place: tuple[float, float] | None = None
    browser: str = ""
    system: str = ""
    device: str = field(default="", repr=False)
    step: AddressStep = AddressStep.FIRST
    new_device: bool | None = None

    @property
    def hour(self) -> int:
        """Of the day, in UTC."""
        return int(self.time % 86400.0 // 3600.0)

    def at(self, step: AddressStep) -> str:
        """The value of one of `PLACES`."""
        return self.country if step is AddressStep.COUNTRY else self.networks[PLACES.index(step)]

    def features(self) -> list[Key]:
        """What of it is counted over all users, whatever was new."""
        found = [(step.value, self.at(step)) for step in PLACES if self.at(step)]
        return [ALL, *found, ("client", self.browser), ("system", self.system), ("hour", str(self.hour))]

    def counted(self) -> list[Key]:
        """All that one more such sign-in is counted under."""
        device = [] if self.new_device is None else [_DEVICE[self.new_device]]
        return [*self.features(), ("step", self.step.value), *device]

    def asked(self) -> list[Key]:
        """All counts that its likelihood depends on."""
        hours = [("hour", str(hour)) for hour in range(24)]
        return [*self.features(), *hours, *(("step", step.value) for step in AddressStep), *_DEVICE.values()]


#: Were devices new to their users?
_DEVICE: dict[bool, Key] = {True: ("device", "new"), False: ("device", "known")}
NEW_DEVICE, KNOWN_DEVICE = _DEVICE[True], _DEVICE[False]


def step_of(seen: Seen, history: Iterable[Seen]) -> AddressStep:
    """What about its address was seen of the same user before."""
    former = list(history)
    if not former:
        return AddressStep.FIRST
    return next(
        (step for step in PLACES if seen.at(step) and any(one.at(step) == seen.at(step) for one in former)), AddressStep.NONE)
