"""What the audit says of sign-ins: who, with which provider, to which application, from where, and why not."""

from __future__ import annotations

from twisted.web.iweb import IRequest

from appproxy.errors import RequestError
from appproxy.identity.session import Session
from appproxy.net.web import address_of
from appproxy.publish.application import Application
from appproxy.service.sign_in_ground import Ground
from appproxy.store.note import ANONYMOUS

#: Names of entries.
SIGNED_IN, REFUSED = "sign-in", "sign-in.refused"


def facts(ground: Ground, request: IRequest, application: Application | None) -> dict[str, object]:
    """The provider and the application by name, and the address."""
    if application is None:
        return {"address": address_of(request)}
    provider = ground.snapshot.providers.get(application.provider)
    return {
        "address": address_of(request), "application": application.name,
        "provider": application.provider if provider is None else provider.name,
    }


def of_session(session: Session) -> dict[str, object]:
    """Whose it is, and the id by which an administrator ends it."""
    return {"issuer": session.issuer, "name": session.name, "session": session.id}


def signed_in(ground: Ground, request: IRequest, application: Application, session: Session) -> None:
    """Note that a session has begun."""
    noted = {**facts(ground, request, application), **of_session(session), "expires": session.expires}
    ground.store.note(f"user:{session.subject}", SIGNED_IN, session.subject, noted)


def refused(
    ground: Ground, request: IRequest, application: Application | None, error: RequestError, subject: str = ""
) -> None:
    """Note that a sign-in has failed; `subject`: whose, where the provider's word for it was believed."""
    noted = {**facts(ground, request, application), "code": error.code.name, "reason": error.detail}
    ground.store.note(f"user:{subject}" if subject else ANONYMOUS, REFUSED, subject, noted)
