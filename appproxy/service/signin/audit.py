"""What the audit says of sign-ins: who, with which provider, to which application, from where, and why not."""

from __future__ import annotations

from twisted.web.iweb import IRequest

from appproxy.errors import RequestError
from appproxy.identity.session import Session
from appproxy.net.web import address_of
from appproxy.publish.application import Application
from appproxy.service.signin.context import SignInContext
from appproxy.store.service.note import ANONYMOUS

#: Names of entries.
SIGNED_IN, REFUSED = "sign-in", "sign-in.refused"


def facts(context: SignInContext, request: IRequest, application: Application | None) -> dict[str, object]:
    """The provider and the application by name, and the address."""
    if application is None:
        return {"address": address_of(request)}
    provider = context.snapshot.providers.get(application.provider)
    return {
        "address": address_of(request), "application": application.name,
        "provider": application.provider if provider is None else provider.name,
    }


def of_session(session: Session) -> dict[str, object]:
    """Whose it is, and the id by which an administrator ends it."""
    return {"issuer": session.issuer, "name": session.name, "session": session.id}


def signed_in(context: SignInContext, request: IRequest, application: Application, session: Session) -> None:
    """Note that a session has begun."""
    noted = {**facts(context, request, application), **of_session(session), "expires": session.expires}
    context.store.note(f"user:{session.subject}", SIGNED_IN, session.subject, noted)


def refused(
    context: SignInContext, request: IRequest, application: Application | None, error: RequestError, subject: str = ""
) -> None:
    """Note that a sign-in has failed; `subject`: whose, where the provider's word for it was believed."""
    noted = {**facts(context, request, application), "code": error.code.name, "reason": error.detail}
    context.store.note(f"user:{subject}" if subject else ANONYMOUS, REFUSED, subject, noted)
