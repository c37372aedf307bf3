"""What a program takes from outside at any moment: the time, and luck. Tests give their own."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeAndChance:
    """`wall_clock`: seconds since 1970; `random_bytes`: so many that nobody can guess; `random`: 0 to 1, to spread load."""

    wall_clock: Callable[[], float] = time.time  # noqa: TID251 -- the default of a value that is handed on
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    random: Callable[[], float] = random.random


#: That of the machine.
OUTSIDE = TimeAndChance()
