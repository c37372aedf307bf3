"""Logos of applications at `apps.DOMAIN/logo/`, for whoever sees the application in their list and for nobody else.

That there is an application of this id, or with this very picture, is told to no other: to them nothing is there.
"""

from __future__ import annotations

from twisted.web.server import Request

from appproxy.errors import Code
from appproxy.net.web import Answer, address_of, failure_answer
from appproxy.publish.application import Application
from appproxy.service.signin.portal.entries import LOGOS, askable, entries
from appproxy.service.signin.portal.forms import OwnForms
from appproxy.service.signin.request.browser_request import user_agent_of
from appproxy.service.signin.request.context import SignInContext

#: Opened by itself a picture is shown and does nothing. Its address changes with it, so that browsers may keep it; no cache
#: that several people share may.
FIELDS = (
    b"cache-control: private, max-age=31536000, immutable\nx-content-type-options: nosniff\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'; sandbox\n"
    b"cross-origin-resource-policy: same-origin\nreferrer-policy: no-referrer\n"
)


class LogoPages:
    """Responders below `/logo/`."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context
        self._forms = OwnForms(context, "")

    async def show(self, request: Request) -> Answer:
        """The picture, or 304 where the browser has it (RFC 9110 section 13.1.2)."""
        id, _, digest = request.path.decode("ascii", "replace").removeprefix(LOGOS).partition("/")
        snapshot = self._context.snapshot
        application, logo = snapshot.applications.get(id), snapshot.logos.get(id)
        if application is None or logo is None or logo.digest != digest or not self._sees(request, application):
            return failure_answer(request, Code.NOT_FOUND, "no logo that this user sees")
        tag = f'"{digest}"'
        fields = FIELDS + f"etag: {tag}\n".encode("ascii")
        if tag in _tags(request):
            return Answer(304, fields)
        picture = await self._context.store.panel.logo(id, digest)
        if picture is None:
            return failure_answer(request, Code.NOT_FOUND, "the logo was changed just now")
        return Answer(200, b"content-type: " + logo.kind.encode("ascii") + b"\n" + fields, picture)

    def _sees(self, request: Request, application: Application) -> bool:
        context = self._context
        sessions = {route.application.provider: session for route, session in self._forms.signed_in(request)}
        authorizer, now = context.authorizer, context.wall_clock()
        return bool(sessions) and bool(
            entries({application.id: application}, sessions, authorizer, now, address_of(request), user_agent_of(request))
            or askable([application], sessions, authorizer, now))


def _tags(request: Request) -> list[str]:
    lines = request.requestHeaders.getRawHeaders("if-none-match") or []
    return [one.strip().removeprefix("W/") for line in lines for one in line.split(",")]
