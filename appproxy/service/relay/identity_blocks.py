"""What connector and application are told of the user: JSON for the one, field lines for the other."""

from __future__ import annotations

import json

from appproxy.errors import Code, IdentityError
from appproxy.identity.claims import is_field_safe
from appproxy.identity.session import Session
from appproxy.publish.application import Application
from appproxy.service.recent import KEPT, Recent


class Blocks:
    """What connector and application are told of the user, worked out once for each session."""

    __slots__ = ("_identity", "_user")

    def __init__(self, size: int = KEPT) -> None:
        self._user: Recent[tuple[Session, bytes]] = Recent(size)
        self._identity: Recent[tuple[Session, Application, bytes]] = Recent(size)

    def user_header(self, session: Session | None) -> bytes:
        """The user as JSON for the tunnel; `null` for nobody."""
        if session is None:
            return b"null"
        kept = self._user.get(session.id)
        if kept is not None and kept[0] is session:
            return kept[1]
        made = user_header(session)
        self._user.put(session.id, (session, made))
        return made

    def identity_block(self, application: Application, session: Session | None) -> bytes:
        """The lines of single sign-on by headers."""
        if session is None or not application.headers:
            return b""
        key = (session.id, application.id)
        kept = self._identity.get(key)
        if kept is not None and kept[0] is session and kept[1] is application:
            return kept[2]
        made = identity_block(application, session)
        self._identity.put(key, (session, application, made))
        return made


def user_header(session: Session) -> bytes:
    """The user as a JSON object: subject, issuer, name. The session's id stays here."""
    return json.dumps(
        {"subject": session.subject, "issuer": session.issuer, "name": session.name}, separators=(",", ":")
    ).encode("ascii")


def identity_block(application: Application, session: Session) -> bytes:
    """One line for each header rule whose claim the user has: UTF-8, as it is in the claim.

    Besides the token's claims a rule may name `subject` and `issuer`. Raises IdentityError(TOKEN_REFUSED) for control
    characters, which could begin another field.
    """
    lines = []
    for rule in application.headers:
        value = claim_of(session, rule.claim)
        if value is None:
            continue
        if not is_field_safe(value):
            raise IdentityError(Code.TOKEN_REFUSED, f"the claim {rule.claim!r} has control characters")
        lines.append(b"%b: %b\n" % (rule.name.encode("ascii"), value.strip().encode()))
    return b"".join(lines)


def claim_of(session: Session, claim: str) -> str | None:
    """A claim by the name that header rules use, None when the user has it not."""
    if claim in ("sub", "subject"):
        return session.subject
    if claim in ("iss", "issuer"):
        return session.issuer
    if claim == "name":
        return session.claims.get("name", session.name)
    return session.claims.get(claim)
