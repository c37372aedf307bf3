"""The form for user name and password, with its way in by a passkey alone."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from twisted.web.server import Request

from appproxy.net.web import Answer, brand_of
from appproxy.pages import NO_STORE, PASSKEY_SCRIPT, SIGN_IN_SCRIPT, render, with_script
from appproxy.provider.factors.webauthn import CHALLENGE_SIZE, PasskeyHost, challenge_in
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.metadata import ACCOUNT, AUTHORIZE, SIGN_IN
from appproxy.provider.passwords.authenticator import LONGEST_NAME
from appproxy.provider.tokens import FormState

PURPOSE = "sign in"
#: The parameter by which a sign-in leads to the account page. No request can bring it: `grants.authorize` lets none through.
TO_ACCOUNT = "account"
#: The parameters of such a sign-in.
PARAMETERS = {TO_ACCOUNT: "1"}
#: What `known` of a form has for a passkey.
CHALLENGE = "challenge"
STALE = "This page was open for too long, or its cookie was lost. Sign in once more; cookies must be allowed."
_HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE


def html(*scripts: str) -> bytes:
    """The fields of a page with these inline scripts."""
    return _HTML + with_script(*scripts)


_FIELDS = html(SIGN_IN_SCRIPT, PASSKEY_SCRIPT)


def sign_in_form(
    facts: ProviderFacts, request: Request, status: int, parameters: Mapping[str, str], name: str, error: str = "",
    fields: bytes = b"",
) -> Answer:
    """The form; `parameters`: the request to go on with, `name`: what was typed before."""
    options = PasskeyHost(facts.issuer).options_for_use(facts.random_bytes(CHALLENGE_SIZE))
    form = FormState(PURPOSE, parameters, known={CHALLENGE: challenge_in(options)})
    token, cookie = facts.bind_form(request, form)
    body = render(
        "sign_in", brand_of(request), action=f"/{SIGN_IN}", csrf=token, user_name=name[:LONGEST_NAME], error=error,
        application=application_name(facts, parameters), resume=resume(parameters), passkey=options,
    )
    return Answer(status, _FIELDS + cookie + fields, body)


def application_name(facts: ProviderFacts, parameters: Mapping[str, str]) -> str:
    """What the user wants to go on to, "" when it is not known."""
    if TO_ACCOUNT in parameters:
        return "your account"
    snapshot, id = facts.live.snapshot, parameters.get("client_id", "")
    known = snapshot.native_clients.get(id) or snapshot.relying_parties.get(id) or snapshot.signed_in_to(id)
    return known.name if known is not None else ""


def resume(parameters: Mapping[str, str]) -> str:
    """Where a request goes on once there is a session."""
    return f"/{ACCOUNT}" if TO_ACCOUNT in parameters else f"/{AUTHORIZE}?{urlencode(parameters)}"
