"""Names of applications."""

from __future__ import annotations

from twisted.internet.error import DNSLookupError
from twisted.internet.test.test_endpoints import deterministicResolvingReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from appproxy.connector.origin.dial.lookup import LookupTimedOut, WatchedLookup, addresses_of
from tests.connector.origin.dial.test_dialer import Asking


def test_all_addresses_of_a_name() -> None:
    """As a set: their order changes with every answer."""
    reactor = deterministicResolvingReactor(MemoryReactorClock(), ["192.0.2.7", "2001:db8::7"])
    found: list[frozenset[str]] = []
    addresses_of(reactor, "wiki.corp").addCallback(found.append)
    assert found == [frozenset({"192.0.2.7", "2001:db8::7"})]


def test_a_look_up_that_is_over_explains_nothing() -> None:
    """Only one under way is the reason for a failure."""
    reactor = Asking()
    watched = WatchedLookup(reactor)
    reason = Failure(DNSLookupError())
    assert watched.explain(reason) is reason
    addresses_of(watched, "wiki.corp")
    assert watched.explain(reason).check(LookupTimedOut)
    reactor.answer("192.0.2.7")
    assert watched.explain(reason) is reason
