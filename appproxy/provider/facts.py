"""What every end point of the provider shares: the issuer, the store, the clock, and who the browser belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity import binding
from appproxy.identity.cookie import COOKIE_PREFIX, clear_cookie, name_on_port, set_cookie
from appproxy.identity.devices import LIFETIME as DEVICE_LIFETIME
from appproxy.identity.devices import Device, seal_devices, unseal_devices, with_device
from appproxy.net.web import cookie_lines, cookies_of
from appproxy.provider.directories.source import Directories
from appproxy.provider.oauth.grants import GrantContext, SignedIn, find_in_use, find_signed_in
from appproxy.provider.tokens import FORM_LIFETIME, FormState, ProviderSession
from appproxy.store.database.live import LiveStore

_STANDARD_PORT = 443


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """`wall_clock`: seconds since 1970; `random_bytes`: random bytes."""

    issuer: str
    live: LiveStore
    wall_clock: Callable[[], float]
    random_bytes: Callable[[int], bytes] = field(repr=False)
    directories: Directories

    def context(self) -> GrantContext:
        """The facts of this moment."""
        return GrantContext(self.issuer, self.live.snapshot, self.wall_clock(), self.random_bytes)

    @property
    def host(self) -> str:
        """The issuer's host and port, as people see it."""
        return urlsplit(self.issuer).netloc

    def session(self, request: Request) -> ProviderSession | None:
        """The session of the browser's cookie, unless it has ended."""
        session = self.last_session(request)
        return session if session is not None and self.context().valid(session) else None

    def last_session(self, request: Request) -> ProviderSession | None:
        """The session of the browser's cookie, whether or not it was ended meanwhile."""
        value = request.getCookie(self._cookie(b"session"))
        if value is None:
            return None
        context = self.context()
        try:
            return ProviderSession.unseal(value, context.snapshot.keys, context.now)
        except IdentityError:
            return None

    async def who(self, request: Request) -> SignedIn | None:
        """The user that the browser is signed in as, and which second factors they have. None after too long a pause."""
        session, context = self.session(request), self.context()
        if session is None:
            return None
        try:
            return await self.directories.admitted(
                await self.live.read(find_in_use, session, context.now - context.record.idle))
        except RequestError:
            # The directory is away: nobody is taken for signed in on old word alone, and the form says what is the matter.
            return None

    async def find(self, session: ProviderSession) -> SignedIn | None:
        """The session's user with their factors, if their directory still lets them sign in; None where it counts no longer.

        Raises RequestError(PROVIDER_UNREACHABLE) when the directory is to be asked and does not answer.
        """
        return await self.directories.admitted(await self.live.read(find_signed_in, session))

    def keep_session(self, session: ProviderSession) -> bytes:
        """The field line that gives the browser a session. It ends with the browser, or when the session ends."""
        context = self.context()
        return cookie_lines(set_cookie(self._cookie(b"session"), session.seal(context.key, context.nonce())))

    def drop_session(self) -> bytes:
        """The field line that takes the browser's session."""
        return cookie_lines(clear_cookie(self._cookie(b"session")))

    def devices(self, request: Request) -> tuple[Device, ...]:
        """The users who have signed in with this browser before."""
        context = self.context()
        return unseal_devices(request.getCookie(self._cookie(b"device")), context.snapshot.keys, context.now)

    def keep_device(self, devices: tuple[Device, ...], device: Device) -> bytes:
        """The field line by which the browser is known as its user's from now on, beside those of before."""
        context = self.context()
        sealed = seal_devices(with_device(devices, device), context.key, context.now, context.nonce())
        return cookie_lines(set_cookie(self._cookie(b"device"), sealed, int(DEVICE_LIFETIME)))

    def bind_form(self, request: Request, form: FormState) -> tuple[str, bytes]:
        """The hidden field's value, and the field line of the cookie it is bound to: the browser's, if it has one."""
        prefix = self._cookie(b"browser")
        cookies = cookies_of(request, prefix)
        known = binding.secrets_of(cookies, prefix)
        secret = known[0] if known else binding.mint(self.random_bytes(binding.SECRET_SIZE))
        surplus = () if known else binding.surplus(cookies, prefix)
        context = self.context()
        sealed = form.seal(context.key, context.now, context.nonce(), binding.binding(secret))
        # Set again where it was there before, so that it lasts as long as this form.
        cookie = set_cookie(binding.cookie_name(prefix, secret), secret, int(FORM_LIFETIME))
        return sealed, cookie_lines(cookie, *map(clear_cookie, surplus))

    def open_form(self, request: Request, text: str, purpose: str) -> FormState:
        """The form that this browser was given and posts now.

        Raises IdentityError when it is forged or comes from another site; StaleForm when it is ours, but too old or not
        bound to this browser.
        """
        origin = request.getHeader("origin")
        if origin is not None and origin != self.issuer:
            raise IdentityError(Code.SIGN_IN_STATE, "the form was posted from another site")
        context, prefix = self.context(), self._cookie(b"browser")
        secrets = binding.secrets_of(cookies_of(request, prefix), prefix)
        return FormState.unseal(text, purpose, context.snapshot.keys, context.now, secrets)

    def _cookie(self, purpose: bytes) -> bytes:
        return name_on_port(COOKIE_PREFIX + b"-" + purpose, urlsplit(self.issuer).port or _STANDARD_PORT)
