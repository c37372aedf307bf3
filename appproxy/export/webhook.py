"""Batches as they are posted: signed as Standard Webhooks says (standardwebhooks.com), so that receivers need no code of ours;
and what their answers mean.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from enum import Enum
from hashlib import sha256

#: Bytes of a key: as many as the hash has.
KEY_LENGTH = 32
_PREFIX = "whsec_"
#: A receiver may keep us waiting for so long, in seconds; whoever says more is asked after that.
LONGEST_WAIT = 3600.0


class DeliveryVerdict(Enum):
    """What became of a batch."""

    TAKEN = "taken"
    #: Another time it may be taken.
    LATER = "later"
    #: What is in it will never be taken.
    REFUSED = "refused"


#: The content is at fault: no other try, and no administrator of the receiver, will change it. All else may change: who may
#: (401, 403), where it is (404), how often (429), and everything from 500 on.
_AT_FAULT = frozenset({400, 413, 415, 422})


#: These say when to come again, and nothing of what was sent.
_AT_ANOTHER_TIME = frozenset({408, 425, 429})


def is_suspect(status: int) -> bool:
    """May the content be at fault, though the status does not say so? A firewall in front of a receiver answers 403 to what
    looks like an attack, and whoever is refused at a sign-in chooses the words that the audit has of them.
    """
    return 400 <= status < 500 and status not in _AT_ANOTHER_TIME


def verdict_on(status: int) -> DeliveryVerdict:
    """What an answer's status means. A redirect is not followed: entries would go where nobody has sent them."""
    if 200 <= status < 300:
        return DeliveryVerdict.TAKEN
    return DeliveryVerdict.REFUSED if status in _AT_FAULT else DeliveryVerdict.LATER


def key_text(key: bytes) -> str:
    """A key as receivers are given it."""
    return _PREFIX + b64encode(key).decode("ascii")


def key_of(text: str) -> bytes:
    """The key of such a text. Raises ValueError."""
    return b64decode(text.removeprefix(_PREFIX), validate=True)


def signature(key: bytes, message_id: str, now: float, body: bytes) -> str:
    """HMAC-SHA256 over id, time and body: whoever gets hold of a batch cannot change it, nor send it again later."""
    signed = f"{message_id}.{int(now)}.".encode("ascii") + body
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode("ascii")


def batch(documents: Sequence[bytes]) -> bytes:
    """The body: a JSON list of entries."""
    return b"[" + b",".join(documents) + b"]"


def signed_fields(key: bytes, message_id: str, now: float, body: bytes) -> dict[str, str]:
    """The fields of a request that has this body. A batch that is sent again has the same id."""
    return {
        "content-type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(int(now)),
        "webhook-signature": signature(key, message_id, now, body),
    }  # fmt: skip
