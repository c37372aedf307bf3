"""How many requests an address, a user, an application and all together may send."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.logger import capturedLogs

from appproxy.errors import FAILURES, RequestError
from appproxy.policy.rates import Rate
from appproxy.publish.application import Application
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import Stage
from appproxy.service.dispatch.stages import rates
from appproxy.service.dispatch.stages.rates import ApplicationRates, RateLimits, ServiceRates, UserRates
from tests.service.dispatch.stage_fakes import OPEN, WIKI, asked, exchange_of, route_to, routed
from tests.service.dispatch.stages.test_access import ANN

FIVE = Rate(1.0, 5)


def limits(seconds: Callable[[], float] = lambda: 0.0, **rates: Rate) -> RateLimits:
    """Of a node."""
    return RateLimits(seconds, **rates)


def sent_by(address: str, *applications: Application) -> InboundRequest:
    """A request from an address."""
    request = routed("https://wiki.example.com/page", *(applications or (OPEN,)))
    exchange_of(request).client = address
    return request


def may(stage: Stage, request: InboundRequest) -> bool:
    """Is it passed on? Else it is refused for its rate."""
    return refusal(stage, request) is None


def refusal(stage: Stage, request: InboundRequest) -> RequestError | None:
    """How it is refused; None: it is not."""
    try:
        assert stage.handle(request) is None
    except RequestError as error:
        assert FAILURES[error.code].status == 429
        return error
    return None


def passed(stage: Stage, *requests: InboundRequest) -> list[bool]:
    """Of each."""
    return [may(stage, one) for one in requests]


def test_only_what_has_a_limit_is_concerned() -> None:
    """All others pay nothing."""
    by_application, by_user = ApplicationRates(limits()), UserRates(limits())
    assert not by_application.concerns(route_to(OPEN)) and not by_user.concerns(route_to(OPEN))
    assert by_application.concerns(route_to(replace(OPEN, rate=FIVE)))
    assert by_application.concerns(route_to(replace(OPEN, address_rate=FIVE)))
    assert by_user.concerns(route_to(replace(OPEN, user_rate=FIVE)))


def test_a_flood_from_one_address() -> None:
    """Takes nothing from others, nor of what all have together."""
    application = replace(OPEN, address_rate=FIVE, rate=Rate(1.0, 8))
    stage = ApplicationRates(limits())
    flood = [sent_by("192.0.2.1", application) for _ in range(100)]
    assert passed(stage, *flood).count(True) == 5
    others = [sent_by(f"192.0.2.{number}", application) for number in range(2, 7)]
    assert passed(stage, *others) == [True, True, True, False, False], "8 of all together"


@pytest.mark.parametrize(("address", "most"), [
    (lambda number: f"2001:db8::{number:x}", 5),
    (lambda number: f"2001:db8:0:{number:x}::1", 40),
    (lambda number: f"2001:db8:{number:x}::1", 200),
], ids=["one network", "one site", "many sites"])
def test_networks_of_ipv6(address: Callable[[int], str], most: int) -> None:
    """A /64 is one sender; a site, which has 65,536 of them, eight."""
    stage = ServiceRates(limits(address=FIVE))
    assert passed(stage, *(sent_by(address(number)) for number in range(200))).count(True) == most


def test_a_flood_of_one_user() -> None:
    """Wherever it comes from; the same name at another provider is somebody else."""
    application = replace(WIKI, user_rate=FIVE)
    stage = UserRates(limits())

    def of(provider: str, subject: str, number: int) -> InboundRequest:
        request = sent_by(f"192.0.2.{number}", application)
        request.session = replace(ANN, provider=provider, subject=subject)
        return request

    assert passed(stage, *(of("entra", "ann", number) for number in range(100))).count(True) == 5
    assert passed(stage, of("entra", "bob", 1), of("other", "ann", 1)) == [True, True]


def test_where_nobody_signs_in_an_address_is_a_user() -> None:
    """So that the setting means something there, too."""
    stage = UserRates(limits())
    application = replace(OPEN, user_rate=FIVE)
    assert passed(stage, *(sent_by("192.0.2.1", application) for _ in range(9))).count(True) == 5
    assert may(stage, sent_by("192.0.2.2", application))


def test_applications_do_not_share() -> None:
    """Each has its own buckets; those of the service are for all."""
    by_application, by_service = ApplicationRates(limits()), ServiceRates(limits(everybody=FIVE))
    one, other = replace(OPEN, rate=FIVE), replace(OPEN, id="other", rate=FIVE)
    assert passed(by_application, *(sent_by("192.0.2.1", one) for _ in range(9))).count(True) == 5
    assert may(by_application, sent_by("192.0.2.1", other))
    mixed = [sent_by("192.0.2.1", one), sent_by("192.0.2.2", other)] * 5
    assert passed(by_service, *mixed).count(True) == 5


def test_who_is_refused_hears_when_to_come_again() -> None:
    """In whole seconds, never too early, and in the fields of the IETF's draft; and then gets through."""
    now = [1000.0]
    stage = ServiceRates(limits(lambda: now[0], address=Rate(0.3, 1)))
    assert may(stage, sent_by("192.0.2.1"))
    refused = sent_by("192.0.2.1")
    error = refusal(stage, refused)
    assert error is not None and error.retry_after == 4
    fields = exchange_of(refused).own_fields
    assert b'ratelimit-policy: "address";q=1;w=4\nratelimit: "address";r=0;t=4\n' in fields
    now[0] += 4
    assert may(stage, sent_by("192.0.2.1"))


