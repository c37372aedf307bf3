"""Certificates' dates, as the doctor judges them."""

from __future__ import annotations

import pytest

from appproxy.cli.doctor.findings import Ailing, Health
from appproxy.cli.doctor.probes import check_dates, resolve

DAY = 86400.0
NOW = 1_800_000_000.0


def test_a_good_certificate_tells_its_end() -> None:
    """Valid now, and for long enough."""
    assert check_dates(NOW - DAY, NOW + 100 * DAY, NOW, "renew") == "valid until 2027-04-25"


@pytest.mark.parametrize(
    ("begins", "ends", "health", "hint"),
    [
        (NOW + 1, NOW + 100 * DAY, Health.BROKEN, "clock"), (NOW - DAY, NOW, Health.BROKEN, "renew"),
        (NOW - DAY, NOW + 13 * DAY, Health.WARNING, "renew"),
    ],
)  # fmt: skip
def test_others_are_told_with_the_mend(begins: float, ends: float, health: Health, hint: str) -> None:
    """Not yet, no longer, not for long."""
    with pytest.raises(Ailing) as raised:
        check_dates(begins, ends, NOW, "renew")
    assert raised.value.health is health
    assert hint in raised.value.hint


def test_a_name_that_does_not_exist() -> None:
    """`.invalid` never resolves (RFC 6761)."""
    with pytest.raises(Ailing) as raised:
        resolve("nothing.invalid", "repair the DNS")
    assert raised.value.hint == "repair the DNS"
    assert resolve("127.0.0.1", "") == ["127.0.0.1"]
