"""From documents (what JSON or TOML says) to policies, locations and strengths.

How they name whom and what they are about is in `naming`; in what is stored ids stand in place of names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appproxy.policy.conditional.documents.controls import LEAST_AGE, read_controls
from appproxy.policy.conditional.documents.fields import flag_at, one_of, seconds_at, table_at, text_at, texts_at, wrong
from appproxy.policy.conditional.documents.naming import ALL, LISTS, NO_TAGS, Tagged, applications, choice, who
from appproxy.policy.conditional.facts import BROWSER, NATIVE
from appproxy.policy.conditional.locations import TRUSTED
from appproxy.policy.conditional.model import Grant, Location, Policy, PolicyState, Proof, Strength
from appproxy.policy.conditional.parts.conditions import (
    AtSignInRisk,
    AtUserRisk,
    ByClient,
    ByProvider,
    Choice,
    Condition,
    InContext,
    InLocation,
    InTime,
    OlderThan,
    OnPlatform,
    WithDevice,
    WithStrength,
)
from appproxy.policy.conditional.parts.demands import UNLIMITED
from appproxy.policy.conditional.parts.devices import DevicePattern
from appproxy.policy.conditional.parts.platforms import PLATFORMS
from appproxy.policy.conditional.parts.windows import DAYS, Window
from appproxy.policy.risk.levels import LEVELS

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_CONDITIONS = (
    "clients", "contexts", "devices", "locations", "platforms", "providers", "sign_in_older_than", "sign_in_risk", "strengths",
    "times", "user_risk")
#: Conditions that are lists, and the names that are known; none: names of what is kept elsewhere.
_CHOICES: tuple[tuple[str, Callable[[Choice], Condition], tuple[str, ...]], ...] = (
    ("clients", ByClient, (BROWSER, NATIVE)), ("providers", ByProvider, ()), ("devices", WithDevice, ()),
    ("strengths", WithStrength, ()),
    ("sign_in_risk", AtSignInRisk, LEVELS), ("user_risk", AtUserRisk, LEVELS), ("platforms", OnPlatform, PLATFORMS),
)
_FIELDS = ("name", "state", "message", "users", "applications", "conditions", "grant", "session")
#: Networks of one location, windows of one policy: more than anybody keeps in a file by hand.
_MOST_NETWORKS, _MOST_WINDOWS = 20_000, 50
_LONGEST_NAME, _LONGEST_MESSAGE = 64, 500
#: Of a device's subject, as RFC 4514 section 3 calls them, and what other certificates have besides.
SUBJECT_PARTS = (
    "C", "CN", "DC", "L", "O", "OU", "ST", "STREET", "UID", "2.5.4.5", "1.2.840.113549.1.9.1")


def read_policy(document: object, groups_since: float = 0.0, tagged: Tagged = NO_TAGS) -> Policy:
    """A policy; `tagged`: which applications have which tags. Raises ConfigError, which begins with the path to the wrong
    field.
    """
    fields = table_at(document, "", _FIELDS)
    if not isinstance(document, dict):
        raise wrong("policy", "a table is needed", f"it has {', '.join(_FIELDS)}")
    users = table_at(fields.get("users"), "users", LISTS)
    included = who(users, "users", "include")
    if not (included.everyone or included.users or included.groups):
        raise wrong("users.include", "is needed", 'name users and groups, or write ["all"]')
    chosen, left_out = applications(fields.get("applications"), tagged)
    name = text_at(fields.get("name"), "name", _LONGEST_NAME)
    message = text_at(fields.get("message", ""), "message", _LONGEST_MESSAGE, empty=True)
    grant, controls = _grant(fields.get("grant")), read_controls(fields.get("session"), name, message)
    if grant == Grant() and controls is UNLIMITED:
        raise wrong("grant", "the policy asks for nothing", "write block = true or require = [...], or limit the session")
    if grant.block and controls is not UNLIMITED:
        raise wrong("session", "who is blocked has no session", "leave it out, or make it a policy of its own")
    return Policy(
        name=name,
        state=PolicyState(one_of(fields.get("state"), "state", [state.value for state in PolicyState])),
        included=included, excluded=who(users, "users", "exclude"), applications=chosen, excluded_applications=left_out,
        conditions=_conditions(fields.get("conditions")), grant=grant, controls=controls,
        message=message, groups_since=groups_since,
    )


def _condition(value: object, path: str, known: tuple[str, ...] = ()) -> Choice:
    found = choice(value, path, known)
    if found.included is not None and not found.included:
        if not found.excluded:
            raise wrong(path, "says nothing", "leave it out, or give it include or exclude")
        return Choice(None, found.excluded)
    return found


def _conditions(value: object) -> tuple[Condition, ...]:
    table = table_at(value, "conditions", _CONDITIONS)
    found: list[Condition] = [
        make(_condition(table[key], f"conditions.{key}", known)) for key, make, known in _CHOICES if key in table]
    if "sign_in_older_than" in table:
        found.append(OlderThan(seconds_at(table["sign_in_older_than"], "conditions.sign_in_older_than", LEAST_AGE, inf)))
    if "times" in table:
        found.append(_times(table["times"]))
    # The dearest to look at come last.
    if "contexts" in table:
        found.append(InContext(_condition(table["contexts"], "conditions.contexts")))
    if "locations" in table:
        found.append(InLocation(_condition(table["locations"], "conditions.locations")))
    return tuple(found)


def _times(value: object) -> InTime:
    path = "conditions.times"
    table = table_at(value, path, LISTS)
    lists: dict[str, tuple[Window, ...]] = {}
    for key in LISTS:
        windows = table.get(key, [])
        if not isinstance(windows, list) or len(windows) > _MOST_WINDOWS:
            raise wrong(f"{path}.{key}", f"a list of up to {_MOST_WINDOWS} tables is needed",
                        'such as [{days = ["mon"], from = "08:00", to = "18:00", zone = "Europe/Berlin"}]')
        lists[key] = tuple(_window(one, f"{path}.{key}[{number}]") for number, one in enumerate(windows))
    if not lists["include"] and not lists["exclude"]:
        raise wrong(path, "says nothing", "leave it out, or give it include or exclude")
    return InTime(lists["include"] or None, lists["exclude"])


def _window(value: object, path: str) -> Window:
    if not isinstance(value, dict):
        raise wrong(path, "a table is needed", "it has days, from, to, zone")
    table = table_at(value, path, ("days", "from", "to", "zone"))
    days = texts_at(table.get("days"), f"{path}.days", len(DAYS)) or list(DAYS)
    for number, day in enumerate(days):
        one_of(day, f"{path}.days[{number}]", DAYS)
    zone = text_at(table.get("zone"), f"{path}.zone", 64)
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "name one of the IANA database, such as Europe/Berlin"
        raise wrong(f"{path}.zone", f"{zone!r} is no time zone", hint) from error
    begins, ends = _minutes(table.get("from"), f"{path}.from"), _minutes(table.get("to"), f"{path}.to")
    if begins == 1440:
        raise wrong(f"{path}.from", "24:00 only ends a day", "write 00:00")
    return _shared_window(frozenset(map(DAYS.index, days)), begins, ends, found)


@lru_cache(maxsize=1024)
def _shared_window(days: frozenset[int], begins: int, ends: int, zone: ZoneInfo) -> Window:
    """The very same object for all policies with the same hours: it is looked at once a decision."""
    return Window(days, begins, ends, zone)


def _minutes(value: object, path: str) -> int:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise wrong(path, "a time of day is needed", "write it as 08:00")
    return int(value[:2]) * 60 + int(value[3:])


def _grant(value: object) -> Grant:
    table = table_at(value, "grant", ("block", "require", "sign_in_within", "operator"))
    block = flag_at(table.get("block"), "grant.block", False)
    strengths = tuple(dict.fromkeys(texts_at(table.get("require"), "grant.require", 20)))
    within = seconds_at(table.get("sign_in_within"), "grant.sign_in_within", LEAST_AGE, inf)
    operator = one_of(table.get("operator", "all"), "grant.operator", ("all", "any"))
    if block and (strengths or within < inf):
        raise wrong("grant.block", "who is blocked cannot be asked for more", "leave it out, or the rest")
    return Grant(block, strengths, within, operator == "any")


def read_location(document: object) -> Location:
    """A named location. Raises ConfigError, which begins with the path to the wrong field."""
    if not isinstance(document, dict):
        raise wrong("location", "a table is needed", "it has name, networks, countries, trusted")
    fields = table_at(document, "", ("name", "networks", "countries", "trusted"))
    name = text_at(fields.get("name"), "name", _LONGEST_NAME)
    if name in (ALL, TRUSTED):
        raise wrong("name", f"{name!r} has a meaning of its own", "choose another name")
    networks = texts_at(fields.get("networks"), "networks", _MOST_NETWORKS)
    for number, text in enumerate(networks):
        try:
            network = ipaddress.ip_network(text)
            if network.version == 6 and network.subnet_of(_MAPPED):
                raise ValueError("an IPv4 address that is written as one of IPv6")
            networks[number] = str(network)
        except ValueError as error:
            raise wrong(f"networks[{number}]", f"{text!r} is no network ({error})", "write it as 192.0.2.0/24") from error
    countries = texts_at(fields.get("countries"), "countries", 300)
    for number, text in enumerate(countries):
        if not _COUNTRY.fullmatch(text):
            raise wrong(f"countries[{number}]", f"{text!r} is no code of a country", "write it as DE (ISO 3166-1 alpha-2)")
    if not networks and not countries:
        raise wrong("networks", "the location is nowhere", "give networks or countries")
    return Location(name, tuple(networks), frozenset(countries), flag_at(fields.get("trusted"), "trusted", False))


def read_strength(document: object) -> Strength:
    """An authentication strength. Raises ConfigError, which begins with the path to the wrong field."""
    if not isinstance(document, dict):
        raise wrong("strength", "a table is needed", "it has name, any_of")
    fields = table_at(document, "", ("name", "any_of"))
    ways = fields.get("any_of")
    if not isinstance(ways, list) or not 1 <= len(ways) <= 100:
        hint = 'such as [{amr = ["hwk"]}, {acr = "gold", provider = "corp"}]'
        raise wrong("any_of", "a list of 1 to 100 tables is needed", hint)
    proofs = tuple(_proof(way, f"any_of[{number}]") for number, way in enumerate(ways))
    name = text_at(fields.get("name"), "name", _LONGEST_NAME)
    if name == ALL:
        raise wrong("name", "'all' has a meaning of its own", "choose another name")
    return Strength(name, proofs)


def _proof(value: object, path: str) -> Proof:
    if not isinstance(value, dict):
        raise wrong(path, "a table is needed", "it has provider, acr, amr, or device")
    table = table_at(value, path, ("provider", "acr", "amr", "device", "subject"))
    if "device" in table or "subject" in table:
        return Proof(device=_device(table, path))
    acr = text_at(table.get("acr", ""), f"{path}.acr", 255, empty=True)
    if " " in acr:
        raise wrong(f"{path}.acr", "one value has no blank", "make two entries of two values")
    amr = frozenset(texts_at(table.get("amr"), f"{path}.amr", 20, 64))
    if not acr and not amr:
        raise wrong(path, "every sign-in would meet it", "give acr or amr")
    if acr and not table.get("provider"):
        raise wrong(f"{path}.provider", "is needed beside acr", "each provider has acr values of its own; name it")
    return Proof(text_at(table.get("provider", ""), f"{path}.provider", 128, empty=True), acr, amr)


def _device(table: Mapping[str, object], path: str) -> DevicePattern:
    """A proof by a device: its authority, and perhaps what its subject is like."""
    beside = next((key for key in ("provider", "acr", "amr") if table.get(key)), "")
    if beside:
        raise wrong(f"{path}.{beside}", "no provider speaks of devices", "make two strengths, and require both")
    authority = text_at(table.get("device"), f"{path}.device", _LONGEST_NAME)
    subject = table_at(table.get("subject"), f"{path}.subject", SUBJECT_PARTS)
    return DevicePattern(authority, tuple(
        (name, text_at(pattern, f"{path}.subject.{name}", 128)) for name, pattern in sorted(subject.items())))
