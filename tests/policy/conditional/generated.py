"""Made-up sets of policies, locations, strengths, people and requests, small enough that they meet each other often."""

from __future__ import annotations

from random import Random
from typing import Any

from appproxy.policy.conditional.facts import Asked, signing_in_elsewhere
from tests.policy.conditional.naive import ANY_PATH
from tests.policy.conditional.people import NOON, Person

Document = dict[str, Any]
APPLICATIONS = ("a1", "a2", "a3")
#: As policies name them, and which have which tag.
NAMED = (*APPLICATIONS, "tag:hr", "tag:none")
TAGGED = {"hr": frozenset({"a1", "a2"})}
WHO = ("builtin/user:ann", "builtin/user:bob", "corp/user:ann", "builtin/group:staff", "builtin/group:guests",
       "corp/group:staff")
ADDRESSES = ("10.0.0.1", "10.1.2.3", "192.0.2.7", "2001:db8::1", "::ffff:10.0.0.1", "", "nonsense")
LOCATIONS: list[Document] = [
    {"name": "office", "networks": ["10.0.0.0/16", "2001:db8::/32"], "trusted": True},
    {"name": "all of ten", "networks": ["10.0.0.0/8"]},
    {"name": "one", "networks": ["192.0.2.7/32"]},
]
CONTEXTS: list[Document] = [
    {"name": "payroll", "applications": {"include": ["tag:hr"]}, "paths": ["/payroll/*", "/pay"]},
    {"name": "writes", "applications": {"include": ["all"], "exclude": ["a2"]}, "methods": ["writes"]},
    {"name": "reports", "applications": {"include": ["a1", "a3"]}, "paths": ["/payroll/Reports/*"], "methods": ["GET", "PUT"]},
]
#: Paths as they are sent, each with all that some application may take it for.
PATHS: dict[bytes, tuple[str, ...]] = {
    b"/": ("/",), b"/pay": ("/pay",), b"/pay/": ("/pay",), b"/payroll": ("/payroll",), b"/payroll/may": ("/payroll/may",),
    b"/payrolls": ("/payrolls",), b"/payroll/Reports/1": ("/payroll/Reports/1",),
    b"/PAYROLL/may": ("/PAYROLL/may", "/payroll/may"), b"/%70ayroll/may": ("/%70ayroll/may", "/payroll/may"),
    b"/payroll/reports/x": ("/payroll/reports/x", "/payroll/Reports/x"), b"/pay.": ("/pay.", "/pay"),
    b"/pay.json": ("/pay.json", "/pay"), b"/payroll:a": ("/payroll:a", "/payroll"),
    b"/x//pay": ANY_PATH, b"/x/../payroll": ANY_PATH, b"/pay;a=1": ANY_PATH, b"/x%2fpay": ANY_PATH, b"/%2570ay": ANY_PATH,
    b"": ANY_PATH,
}
STRENGTHS: dict[str, list[Document]] = {
    "mfa": [{"amr": ["mfa"]}],
    "phishing-resistant": [{"amr": ["pop", "user"]}, {"amr": ["hwk"]}],
    "gold": [{"acr": "gold", "provider": "corp"}],
}
AGENTS = ("Mozilla/5.0 (Windows NT 10.0)", "Mozilla/5.0 (iPhone; CPU)", "Mozilla/5.0 (X11; Linux x86_64)", "curl/8", "")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


def document(random: Random, name: str) -> Document:
    """A policy that `read_policy` takes."""
    made: Document = {
        "name": name, "state": random.choice(("on", "on", "on", "report-only", "off")),
        "users": lists(random, WHO), "applications": lists(random, NAMED),
    }
    conditions = _conditions(random)
    if conditions:
        made["conditions"] = conditions
    if random.random() < 0.25:
        return made | {"grant": {"block": True}}
    grant = _grant(random)
    session: Document = {"sign_in_frequency": random.choice(("10m", "8h"))} if random.random() < 0.3 or not grant else {}
    session |= {key: True for key in ("read_only", "no_download", "no_upload") if random.random() < 0.1}
    if session.keys() - {"sign_in_frequency"} and random.random() < 0.5:
        session["upgrades"] = True
    return made | ({"grant": grant} if grant else {}) | ({"session": session} if session else {})


def _conditions(random: Random) -> Document:
    conditions: Document = {}
    for key, known in (("locations", ("office", "all of ten", "one", "trusted")), ("platforms", ("windows", "ios", "linux")),
                       ("contexts", ("payroll", "writes", "reports")), ("clients", ("browser", "native")),
                       ("providers", ("builtin", "corp")), ("strengths", tuple(STRENGTHS))):
        if random.random() < 0.25:
            conditions[key] = lists(random, known)
    if random.random() < 0.25:
        times = {key: [window(random) for _ in range(random.randint(0, 2))] for key in ("include", "exclude")}
        if times["include"] or times["exclude"]:
            conditions["times"] = times
    if random.random() < 0.15:
        conditions["sign_in_older_than"] = random.choice(("5m", "10m", "2h"))
    return conditions


def _grant(random: Random) -> Document:
    grant: Document = {}
    if random.random() < 0.8:
        grant["require"] = random.sample(tuple(STRENGTHS), random.randint(1, 2))
    if random.random() < 0.3:
        grant["sign_in_within"] = random.choice(("5m", "10m", "1h"))
    if grant and random.random() < 0.4:
        grant["operator"] = "any"
    return grant


def lists(random: Random, known: tuple[str, ...]) -> Document:
    """Something included, and perhaps something excluded."""
    made: Document = {"include": ["all"] if random.random() < 0.4 else random.sample(known, random.randint(1, 2))}
    if random.random() < 0.4:
        made["exclude"] = random.sample(known, 1)
    return made


def window(random: Random) -> Document:
    """A window of time; some go over midnight."""
    days = random.sample(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), random.randint(1, 5))
    begins, ends = (f"{random.randrange(24):02}:{random.choice((0, 15, 47)):02}" for _ in range(2))
    return {"days": days, "from": begins, "to": ends, "zone": random.choice(ZONES)}


def person(random: Random) -> Person:
    """A session."""
    return Person(
        random.choice(("ann", "bob", "eve")), random.choice(("builtin", "corp")),
        tuple(random.sample(("staff", "guests"), random.randint(0, 2))), random.choice(("", "gold")),
        random.choice(((), ("pwd",), ("pwd", "otp", "mfa"), ("pop", "user", "mfa"), ("hwk",))),
        NOON - random.choice((0.0, 299.0, 300.0, 601.0, 7200.0, NOON)), credential=random.choice(("", "", "provider")),
    )


def request(random: Random) -> Asked:
    """A request, in any of the ways in which paths can be sent; or a sign-in to a relying party."""
    address, agent = random.choice(ADDRESSES), random.choice(AGENTS).encode()
    if random.random() < 0.15:
        return signing_in_elsewhere(address, agent)
    return Asked(
        address, agent,
        random.choice((b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS")), random.choice(tuple(PATHS)), random.random() < 0.1)


def moment(random: Random) -> float:
    """A time in the two years around `NOON`, so that clocks change in between."""
    return NOON + random.choice((0.0, random.uniform(0.0, 7 * 86400.0), random.uniform(-365 * 86400.0, 365 * 86400.0)))
