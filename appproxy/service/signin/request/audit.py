"""What the audit says of sign-ins: who, with which provider, to which application, from where, and why not."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.iweb import IRequest

from appproxy.errors import RequestError
from appproxy.identity.session import Session
from appproxy.net.web import address_of
from appproxy.publish.application import Application
from appproxy.service.signin.request.browser_request import client_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.service.actions import SIGN_IN, SIGN_IN_REFUSED
from appproxy.store.service.note import ANONYMOUS


def facts(
    context: SignInContext, request: IRequest, application: Application | None, provider: str = ""
) -> dict[str, object]:
    """The provider and the application by name, the address, and what the browser calls itself. `provider`: its id, "" where
    none was chosen yet.
    """
    where = {"address": address_of(request), "client": client_of(request)}
    if application is None:
        return {**where}
    if not provider and len(application.providers) == 1:
        provider = application.provider
    record = context.snapshot.providers.get(provider)
    named = {"provider": provider if record is None else record.name} if provider else {}
    return {**where, "application": application.name, **named}


def of_session(session: Session) -> dict[str, object]:
    """Whose it is, and the id by which an administrator ends it."""
    return {"issuer": session.issuer, "name": session.name, "session": session.id}


def signed_in(
    context: SignInContext, request: IRequest, application: Application, session: Session, more: Mapping[str, object]
) -> None:
    """Note that a session has begun; `more`: what policies have to say."""
    noted = {
        **facts(context, request, application, session.provider), **of_session(session), "expires": session.expires,
        "amr": list(session.amr), "acr": session.acr, "auth_time": session.auth_time,
        **({"risk": session.sign_in_risk} if session.sign_in_risk else {}), **more,
    }
    context.store.note(f"user:{session.subject}", SIGN_IN, session.subject, noted)


def refused(
    context: SignInContext, request: IRequest, application: Application | None, error: RequestError, subject: str = "",
    provider: str = "",
) -> None:
    """Note that a sign-in has failed; `subject`: whose, where the word of `provider` (its id) for it was believed."""
    noted = {**facts(context, request, application, provider), "code": error.code.name, "reason": error.detail}
    context.store.note(f"user:{subject}" if subject else ANONYMOUS, SIGN_IN_REFUSED, subject, noted)
