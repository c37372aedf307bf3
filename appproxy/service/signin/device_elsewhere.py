"""Where browsers prove their device for a relying party of the built-in provider, whose session keeps what is proved.

    signin.DOMAIN/consent: a device is missing   ---->   device.DOMAIN/prove-elsewhere: certificate checked
                                                         not good: a page that says why
    signin.DOMAIN/device-proved: into the session   <----   good
"""

from __future__ import annotations

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.states import DeviceElsewhereState
from appproxy.net.web import Answer, address_of, failure_answer, redirect, request_id
from appproxy.service.signin.device_step import ADVICE, DeviceCheck
from appproxy.service.signin.request.browser_request import client_of, query_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.service.actions import DEVICE_PROVED
from appproxy.store.snapshot import BUILTIN

#: Bytes of a URL that browsers and servers on the way are sure to take.
_LONGEST = 8000


class DeviceElsewhere:
    """The responder of /prove-elsewhere on `device.DOMAIN`, and the way there."""

    log = Logger()

    def __init__(self, context: SignInContext, check: DeviceCheck) -> None:
        self._context = context
        self._check = check

    def url(self, session: str, user: str, onward: str, message: str) -> str:
        """Where a sign-in goes on that has to prove a device: ids of the provider's session and its user, the query of the
        request that it comes back to, and what is missing, in words. Raises RequestError(TARGET_TOO_LONG).
        """
        context = self._context
        state = DeviceElsewhereState(session, user, onward, message)
        text = state.seal(context.key, context.wall_clock(), context.nonce())
        if len(text) > _LONGEST:
            raise RequestError(Code.TARGET_TOO_LONG, "the request of the application elsewhere is too long for this way")
        return f"{context.device_origin}/prove-elsewhere?t={text.decode('ascii')}"

    async def prove(self, request: IRequest) -> Answer:
        """Look at the certificate that the browser has shown, and lead back."""
        context = self._context
        try:
            text, now = query_of(request).get("t", "").encode(), context.wall_clock()
            state = DeviceElsewhereState.unseal(text, context.snapshot.keys, now)
        except IdentityError as error:
            return failure_answer(
                request, error.code, error.detail, link=context.snapshot.portal.url, link_text="Your applications")
        again = f"{context.base}/authorize?{state.onward}"
        try:
            device = await self._check.device(request, BUILTIN, state.user, now)
        except IdentityError as error:
            self.log.info("{detail}", detail=error.detail, code=error.code.name, request_id=request_id(request))
            return failure_answer(
                request, error.code, error.detail, link=again, link_text="Try again",
                notice=f"{state.message} {error.detail[0].upper()}{error.detail[1:]}. {ADVICE}")
        context.store.note(f"user:{state.user}", DEVICE_PROVED, state.user, {
            "address": address_of(request), "client": client_of(request), "provider": BUILTIN, "session": state.session,
            "authority": context.snapshot.device_authorities[device.authority].name, "device": str(device),
            "fingerprint": device.fingerprint,
        })  # fmt: skip
        proved = state.proved(device, context.key, context.wall_clock(), context.nonce())
        return redirect(f"{context.base}/device-proved?t={proved.decode('ascii')}")
