"""The provider says that its session has ended: to us, and by the user's browser.

OpenID Connect Back-Channel Logout 1.0 and Front-Channel Logout 1.0. With the provider's session end all of ours that
belong to it, on every node, open streams included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from urllib.parse import urlsplit

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity.openid.encrypted_token import addressed, is_encrypted
from appproxy.identity.openid.id_token import MAX_SUBJECT, issuer_of
from appproxy.identity.openid.logout_token import LogoutToken
from appproxy.net.web import Answer, address_of, brand_of, failure_answer, html_answer, json_answer, tell
from appproxy.pages import render
from appproxy.policy.networks import block_of
from appproxy.policy.thinning import OTHERS, Thinning
from appproxy.service.signin.openid.identity_provider import EndsSessions
from appproxy.service.signin.request.browser_request import form_of, query_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.service.actions import SESSION_END_REFUSED
from appproxy.store.service.note import ANONYMOUS
from appproxy.store.snapshot import BUILTIN, ProviderRecord

#: Nobody but the provider, who knows it, can name a session of so many characters (96 bits in base64); a shorter name could be
#: guessed, and by the browser's way nothing is signed.
_LEAST_SID = 16
#: Seconds after which a provider may try once more.
_RETRY_AFTER = 10
#: Providers that may have sent an encrypted token which names no key: each has a key tried, or two in a week of change, a
#: millisecond each, and whoever sends it need not be known.
_UNNAMED = 2
#: Refused ends in the log: of one network (an IPv6 /48), of all, and in how many seconds. A provider that is set up wrong is
#: seen in a few lines, and anybody can make tokens up. The audit has its own count.
_OF_ONE, _OF_ALL, _WINDOW = 3, 60, 600.0


class ProviderLogout:
    """Responders of pages on the sign-in host."""

    log = Logger()

    def __init__(self, context: SignInContext, seconds: Callable[[], float]) -> None:
        self._context = context
        self._seconds = seconds
        self._thinning = Thinning(_OF_ONE, _OF_ALL, _WINDOW)

    async def back_channel(self, request: IRequest) -> Answer:
        """The provider posts a logout token (section 2.5): 200 when its sessions have ended here, 400 for a bad one."""
        try:
            await self._end_by_token(request, form_of(request).get("logout_token", ""))
        except (RequestError, StoreError) as error:
            return self._refused(request, error)
        return json_answer(200, {})

    async def _end_by_token(self, request: IRequest, text: str) -> None:
        record, token = await self._read(text)
        once = f"logout {sha256(f'{record.id} {token.id}'.encode()).hexdigest()}"
        noted = {"provider": record.name, "address": address_of(request), "reason": "back-channel logout"}
        count = await self._context.store.end_at_provider(
            record.id, token.subject, token.sid, noted, (once, token.expires), token.issued)
        if count is None:
            raise IdentityError(Code.TOKEN_REFUSED, "logout token: it was used before")
        self.log.info("{provider} has ended sessions: {count} of {subject}", provider=record.name, count=count,
                      subject=token.subject or token.sid)

    async def _read(self, text: str) -> tuple[ProviderRecord, LogoutToken]:
        """The token, and the provider: of those with its issuer the one whose client it is for, or whose key opens it."""
        refusal = IdentityError(Code.TOKEN_REFUSED, "logout token: it is from no provider of this service")
        for record in self._encrypted_to(text) if is_encrypted(text) else self._of_issuer(issuer_of(text)):
            provider = self._context.providers[record.id]
            if not isinstance(provider, EndsSessions):
                continue
            try:
                return record, await provider.logout_token(text, self._context.wall_clock())
            except IdentityError as error:
                refusal = error
        raise refusal

    def _of_issuer(self, issuer: str) -> Iterator[ProviderRecord]:
        return (one for one in self._context.snapshot.providers.values() if one.issuer == issuer and one.id != BUILTIN)

    def _encrypted_to(self, text: str) -> Iterable[ProviderRecord]:
        """Those to whose key it may be encrypted: who has made it, stands within. Raises IdentityError(TOKEN_REFUSED)."""
        to = addressed(text)
        found = [one for one in self._context.snapshot.providers.values()
                 if to.fits(one.encryption_keys, one.settings.id_token_encryption)]
        if to.kid is None and len(found) > _UNNAMED:
            raise IdentityError(Code.TOKEN_REFUSED, f"logout token: it names no key (kid), and {len(found)} providers encrypt "
                                                    "in this way; have the provider name the key, as the key set does")
        return found

    def _refused(self, request: IRequest, error: RequestError | StoreError) -> Answer:
        if isinstance(error, StoreError):
            error = RequestError(Code.STORE_UNAVAILABLE, str(error))
        tell(request, error.code, error.detail)
        self._log(address_of(request), error)
        if error.failure.status >= 500:
            return json_answer(503, {"error": "temporarily_unavailable"}, b"retry-after: %d\n" % _RETRY_AFTER)
        self._note(request, error)
        # Section 2.8. Why is in our log: whoever makes tokens up learns nothing.
        return json_answer(400, {"error": "invalid_request"})

    def _log(self, address: str, error: RequestError) -> None:
        now, network = self._seconds(), block_of(address)
        for other, count in self._thinning.due(now).items():
            self.log.warn("{count} more ends of sessions were refused, from {network}", count=count,
                          network=other if other != OTHERS else "other networks")
        if self._thinning.note(network, now):
            self.log.warn("a provider's end of a session was refused: {detail}", detail=error.detail, code=error.code.name,
                          address=address)

    def _note(self, request: IRequest, error: RequestError) -> None:
        noted = {"address": address_of(request), "code": error.code.name, "reason": error.detail}
        self._context.store.note(ANONYMOUS, SESSION_END_REFUSED, "", noted)

    async def front_channel(self, request: IRequest) -> Answer:
        """The provider's page loads this one in a frame (section 2): `iss` and `sid` name the session.

        In a frame of another site browsers send none of our cookies. So what counts is that `sid` is known, which only the
        provider and we do.
        """
        query = query_of(request)
        sid = query.get("sid", "")
        records = list(self._of_issuer(query.get("iss", "")))
        if not records or not _LEAST_SID <= len(sid) <= MAX_SUBJECT or not sid.isprintable():
            error = IdentityError(Code.SIGN_IN_STATE, "front-channel logout without a provider's iss and a long sid")
            self._note(request, error)
            return failure_answer(request, error.code, error.detail)
        for record in records:
            noted = {"provider": record.name, "address": address_of(request), "reason": "front-channel logout"}
            await self._context.store.end_at_provider(record.id, "", sid, noted)
        page = html_answer(200, render("signed_out", brand_of(request)))
        return page._replace(fields=_framed_by(page.fields, records[0].issuer))


def _framed_by(fields: bytes, issuer: str) -> bytes:
    """The same fields, but that pages of the issuer's origin may show it in a frame.

    X-Frame-Options does not count beside it (CSP Level 2 section 7.7.1).
    """
    parts = urlsplit(issuer)
    return fields.replace(b"frame-ancestors 'none'", b"frame-ancestors " + f"{parts.scheme}://{parts.netloc}".encode("ascii"))
