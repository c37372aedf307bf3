"""Passkeys (Web Authentication): what browsers are asked for, and what of their answers is believed.

The cryptography and the formats are those of the library `webauthn`; here is what we ask of it: our host and no other, this
challenge, the user verified by their device, and a count that grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from appproxy.errors import Code, IdentityError
from appproxy.json_input import read_json
from appproxy.store.people.factors.passkeys import Passkey

#: Random bytes of a challenge (Web Authentication section 13.4.3 wants 16 at least).
CHALLENGE_SIZE = 32
#: Characters of a browser's answer: an id and a key of 1 KiB each, a signature, and certificates that we did not ask for.
LONGEST_ANSWER = 12_000
#: What a browser may take for the dialogue, in milliseconds; our form ends it anyway.
_TIMEOUT = 300_000
_TRANSPORTS = {one.value for one in AuthenticatorTransport}


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made; the texts are base64url."""

    credential: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PasskeyHost:
    """Whom passkeys are for: the provider's own host, exactly. `issuer`: its origin."""

    issuer: str

    @property
    def id(self) -> str:
        """The host without port: passkeys know none."""
        return urlsplit(self.issuer).hostname or ""

    def options_for_new(self, challenge: bytes, user_id: str, name: str, display_name: str, has: Iterable[Passkey]) -> str:
        """JSON for `navigator.credentials.create`: one that needs no user name, on a device that does not have one yet."""
        return options_to_json(generate_registration_options(
            rp_id=self.id, rp_name=self.id, user_id=user_id.encode(), user_name=name, user_display_name=display_name,
            challenge=challenge, timeout=_TIMEOUT, exclude_credentials=_descriptors(has),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED),
        ))

    def options_for_use(self, challenge: bytes, has: Iterable[Passkey] = ()) -> str:
        """JSON for `navigator.credentials.get`: one of these, or, without any, whichever the user has for us."""
        return options_to_json(generate_authentication_options(
            rp_id=self.id, challenge=challenge, timeout=_TIMEOUT, allow_credentials=_descriptors(has) or None,
            user_verification=UserVerificationRequirement.REQUIRED))

    def check_new(self, answer: str, challenge: str) -> NewPasskey:
        """The passkey of a browser's answer. Raises IdentityError(SIGN_IN_STATE) with the reason."""
        read = _read(answer)
        try:
            made = verify_registration_response(
                credential=read, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=self.id,
                expected_origin=self.issuer, require_user_verification=True)
        except Exception as error:
            raise _refused(error) from error
        return NewPasskey(bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key),
                          made.sign_count, _transports(read))

    def check_use(self, answer: str, challenge: str, passkey: Passkey) -> int:
        """The new count of a passkey that has signed the challenge. Raises IdentityError(SIGN_IN_STATE) with the reason."""
        read = _read(answer)
        handle = _inner(read).get("userHandle")
        if handle is not None and handle != bytes_to_base64url(passkey.user.encode()):
            raise IdentityError(Code.SIGN_IN_STATE, "passkey: it says that it is another user's")
        try:
            used = verify_authentication_response(
                credential=read, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=self.id,
                expected_origin=self.issuer, credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count, require_user_verification=True)
        except Exception as error:
            raise _refused(error) from error
        return used.new_sign_count


def credential_of(answer: str) -> str:
    """The id of the passkey that a browser's answer is of. Raises IdentityError(SIGN_IN_STATE)."""
    id = _read(answer).get("id")
    if not isinstance(id, str) or not id or len(id) > 1364:
        raise IdentityError(Code.SIGN_IN_STATE, "passkey: no id")
    return id


def challenge_in(options: str) -> str:
    """The challenge of options that were made here."""
    return str(json.loads(options)["challenge"])


def _read(answer: str) -> dict[str, object]:
    if len(answer) > LONGEST_ANSWER:
        raise IdentityError(Code.SIGN_IN_STATE, "passkey: the answer is too long")
    try:
        read = read_json(answer.encode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise IdentityError(Code.SIGN_IN_STATE, f"passkey: {error}") from error
    if not isinstance(read, dict):
        raise IdentityError(Code.SIGN_IN_STATE, "passkey: no JSON object")
    return read


def _inner(read: Mapping[str, object]) -> Mapping[str, object]:
    inner = read.get("response")
    return inner if isinstance(inner, dict) else {}


def _transports(read: Mapping[str, object]) -> tuple[str, ...]:
    listed = _inner(read).get("transports")
    known = {one for one in listed if isinstance(one, str)} & _TRANSPORTS if isinstance(listed, list) else set()
    return tuple(sorted(known))


def _descriptors(has: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential), transports=[AuthenticatorTransport(way) for way in one.transports] or None)
        for one in has
    ]


def _refused(error: Exception) -> IdentityError:
    """The library raises its own errors for most of what can be wrong, and Python's for the rest."""
    return IdentityError(Code.SIGN_IN_STATE, f"passkey: {error}"[:300])
