"""The rule of combination once more, word by word over the documents, without any cleverness."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appproxy.policy.conditional.facts import Asked
from tests.policy.conditional.people import Person

Document = Mapping[str, Any]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MARKS = {"windows": "Windows NT", "ios": "iPhone", "android": "Android", "linux": "X11; Linux", "macos": "Macintosh"}
#: All of these, for a path that applications read in different ways: inside of every context, and outside of each.
ANY_PATH = ("/elsewhere", "/pay", "/payroll/Reports/1")


@dataclass(frozen=True)
class World:
    """What policies refer to. `paths`: by a path as it is sent, all that some application may take it for."""

    locations: Sequence[Document]
    strengths: Mapping[str, Sequence[Document]]
    contexts: Sequence[Document]
    tagged: Mapping[str, frozenset[str]]
    paths: Mapping[bytes, tuple[str, ...]]

    def names_of(self, application: str) -> set[str]:
        """Its own name, and its tags'."""
        return {application, *(f"tag:{tag}" for tag, ids in self.tagged.items() if application in ids)}


def outcome(
    documents: Sequence[Document], world: World, application: str, person: Person, now: float, asked: Asked,
) -> tuple[str, frozenset[str], float]:
    """`block`, or `ask` with strengths and age, or `pass`."""
    wanted: set[str] = set()
    age = float("inf")
    for document in documents:
        if document["state"] != "on":
            continue
        if not applies(document, world, application, person, now, asked):
            continue
        grant = document.get("grant", {})
        session = document.get("session", {})
        if grant.get("block") or (asked.elsewhere and limiting(session)):
            return "block", frozenset(), float("inf")
        lacking = [name for name in grant.get("require", []) if not met(world.strengths[name], person)]
        within = seconds(grant.get("sign_in_within"))
        old = person.auth_time + within <= now
        if grant.get("operator") == "any":
            satisfied = len(lacking) < len(grant.get("require", [])) or ("sign_in_within" in grant and not old)
            if not satisfied and lacking:
                wanted.add(lacking[0])
            elif not satisfied:
                age = min(age, within)
        else:
            wanted |= set(lacking)
            age = min(age, within) if old else age
        frequency = seconds(session.get("sign_in_frequency"))
        if person.auth_time + frequency <= now:
            age = min(age, frequency)
    return ("ask" if wanted or age < float("inf") else "pass"), frozenset(wanted), age


def limits(
    documents: Sequence[Document], world: World, application: str, person: Person, now: float, asked: Asked,
) -> set[str]:
    """What of a session is limited where it passes, and that upgrades are, too."""
    found: set[str] = set()
    for document in documents:
        session = document.get("session", {})
        if document["state"] == "on" and applies(document, world, application, person, now, asked):
            said = limiting(session)
            found |= said | ({"no_upgrade"} if said and not session.get("upgrades") else set())
    return found


def limiting(session: Document) -> set[str]:
    """What of these session controls limits what passes."""
    return {key for key in ("read_only", "no_download", "no_upload") if session.get(key)}


def applies(
    document: Document, world: World, application: str, person: Person, now: float, asked: Asked,
) -> bool:
    """Is the policy assigned, and does every condition match?"""
    users = document["users"]
    called = {f"{person.provider}/user:{person.subject}", *(f"{person.provider}/group:{group}" for group in person.groups)}
    if not listed(users, called) or not listed(document["applications"], world.names_of(application)):
        return False
    conditions = document.get("conditions", {})
    address = "10.0.0.1" if asked.client == "::ffff:10.0.0.1" else asked.client
    here = {one["name"] for one in world.locations if any(within(address, network) for network in one["networks"])}
    if any(one.get("trusted") for one in world.locations if one["name"] in here):
        here.add("trusted")
    platform = {name for name, mark in MARKS.items() if mark in asked.user_agent.decode()}
    proved = {name for name, ways in world.strengths.items() if met(ways, person)}
    facts = {"locations": here, "platforms": platform, "providers": {person.provider}, "strengths": proved,
             "clients": {"native" if person.credential else "browser"}}
    for key, found in facts.items():
        if key in conditions and not listed(conditions[key], found):
            return False
    if "contexts" in conditions and not in_contexts(conditions["contexts"], world, application, asked):
        return False
    if "times" in conditions:
        times = conditions["times"]
        if times.get("include") and not any(is_open(one, now) for one in times["include"]):
            return False
        if any(is_open(one, now) for one in times.get("exclude", [])):
            return False
    older = conditions.get("sign_in_older_than")
    return older is None or now - person.auth_time >= seconds(older)


def in_contexts(lists: Document, world: World, application: str, asked: Asked) -> bool:
    """By the text: what any reading of the path is in is included; what each is in is excluded. An unknown method is any."""
    readings = [
        {one["name"] for one in world.contexts if listed(one["applications"], world.names_of(application))
         and of_method(one.get("methods"), asked)
         and ("paths" not in one or any(below(reading, path) for path in one["paths"]))}
        for reading in world.paths[asked.path]
    ]
    include = lists.get("include", ["all"])
    return ("all" in include or any(name in found for found in readings for name in include)) and not any(
        asked.method and all(name in found for found in readings) for name in lists.get("exclude", []))


def of_method(methods: Sequence[str] | None, asked: Asked) -> bool:
    """Is a context with these methods about the request?"""
    if methods is None or not asked.method:
        return True
    method = asked.method.decode()
    return (
        method in methods or (method == "HEAD" and "GET" in methods) or (asked.upgrade and "GET" in methods)
        or ("writes" in methods and (method not in ("GET", "HEAD", "OPTIONS") or asked.upgrade)))


def below(reading: str, path: str) -> bool:
    """Is one reading of a path in what a context names?"""
    whole, named = reading.rstrip("/"), path.removesuffix("*").rstrip("/")
    return whole == named or (path.endswith("*") and whole.startswith(named + "/"))


def listed(lists: Document, found: set[str]) -> bool:
    """Included, and not excluded."""
    include = lists.get("include", ["all"])
    return ("all" in include or any(one in found for one in include)) and not any(
        one in found for one in lists.get("exclude", []))


def within(address: str, network: str) -> bool:
    """Is the address in the network? Texts that are no address are nowhere."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False


def met(ways: Sequence[Document], person: Person) -> bool:
    """Does the sign-in meet any of these ways?"""
    return any(
        way.get("provider", person.provider) == person.provider and way.get("acr", person.acr) == person.acr
        and set(way.get("amr", [])) <= set(person.amr)
        for way in ways
    )


def is_open(window: Document, now: float) -> bool:
    """Is the window open? Minute by minute back to its last beginning."""
    zone = ZoneInfo(window["zone"])
    local = datetime.fromtimestamp(now, zone)
    days = window.get("days") or DAYS
    clock = f"{local:%H:%M}"
    begins, ends = window["from"], window["to"]
    if begins < ends:
        return DAYS[local.weekday()] in days and begins <= clock < ends
    evening = DAYS[local.weekday()] in days and clock >= begins
    morning = DAYS[local.weekday() - 1] in days and clock < ends
    return evening or morning


def seconds(text: str | None) -> float:
    """`8h` as seconds; infinity for none."""
    return float("inf") if text is None else float(text[:-1]) * {"m": 60, "h": 3600, "d": 86400}[text[-1]]
