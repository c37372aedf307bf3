"""Small requests of each kind, asked of both sides in turn: rates, latencies, and the CPU time of each process a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.measure import BROWSER, POST, Target, Void, cpu_seconds, page, requests
from bench.report import MOST_HANDSHAKES, Row, Series
from bench.stage import HOPS, Stage

#: Ratios of rates to the reference's, with sign-in and access log: what is wanted, by kind.
SMALL_GOAL, BROWSER_GOAL, MANY_GOAL, PAGE_GOAL, POST_GOAL = 0.65, 0.60, 0.90, 0.35, 0.55
#: At most so many times the reference's latency at one connection.
MOST_LATENCY = 2.0
#: What a small request may cost the service at most where somebody is signed in, beside one of an application without sign-in.
MOST_SIGNED_IN = 1.10
SIGNED_IN, PASSTHROUGH = "GET 1 KiB, signed in", "GET 1 KiB, passthrough"
#: At least so many are in the page with links.
_LINKS = 100


def _pair() -> tuple[Series, Series]:
    return Series(), Series()


@dataclass(slots=True)
class Case:
    """Small requests of one kind, asked of both sides. Each pair of figures: the product's, the reference's."""

    name: str
    product: Target
    reference: Target
    connections: int = 32
    script: str = ""
    goal: float | None = None
    rates: tuple[Series, Series] = field(default_factory=_pair)
    medians: tuple[Series, Series] = field(default_factory=_pair)
    p99s: tuple[Series, Series] = field(default_factory=_pair)
    #: CPU time a request: of all processes, and of each hop alone.
    cpu: tuple[Series, Series] = field(default_factory=_pair)
    hops: tuple[tuple[Series, Series], ...] = field(default_factory=lambda: tuple(_pair() for _ in HOPS))

    def forget(self) -> None:
        """Begin again: what was measured so far paid for what is made only once."""
        for pair in (self.rates, self.medians, self.p99s, self.cpu, *self.hops):
            for series in pair:
                series.values.clear()


def small_cases(there: Stage) -> list[Case]:
    """The kinds of small requests."""
    small, guard, many = there.hops("/small"), there.product("guard", "/small"), there.effort.many
    return [
        Case(SIGNED_IN, guard, small, goal=SMALL_GOAL),
        browsers(there),
        Case(PASSTHROUGH, there.product("small", "/small"), small, goal=SMALL_GOAL),
        Case("GET 32 KiB, signed in", there.product("guard", "/page"), there.hops("/page"), goal=PAGE_GOAL),
        Case("GET 32 KiB, links translated", there.product("linked", "/links.html"), there.hops("/links.html")),
        Case("POST 1 KiB, signed in", there.product("guard", "/post"), there.hops("/post"), script=POST, goal=POST_GOAL),
        Case(f"GET 1 KiB, signed in, {many} connections", guard, small, connections=many, goal=MANY_GOAL),
        Case("GET 1 KiB, signed in, 1 connection", guard, small, connections=1),
    ]


def browsers(there: Stage, connections: int = 32) -> Case:
    """Requests whose fields differ from one to the next, as those of many browsers do; both sides get the same ones."""
    product = there.product("guard", "/small")
    reference = there.hops("/small")
    return Case("as browsers ask, signed in", product, Target(reference.url, reference.host, product.cookie), connections,
                BROWSER, BROWSER_GOAL)


def run_small(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """All small cases in interleaved rounds: the side that goes first changes each time."""
    cases = small_cases(there)
    _check_links(there)
    for case in cases:
        ask(there, case, 0)
        ask(there, case, 1)
        case.forget()
    before = there.reference.counters()
    for number in range(there.effort.rounds):
        for case in cases:
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                ask(there, case, side)
        say(f"round {number + 1} of {there.effort.rounds}: small requests done")
    share = there.reference.connections_per_request(before)
    void = f"{share:.1%} of the reference's requests made a connection" if share > MOST_HANDSHAKES else ""
    return [*(row for case in cases for row in _rows(case, void)), beside_passthrough(cases)]


def run_signed_in(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """What the sign-in of a request costs the service, without the reference: both kinds in turn."""
    cases = [case for case in small_cases(there) if case.name in (SIGNED_IN, PASSTHROUGH)]
    for case in cases:
        ask(there, case, 0)
        case.forget()
    for number in range(there.effort.rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            ask(there, case, 0)
        say(f"round {number + 1} of {there.effort.rounds}: signed in and passthrough done")
    return [beside_passthrough(cases)]


def beside_passthrough(cases: Iterable[Case]) -> Row:
    """The row of this cost: in the column of the reference is the product itself, without sign-in."""
    of_service = {case.name: case.hops[0][0] for case in cases}
    return Row("GET 1 KiB: CPU of the service, signed in beside passthrough", "us a request",
               of_service[SIGNED_IN], of_service[PASSTHROUGH], most_ratio=MOST_SIGNED_IN)


def _check_links(there: Stage) -> None:
    """Raises Void unless both sides translate the links of their page, all of them."""
    internal = f"http://127.0.0.1:{there.reference.application_port}/".encode()
    for target in (there.product("linked", "/links.html"), there.hops("/links.html")):
        if internal in (body := page(target)) or body.count(b'"https://') < _LINKS:
            raise Void(f"{target.url}: its links are not translated")


def ask(there: Stage, case: Case, side: int) -> None:
    """One measurement of one side: 0 the product, 1 the reference."""
    pids = [there.pids(hop[side]) for hop in HOPS]
    before = [cpu_seconds(one) for one in pids]
    target = case.reference if side else case.product
    load = requests(target, case.connections, there.effort.seconds, case.script)
    spent = [(cpu_seconds(one) - start) / load.requests * 1e6 for one, start in zip(pids, before, strict=True)]
    case.rates[side].values.append(load.rate)
    case.medians[side].values.append(load.median * 1e3)
    case.p99s[side].values.append(load.p99 * 1e3)
    case.cpu[side].values.append(sum(spent))
    for hop, each in zip(case.hops, spent, strict=True):
        hop[side].values.append(each)


def _rows(case: Case, void: str) -> list[Row]:
    name = case.name
    return [
        Row(name, "requests/s", *case.rates, goal=case.goal, void=void),
        Row(f"{name}: p50", "ms", *case.medians, void=void, most_ratio=MOST_LATENCY if case.connections == 1 else None),
        Row(f"{name}: p99", "ms", *case.p99s, void=void),
        Row(f"{name}: CPU, all hops", "us a request", *case.cpu, void=void),
        *(Row(f"{name}: CPU, {' | '.join(programs)}", "us a request", *pair, void=void)
          for programs, pair in zip(HOPS, case.hops, strict=True)),
    ]
