"""What the doctor finds: steps, timed one by one; each that fails names what to do, and may end the walk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import Enum

from appproxy.errors import AppProxyError


class Health(Enum):
    """How a step went."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(slots=True)
class Finding:
    """One step: what was looked at, what was found, and what to do about it."""

    step: str
    health: Health
    detail: str
    hint: str
    milliseconds: float

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {**asdict(self), "health": self.health.value}


class Ailing(AppProxyError):
    """A step found something; `hint` says what to do."""

    def __init__(self, detail: str, hint: str, health: Health = Health.BROKEN) -> None:
        super().__init__(detail, hint=hint)
        self.health = health


class Walk:
    """Goes from step to step. `say` hears of each finding at once."""

    def __init__(self, say: Callable[[Finding], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.findings: list[Finding] = []
        self._say = say
        self._clock = clock

    @property
    def broken(self) -> bool:
        """Has any step failed?"""
        return any(finding.health is Health.BROKEN for finding in self.findings)

    @contextmanager
    def step(self, name: str, fix: str = "") -> Iterator[list[str]]:
        """Time one step; what it appends to the list is its detail. Errors become its finding and stop here.

        `fix`: what to do about an error that does not say so itself.
        """
        notes: list[str] = []
        began = self._clock()
        health, hint = Health.GOOD, ""
        try:
            yield notes
        except AppProxyError as error:
            health = error.health if isinstance(error, Ailing) else Health.BROKEN
            notes, hint = [error.message], error.hint or fix
        except OSError as error:
            place = f"{error.filename}: " if error.filename is not None else ""
            notes, health, hint = [f"{place}{error.strerror or error}"], Health.BROKEN, fix
        finding = Finding(name, health, "; ".join(notes), hint, round((self._clock() - began) * 1000, 1))
        self.findings.append(finding)
        self._say(finding)

    def add(self, finding: Finding) -> None:
        """A step that was made elsewhere."""
        self.findings.append(finding)
        self._say(finding)

    @property
    def last_good(self) -> bool:
        """Did the latest step go well enough to go on?"""
        return self.findings[-1].health is not Health.BROKEN
