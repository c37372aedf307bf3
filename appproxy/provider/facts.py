"""What every end point of the provider shares: the issuer, the store, the clock, and who the browser belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.identity.cookie import COOKIE_PREFIX, clear_cookie, name_on_port, set_cookie
from appproxy.identity.sealing import encode
from appproxy.identity.states import is_start_secret
from appproxy.net.web import cookie_lines
from appproxy.provider.desks import Ground, SignedIn, find_active
from appproxy.provider.tokens import Form, ProviderSession
from appproxy.store.live import LiveStore

#: Bytes of the random cookie that a form is bound to.
_FORM_SECRET = 32
_STANDARD_PORT = 443


@dataclass(frozen=True, slots=True)
class Facts:
    """`wall`: seconds since 1970; `token`: random bytes."""

    issuer: str
    live: LiveStore
    wall: Callable[[], float]
    token: Callable[[int], bytes] = field(repr=False)

    def ground(self) -> Ground:
        """The facts of this moment."""
        return Ground(self.issuer, self.live.snapshot, self.wall(), self.token)

    @property
    def host(self) -> str:
        """The issuer's host and port, as people see it."""
        return urlsplit(self.issuer).netloc

    def session(self, request: Request) -> ProviderSession | None:
        """The session of the browser's cookie, unless it has ended."""
        value = request.getCookie(self._cookie(b"session"))
        if value is None:
            return None
        ground = self.ground()
        try:
            session = ProviderSession.unseal(value, ground.snapshot.keys, ground.now)
        except IdentityError:
            return None
        return session if ground.valid(session) else None

    async def who(self, request: Request) -> SignedIn | None:
        """The user that the browser is signed in as."""
        session = self.session(request)
        if session is None:
            return None
        user = await self.live.read(find_active, session)
        return SignedIn(session, user) if user is not None else None

    def keep_session(self, session: ProviderSession) -> bytes:
        """The field line that gives the browser a session. It ends with the browser, or when the session ends."""
        ground = self.ground()
        return cookie_lines(set_cookie(self._cookie(b"session"), session.seal(ground.key, ground.nonce())))

    def drop_session(self) -> bytes:
        """The field line that takes the browser's session."""
        return cookie_lines(clear_cookie(self._cookie(b"session")))

    def bind_form(self, request: Request, form: Form) -> tuple[str, bytes]:
        """The hidden field's value, and the field line of the cookie it is bound to."""
        secret = self._form_secret(request) or encode(self.token(_FORM_SECRET))
        ground = self.ground()
        sealed = form.seal(ground.key, ground.now, ground.nonce(), secret)
        return sealed, cookie_lines(set_cookie(self._cookie(b"form"), secret))

    def open_form(self, request: Request, text: str, purpose: str) -> Form:
        """The form that this browser was given and posts now. Raises IdentityError: forged, too old, not its own."""
        origin = request.getHeader("origin")
        if origin is not None and origin != self.issuer:
            raise IdentityError(Code.SIGN_IN_STATE, "the form was posted from another site")
        secret = self._form_secret(request)
        if secret is None:
            raise IdentityError(Code.SIGN_IN_STATE, "the form comes without its cookie")
        ground = self.ground()
        return Form.unseal(text, purpose, ground.snapshot.keys, ground.now, secret)

    def _form_secret(self, request: Request) -> bytes | None:
        """The browser's, if it has one: tabs share it."""
        value: bytes | None = request.getCookie(self._cookie(b"form"))
        return value if value is not None and is_start_secret(value) else None

    def _cookie(self, purpose: bytes) -> bytes:
        return name_on_port(COOKIE_PREFIX + b"-" + purpose, urlsplit(self.issuer).port or _STANDARD_PORT)
