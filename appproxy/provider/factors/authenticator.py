"""Decides whether a code or a passkey proves who somebody is, and writes down what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted.logger import Logger

from appproxy.errors import Code, IdentityError
from appproxy.identity.devices import Device, known_device
from appproxy.provider.assurance import Method
from appproxy.provider.factors import guessing, recovery, totp
from appproxy.provider.factors.webauthn import PasskeyHost, credential_of
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.grants import SignedIn, find_signed_in
from appproxy.provider.passwords.authenticator import PasswordAuthenticator
from appproxy.provider.tokens import FORM_LIFETIME, ProviderSession
from appproxy.store.people.factors import authenticator_apps, passkeys, recovery_codes, refused_codes
from appproxy.store.people.factors.passkeys import Passkey
from appproxy.store.people.session import one_time
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_FACTOR_REFUSED, USER_FACTOR_USED, USER_SIGN_IN
from appproxy.store.service.note import Note
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CodeAttempt:
    """A code as typed, of an app or from the list, by somebody who has proved `session`. `now`: seconds since 1970."""

    session: ProviderSession
    typed: str = field(repr=False)
    address: str
    now: float
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class PasskeyAttempt:
    """A browser's answer to a challenge. `session`: what is proved before, None for nothing."""

    answer: str = field(repr=False)
    challenge: str
    address: str
    now: float
    session: ProviderSession | None = None


@dataclass(frozen=True, slots=True)
class FactorRefused:
    """Wrong, or used before; or not tried: then `wait` seconds have to pass. `reason`: what is not in the audit yet."""

    wait: float = 0.0
    reason: str = ""


class FactorAuthenticator:
    """Checks second factors. Raises StoreError, after which nothing has happened, and IdentityError(SIGN_IN_STATE) where the
    session of before does not count any more.
    """

    log = Logger()

    def __init__(self, facts: ProviderFacts, passwords: PasswordAuthenticator, note: Note) -> None:
        self._facts = facts
        self._passwords = passwords
        self._note = note
        self._party = PasskeyHost(facts.issuer)

    async def try_code(self, attempt: CodeAttempt) -> SignedIn | FactorRefused:
        """Try a code."""
        outcome = await self._facts.live.write(_try_code, attempt)
        if isinstance(outcome, SignedIn):
            await self._write_used(outcome, outcome.session.methods[-1], attempt.address)
        elif outcome.reason and self._passwords.is_failure_written(attempt.address):
            detail = {**_detail(Method.RECOVERY_CODE, attempt.address), "reason": outcome.reason}
            self._note(audit.ANONYMOUS, USER_FACTOR_REFUSED, attempt.session.user, detail)
        return outcome

    async def try_passkey(self, attempt: PasskeyAttempt) -> SignedIn | FactorRefused:
        """Try a passkey. Who has none of ours is answered like one whose signature is wrong."""
        passkey = None
        try:
            credential = credential_of(attempt.answer)
            passkey = await self._facts.live.read(passkeys.find, credential)
            if passkey is None:
                raise IdentityError(Code.SIGN_IN_STATE, "passkey: unknown")
            if attempt.session is not None and attempt.session.user != passkey.user:
                raise IdentityError(Code.SIGN_IN_STATE, "passkey: another user's")
            count = self._party.check_use(attempt.answer, attempt.challenge, passkey)
            who = await self._facts.live.write(self._use_passkey, attempt, passkey, count)
        except IdentityError as error:
            self._refused(attempt, passkey, error)
            return FactorRefused()
        await self._write_used(who, Method.PASSKEY, attempt.address)
        return who

    async def _write_used(self, who: SignedIn, method: Method, address: str) -> None:
        """Only of what has succeeded, and only the first ones of an hour: a program may sign in all the time."""
        if self._passwords.is_written(who.user, address):
            await self._facts.live.write(_record_used, who, method, address)

    def _use_passkey(self, tx: Transaction, attempt: PasskeyAttempt, passkey: Passkey, count: int) -> SignedIn:
        """Called in the store's thread. Raises IdentityError when it cannot count."""
        if not one_time.use_once(tx, f"challenge {attempt.challenge}", attempt.now + FORM_LIFETIME):
            raise IdentityError(Code.SIGN_IN_STATE, "passkey: its challenge was answered before")
        if not passkeys.use(tx, passkey, count):
            raise IdentityError(Code.SIGN_IN_STATE, "passkey: removed, or its count does not grow")
        session = attempt.session
        if session is None:
            id = self._facts.random_bytes(16).hex()
            session = ProviderSession(id, passkey.user, attempt.now, (Method.PASSKEY,))
        who = find_signed_in(tx, session.with_method(Method.PASSKEY))
        if who is None:
            raise IdentityError(Code.SIGN_IN_STATE, "passkey: its user may not sign in")
        return who

    def _refused(self, attempt: PasskeyAttempt, passkey: Passkey | None, error: IdentityError) -> None:
        self.log.info("a passkey was refused: {reason}", reason=error.detail, address=attempt.address)
        if self._passwords.is_failure_written(attempt.address):
            detail = {**_detail(Method.PASSKEY, attempt.address), "reason": error.detail}
            self._note(audit.ANONYMOUS, USER_FACTOR_REFUSED, "" if passkey is None else passkey.user, detail)


