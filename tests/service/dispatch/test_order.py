"""The order of the stages, and that nobody pays for those that do not concern them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appproxy.policy.rates import Rate
from appproxy.publish.application import Application
from appproxy.publish.cors import CorsRule
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.order import Parts, stages
from appproxy.service.dispatch.stages.rates import RateLimits
from appproxy.service.relay.relay import Relay
from tests.service.dispatch.stage_fakes import BELOW, OPEN, WIKI, SignInPage, ours, programs, route_to
from tests.service.world import World

RATE = Rate(1.0, 1)
PAGE = Path(__file__).parents[3] / "docs" / "architecture.md"


def order() -> tuple[str, ...]:
    """The names, in order."""
    return tuple(stage.name for stage in stages(parts(address_rate=RATE)))


def parts(relay: Relay | None = None, address_rate: Rate | None = None) -> Parts:
    """Of a node."""
    return Parts(
        gate=Gate(), programs=programs(), relay=relay or World().relay, sign_in=SignInPage(), error_pages=ErrorPages(),
        own_hosts={}, own_paths=ours(b""), rates=RateLimits(lambda: 0.0, address=address_rate),
    )


def test_the_page_has_the_order_of_the_code() -> None:
    """All stages, by name, and nothing else."""
    section = PAGE.read_text().partition("## The stages of dispatching\n")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `([a-z-]+)` ", section, re.MULTILINE)) == order()


def test_names_are_unique() -> None:
    """A name is a place."""
    assert len(set(order())) == len(order())


@pytest.mark.parametrize(("application", "names"), [
    (OPEN, ["authority", "relay"]),
    (WIKI, ["authority", "authentication", "authorization", "relay"]),
    (replace(WIKI, bearer="service-token", maintenance=True),
     ["authority", "machine-authentication", "maintenance", "machine-authorization", "relay"]),
    (replace(OPEN, bearer="service-token"), ["authority", "relay"]),
    (BELOW, ["authority", "authentication", "authorization", "slash", "relay"]),
    (replace(OPEN, methods=frozenset({b"GET"})), ["authority", "limits", "relay"]),
    (replace(OPEN, max_body=5), ["authority", "limits", "relay"]),
    (replace(OPEN, rate=RATE), ["authority", "application-rates", "relay"]),
    (replace(WIKI, rate=RATE), ["authority", "authentication", "authorization", "user-rates", "relay"]),
    (replace(WIKI, bearer="service-token", rate=RATE),
     ["authority", "machine-authentication", "machine-authorization", "user-rates", "relay"]),
    (replace(OPEN, address_rate=RATE), ["authority", "application-rates", "relay"]),
    (replace(OPEN, user_rate=RATE), ["authority", "user-rates", "relay"]),
    (replace(OPEN, maintenance=True), ["authority", "maintenance", "relay"]),
    (replace(WIKI, cors=(CorsRule("/", frozenset({"https://a.example"}), frozenset({"PUT"})),)),
     ["authority", "preflight", "authentication", "authorization", "relay"]),
], ids=["open", "signed-in", "programs", "nobody signs in", "below a path", "methods", "a small body", "a rate",
        "a rate behind the sign-in", "a rate behind programs' sign-in", "a rate of addresses", "a rate of users", "closed",
        "called"])
def test_the_stages_behind_the_route(application: Application, names: list[str]) -> None:
    """Those that concern an application, and no others."""
    behind = stages(parts(address_rate=RATE))[order().index("route") + 1:]
    assert [stage.name for stage in behind if stage.concerns(route_to(application))] == names


def test_a_service_without_limits_does_not_ask_for_them() -> None:
    """So they cost nobody anything."""
    without = [stage.name for stage in stages(parts())]
    assert set(order()) - set(without) == {"service-rates"}


@pytest.mark.parametrize("earlier", [
    "connection", "authority", "authentication", "machine-authentication", "maintenance", "authorization",
    "machine-authorization",
])
def test_nothing_reaches_the_relay_before(earlier: str) -> None:
    """What protects an application comes before it."""
    names = order()
    assert names.index(earlier) < names.index("relay") == len(names) - 1
