"""A kind of identity providers of one's own: users sign in with their account of a Discourse forum (DiscourseConnect).

Its distribution says in pyproject.toml where the kind is, and one command adds a forum:

    [project.entry-points."appproxy.identity_providers"]
    discourse = "forum_sign_in:Discourse"

    appproxy provider add forum --kind discourse --issuer https://forum.example.com --client-id appproxy

The client secret is what the forum's `discourse connect provider secrets` has for `signin.DOMAIN`. The forum signs what it
says with that secret and sends it by way of the browser; nobody need be called.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from twisted.internet.interfaces import IReactorTCP

from appproxy.api import errors, signin

#: Seconds for which an answer counts: the forum does not say when it was made, so the sign-in's own time is taken.
LASTS = 300.0


class Discourse(signin.ProviderKind):
    """What the entry point leads to."""

    def provider(self, record: signin.ProviderRecord, reactor: IReactorTCP) -> signin.IdentityProvider:
        """One forum."""
        if len(record.client_secret) < 16:
            raise errors.ConfigError(f"{record.name}: the forum's secret needs 16 characters at least; set it again")
        return Forum(record)


class Forum:
    """Speaks DiscourseConnect, the forum being the provider."""

    def __init__(self, record: signin.ProviderRecord) -> None:
        self._url = record.issuer.rstrip("/") + "/session/sso_provider"
        self._issuer = record.issuer
        self._secret = record.client_secret.encode()

    async def metadata(self) -> signin.Metadata:
        """Signing out of appproxy leaves the forum's own session alone."""
        return signin.Metadata(self._issuer, self._url, "", "")

    async def authorization_url(self, parameters: Mapping[str, str]) -> str:
        """To the forum, which brings the browser back with what it was given."""
        back = f"{parameters['redirect_uri']}?{urlencode({'state': parameters['state']})}"
        payload = b64encode(urlencode({"nonce": parameters["nonce"], "return_sso_url": back}).encode())
        return f"{self._url}?{urlencode({'sso': payload, 'sig': self._signed(payload)})}"

    async def check_callback(self, parameters: Mapping[str, str], state: str) -> str:
        """What was signed, and the signature."""
        payload, signature = parameters.get("sso", ""), parameters.get("sig", "")
        if parameters.get("state") != state or not payload or not signature:
            raise _refuse("no answer of the forum to this sign-in")
        return f"{signature}.{payload}"

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> signin.TokenAnswer:
        """Nothing is asked: all is there."""
        return signin.TokenAnswer("", access_token=code)

    async def claims(self, answer: signin.TokenAnswer, wanted: signin.WantedClaims) -> tuple[signin.Claims, str]:
        """Signed by the forum, with a secret that only we share, for this very sign-in."""
        signature, _, payload = answer.access_token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signed(payload.encode()).encode()):
            raise _refuse("the forum has not signed this")
        try:
            said = {name: values[0] for name, values in parse_qs(b64decode(payload, validate=True).decode()).items()}
        except ValueError as error:
            raise _refuse("the forum's answer cannot be read") from error
        if not hmac.compare_digest(said.get("nonce", "").encode(), wanted.nonce.encode()):
            raise _refuse("the forum's answer is for another sign-in")
        subject = said.get("external_id", "")
        if not subject or said.get("failed") == "true":
            raise _refuse("nobody has signed in to the forum")
        raw: dict[str, object] = {
            "sub": subject, "name": said.get("name") or said.get("username", ""), "email": said.get("email", ""),
            "preferred_username": said.get("username", ""),
            "groups": [group for group in said.get("groups", "").split(",") if group],
        }
        return signin.Claims(self._issuer, subject, wanted.now, wanted.now + LASTS, wanted.now, (), "", raw), ""

    def _signed(self, payload: bytes) -> str:
        return hmac.new(self._secret, payload, "sha256").hexdigest()


def _refuse(detail: str) -> errors.IdentityError:
    return errors.IdentityError(errors.Code.TOKEN_REFUSED, detail)
