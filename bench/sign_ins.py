"""Made-up sign-ins of an organisation, with one attack in a hundred: what docs/risk.md says is assumed, and nothing else.

It knows nothing of the model that is measured with it. The same seed gives the same sign-ins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import Random

DAY, HOUR = 86400.0, 3600.0
#: A Monday, in seconds since 1970.
BEGINS = 1_767_571_200.0
#: Share of attacks among all sign-ins.
ATTACKS = 0.01
#: Countries: the organisation is in the first three.
COUNTRIES = tuple(f"{first}{second}" for first in "ABCDEF" for second in "VWXYZ")
HOME_SHARES = (0.85, 0.10, 0.05)
_BROWSERS = (
    ("Chrome on Windows", "windows", 0.42), ("Edge on Windows", "windows", 0.22), ("Safari on macOS", "macos", 0.10),
    ("Chrome on macOS", "macos", 0.08), ("Firefox on Windows", "windows", 0.08), ("Firefox on Linux", "linux", 0.05),
    ("Chrome on Linux", "linux", 0.05),
)
_PHONES = (("Safari on iPhone", "ios", 0.55), ("Chrome on Android", "android", 0.45))


class Kind(Enum):
    """What a sign-in is."""

    OWN = "the user"
    STUFFING = "stuffing of leaked passwords"
    ABROAD = "takeover from abroad"
    SAME_COUNTRY = "takeover from the user's country"
    ANONYMIZER = "takeover through an anonymizer"
    KNOWN_NETWORK = "takeover from a network of the user"
    OWN_DEVICE = "takeover with the user's device"


#: Kinds of attacks, with their shares of the sign-ins that are attacks.
KINDS = (
    (Kind.STUFFING, 0.40), (Kind.ABROAD, 0.20), (Kind.SAME_COUNTRY, 0.25), (Kind.ANONYMIZER, 0.10),
    (Kind.KNOWN_NETWORK, 0.03), (Kind.OWN_DEVICE, 0.02),
)


@dataclass(frozen=True, slots=True)
class MadeSignIn:
    """A right password. `failures`: wrong passwords just before, each with the user (-1: nobody) that it was tried for.

    `place`: latitude and longitude of the address, as a database of cities has it; `listed`: in a list of anonymizers.
    """

    time: float
    user: int
    kind: Kind
    address: str
    country: str
    place: tuple[float, float]
    browser: str
    system: str
    device: str
    listed: bool = False
    failures: tuple[int, ...] = ()


@dataclass(slots=True)
class _Device:
    browser: str
    system: str
    cookie: str
    #: Is the cookie gone whenever the browser is closed?
    private: bool


@dataclass(slots=True)
class _Person:
    country: int
    provider: int
    home: str
    office: int | None
    desk: _Device
    phone: _Device | None
    begins: float
    shifts: bool
    weekends: bool
    vpn: bool
    moves: float
    travels_until: float = 0.0
    abroad: int | None = None
    hotel: str = ""


@dataclass
class SignIns:
    """The sign-ins of so many users in so many days, in the order of their times."""

    users: int = 600
    days: int = 120
    seed: int = 1
    _random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._cookies = 0
        self._people: list[_Person] = []

    def all(self) -> list[MadeSignIn]:
        """All of them."""
        self._people = [self._person() for _ in range(self.users)]
        made = [one for user in range(self.users) for one in self._of_user(user)]
        wanted = round(len(made) * ATTACKS / (1.0 - ATTACKS))
        for kind, share in KINDS:
            some: list[MadeSignIn] = []
            while len(some) < wanted * share:
                some += self._attack(kind)
            made += some[:round(wanted * share)]
        return sorted(made, key=lambda one: one.time)

    # The organisation.

    def _person(self) -> _Person:
        random = self._random
        country = random.choices(range(3), HOME_SHARES)[0]
        provider = random.randrange(5)
        private = random.random() < 0.04
        phone = self._device(_PHONES, private) if random.random() < 0.5 else None
        return _Person(
            country, provider, self._residential(country, provider), random.randrange(3) if random.random() < 0.6 else None,
            self._device(_BROWSERS, private), phone, random.gauss(8.5, 1.0), random.random() < 0.05, random.random() < 0.08,
            random.random() < 0.03, random.choices((1.0, 30.0, math.inf), (0.1, 0.6, 0.3))[0])

    def _device(self, among: tuple[tuple[str, str, float], ...], private: bool) -> _Device:
        browser, system, _ = self._random.choices(among, [share for _, _, share in among])[0]
        return _Device(browser, system, self._cookie(), private)

    def _cookie(self) -> str:
        self._cookies += 1
        return f"device {self._cookies}"

    def _of_user(self, user: int) -> Iterator[MadeSignIn]:
        random, person = self._random, self._people[user]
        for day in range(self.days):
            morning = BEGINS + day * DAY
            if random.random() < 1.0 / person.moves:
                person.home = self._residential(person.country, person.provider)
            if morning >= person.travels_until:
                person.abroad, person.hotel = None, ""
            if not person.hotel and random.random() < 0.01:
                self._travel(person, morning)
            if random.random() < 1.0 / 500.0:
                person.desk = self._device(_BROWSERS, person.desk.private)
            if day % 7 >= 5 and not (person.weekends or person.shifts):
                continue
            if random.random() < 0.85:
                yield self._sign_in(user, morning, evening=False)
            if random.random() < 0.10:
                yield self._sign_in(user, morning, evening=True)

    def _travel(self, person: _Person, morning: float) -> None:
        random = self._random
        person.travels_until = morning + random.randint(1, 7) * DAY
        person.abroad = random.randrange(len(COUNTRIES)) if random.random() < 0.5 else None
        where = person.country if person.abroad is None else person.abroad
        person.hotel = self._residential(where, random.randrange(5))

    def _sign_in(self, user: int, morning: float, *, evening: bool) -> MadeSignIn:
        random, person = self._random, self._people[user]
        hour = random.uniform(0.0, 24.0) if person.shifts else random.uniform(18.0, 23.0) if evening else (
            random.gauss(person.begins, 0.8))
        device = person.phone if person.phone is not None and random.random() < 0.3 else person.desk
        if device.private or random.random() < 1.0 / 120.0:
            device.cookie = self._cookie()
        if random.random() < 1.0 / 300.0:
            device.browser = f"{random.choice(('Firefox', 'Chrome', 'Edge'))} on {device.browser.split(' on ')[1]}"
        country, listed = person.country, False
        if person.vpn and random.random() < 0.2:
            address, country, listed = self._anonymizer(person.country)
        elif device is person.phone and random.random() < 0.7:
            # Half of those abroad come out at home, by roaming.
            country = person.abroad if person.abroad is not None and random.random() < 0.5 else person.country
            address = self._mobile(country, person.provider % 2)
        elif person.hotel:
            address, country = person.hotel, person.country if person.abroad is None else person.abroad
        elif person.office is not None and not evening and random.random() < 0.6:
            address, country = f"60.0.{person.office}.1", person.country
        else:
            address = person.home
        failures = (user,) * random.randint(1, 3) if random.random() < 0.08 else ()
        return self._made(
            morning + max(hour, 0.0) % 24.0 * HOUR, user, Kind.OWN, address, country, device.browser, device.system,
            device.cookie, listed, failures)

    # Networks: each country has five providers of eight /16 each, and two of mobile networks.

    def _residential(self, country: int, provider: int) -> str:
        random = self._random
        return f"{100 + country}.{provider * 8 + random.randrange(8)}.{random.randrange(256)}.{random.randint(1, 254)}"

    def _mobile(self, country: int, carrier: int) -> str:
        random = self._random
        return f"{100 + country}.{200 + carrier * 4 + random.randrange(4)}.{random.randrange(2)}.{random.randint(1, 64)}"

    def _anonymizer(self, country: int) -> tuple[str, int, bool]:
        """One of 400 exits; half of the time in the country that is wished for. Seven of ten are in the admin's list."""
        random = self._random
        where = country if random.random() < 0.5 else random.randrange(len(COUNTRIES))
        number = random.randrange(400)
        return f"70.{where}.{number % 20}.{number // 20 + 1}", where, number % 10 < 7

    def _made(
        self, time: float, user: int, kind: Kind, address: str, country: int, browser: str, system: str, device: str,
        listed: bool = False, failures: tuple[int, ...] = (),
    ) -> MadeSignIn:
        # One /24 in a hundred is in another country for the database.
        parts = [int(part) for part in address.split(".")]
        wrong = Random(parts[0] << 16 | parts[1] << 8 | parts[2])
        if wrong.random() < 0.01:
            country = wrong.randrange(len(COUNTRIES))
        place = (20.0 + country * 7 % 40 + wrong.uniform(-2.0, 2.0), country * 11.0 - 150.0 + wrong.uniform(-2.0, 2.0))
        return MadeSignIn(
            time, user, kind, address, COUNTRIES[country], place, browser, system, device, listed, failures)

    # Attacks.

    def _attack(self, kind: Kind) -> Iterator[MadeSignIn]:
        """One to three sign-ins at one account, or what a campaign of stuffing finds."""
        random = self._random
        begins = BEGINS + random.uniform(0.0, self.days - 2.0) * DAY
        if kind is Kind.STUFFING:
            yield from self._stuffing(begins)
            return
        user = random.randrange(self.users)
        person = self._people[user]
        address, country, listed = self._attacker(kind, person)
        own = kind is Kind.OWN_DEVICE or random.random() < 0.5
        browser, system, _ = random.choices(_BROWSERS, [share for _, _, share in _BROWSERS])[0]
        if own:
            browser, system = person.desk.browser, person.desk.system
        device = person.desk.cookie if kind is Kind.OWN_DEVICE else self._cookie()
        for _ in range(random.randint(1, 3)):
            yield self._made(self._moment(begins, person), user, kind, address, country, browser, system, device, listed)
            begins += random.uniform(0.1, 1.0) * DAY

    def _moment(self, begins: float, person: _Person) -> float:
        """Half of the attackers come when their victim works."""
        random = self._random
        if random.random() < 0.5:
            return begins
        return begins // DAY * DAY + (person.begins + random.uniform(0.0, 8.0)) % 24.0 * HOUR

    def _attacker(self, kind: Kind, person: _Person) -> tuple[str, int, bool]:
        random = self._random
        if kind is Kind.ANONYMIZER:
            return self._anonymizer(person.country)
        if kind in (Kind.KNOWN_NETWORK, Kind.OWN_DEVICE):
            return (f"60.0.{person.office}.1" if person.office is not None else person.home), person.country, False
        if kind is Kind.SAME_COUNTRY:
            mobile = random.random() < 0.3
            address = (self._mobile(person.country, random.randrange(2)) if mobile
                       else self._residential(person.country, random.randrange(5)))
            return address, person.country, False
        country = random.choice([one for one in range(len(COUNTRIES)) if one != person.country])
        return self._residential(country, random.randrange(5)), country, False

    def _stuffing(self, begins: float) -> Iterator[MadeSignIn]:
        """A list of names and passwords, tried from addresses all over the world: 1 to 30 names from each, a few are right."""
        random = self._random
        browser, system, _ = random.choices(_BROWSERS, [share for _, _, share in _BROWSERS])[0]
        for _ in range(random.randint(2, 8)):
            country = random.randrange(len(COUNTRIES))
            address = self._residential(country, random.randrange(5))
            tried = random.randint(0, 29)
            failures = tuple(random.randrange(self.users) if random.random() < 0.5 else -1 for _ in range(tried))
            yield self._made(begins + random.uniform(0.0, 2.0 * HOUR), random.randrange(self.users), Kind.STUFFING, address,
                             country, browser, system, self._cookie(), False, failures)
