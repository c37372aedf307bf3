"""Where users fetch the key of a device that an administrator has added: by a link, once.

The file is under a password that the link does not tell: it comes from the administrator by another way.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from appproxy.errors import Code
from appproxy.net.web import Answer, address_of, brand_of, html_answer, tell
from appproxy.pages import NO_STORE, SECURITY_FIELDS, render
from appproxy.service.signin.request.browser_request import form_of, query_of
from appproxy.service.signin.request.context import SignInContext

_FILE = (
    b"content-type: application/x-pkcs12\ncontent-disposition: attachment; filename=\"device.p12\"\n"
    + NO_STORE + SECURITY_FIELDS)
_GONE = "This link was used before, or it is too old. Ask your administrator for another one."


class DeviceLink:
    """The responders of /device-key on the sign-in host."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context

    async def open(self, request: IRequest) -> Answer:
        """What the link is for. To look at it uses nothing up: mail programs look at links before people do."""
        secret = query_of(request).get("t", "")
        name = await self._context.store.look_for_device(secret)
        if name is None:
            return self._gone(request)
        return html_answer(200, render("device_key", brand_of(request), action="/device-key", secret=secret, name=name))

    async def fetch(self, request: IRequest) -> Answer:
        """The key and its certificate: made now, given once, and kept nowhere."""
        found = await self._context.store.take_device(form_of(request).get("t", ""), address_of(request))
        return self._gone(request) if found is None else Answer(200, _FILE, found)

    def _gone(self, request: IRequest) -> Answer:
        """The same for a link that never was, was used, or has expired."""
        tell(request, Code.SIGN_IN_STATE, "a link to a device's key that does not count")
        return html_answer(400, render(
            "message", brand_of(request), title="This link does not work any more", text=_GONE,
            link=self._context.snapshot.portal.url, link_text="Your applications"))
