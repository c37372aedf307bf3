"""Which attempts to sign in the audit has one by one, and of which it has numbers: the first of a kind at once, then counts.

Anybody can cause failures, and a program with a password can cause successes: neither may fill the database. Times are
monotonic seconds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from appproxy.policy.thinning import Thinning
from appproxy.store.people.providers import BUILTIN
from appproxy.store.people.users import User
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_PASSWORD_ACCEPTED, USER_SIGN_IN, USER_SIGN_IN_FAILED
from appproxy.store.service.note import Action
from appproxy.store.transaction import Transaction

#: In how many seconds.
_WINDOW = 3600.0
#: Failures: of one network, and of all.
_OF_NETWORK, _OF_ALL = 20, 500
#: Successes of one user: from one place (an IPv4 address, a site of IPv6), and from all. Nobody types more in an hour; what a
#: person does again and again is to open applications, which asks for no password.
_OF_PLACE, _OF_USER = 20, 300
#: Users and places that are told apart with a wrong password that was tried again: so many entries an hour at most.
_REPEATING = 1000
#: Why, where it was a wrong password that was looked at before.
_AGAIN = "the same wrong password again"


@dataclass(frozen=True, slots=True)
class Count:
    """How many `more` there were than the audit has; `address`: from which network, "others", or "" for all of a user."""

    actor: str
    action: Action
    target: str
    address: str
    more: int
    reason: str = ""


class Written:
    """Asked about each attempt: is it to be written down by itself?"""

    def __init__(self) -> None:
        self._failures = Thinning(_OF_NETWORK, _OF_ALL, _WINDOW)
        #: Nothing of these is written one by one: the first time was.
        self._repeated = Thinning(0, 0, _WINDOW, _REPEATING)
        self._places = Thinning(_OF_PLACE, sys.maxsize, _WINDOW)
        self._users = Thinning(_OF_USER, sys.maxsize, _WINDOW)
        self._halves = Thinning(_OF_PLACE, sys.maxsize, _WINDOW)

    def failed(self, network: str, now: float) -> bool:
        """A wrong password, or one that was not tried."""
        return self._failures.note(network, now)

    def repeated(self, user: User | None, place: str, now: float) -> None:
        """The same wrong password for the same name once more."""
        self._repeated.note(f"{'' if user is None else user.id}\n{place}", now)

    def succeeded(self, user: User, place: str, now: float) -> bool:
        """The right password."""
        whose = f"{user.id}\n{user.name}"
        return self._places.note(f"{whose}\n{place}", now) and self._users.note(whose, now)

    def half(self, user: User, place: str, now: float) -> bool:
        """The right password, where a second factor is asked for."""
        return self._halves.note(f"{user.id}\n{place}", now)

    def due(self, now: float) -> list[Count]:
        """The numbers of which the hour is over, each once."""
        counts = [Count(audit.ANONYMOUS, USER_SIGN_IN_FAILED, "", network or "others", more)
                  for network, more in self._failures.due(now).items()]
        for key, more in self._repeated.due(now).items():
            user, _, place = key.partition("\n")
            counts.append(Count(audit.ANONYMOUS, USER_SIGN_IN_FAILED, user, place or "others", more, _AGAIN))
        for key, more in self._halves.due(now).items():
            user, _, place = key.partition("\n")
            counts.append(Count(audit.ANONYMOUS, USER_PASSWORD_ACCEPTED, user, place or "others", more))
        for key, more in [*self._places.due(now).items(), *self._users.due(now).items()]:
            user, _, rest = key.partition("\n")
            name, _, place = rest.partition("\n")
            counts.append(Count(f"user:{name}" if name else audit.ANONYMOUS, USER_SIGN_IN, user, place, more))
        return counts


def write(tx: Transaction, counts: list[Count]) -> None:
    """Write numbers down."""
    for one in counts:
        known = {"address": one.address, "reason": one.reason}
        detail = {"provider": BUILTIN, "more": one.more, **{name: text for name, text in known.items() if text}}
        audit.record(tx, one.actor, one.action, one.target, detail)
