"""Who fails too often has to wait."""

from __future__ import annotations

from appproxy.policy.failed_tries import FailedTries


def test_a_burst_and_then_a_rate() -> None:
    """Of one network; others are not held up, and time heals it."""
    tries = FailedTries(3, 0.5)
    for _ in range(3):
        assert tries.wait("2001:db8::1", 10.0) == 0.0
        tries.failed("2001:db8::1", 10.0)
    assert tries.wait("2001:db8::2", 10.0) == 2.0
    assert tries.wait("192.0.2.1", 10.0) == 0.0
    assert tries.wait("2001:db8::1", 12.0) == 0.0


def test_who_goes_on_failing_waits_no_longer_for_it() -> None:
    """A program that asks all day is let try again at the same rate."""
    tries = FailedTries(3, 0.5)
    for _ in range(1000):
        tries.failed("192.0.2.1", 10.0)
    assert tries.wait("192.0.2.1", 10.0) <= 2.0


def test_a_site_fails_as_eight_networks() -> None:
    """And not as each of its 65,536; what one network of it has had too much of is not taken from the others."""
    tries = FailedTries(3, 0.5)
    for _ in range(1000):
        tries.failed("2001:db8:7::1", 10.0)
    assert tries.wait("2001:db8:7:1::1", 10.0) == 0.0
    failed = 0
    for number in range(1, 1000):
        if tries.wait(f"2001:db8:7:{number:x}::1", 10.0) <= 0.0:
            tries.failed(f"2001:db8:7:{number:x}::1", 10.0)
            failed += 1
    assert failed == 8 * 3 - 3 and tries.wait("2001:db8:7:ffff::1", 10.0) > 0.0
    assert tries.wait("2001:db8:8::1", 10.0) == 0.0
    assert tries.wait("2001:db8:7:ffff::1", 12.0) == 0.0
