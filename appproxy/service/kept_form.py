"""Forms that are kept while their sender signs in again: which may be, for whom, and in what form.

A page of the application posts a form, and the session has ended meanwhile. What was posted is kept for the user whose session
it was, and sent once when that user is back. A form of another site is never kept: sending it with the session that follows
would be a cross-site request forgery by way of the sign-in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from hashlib import sha256

from appproxy.http.head import Fields, RequestHead
from appproxy.identity.session import Session

#: Seconds that a form is kept: whoever has just sent it waits for the next page, and signs in at once. What was meant
#: yesterday may not be meant any more.
KEPT_SECONDS = 3600.0
#: Random bytes of a form's ticket: 128 bits, as for any token that is guessed online (RFC 6749 section 10.10).
TICKET_SIZE = 16
_TICKET = re.compile(rb"appproxy-kept=([0-9a-f]{32})\r\n")
#: Bytes of a body with a ticket, as browsers write a form of one field with the enctype text/plain (HTML section 4.10.21.8).
TICKET_LENGTH = len(b"appproxy-kept=\r\n") + 2 * TICKET_SIZE
#: Of the request that was kept, the fields that tell how to read its body, and from where it came.
_KEPT_FIELDS = frozenset((b"content-type", b"content-encoding", b"content-language", b"origin", b"referer"))
#: Of the one that brings the ticket, those that are about its own body, besides.
_TICKET_FIELDS = _KEPT_FIELDS | {b"content-length", b"transfer-encoding", b"expect", b"trailer", b"te"}


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A posted form: target in origin-form, those of its fields that are kept, and its body."""

    target: bytes
    fields: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, head: RequestHead, body: bytes) -> KeptForm:
        """What is kept of a request."""
        return cls(head.target, tuple((name, value) for name, value in head.fields if name in _KEPT_FIELDS), body)

    def encode(self) -> bytes:
        """For the store: a line of JSON, then the body."""
        fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.fields]
        return json.dumps([self.target.decode("latin-1"), fields]).encode() + b"\n" + self.body

    @classmethod
    def decode(cls, encoded: bytes) -> KeptForm:
        """What `encode` wrote."""
        line, _, body = encoded.partition(b"\n")
        target, fields = json.loads(line)
        pairs = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)
        return cls(target.encode("latin-1"), pairs, body)

    def head(self, bringing: RequestHead) -> RequestHead:
        """The request as it goes on, in place of the one that brings the ticket, which has the new cookies."""
        fields: Fields = [(name, value) for name, value in bringing.fields if name not in _TICKET_FIELDS]
        return replace(
            bringing, target=self.target, fields=[*fields, *self.fields], length=len(self.body), expects_continue=False,
            repeated=None)


def is_own_form(head: RequestHead, origin: bytes) -> bool:
    """Has a page of `origin` itself posted a form whose answer is to take the page's place?

    `Sec-Fetch-Site` (Fetch Metadata) tells, and looks at redirects on the way, too. `Origin` may be `null` then, because the
    page's referrer policy hides it, but no other. Of browsers without Sec-Fetch fields, `Origin` has to be there.
    """
    if head.method != b"POST" or head.upgrade is not None:
        return False
    said: dict[bytes, bytes] = {}
    for name, value in head.fields:
        if name in (b"origin", b"accept") or name.startswith(b"sec-fetch-"):
            if name in said:
                return False
            said[name] = value
    if not any(name.startswith(b"sec-fetch-") for name in said):
        return said.get(b"origin") == origin and b"text/html" in said.get(b"accept", b"").lower()
    return (
        (said.get(b"sec-fetch-site"), said.get(b"sec-fetch-mode"), said.get(b"sec-fetch-dest"))
        == (b"same-origin", b"navigate", b"document") and said.get(b"origin", origin) in (origin, b"null"))


def may_bring_ticket(head: RequestHead) -> bool:
    """May the body be a ticket? Forms of text/plain with just this length are rare, and go on as they are."""
    if head.length != TICKET_LENGTH or head.method != b"POST":
        return False
    kind = head.get(b"content-type")
    return kind is not None and kind.partition(b";")[0].strip().lower() == b"text/plain"


def ticket_in(body: bytes) -> str:
    """The ticket that a body brings; "" where it is somebody's form."""
    found = _TICKET.fullmatch(body)
    return "" if found is None else found[1].decode("ascii")


def row_of(ticket: str) -> str:
    """Under which id the store has the form: whoever reads the database learns no ticket."""
    return sha256(ticket.encode("ascii")).hexdigest()


def owner_of(session: Session) -> str:
    """Whose session it is: 64 signs, the same for each session of one subject of one provider."""
    return _hash(session.provider, session.issuer, session.subject)


def place_of(application: str, host: str) -> str:
    """Where the form belongs: 64 signs, another for each application (its id) and host."""
    return _hash(application, host)


def _hash(*parts: str) -> str:
    """Of no other list of texts."""
    return sha256(json.dumps(parts).encode()).hexdigest()