def _try_code(tx: Transaction, attempt: CodeAttempt) -> SignedIn | FactorRefused:
    """Looked up, counted and used up in one transaction: of two requests with the same code one finds it used."""
    who = find_signed_in(tx, attempt.session)
    if who is None:
        raise _gone()
    typed = attempt.typed.replace(" ", "").strip()
    if totp.is_code(typed):
        outcome: Method | FactorRefused = _try_app(tx, attempt, who, typed)
    elif (code := recovery.read(attempt.typed)) is not None and recovery_codes.use(tx, who.user.id, code):
        outcome = Method.RECOVERY_CODE
    else:
        return FactorRefused(reason="no code of this user")
    if isinstance(outcome, FactorRefused):
        return outcome
    return SignedIn(who.session.with_method(outcome), who.user, who.factors)


def _try_app(tx: Transaction, attempt: CodeAttempt, who: SignedIn, code: str) -> Method | FactorRefused:
    device = known_device(attempt.devices, who.user.id, who.user.credentials_changed, attempt.now)
    origin = "" if device is None else device.id
    wait = guessing.wait(refused_codes.times(tx, who.user.id, origin, tx.now), tx.now)
    if wait > 0.0:
        # Nothing is written: the entries of the wrong ones say that this follows.
        return FactorRefused(wait)
    reason = "wrong code"
    for app in authenticator_apps.of_user(tx, who.user.id):
        step = totp.step_of(app.secret, code, attempt.now)
        if step is not None and authenticator_apps.use(tx, app, step):
            if origin:
                refused_codes.forget(tx, who.user.id, origin)
            return Method.TOTP
        if step is not None:
            reason = "a code that was used before"
    refused_codes.add(tx, who.user.id, origin)
    _write_refused(tx, who, Method.TOTP, attempt.address, reason)
    return FactorRefused()


def _record_used(tx: Transaction, who: SignedIn, method: Method, address: str) -> None:
    actor = f"user:{who.user.name}"
    audit.record(tx, actor, USER_FACTOR_USED, who.user.id, _detail(method, address))
    methods = [one.value for one in who.session.methods]
    audit.record(tx, actor, USER_SIGN_IN, who.user.id, {"address": address, "provider": BUILTIN, "methods": methods})


def _write_refused(tx: Transaction, who: SignedIn, method: Method, address: str, reason: str) -> None:
    audit.record(tx, audit.ANONYMOUS, USER_FACTOR_REFUSED, who.user.id, {**_detail(method, address), "reason": reason})


def _detail(method: Method, address: str) -> Mapping[str, object]:
    return {"address": address, "provider": BUILTIN, "factor": method.value}


def _gone() -> IdentityError:
    return IdentityError(Code.SIGN_IN_STATE, "the sign-in that this belongs to does not count any more")
