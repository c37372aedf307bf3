"""How surely a sign-in proves who somebody is: methods, levels, and what a client may ask for (`acr`, `amr`, `claims`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import cast

from appproxy.json_input import read_json

#: Bytes of a `claims` parameter: those for each claim that we have come to a third of it.
LONGEST_CLAIMS = 2048


class Method(Enum):
    """How somebody has proved who they are. The values are in sealed texts and in the audit."""

    PASSWORD = "password"
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery-code"


class Level(IntEnum):
    """What the methods of a sign-in amount to; a higher one is good wherever a lower one is."""

    PASSWORD = 1
    MFA = 2
    PHISHING_RESISTANT = 3


#: `acr` in tokens, `acr_values` in requests.
ACR: Mapping[Level, str] = {
    Level.PASSWORD: "urn:appproxy:acr:password",
    Level.MFA: "urn:appproxy:acr:mfa",
    Level.PHISHING_RESISTANT: "urn:appproxy:acr:phishing-resistant",
}
_LEVELS = {acr: level for level, acr in ACR.items()}
#: RFC 8176 section 2. A passkey proves a key (`pop`; whether hardware holds it, we do not ask) and that its user was there;
#: for a code from a list there is no value but that it is one factor more.
_AMR: Mapping[Method, tuple[str, ...]] = {
    Method.PASSWORD: ("pwd",),
    Method.TOTP: ("otp",),
    Method.PASSKEY: ("pop", "user"),
    Method.RECOVERY_CODE: (),
}


def level_named(acr: str) -> Level | None:
    """The level that this `acr` stands for."""
    return _LEVELS.get(acr)


def level_of(methods: Iterable[Method]) -> Level:
    """A passkey is two factors by itself: the device that has it, and the PIN or finger that it asked for."""
    found = set(methods)
    if Method.PASSKEY in found:
        return Level.PHISHING_RESISTANT
    return Level.MFA if len(found) > 1 else Level.PASSWORD


def acr_of(methods: Iterable[Method]) -> str:
    """The `acr` of a sign-in."""
    return ACR[level_of(methods)]


def amr_of(methods: Iterable[Method]) -> list[str]:
    """The `amr` of a sign-in."""
    found = tuple(methods)
    names = [name for method in found for name in _AMR[method]]
    return names + ["mfa"] if level_of(found) >= Level.MFA else names


class Unmet(ValueError):
    """A client asks for what nobody here can be signed in with."""


@dataclass(frozen=True, slots=True)
class AskedAssurance:
    """What a client asks of a sign-in. `essential`: less is an error. `subject`: who it must be, None for anybody."""

    level: Level = Level.PASSWORD
    essential: bool = False
    subject: str | None = None


def read_demand(acr_values: str, claims: str) -> AskedAssurance:
    """Read `acr_values` and `claims` (OpenID Connect Core sections 3.1.2.1 and 5.5), "" for none.

    Of several values any will do, so that the lowest counts; unknown ones do not. Raises ValueError: `claims` is no JSON
    object of objects. Raises Unmet: what is essential is unknown here.
    """
    asked = _id_token_claims(claims)
    acr, subject = asked.get("acr"), asked.get("sub")
    wanted: list[str] = acr_values.split()
    essential = False
    if isinstance(acr, Mapping):
        essential = acr.get("essential") is True
        wanted = _values(acr) or wanted
    known = [_LEVELS[value] for value in wanted if value in _LEVELS]
    if essential and wanted and not known:
        raise Unmet("none of the acr values is known")
    return AskedAssurance(min(known, default=Level.PASSWORD), essential, _subject(subject))


def _values(claim: Mapping[str, object]) -> list[str]:
    values = claim.get("values")
    every = [claim.get("value"), *(values if isinstance(values, list) else ())]
    return [value for value in every if isinstance(value, str)]


def _subject(claim: object) -> str | None:
    value = claim.get("value") if isinstance(claim, Mapping) else None
    return value if isinstance(value, str) else None


def _id_token_claims(text: str) -> Mapping[str, object]:
    if not text:
        return {}
    if len(text) > LONGEST_CLAIMS:
        raise ValueError("claims is too long")
    read = read_json(text.encode("utf-8", "surrogatepass"))
    if not isinstance(read, dict):
        raise ValueError("claims is no JSON object")
    asked = read.get("id_token")
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise ValueError("claims: id_token is no JSON object")
    return cast("Mapping[str, object]", asked)
