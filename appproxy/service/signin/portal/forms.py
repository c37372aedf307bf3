"""Forms of the pages at `apps.DOMAIN`: whose they are, and that a page of ours made them for this very browser."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.sealing import seal, unseal
from appproxy.identity.session import Session
from appproxy.identity.states import START_LIFETIME
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.signin.request.browser_request import host_of, origin_of
from appproxy.service.signin.request.context import SignInContext


class OwnForms:
    """`purpose`: of these forms (associated data: never change it), so that one's field is no other's."""

    def __init__(self, context: SignInContext, purpose: str) -> None:
        self._context = context
        self._purpose = purpose

    @property
    def origin(self) -> str:
        """Where the pages are, without a slash at the end."""
        return self._context.snapshot.portal.url.rstrip("/")

    def signed_in(self, request: IRequest) -> Iterator[tuple[ApplicationRoute, Session]]:
        """The browser's session with each provider, and the list that it is for."""
        for route in self._context.routes_on(host_of(request)):
            for session in self._context.sessions_of(request, route)[:1]:
                yield route, session

    def proof(self, session: Session) -> str:
        """The hidden field: good for this session alone, and for a while."""
        context = self._context
        expires = context.wall_clock() + START_LIFETIME
        return seal(self._purpose, {}, context.key, expires, context.nonce(), (session.id,)).decode("ascii")

    def proved(self, request: IRequest, text: str) -> tuple[ApplicationRoute, Session]:
        """Whose form it is. Raises RequestError(CROSS_SITE) for one that our page did not make for this browser."""
        if origin_of(request) not in (None, self.origin):
            raise RequestError(Code.CROSS_SITE, "a form from another origin")
        context = self._context
        for route, session in self.signed_in(request):
            try:
                unseal(self._purpose, text.encode(), context.snapshot.keys, context.wall_clock(), (session.id,))
            except IdentityError:
                continue
            return route, session
        raise RequestError(Code.CROSS_SITE, "a form without its hidden field")
