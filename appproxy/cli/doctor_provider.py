"""Does an identity provider know this service as its client? Asked with a code that no provider has given."""

from __future__ import annotations

import secrets
import ssl

from appproxy.cli.findings import Ailing, Health
from appproxy.cli.probes import post_form
from appproxy.errors import IdentityError
from appproxy.identity.oidc import Metadata, client_authentication
from appproxy.store.snapshot import ProviderRecord

_MEND = "correct what is named, here or at the provider"


def try_client(metadata: Metadata, record: ProviderRecord, context: ssl.SSLContext, redirect_uri: str) -> str:
    """What to say of the client's id and secret, when the provider takes them. Raises Ailing.

    RFC 6749 section 5.2: the client is authenticated first, so that `invalid_grant`, for the code, means that it was.
    """
    try:
        own, authorization = client_authentication(metadata, record.client_id, record.client_secret)
    except IdentityError as refused:
        raise Ailing(refused.detail, "register the client there with client_secret_basic or client_secret_post") from refused
    form = {
        "grant_type": "authorization_code", "code": f"appproxy-doctor-{secrets.token_hex(16)}", "redirect_uri": redirect_uri,
        "code_verifier": secrets.token_urlsafe(32), **own,
    }  # fmt: skip
    status, answer = post_form(metadata.token_endpoint, context, form, authorization, _MEND)
    error = str(answer.get("error"))[:100] if isinstance(answer, dict) and "error" in answer else ""
    if error == "invalid_grant":
        return "the client is known" if record.client_secret else "the public client is known"
    if error == "invalid_client" or status == 401:
        raise Ailing(
            f"it does not take the client {record.client_id!r} with this secret ({status} {error or 'no reason'})",
            f"compare the id with the provider's, then set the secret: appproxy provider set {record.name} "
            "--client-secret-stdin")
    if error == "unauthorized_client":
        raise Ailing(f"the client {record.client_id!r} may not use the authorization code flow",
                     "allow it there: a web application, authorization code flow")
    raise Ailing(f"its token end point answered {status} {error or 'without a reason'} to a made-up code, so that it is not "
                 "known whether it takes the client's secret", "sign in once, and see the service's log", Health.WARNING)
