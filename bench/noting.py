"""python -m bench.noting ARGUMENTS: twistd, in whose service so many people sign in as a file says, as far as the audit goes.

The file NOTED (a variable of the environment) has a number of entries a second, of as many people as there would have to be;
without it there are none. When it is gone, NOTED.told says how many were noted since it came.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from appproxy.store.service.actions import SIGN_IN
from appproxy.store.service.notes import EntryWriter, Notes

#: Seconds between two looks at the file; what has become due is noted then.
EVERY = 0.02
#: Of one person some hundred entries an hour are kept: so many are far too many for that in an hour's bench.
PEOPLE = 1_000_000


class BusyNotes(Notes):
    """Those of a node at which very many sign in."""

    def __init__(self, live: EntryWriter, clock: IReactorTime, wall_clock: Callable[[], float]) -> None:
        super().__init__(live, clock, wall_clock)
        self._file = Path(os.environ["NOTED"])
        self._begun: float | None = None
        self._told = 0
        self._number = 0
        looking = LoopingCall(self._look)
        looking.clock = clock
        looking.start(EVERY, now=False)
        self._seconds = clock.seconds

    def _look(self) -> None:
        try:
            rate = float(self._file.read_text() or "0")
        except FileNotFoundError:
            if self._begun is not None:
                self._begun = None
                self._file.with_suffix(".told").write_text(str(self._told))
            return
        if self._begun is None:
            self._begun, self._told = self._seconds(), 0
        for _ in range(int((self._seconds() - self._begun) * rate) - self._told):
            self._sign_in()

    def _sign_in(self) -> None:
        """As a sign-in of an ordinary session is noted (`service.signin.request.audit`)."""
        self._told += 1
        self._number = (self._number + 1) % PEOPLE
        user, moment = f"{self._number:016x}", self._seconds()
        self.note(f"user:{user}", SIGN_IN, user, {
            "address": f"10.{self._number >> 16 & 255}.{self._number >> 8 & 255}.{self._number & 255}",
            "client": "Firefox on Windows", "application": "wiki", "provider": "builtin",
            "issuer": "https://signin.example.com", "name": f"User {self._number}", "session": f"{self._number:032x}",
            "expires": moment + 43200.0, "amr": ["pwd", "otp", "mfa"], "acr": "urn:appproxy:acr:mfa", "auth_time": moment,
            "risk": "low"})


def main() -> None:
    """Run twistd with them."""
    from appproxy.twistd.assembly import assemble

    assemble.Notes = BusyNotes  # type: ignore[attr-defined]
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    main()
