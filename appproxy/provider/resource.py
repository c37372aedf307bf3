"""The built-in identity provider as a whole: made of a store and an issuer, mounted on `signin.DOMAIN`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from appproxy.net.chance import TimeAndChance
from appproxy.net.web import limited
from appproxy.provider.api import Api
from appproxy.provider.back_channel import BackChannel, Post
from appproxy.provider.client import InProcessClient
from appproxy.provider.directories.source import Directories
from appproxy.provider.factors.authenticator import FactorAuthenticator
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.metadata import (
    ACCOUNT,
    AUTHORIZE,
    CONSENT,
    DEVICE,
    DEVICE_AUTHORIZATION,
    DEVICE_PROVED,
    JWKS,
    LOGOUT,
    NEW_PASSWORD,
    PASSWORD_LINK,
    REVOKE,
    SECOND_FACTOR,
    SET_UP,
    SET_UP_APP,
    SIGN_IN,
    SIGN_OUT_ELSEWHERE,
    TOKEN,
    USERINFO,
)
from appproxy.provider.oauth.signing import rotate
from appproxy.provider.passwords.authenticator import PasswordAuthenticator
from appproxy.provider.passwords.checker import (
    THREADS,
    USUAL_WORK,
    PasswordChecker,
    PasswordThreads,
    PasswordWork,
    threads_for,
    usable_cores,
)
from appproxy.provider.passwords.shared_throttle import SharedThrottle
from appproxy.provider.sign_in import SignInPages
from appproxy.provider.sign_out import SignOutPages
from appproxy.provider.steps.account import AccountPages
from appproxy.provider.steps.consent import ConsentPages
from appproxy.provider.steps.new_password import NewPasswordPages
from appproxy.provider.steps.onward import Onward
from appproxy.provider.steps.party_sign_in import UNWATCHED, SignInWatch
from appproxy.provider.steps.second_factor import SecondFactorPages
from appproxy.provider.steps.set_up import SetUpPages
from appproxy.store.database.live import LiveStore
from appproxy.store.service.note import Note, nowhere

#: How often it is looked whether the signing key is old enough to be changed, in seconds.
_ROTATE_EVERY = 3600.0
#: How often the audit hears how many sign-ins it was spared, in seconds.
_WITHHELD_EVERY = 60.0
#: Requests of one address, at once and a second. Pages and forms: an office of 300 whose browsers restore 50 tabs each, and
#: whose people then sign in. Calls: the service's own do not come over HTTP.
#: Devices that begin to wait, and codes that are typed: nobody is to guess one.
_PAGES, _FORMS, _CALLS, _DEVICES = (3000.0, 20.0), (600.0, 5.0), (100.0, 5.0), (30.0, 0.2)


class BuiltInProvider:
    """An OpenID Connect provider for the users of the store. `start` it before requests come, `stop` it at the end."""

    log = Logger()

    def __init__(
        self,
        live: LiveStore,
        issuer: str,
        reactor: Any,
        outside: TimeAndChance,
        *,
        work: PasswordWork = USUAL_WORK,
        note: Note = nowhere,
        post: Post | None = None,
        watch: SignInWatch = UNWATCHED,
    ) -> None:
        """`issuer`: `https://signin.DOMAIN[:PORT]`; `work`: how passwords are hashed, and by which threads.

        `note` keeps entries of the audit that nobody waits for. Without `post`, which calls relying parties, other processes
        tell them. `watch`: what the service's policies have to say.

        `reactor` provides IReactorTime, and without threads in `work` also IReactorFromThreads.
        """
        wall_clock, random_bytes = outside.wall_clock, outside.random_bytes
        self._live = live
        self._threads: PasswordThreads | None = None
        run, threads = work.run, THREADS
        if run is None:
            run = self._threads = PasswordThreads(reactor, threads := threads_for(usable_cores()))
        self.directories = Directories(live, reactor, wall_clock, random_bytes)
        facts = self.facts = ProviderFacts(issuer, live, wall_clock, random_bytes, self.directories)
        checker = PasswordChecker(run, work.hasher, threads=threads)
        self._throttle = SharedThrottle(live, reactor, wall_clock, random_bytes)
        authenticator = PasswordAuthenticator(
            live, checker, self._throttle, reactor.seconds, random_bytes, note, self.directories, watch.failed)
        self._api = Api(facts, note)
        onward, factors = Onward(facts), FactorAuthenticator(facts, authenticator, note)
        self._sign_in = SignInPages(onward, authenticator, factors)
        self._second_factor = SecondFactorPages(onward, factors)
        self._set_up = SetUpPages(onward)
        self._new_password = NewPasswordPages(onward, checker)
        self._account = AccountPages(onward, self._set_up, self._new_password)
        self._consent = ConsentPages(onward, note, watch)
        self._sign_out = SignOutPages(facts)
        self._back_channel = None if post is None else BackChannel(live, issuer, reactor, wall_clock, random_bytes, post)
        self._issuer = issuer
        self._seconds: Callable[[], float] = reactor.seconds
        self._authenticator = authenticator
        self._withheld, self._rotation = LoopingCall(self._write_withheld), LoopingCall(self._rotate)
        self._withheld.clock = self._rotation.clock = reactor

    def start(self) -> None:
        """Start the password threads, and look after the signing key from now on."""
        if self._threads is not None:
            self._threads.start()
        self._throttle.start()
        self._rotation.start(_ROTATE_EVERY)
        self._withheld.start(_WITHHELD_EVERY, now=False)
        if self._back_channel is not None:
            self._back_channel.start()
        self._live.before_stop(lambda: self._write_withheld(all=True))

    def stop(self) -> None:
        """Stop what `start` started, if it did."""
        self._throttle.stop()
        if self._back_channel is not None:
            self._back_channel.stop()
        for loop in (self._rotation, self._withheld):
            if loop.running:
                loop.stop()
        if self._threads is not None:
            self._threads.stop()
        self.directories.close()

    def resources(self) -> Mapping[bytes, IResource]:
        """The children that the root of `signin.DOMAIN` must have, by name."""
        seconds = self._seconds
        well_known = Resource()
        well_known.putChild(b"openid-configuration", self._api.discovery_end_point())
        well_known.putChild(b"oauth-authorization-server", self._api.discovery_end_point())
        return {
            b".well-known": well_known,
            AUTHORIZE.encode(): self._sign_in.authorize(limited(*_PAGES, seconds)),
            SIGN_IN.encode(): self._sign_in.sign_in(limited(*_FORMS, seconds)),
            SECOND_FACTOR.encode(): self._second_factor.second_factor(limited(*_FORMS, seconds)),
            SET_UP.encode(): self._set_up.set_up(limited(*_FORMS, seconds)),
            SET_UP_APP.encode(): self._set_up.set_up_app(limited(*_FORMS, seconds)),
            ACCOUNT.encode(): self._account.account(limited(*_FORMS, seconds)),
            NEW_PASSWORD.encode(): self._new_password.new_password(limited(*_FORMS, seconds)),
            PASSWORD_LINK.encode(): self._new_password.link(limited(*_FORMS, seconds)),
            TOKEN.encode(): self._api.token_end_point(limited(*_CALLS, seconds)),
            CONSENT.encode(): self._consent.consent(limited(*_PAGES, seconds), limited(*_FORMS, seconds)),
            DEVICE_PROVED.encode(): self._consent.device_proved(limited(*_PAGES, seconds)),
            DEVICE.encode(): self._consent.device(limited(*_PAGES, seconds), limited(*_DEVICES, seconds)),
            DEVICE_AUTHORIZATION.encode(): self._api.device_authorization_end_point(limited(*_DEVICES, seconds)),
            REVOKE.encode(): self._api.revocation_end_point(limited(*_CALLS, seconds)),
            JWKS.encode(): self._api.keys_end_point(limited(*_CALLS, seconds)),
            USERINFO.encode(): self._api.userinfo_end_point(limited(*_CALLS, seconds)),
            SIGN_OUT_ELSEWHERE.encode(): self._sign_out.elsewhere(limited(*_PAGES, seconds)),
            LOGOUT.encode(): self._sign_out.logout(limited(*_FORMS, seconds)),
        }

    def client(self) -> InProcessClient:
        """The provider for its own service, without HTTP."""
        return InProcessClient(self._api, self._issuer)

    async def end_session(self, request: IRequest, user: str, onward: str) -> tuple[str, bytes]:
        """End the session that the request's browser has with the provider, on all nodes, if it is this user's (an id).

        For the service's own sign-out. Gives where the browser goes, which leads to `onward`, and the field line,
        `set-cookie: ...`, that takes its cookie.
        """
        return await self._sign_out.end_session(cast("Request", request), onward, user)

    def _write_withheld(self, *, all: bool = False) -> Deferred[None]:
        def failed(failure: Failure) -> None:
            self.log.failure("sign-ins could not be counted in the audit", failure)

        return self._authenticator.write_withheld(all=all).addErrback(failed)

    def _rotate(self) -> Deferred[None]:
        """One failure must not end the watch: the database may be back in an hour."""

        def failed(failure: Failure) -> None:
            self.log.failure("the signing keys could not be looked after", failure)

        return self._live.write(rotate).addCallbacks(lambda _: None, failed)
