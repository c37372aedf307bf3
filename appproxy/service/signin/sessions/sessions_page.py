"""A user's own sessions, at `apps.DOMAIN/sessions`: where they are signed in, and an end to each."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.web.iweb import IRequest

from appproxy.identity.session import Session
from appproxy.net.web import Answer, brand_of, cookie_lines, html_answer, redirect
from appproxy.pages import render
from appproxy.service.signin.portal.forms import OwnForms
from appproxy.service.signin.request import audit
from appproxy.service.signin.request.browser_request import form_of
from appproxy.service.signin.request.client_name import client_name
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.sessions.sign_out import END_LIFETIME, end_url
from appproxy.store.people.session.record import SessionRow

#: The page's path, and the form's.
PATH = "sessions"
#: Sessions on the page; a person has some few.
_MOST = 100
#: Applications that are named of each.
_NAMED = 5
_PURPOSE = "own sessions"
#: In place of a session's id.
_ALL, _OTHERS = "all", "others"


class SessionsPage:
    """Responders of the page."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context
        self._forms = OwnForms(context, _PURPOSE)

    async def show(self, request: IRequest) -> Answer:
        """The list; whoever is not signed in is led to the list of applications, which asks for that."""
        signed_in = list(self._forms.signed_in(request))
        if not signed_in:
            return redirect(f"{self._forms.origin}/")
        lists = []
        for _, session in signed_in:
            rows = await self._context.store.sessions_of(session.provider, session.subject)
            lists.append({
                "csrf": self._forms.proof(session), "provider": session.provider, "name": session.name,
                "sessions": [self._shown(row, session) for row in rows[:_MOST]], "more": max(len(rows) - _MOST, 0),
            })
        return html_answer(200, render("sessions", brand_of(request), lists=lists, action=f"/{PATH}"))

    async def end(self, request: IRequest) -> Answer:
        """End one session, or all of them, or all but this one."""
        form = form_of(request)
        route, session = self._forms.proved(request, form.get("csrf", ""))
        which = form.get("session", "")
        store, noted = self._context.store, audit.facts(self._context, request, route.application, session.provider)
        if which == _ALL:
            await store.end_at_provider(session.provider, session.subject, "", {**noted, "reason": "signed out everywhere"})
        elif which == _OTHERS:
            await store.end_others(session.provider, session.subject, session.id, noted)
        else:
            for row in await store.sessions_of(session.provider, session.subject):
                if which == row.id:
                    await store.end(row.id, row.subject, {**noted, "name": row.name, "session": row.id})
        if which not in (_ALL, session.id):
            return redirect(f"{self._forms.origin}/{PATH}")
        gone = cookie_lines(*self._context.gone_cookies(request, route.host))
        return redirect(end_url(self._context, route.application, END_LIFETIME, session.provider, session.subject), gone)

    def _shown(self, row: SessionRow, own: Session) -> dict[str, object]:
        published = self._context.snapshot.applications
        names = sorted(published[id].name for id in row.applications if id in published)
        return {
            "id": row.id, "here": row.id == own.id, "client": client_name(row.client), "address": row.address,
            "began": _moment(row.began), "seen": _moment(row.seen), "applications": ", ".join(names[:_NAMED]),
            "more": max(len(names) - _NAMED, 0),
        }


def _moment(time: float) -> str:
    """To the minute, in UTC: where the user is nobody knows here."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")
