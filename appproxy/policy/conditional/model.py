"""Policies, named locations and authentication strengths as values. Times and durations are seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Protocol

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.parts.conditions import Condition
from appproxy.policy.conditional.parts.demands import UNLIMITED, SessionControls
from appproxy.policy.conditional.parts.devices import DevicePattern

#: What authentication contexts of Microsoft Entra (the claim `acrs`) begin with among the `amr` of a sign-in.
ACRS = "acrs:"
#: Names of strengths that are always there.
MFA, PHISHING_RESISTANT, DEVICE = "mfa", "phishing-resistant", "device"


class PolicyState(Enum):
    """What a policy does: `REPORT_ONLY` is written down and explained, and changes no answer."""

    ON = "on"
    REPORT_ONLY = "report-only"
    OFF = "off"


class Subject(Protocol):
    """Whom assignments are about: a session, for one."""

    @property
    def provider(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def groups(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Who:
    """Users and groups, each with the id of the provider that calls them so."""

    everyone: bool = False
    users: frozenset[tuple[str, str]] = frozenset()
    groups: frozenset[tuple[str, str]] = frozenset()

    def has(self, subject: Subject) -> bool:
        """Is this user one of them, directly or by a group?"""
        if self.everyone or (subject.provider, subject.subject) in self.users:
            return True
        return bool(self.groups) and any((subject.provider, group) in self.groups for group in subject.groups)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user must have proved: all of it, or with `alternatives` any of it; or nothing helps: `block`."""

    block: bool = False
    strengths: tuple[str, ...] = ()
    sign_in_within: float = inf
    alternatives: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One policy. `applications`: ids, None for all. `message`: what its refusal tells users, in the admin's words.

    `groups_since`: sessions that are older may not hold the groups that it names.
    """

    name: str
    state: PolicyState
    included: Who
    excluded: Who
    applications: frozenset[str] | None
    excluded_applications: frozenset[str]
    conditions: tuple[Condition, ...] = ()
    grant: Grant = Grant()
    controls: SessionControls = UNLIMITED
    message: str = ""
    groups_since: float = 0.0

    def is_for(self, application: str) -> bool:
        """Is an application (its id) assigned to it?"""
        chosen = self.applications is None or application in self.applications
        return chosen and application not in self.excluded_applications

    def groups(self) -> Collection[tuple[str, str]]:
        """All groups that it names."""
        return self.included.groups | self.excluded.groups


@dataclass(frozen=True, slots=True)
class Location:
    """A named location: networks in CIDR notation, and countries by their codes (ISO 3166-1 alpha-2)."""

    name: str
    networks: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """One way to meet a strength: what a provider (its id, "" for any) must say of a sign-in; "" and empty: anything.

    With `device` it is nothing that a provider says: the user has proved such a device.
    """

    provider: str = ""
    acr: str = ""
    amr: frozenset[str] = frozenset()
    device: DevicePattern | None = None


class Proved(Protocol):
    """What a provider has said of a sign-in. `auth_time`: when the user proved it, 0.0 where the provider does not tell."""

    @property
    def provider(self) -> str: ...
    @property
    def acr(self) -> str: ...
    @property
    def amr(self) -> Sequence[str]: ...
    @property
    def auth_time(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Strength:
    """A named authentication strength: any of these proofs will do."""

    name: str
    proofs: tuple[Proof, ...]

    def is_met(self, proved: Proved, device: ProvedDevice | None = None) -> bool:
        """Does a sign-in amount to it? `device`: that was proved in it, and counts now."""
        for proof in self.proofs:
            if proof.device is not None:
                if device is not None and proof.device.takes(device):
                    return True
            elif (
                proof.provider in ("", proved.provider) and proof.amr.issubset(proved.amr)
                # A sign-in has one `acr`, and of `acrs` any number.
                and (proof.acr in ("", proved.acr) or ACRS + proof.acr in proved.amr)
            ):
                return True
        return False

    @property
    def by_device(self) -> bool:
        """May a device meet it?"""
        return any(one.device is not None for one in self.proofs)

    def by_provider(self, provider: str) -> bool:
        """May anything that this provider says of a sign-in meet it?"""
        return any(one.device is None and one.provider in ("", provider) for one in self.proofs)

    def acr_values(self, provider: str) -> list[str]:
        """What to ask a provider for (`acr_values`), the first that is named first."""
        return list(dict.fromkeys(one.acr for one in self.proofs if one.acr and one.provider in ("", provider)))


@dataclass(frozen=True, slots=True)
class AskedLevels:
    """What to ask a provider for so that a sign-in has some strengths: levels (`acr`). `any_will_do`: each is good for all."""

    values: tuple[str, ...]
    any_will_do: bool


def levels_for(strengths: Iterable[Strength | None], provider: str) -> AskedLevels | None:
    """The levels by which a provider (its id) proves these; no values where all are a device's business alone.

    None: it has no level for one of them, or there is no such strength (None), so that only a whole new sign-in may help.
    """
    some = [() if one is None else one.acr_values(provider) for one in strengths
            if one is None or one.by_provider(provider)]
    if not all(some):
        return None
    common = [value for value in some[0] if all(value in others for others in some[1:])] if some else []
    return AskedLevels(tuple(common or dict.fromkeys(value for values in some for value in values)), bool(common))
