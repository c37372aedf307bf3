"""Refresh tokens as texts and rows: each is used once, and one that comes back ends what it is of.

A token that comes back after it was used is in two hands (RFC 9700 section 4.14.2). All tokens of one id begin with the same
secret, its family: what does not was made up by somebody who knows no more than the id, and ends nothing.

The token that follows another one is worked out from it, by the master key. So of two programs that refresh at once with one
token, or of one that has lost the answer, both get the same next token, on whichever nodes they ask, and it does not matter
whose answer is kept; nothing need be stored for it that could be stolen.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from hmac import compare_digest, digest

from appproxy.store.transaction import Row, Transaction

#: Seconds for which a token that was used may come again, and brings the same next one: the answer may have been lost on its
#: way, or several threads or tabs of one program have asked at once.
AGAIN = 10.0
#: Of the secret that next tokens are made with.
_PURPOSE = "refresh tokens"
_ID, _SECRET = 32, 43
#: Signs of a secret that are the family's: 132 of 258 bits.
_FAMILY = 22


class TokenUse(Enum):
    """What showing a token comes to."""

    #: It is the last one, or the one before within a moment.
    GOOD = "good"
    #: It was used before.
    STOLEN = "stolen"
    #: It is none that there ever was.
    MADE_UP = "made up"


@dataclass(frozen=True, slots=True)
class NewRefreshToken:
    """A token's text, and the columns that are kept of it."""

    text: str = field(repr=False)
    secret_hash: str
    family_hash: str

    @property
    def columns(self) -> Mapping[str, str]:
        """For the row."""
        return {"secret_hash": self.secret_hash, "family_hash": self.family_hash}


@dataclass(frozen=True, slots=True)
class RefreshTokenKind:
    """Tokens whose text begins with `prefix`."""

    prefix: str

    def is_one(self, text: str) -> bool:
        """Does it look like one? Nobody need ask the database otherwise."""
        parts = text.removeprefix(self.prefix).partition("_")
        return text.startswith(self.prefix) and len(parts[0]) == _ID and len(parts[2]) == _SECRET and text.isascii()

    def id_of(self, text: str) -> str:
        """Whose it says that it is."""
        return text.removeprefix(self.prefix)[:_ID]

    def family_of(self, text: str) -> str:
        """What it has in common with the others of its id."""
        return text.removeprefix(self.prefix)[_ID + 1:][:_FAMILY]

    def new(self, tx: Transaction, id_: str) -> NewRefreshToken:
        """The first one of an id, and of a new family."""
        family = _random(tx, _FAMILY)
        return self._made(id_, family, _random(tx, _SECRET - _FAMILY))

    def next(self, tx: Transaction, text: str) -> NewRefreshToken:
        """The one that follows `text`: the same each time. Who has the one does not know the other without the master key."""
        rest = digest(tx.sealer.secret(_PURPOSE), text.encode(), "sha256")
        return self._made(self.id_of(text), self.family_of(text), _signs(rest, _SECRET - _FAMILY))

    def _made(self, id_: str, family: str, rest: str) -> NewRefreshToken:
        text = f"{self.prefix}{id_}_{family}{rest}"
        return NewRefreshToken(text, hash_of(text), hash_of(family))

    def judge(self, row: Row, text: str, now: float) -> TokenUse:
        """What it comes to that `text` is shown; `row` has the columns of its id, `now` seconds since 1970."""
        just_before = compare_digest(row["former_hash"], hash_of(text)) and now - row["rotated"] < AGAIN
        if self.is_last(row, text) or just_before:
            return TokenUse.GOOD
        stolen = not row["family_hash"] or compare_digest(row["family_hash"], hash_of(self.family_of(text)))
        return TokenUse.STOLEN if stolen else TokenUse.MADE_UP

    def is_last(self, row: Row, text: str) -> bool:
        """Is it the last one that was given?"""
        return compare_digest(row["secret_hash"], hash_of(text))

    def is_current(self, row: Row, text: str) -> bool:
        """Is it the last one, or the one before, however long ago?"""
        return self.is_last(row, text) or compare_digest(row["former_hash"], hash_of(text))


def hash_of(text: str) -> str:
    """What is kept of a token: it cannot be guessed, so its plain hash may be."""
    return sha256(text.encode()).hexdigest()


def _random(tx: Transaction, length: int) -> str:
    return _signs(tx.random_bytes(18), length)


def _signs(secret: bytes, length: int) -> str:
    return urlsafe_b64encode(secret).decode("ascii")[:length]
