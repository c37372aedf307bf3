"""What becomes of codes and passkeys, and what of that is in the audit."""

from __future__ import annotations

from collections.abc import Mapping

import pyotp
import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import IdentityError
from appproxy.policy.fair_queue import LaneQueue
from appproxy.provider.assurance import Method
from appproxy.provider.factors.authenticator import CodeAttempt, FactorAuthenticator, FactorRefused, PasskeyAttempt
from appproxy.provider.factors.webauthn import PasskeyHost
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.grants import SignedIn
from appproxy.provider.passwords.authenticator import PasswordAuthenticator
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.throttle import MemoryThrottle
from appproxy.provider.tokens import ProviderSession
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps, passkeys, recovery_codes
from appproxy.store.service import audit
from tests.fakes.outcome import got
from tests.fakes.threads import run_at_once
from tests.provider.house import CHEAP, ISSUER, House
from tests.provider.security_key import SecurityKey, text

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CHALLENGE = b"c" * 32


class Bench:
    """An authenticator, what it notes, and Ann who has typed her password."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.noted: list[tuple[str, str, Mapping[str, object]]] = []
        checker = PasswordChecker(run_at_once, CHEAP, LaneQueue(64, 64))
        facts = ProviderFacts(ISSUER, house.live, lambda: house.now, lambda size: b"r" * size, house.provider.directories)
        passwords = PasswordAuthenticator(house.live, checker, MemoryThrottle(), house.clock.seconds, facts.random_bytes)
        self._authenticator = FactorAuthenticator(facts, passwords, self._note)
        self.ann = house.read(users.find, "ann").id
        self.session = ProviderSession("s" * 32, self.ann, house.now)

    def _note(self, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        assert actor == "anonymous"
        self.noted.append((action, target, detail or {}))

    def code(self, typed: str, address: str = "192.0.2.1") -> SignedIn | FactorRefused:
        """Try a code."""
        attempt = CodeAttempt(self.session, typed, address, self.house.now)
        assert typed not in repr(attempt)
        return got(Deferred.fromCoroutine(self._authenticator.try_code(attempt)))

    def passkey(self, answer: str) -> SignedIn | FactorRefused:
        """Try a passkey."""
        attempt = PasskeyAttempt(answer, text(CHALLENGE), "192.0.2.1", self.house.now)
        return got(Deferred.fromCoroutine(self._authenticator.try_passkey(attempt)))

    def audited(self) -> list[str]:
        """What the audit has, the newest first."""
        return [row.action for row in self.house.read(audit.list_recent)]


@pytest.fixture
def bench(house: House) -> Bench:
    """Ann at the page of the second factor."""
    return Bench(house)


def test_wrong_ones_are_no_sign_ins(bench: Bench) -> None:
    """However many: each wrong code of an app is in the audit, of others the first ones, and none is counted as a success."""
    bench.house.write(authenticator_apps.add, bench.ann, "phone", SECRET, 0)
    bench.house.write(recovery_codes.replace, bench.ann, ["a" * 16])
    for number in range(5):
        assert bench.code(f"00000{number}") == FactorRefused()
    assert isinstance(bench.code("000009"), FactorRefused)
    assert bench.audited() == ["user.factor_refused"] * 5
    for _ in range(50):
        assert isinstance(bench.code("b" * 16), FactorRefused)
    assert len(bench.noted) == 20 and bench.noted[0][0] == "user.factor_refused"
    result = bench.code("a" * 16)
    assert isinstance(result, SignedIn) and result.session.methods == (Method.PASSWORD, Method.RECOVERY_CODE)
    assert bench.audited()[:2] == ["user.sign_in", "user.factor_used"]


def test_a_program_with_an_app(bench: Bench) -> None:
    """Twenty of an hour are written one by one."""
    bench.house.write(authenticator_apps.add, bench.ann, "phone", SECRET, 0)
    for number in range(30):
        bench.house.clock.advance(30.0 if number else 0.0)
        assert isinstance(bench.code(pyotp.TOTP(SECRET).at(int(bench.house.now))), SignedIn)
        bench.session = ProviderSession("s" * 32, bench.ann, bench.house.now)
    assert bench.audited() == ["user.sign_in", "user.factor_used"] * 20


def test_who_has_gone(bench: Bench) -> None:
    """A sign-in whose user was disabled meanwhile ends."""
    bench.house.write(users.disable, "ann")
    with pytest.raises(IdentityError):
        bench.code("000000")


def test_passkeys_that_are_refused(bench: Bench) -> None:
    """With the reason for the administrator, whose key it was if it is known, and not more often than the audit can bear."""
    key, party = SecurityKey(), PasskeyHost(ISSUER)
    made = party.check_new(key.make(party.options_for_new(CHALLENGE, bench.ann, "ann", "Ann", [])), text(CHALLENGE))
    asked = party.options_for_use(CHALLENGE)
    assert bench.passkey(key.use(asked)) == FactorRefused()
    bench.house.write(passkeys.add, bench.ann, "key", made.credential, made.public_key, made.sign_count)
    key.origin = "https://evil.example"
    assert bench.passkey(key.use(asked)) == FactorRefused()
    (_, nobody, unknown), (_, ann, elsewhere) = bench.noted
    assert (nobody, unknown["reason"]) == ("", "passkey: unknown")
    assert ann == bench.ann and "evil.example" in str(elsewhere["reason"])
    for _ in range(100):
        bench.passkey(key.use(asked))
    assert len(bench.noted) == 20
    key.origin = ISSUER
    result = bench.passkey(key.use(asked))
    assert isinstance(result, SignedIn) and result.session.methods == (Method.PASSKEY,)
    assert bench.passkey(key.use(asked)) == FactorRefused(), "the challenge was answered before"
