"""The browsers in which a user has signed in before: a sealed cookie that holds one entry for each user of the browser.

Guesses from a known device are counted apart from everybody else's (`provider.throttle`), so that nobody can keep out those
who have signed in before. An entry signs nobody in, and ends with the password that it was made for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from appproxy.errors import IdentityError
from appproxy.identity.sealing import Key, seal, unseal

#: Half a year: who signs in less often is a stranger again.
LIFETIME = 180 * 86400.0
#: Users of one browser, such as that of a reception desk; the least recent are forgotten.
MOST = 8


@dataclass(frozen=True, slots=True)
class Device:
    """`user` (an id) has signed in here at `since` (seconds since 1970); `id` is the browser's for this user."""

    id: str
    user: str
    since: float


def seal_devices(devices: Sequence[Device], key: Key, now: float, nonce: bytes) -> bytes:
    """The cookie's value."""
    entries = [[device.id, device.user, device.since] for device in devices]
    return seal("known devices", {"d": entries}, key, now + LIFETIME, nonce)


def unseal_devices(text: bytes | None, keys: Iterable[Key], now: float) -> tuple[Device, ...]:
    """What the cookie says; nothing when there is none, or none of ours, or when it is too old."""
    if text is None:
        return ()
    try:
        entries = cast("list[list[Any]]", unseal("known devices", text, keys, now)["d"])
    except IdentityError:
        return ()
    return tuple(Device(str(id), str(user), float(since)) for id, user, since in entries)


def known_device(devices: Iterable[Device], user: str, credentials_changed: float, now: float) -> Device | None:
    """The entry of this user, unless the password was changed since, or it is too old."""
    for device in devices:
        if device.user == user and device.since >= credentials_changed and now - device.since < LIFETIME:
            return device
    return None


def device_of(
    devices: Iterable[Device], user: str, credentials_changed: float, now: float, random_bytes: Callable[[int], bytes]
) -> Device:
    """What the browser is known as from now on, after this user has signed in: the same device as before, or a new one."""
    known = known_device(devices, user, credentials_changed, now)
    return Device(random_bytes(16).hex() if known is None else known.id, user, now)


def with_device(devices: Iterable[Device], device: Device) -> tuple[Device, ...]:
    """The entries with that of a user who has just signed in, the newest first."""
    return (device, *(each for each in devices if each.user != device.user))[:MOST]
