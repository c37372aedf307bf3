"""Asking for an application, at `apps.DOMAIN/ask`: the form, what is sent, and what became of it.

What cannot be asked for, because there is none such, because nobody may ask for it, or because the user may open it, is not
there, and no answer tells these apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from twisted.web.server import Request

from appproxy.errors import AlreadyThere, Code, ConfigError, NotFound
from appproxy.identity.session import Session
from appproxy.net.web import Answer, brand_of, failure_answer, html_answer, read_pairs, redirect
from appproxy.pages import render
from appproxy.publish.application import Application
from appproxy.service.signin.portal.entries import askable
from appproxy.service.signin.portal.forms import OwnForms
from appproxy.service.signin.request import audit
from appproxy.service.signin.request.browser_request import form_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.applications.asked import (
    APPROVED,
    DENIED,
    LONGEST_REASON,
    PENDING,
    AccessAsking,
    AccessRequest,
)

#: The page's path, and the form's.
ASK = "ask"
#: What the hidden field of the form is sealed for.
_PURPOSE = "asking for an application"
#: Requests that the list shows of a user.
_MOST = 10


class AskPages:
    """Responders of the page."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context
        self._forms = OwnForms(context, _PURPOSE)

    async def show(self, request: Request) -> Answer:
        """The form, for an application by its id."""
        id = read_pairs(request.uri.partition(b"?")[2]).get(b"application", [b""])[-1].decode("ascii", "replace")
        found = self._found(id, {route.application.provider: one for route, one in self._forms.signed_in(request)})
        if found is None:
            return failure_answer(request, Code.NOT_FOUND, "nothing that this user may ask for")
        return self._page(request, 200, *found)

    async def ask(self, request: Request) -> Answer:
        """Send it, and go back to the list; or the form again, with what is wrong."""
        form = form_of(request)
        route, session = self._forms.proved(request, form.get("csrf", ""))
        found = self._found(form.get("application", ""), {session.provider: session})
        if found is None:
            return failure_answer(request, Code.NOT_FOUND, "nothing that this user may ask for")
        application, reason = found[0], form.get("reason", "")
        noted = audit.facts(self._context, request, application, session.provider)
        asking = AccessAsking(application.id, session.provider, session.subject, session.name, reason)
        try:
            await self._context.store.panel.ask(asking, noted)
        except NotFound:
            return failure_answer(request, Code.NOT_FOUND, "nothing that can be asked for any more")
        except (AlreadyThere, ConfigError) as error:
            status = 409 if isinstance(error, AlreadyThere) else 422
            return self._page(request, status, application, session, wrong=str(error), reason=reason)
        return redirect(f"{route.origin}/")

    def _found(self, id: str, sessions: Mapping[str, Session]) -> tuple[Application, Session] | None:
        context = self._context
        application = context.snapshot.applications.get(id)
        if application is None or not sessions:
            return None
        found = askable([application], sessions, context.authorizer, context.wall_clock())
        return found[0] if found else None

    def _page(
        self, request: Request, status: int, application: Application, session: Session, wrong: str = "", reason: str = ""
    ) -> Answer:
        return html_answer(status, render(
            "ask", brand_of(request), name=application.name, description=application.description, id=application.id,
            csrf=self._forms.proof(session), wrong=wrong, reason=reason[:LONGEST_REASON], longest=LONGEST_REASON,
            action=f"/{ASK}"))


def shown_requests(
    requests: Iterable[AccessRequest], applications: Mapping[str, Application], now: float
) -> list[dict[str, object]]:
    """What a user is told of requests: those that wait, and what was decided lately. Of applications that nobody may ask for
    any more nothing is said.
    """
    found: list[dict[str, object]] = []
    seen: set[str] = set()
    for one in requests:
        application = applications.get(one.application)
        if application is None or not application.requestable or one.application in seen:
            continue
        seen.add(one.application)
        state = one.state_at(now)
        if state == PENDING:
            text = f"waits since {_day(one.created)}"
        elif state == APPROVED:
            text = f"yours until {_day(one.ends)}"
        elif state == DENIED:
            text = "denied"
        else:
            text = f"ended on {_day(one.ends)}"
        found.append({"name": application.name, "text": text, "answer": one.answer, "id": one.application,
                      "waits": state == PENDING})
    return found[:_MOST]


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")
