"""Setting up second factors and taking them away: each a store transaction with its entry in the audit."""

from __future__ import annotations

from dataclasses import dataclass, field

from appproxy.errors import AlreadyThere, Code, IdentityError
from appproxy.provider.assurance import Level, Method
from appproxy.provider.factors import recovery, totp
from appproxy.provider.factors.webauthn import NewPasskey
from appproxy.provider.oauth.grants import SignedIn, find_signed_in
from appproxy.provider.tokens import FORM_LIFETIME, ProviderSession
from appproxy.store.people.factors import authenticator_apps, factors, passkeys, recovery_codes
from appproxy.store.people.session import one_time
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_FACTOR_ENROLLED, USER_FACTOR_REMOVED, USER_RECOVERY_CODES_MADE
from appproxy.store.service.note import Action
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The user with one more factor, which counts as proved. `codes`: recovery codes that were made with the first one."""

    who: SignedIn
    codes: tuple[str, ...] = field(default=(), repr=False)


def add_app(
    tx: Transaction, session: ProviderSession, secret: str, code: str, label: str, address: str
) -> Enrolled | None:
    """Keep an app that shows the right code; None: it does not. Raises ConfigError, AlreadyThere or IdentityError."""
    who = _who(tx, session)
    step = totp.step_of(secret, code, tx.now)
    if step is None:
        return None
    # The form that holds the secret may come again.
    _once(tx, f"app {totp.fingerprint(secret)}")
    made = authenticator_apps.add(tx, who.user.id, label, secret, step)
    return _enrolled(tx, who, Method.TOTP, made.id, made.label, address)


def add_passkey(
    tx: Transaction, session: ProviderSession, new: NewPasskey, challenge: str, label: str, address: str
) -> Enrolled:
    """Keep a passkey that was made for this challenge. Raises ConfigError, AlreadyThere or IdentityError."""
    who = _who(tx, session)
    _once(tx, f"challenge {challenge}")
    made = passkeys.add(tx, who.user.id, label, new.credential, new.public_key, new.sign_count, new.transports)
    return _enrolled(tx, who, Method.PASSKEY, made.id, made.label, address)


def make_codes(tx: Transaction, session: ProviderSession, address: str) -> tuple[str, ...]:
    """New recovery codes in the place of all old ones. Raises IdentityError, also where there is no factor to be lost: codes
    that somebody made with the password alone would be a way around the factor that its owner sets up later.
    """
    who = _who(tx, session)
    if not who.factors.any:
        raise IdentityError(Code.SIGN_IN_STATE, "there is no second factor that recovery codes could stand for")
    codes = recovery.new_codes(tx.random_bytes(recovery.COUNT * recovery.CODE_SIZE))
    recovery_codes.replace(tx, who.user.id, codes)
    audit.record(tx, f"user:{who.user.name}", USER_RECOVERY_CODES_MADE, who.user.id, {"address": address, "provider": BUILTIN})
    return tuple(codes)


def remove(tx: Transaction, session: ProviderSession, factor: str, address: str) -> bool:
    """Take a factor of the user away; with the last one go the recovery codes. False: there is none.

    Raises IdentityError, or AlreadyThere for the last factor of a user who must have one: the next sign-in would let whoever
    knows the password set up another. So it stays in the grace of a rule, too.
    """
    who = _who(tx, session)
    label = next((one["label"] for one in factors.listed(tx, who.user.id) if one.get("id") == factor), None)
    if authenticator_apps.remove(tx, who.user.id, factor):
        kind = Method.TOTP
    elif passkeys.remove(tx, who.user.id, factor):
        kind = Method.PASSKEY
    else:
        return False
    if not factors.of_user(tx, who.user.id).any:
        if who.factors.due is not None:
            raise AlreadyThere("a second factor is needed, and this is the last one", hint="add another one first")
        recovery_codes.remove(tx, who.user.id)
    _write(tx, who, USER_FACTOR_REMOVED, kind, factor, str(label), address)
    return True


def _who(tx: Transaction, session: ProviderSession) -> SignedIn:
    who = find_signed_in(tx, session)
    if who is None:
        raise IdentityError(Code.SIGN_IN_STATE, "the sign-in that this belongs to does not count any more")
    if who.factors.any and who.level < Level.MFA:
        # One was set up since the form was shown, maybe by the owner in another browser.
        raise IdentityError(Code.SIGN_IN_STATE, "there is a second factor already, and this sign-in has not proved it")
    return who


def _once(tx: Transaction, id: str) -> None:
    if not one_time.use_once(tx, id, tx.now + FORM_LIFETIME):
        raise IdentityError(Code.SIGN_IN_STATE, "this was set up before")


def _enrolled(tx: Transaction, who: SignedIn, method: Method, id: str, label: str, address: str) -> Enrolled:
    _write(tx, who, USER_FACTOR_ENROLLED, method, id, label, address)
    session = who.session.with_method(method)
    has = who.factors.any and recovery_codes.left(tx, who.user.id) > 0
    codes = () if has else make_codes(tx, session, address)
    return Enrolled(SignedIn(session, who.user, factors.of_user(tx, who.user.id)), codes)


def _write(tx: Transaction, who: SignedIn, action: Action, method: Method, id: str, label: str, address: str) -> None:
    detail = {"address": address, "provider": BUILTIN, "factor": method.value, "id": id, "label": label}
    audit.record(tx, f"user:{who.user.name}", action, who.user.id, detail)
