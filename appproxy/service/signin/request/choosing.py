"""Where an application has several identity providers: which one a browser goes to, and the page that asks.

    GET /start?r=SEALED     one provider, or a choice that was made before   ---->   to the provider
                            else the page, which posts `provider` or `mail`
    POST /start             remembers the choice (cookie)                    ---->   to the provider
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.web.iweb import IRequest

from appproxy.errors import Code, RequestError
from appproxy.identity.cookie import CHOICE_COOKIE, name_on_port, set_cookie
from appproxy.identity.openid.provider_choice import MAX_ADDRESS, ProviderChoice, by_domain
from appproxy.net.web import Answer, brand_of, cookie_lines
from appproxy.pages import CHOOSE_PROVIDER_SCRIPT, NO_STORE, render, with_script
from appproxy.publish.application import Application
from appproxy.service.signin.request.browser_request import cookie_of, origin_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.snapshot import BUILTIN, ProviderRecord

#: Seconds for which a choice is remembered where the user wants that: as long as a browser is known as its user's.
_KEPT = 180 * 86400
_FIELDS = b"content-type: text/html; charset=utf-8\n" + NO_STORE + with_script(CHOOSE_PROVIDER_SCRIPT)
_NOT_THERE = "No place to sign in is known for this address. Choose one below, or ask your administrator."


def called(record: ProviderRecord) -> str:
    """What users are shown."""
    return "a user name and password" if record.id == BUILTIN else record.name


class Choosing:
    """Made once a node."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context
        self._name = name_on_port(CHOICE_COOKIE, context.port)

    def offered(self, application: Application) -> list[ProviderRecord]:
        """The application's providers that are there. Raises RequestError(PROVIDER_UNREACHABLE) when none is."""
        providers = self._context.snapshot.providers
        found = [providers[id] for id in application.providers if id in providers]
        if not found:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"no provider {application.provider!r}")
        return found

    def settled(self, request: IRequest, offered: Sequence[ProviderRecord]) -> ProviderRecord | None:
        """The only one, or the one that this browser has chosen before; None: ask."""
        if len(offered) == 1:
            return offered[0]
        chosen = self._choice(request).among([one.id for one in offered])
        return next((one for one in offered if one.id == chosen), None)

    def read(self, form: Mapping[str, str], offered: Sequence[ProviderRecord]) -> ProviderRecord | None:
        """The provider that a posted form names, by its id or by the domain of a mail address; None for none of them."""
        chosen = form.get("provider")
        if chosen is None:
            chosen = by_domain(form.get("mail", ""), {one.id: one.settings.domains for one in offered})
        return next((one for one in offered if one.id == chosen), None)

    def remember(self, request: IRequest, record: ProviderRecord, *, keep: bool) -> bytes:
        """Field lines that remember a choice; none for a form of another site, which speaks for nobody here."""
        if origin_of(request) not in (None, self._context.origin):
            return b""
        return self._lines(self._choice(request).chosen(record.id, keep=keep))

    def forget(self, request: IRequest) -> bytes:
        """Field lines by which the page asks again the next time: the user signs out, or could not sign in there."""
        choice = self._choice(request)
        return self._lines(choice.unsettled()) if choice.settled else b""

    def page(
        self, request: IRequest, application: Application, offered: Sequence[ProviderRecord], sealed: str,
        mail: str | None = None,
    ) -> Answer:
        """The page that asks; `sealed`: what begins this sign-in; `mail`: an address that leads nowhere, None for none."""
        records = {one.id: one for one in offered}
        choice = self._choice(request)
        page = render(
            "choose_provider", brand_of(request), action=f"{self._context.base}/start", sealed=sealed,
            application=application.name, by_mail=any(one.settings.domains for one in offered),
            mail=(mail or "")[:MAX_ADDRESS], error="" if mail is None else _NOT_THERE, keep=choice.kept,
            providers=[{"id": id, "name": called(records[id])} for id in choice.ordered(list(records))],
        )
        return Answer(200 if mail is None else 422, _FIELDS, page)

    def _choice(self, request: IRequest) -> ProviderChoice:
        return ProviderChoice.unseal(cookie_of(request, self._name), self._context.snapshot.keys)

    def _lines(self, choice: ProviderChoice) -> bytes:
        value = choice.seal(self._context.key, self._context.nonce())
        return cookie_lines(set_cookie(self._name, value, _KEPT if choice.kept else None))
