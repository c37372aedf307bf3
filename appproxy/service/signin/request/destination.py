"""The end of a sign-in: on to the page that it was for, to the form that waits for it, or to the page that is still open."""

from __future__ import annotations

from twisted.web.iweb import IRequest

from appproxy.identity.session import Session
from appproxy.identity.states import StartState
from appproxy.net.web import Answer, brand_of, html_answer, redirect
from appproxy.pages import NO_STORE, SEND_FORM_SCRIPT, SIGNED_IN_AGAIN_SCRIPT, render, with_script
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.kept_form import KeptForm, owner_of, place_of, row_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.request.urls import url_of

_HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE
_FIELDS, _BESIDE_FIELDS = _HTML + with_script(SEND_FORM_SCRIPT), _HTML + with_script(SIGNED_IN_AGAIN_SCRIPT)


async def lead_on(
    context: SignInContext, request: IRequest, route: ApplicationRoute, start: StartState, location: str, session: Session,
    lines: bytes = b"",
) -> Answer:
    """On with these cookie lines to what a sign-in was for: to `location`, or to the form that is kept for `session`."""
    if start.beside:
        page = render("signed_in_again", brand_of(request), onward=location, script=SIGNED_IN_AGAIN_SCRIPT)
        return Answer(200, _BESIDE_FIELDS + lines, page)
    if not start.kept:
        return redirect(location, lines)
    found = await context.store.look_for_form(row_of(start.kept), place_of(route.application.id, route.host))
    if found is None or found[0] != owner_of(session):
        text = (
            "What you had sent before was sent already, or is no longer kept." if found is None else
            "What was sent here before came from another user, so it was not sent for you.")
        page = render(
            "message", brand_of(request), title="You are signed in", text=text, link=location, link_text="Open the page")
        return html_answer(200, page, lines)
    target = KeptForm.decode(found[1]).target.decode("latin-1")
    action = url_of(context.snapshot.router_of(start.host), route, target)
    page = render(
        "send_form", brand_of(request), action=action, ticket=start.kept,
        application=route.application.name, script=SEND_FORM_SCRIPT,
    )
    return Answer(200, _FIELDS + lines, page)
