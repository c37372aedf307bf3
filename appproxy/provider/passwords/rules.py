"""Passwords of the built-in provider: which new ones are taken, how they are kept, how one is checked.

Kept is an argon2id hash in the PHC string form (RFC 9106), which carries its own parameters and salt. `hash_password`
and `verify` take tens of milliseconds and tens of MiB: never call them in the reactor's thread; `checker.py` has the
threads for them.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.provider.passwords.known_passwords import is_known, is_made_of

#: NIST SP 800-63B section 5.1.1: at least 8 signs, no rules of composition.
SHORTEST = 8
#: Bytes of UTF-8; argon2 hashes any length, so the bound only keeps work and memory bounded.
LONGEST_BYTES = 1024
#: 46 MiB, one pass, one lane: the first of the equal choices in OWASP's list. About 50 ms, and two checks at a time
#: stay under 100 MiB. More lanes would only take more cores from the traffic.
HASHER = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1, hash_len=32, salt_len=16)
#: Far above `HASHER`; a kept hash that asks for more (a damaged or hostile row) is refused, not computed.
_MOST_MEMORY_KIB = 1024 * 1024
_MOST_PASSES = 64
#: What argon2 says when it gets no memory: ARGON2_MEMORY_ALLOCATION_ERROR of argon2.h.
_NO_MEMORY = error_to_str(-22)


def check_new(password: str, name: str) -> None:
    """Refuse a new password that is too short, too long, the user's name, or among those that guessers try first.

    Raises ConfigError, which names the fix.
    """
    # Characters are counted first: putting a long run of combining marks in order takes the square of its length.
    if len(password) <= LONGEST_BYTES and len(_normal(password)) < SHORTEST:
        raise ConfigError(f"password: give at least {SHORTEST} characters", hint="several words are easy to remember")
    if len(password) > LONGEST_BYTES or len(_encoded(password)) > LONGEST_BYTES:
        raise ConfigError(f"password: give at most {LONGEST_BYTES} bytes")
    if any(unicodedata.category(sign) == "Cc" for sign in password):
        raise ConfigError("password: it holds a control character, such as a line end, that no keyboard can type again")
    normal = _normal(password)
    if is_made_of(normal, _normal(name)):
        raise ConfigError("password: it must not be the user's name")
    if is_known(normal):
        raise ConfigError("password: it is one of those that guessers try first",
                          hint="take several words that do not go together")


def hash_password(password: str, hasher: PasswordHasher = HASHER) -> str:
    """The argon2id hash to keep, with a fresh salt, as a PHC string. Raises RequestError(OVERLOADED) for want of memory."""
    try:
        return hasher.hash(_encoded(password))
    except HashingError as error:
        raise RequestError(Code.OVERLOADED, f"a password could not be hashed: {error}") from error


def verify(kept: str, password: str) -> bool:
    """Is this the password of the kept hash? A hash that cannot be read is nobody's.

    A question with two expected answers, so it returns instead of raising. Raises RequestError(OVERLOADED) where there is
    no memory to find out: that is no wrong password.
    """
    # Characters are counted first, as in `check_new`.
    if len(password) > LONGEST_BYTES or len(encoded := _encoded(password)) > LONGEST_BYTES or not _affordable(kept):
        return False
    try:
        return HASHER.verify(kept, encoded)
    except (VerifyMismatchError, InvalidHashError):
        return False
    except VerificationError as error:
        if str(error) == _NO_MEMORY:
            raise RequestError(Code.OVERLOADED, f"a password could not be checked: {error}") from error
        return False


def outdated(kept: str, hasher: PasswordHasher = HASHER) -> bool:
    """Was this hash made with other parameters than those of today? Then hash the password again at its next use."""
    return hasher.check_needs_rehash(kept)


def _affordable(kept: str) -> bool:
    """Does the hash ask for memory and passes that we are ready to spend?"""
    try:
        asked = dict(part.split("=", 1) for part in kept.split("$")[3].split(","))
        return int(asked["m"]) <= _MOST_MEMORY_KIB and int(asked["t"]) <= _MOST_PASSES
    except (IndexError, KeyError, ValueError):
        return False


def _normal(text: str) -> str:
    """NFC, as RFC 8265 section 4.2.2 has it for passwords: the same signs typed on two systems are the same."""
    return unicodedata.normalize("NFC", text)


def _encoded(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")