def test_what_is_met_is_counted_and_said_seldom() -> None:
    """By application and limit; the log has each sender once a minute, with what is allowed."""
    made = limits(address=FIVE)
    service, application = ServiceRates(made), ApplicationRates(made)
    limited = replace(OPEN, rate=FIVE)
    with capturedLogs() as logs:
        passed(service, *(sent_by("192.0.2.1") for _ in range(25)))
        passed(application, *(sent_by("192.0.2.1", limited) for _ in range(25)))
    assert made.met == {("", "address"): 20, ("wiki", "application"): 20}
    assert len(logs) == 2 and logs[0]["who"] == "192.0.2.1"


def test_a_request_that_is_not_routed_yet_is_enough_for_the_service() -> None:
    """Its stage comes first."""
    assert may(ServiceRates(limits(address=FIVE)), asked())


def test_who_was_refused_lately() -> None:
    """For the doctor and for a firewall: who, at what, how often; a thousand at most, of whom the worst stay."""
    now = [0.0]
    made = limits(lambda: now[0], address=FIVE)
    stage = ServiceRates(made)
    passed(stage, *(sent_by("192.0.2.1") for _ in range(25)))
    assert made.recent(900.0) == [
        {"who": "192.0.2.1", "application": "all hosts", "limit": "limit address", "count": 20, "seconds_ago": 0.0}]
    now[0] = 1.0
    for number in range(1200):
        passed(stage, *(sent_by(f"10.0.{number // 250}.{number % 250}") for _ in range(6)))
    assert len(made.recent(900.0)) == 1000 and "192.0.2.1" in {one["who"] for one in made.recent(900.0)}
    now[0] = 901.0
    assert "192.0.2.1" not in {one["who"] for one in made.recent(900.0)}


def test_strangers_use_up_nothing_of_the_users() -> None:
    """Who is only sent to the sign-in is no part of what all may send: that is counted behind it, once, after the user's."""
    made = limits()
    application = replace(WIKI, address_rate=Rate(1.0, 1000), user_rate=FIVE, rate=Rate(1.0, 8))
    before, behind = ApplicationRates(made), UserRates(made)
    assert passed(before, *(sent_by("192.0.2.1", application) for _ in range(100))).count(True) == 100

    def of(subject: str) -> InboundRequest:
        request = sent_by("192.0.2.1", application)
        request.session = replace(ANN, subject=subject)
        return request

    assert passed(behind, *(of("ann") for _ in range(100))).count(True) == 5
    assert passed(behind, *(of("bob") for _ in range(5))) == [True, True, True, False, False], "8 of all together"
    assert made.met[("wiki", "application")] == 2


def test_what_is_long_ago_does_not_add_up() -> None:
    """An office that meets a limit once a day is not who met it a hundred times; who goes on and on is."""
    now = [0.0]
    made = limits(lambda: now[0], address=Rate(1.0, 1))
    stage = ServiceRates(made)
    for _ in range(10):
        now[0] += 86_400.0
        passed(stage, sent_by("192.0.2.1"), sent_by("192.0.2.1"))
    assert [one["count"] for one in made.recent(900.0)] == [1]
    for _ in range(10):
        now[0] += 600.0
        passed(stage, sent_by("192.0.2.1"), sent_by("192.0.2.1"))
    assert [one["count"] for one in made.recent(900.0)] == [11]


def test_a_site_is_a_limit_of_its_own() -> None:
    """So that no firewall drops all of a /48 for one of its networks."""
    made = limits(address=FIVE)
    passed(ServiceRates(made), *(sent_by(f"2001:db8:0:{number:x}::1") for number in range(50)))
    assert [(one["who"], one["limit"]) for one in made.recent(900.0)] == [("2001:db8::/48", "limit site")]
    assert made.met == {("", "site"): 10}


def test_what_is_to_be_told_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database does not answer a flood comes from ever more networks: what is used most is kept."""
    monkeypatch.setattr(rates, "_MOST_NOTED", 100)
    now = [0.0]
    limits_ = limits(lambda: now[0], address=Rate(1.0, 2))
    limits_.nodes, limits_.uses = 2, OrderedDict()
    stage = ServiceRates(limits_)
    for number in range(300):
        now[0] += 1.0
        for address in ("192.0.2.1", *[f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"] * 2):
            may(stage, sent_by(address))
    assert len(limits_.uses) == 100
    assert ("", "192.0.2.1") in limits_.take_uses() and len(limits_.uses) == 0
