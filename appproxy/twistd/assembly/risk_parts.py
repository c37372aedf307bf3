"""What judges sign-ins: put together where that is wanted, and nothing where it is not."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appproxy.config import ServiceSettings
from appproxy.policy.conditional.locations import no_country
from appproxy.policy.risk.levels import Thresholds
from appproxy.provider.passwords.authenticator import Failed, nobody_counts
from appproxy.provider.steps.party_sign_in import JudgeProgram
from appproxy.service.signin.request.failed_passwords import FailedPasswords
from appproxy.service.signin.request.risk import SignInRisk, Whereabouts
from appproxy.store.database.live import LiveStore
from appproxy.store.policies.countries import CountryDatabase
from appproxy.store.risk.network_lists import NetworkLists


@dataclass(frozen=True, slots=True)
class RiskParts:
    """`judge`: None where sign-ins are not judged; `failed` counts wrong passwords, `levels` has what was judged."""

    judge: SignInRisk | None
    failed: Failed
    levels: Counter[str]

    @property
    def let_in(self) -> JudgeProgram | None:
        """What judges sign-ins of programs and at relying parties."""
        return None if self.judge is None else self.judge.let_in


def risk_parts(
    settings: ServiceSettings, directory: Path, countries: CountryDatabase | None, live: LiveStore, reactor: Any,
    wall_clock: Callable[[], float],
) -> RiskParts:
    """The parts of one node. Raises ConfigError for a list that cannot be read."""
    if not settings.risk.judge_sign_ins:
        return RiskParts(None, nobody_counts, Counter())
    lists = NetworkLists(directory / path for path in settings.risk.lists)
    where = Whereabouts(no_country, _no_place, lists) if countries is None else Whereabouts(
        countries.country_of, countries.place_of, lists)
    failed = FailedPasswords(live, reactor)
    thresholds = Thresholds(settings.risk.medium, settings.risk.high)
    judge = SignInRisk(live, thresholds, where, failed, settings.public_port, wall_clock, secrets.token_bytes)
    return RiskParts(judge, failed.note, judge.levels)


def _no_place(address: str) -> tuple[float, float] | None:
    return None
