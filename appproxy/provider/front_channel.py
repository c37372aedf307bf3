"""Relying parties hear in the browser that a session has ended: OpenID Connect Front-Channel Logout 1.0, as the provider.

The browser that signs out goes over a page whose frames load an address of each, with `iss` and `sid`. What others end
reaches no browser: that is for the back channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import seal, unseal
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of
from appproxy.pages import CONTENT_SECURITY_POLICY, NO_STORE, SIGN_OUT_ELSEWHERE_SCRIPT, render, with_script
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.metadata import SIGN_OUT_ELSEWHERE
from appproxy.provider.parameters import read_query
from appproxy.provider.tokens import ProviderSession
from appproxy.store.people.session import client_sessions
from appproxy.store.snapshot import RelyingParty

_PURPOSE = "sign-out elsewhere"
#: Seconds for a redirect, and for Reload.
_LIFETIME = 60.0
#: Seconds after which a browser without scripts goes on, whatever its frames do.
_PATIENCE = 5
_FIELDS = b"content-type: text/html; charset=utf-8\n" + NO_STORE + with_script(SIGN_OUT_ELSEWHERE_SCRIPT)


class SignOutElsewhere:
    """/sign-out-elsewhere."""

    def __init__(self, facts: ProviderFacts) -> None:
        self._facts = facts

    async def way(self, session: ProviderSession, onward: str) -> str:
        """Where a browser goes whose session has ended, on its way to the URL `onward`: there itself if nobody is to hear."""
        if not any(one.frontchannel_logout_uri for one in self._facts.live.snapshot.relying_parties.values()):
            return onward
        heard = self._parties(await self._facts.live.read(client_sessions.clients_of, session.id))
        if not heard:
            return onward
        context = self._facts.context()
        payload = {"s": session.id, "c": [one.id for one in heard], "o": onward}
        text = seal(_PURPOSE, payload, context.key, context.now + _LIFETIME, context.nonce())
        return f"{context.issuer}/{SIGN_OUT_ELSEWHERE}?t={text.decode('ascii')}"

    def page(self, limit: Limit) -> AsyncResource:
        """The page: whoever has its address can end no session but the one that has ended already."""
        return AsyncResource({b"GET": self._get}, limit)

    async def _get(self, request: Request) -> Answer:
        context = self._facts.context()
        text = read_query(request).get("t", "")
        if not text:
            raise IdentityError(Code.SIGN_IN_STATE, "there is nothing to be signed out of")
        payload = unseal(_PURPOSE, text.encode(), context.snapshot.keys, context.now)
        heard = self._parties(cast("list[str]", payload["c"]))
        query = [("iss", context.issuer), ("sid", str(payload["s"]))]
        frames = [str(add_params_to_uri(one.frontchannel_logout_uri, query)) for one in heard]
        names, onward = [one.name for one in heard], str(payload["o"])
        body = render(
            "sign_out_elsewhere", brand_of(request), names=names, frames=frames, onward=onward,
            script=SIGN_OUT_ELSEWHERE_SCRIPT,
        )
        refresh = f"refresh: {_PATIENCE}; url={onward}\n".encode("ascii")
        return Answer(200, _framing(frames) + refresh, body)

    def _parties(self, ids: Iterable[str]) -> Sequence[RelyingParty]:
        known = self._facts.live.snapshot.relying_parties
        return [known[id] for id in ids if id in known and known[id].frontchannel_logout_uri]


def _framing(frames: Iterable[str]) -> bytes:
    """The fields of a page that may show these addresses in frames."""
    places = sorted({f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, frames)})
    policy = CONTENT_SECURITY_POLICY + b"; frame-src " + " ".join(places).encode("ascii")
    return _FIELDS.replace(CONTENT_SECURITY_POLICY, policy)
