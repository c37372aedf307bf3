"""Does an identity provider know this service as its client? Asked with a code that no provider has given."""

from __future__ import annotations

import secrets
import ssl

from appproxy.cli.doctor.findings import Ailing, Health
from appproxy.cli.doctor.probes import check_dates, post_form
from appproxy.errors import IdentityError
from appproxy.identity.openid.client_authentication import method_of, prove
from appproxy.identity.openid.oidc import Metadata
from appproxy.pki import not_after, not_before
from appproxy.store.snapshot import ProviderRecord

_MEND = "correct what is named, here or at the provider"


def check_settings(metadata: Metadata, record: ProviderRecord, now: float, *, several: bool) -> list[str]:
    """What is to be said of how it is spoken with; `several`: are there other providers? Raises Ailing."""
    if metadata.signed_requests and record.client(record.client_id, now).key is None:
        raise Ailing("it wants signed authorization requests, and the client has no key for them",
                     f"appproxy provider set {record.name} --set request_object=always, and register its jwks_uri there")
    if record.settings.client_authentication == "tls_client_auth" and (shown := record.tls_credential(now)) is not None:
        check_dates(not_before(shown.certificate), not_after(shown.certificate), now,
                    f"give a new one: appproxy provider set {record.name} --tls-certificate FILE --tls-key FILE")
    if several and not metadata.iss_parameter and record.settings.redirect_uri == "shared":
        return ["it does not name itself in its answers (RFC 9207): redirect_uri=own keeps them apart from other providers'"]
    return []


def try_client(
    metadata: Metadata, record: ProviderRecord, context: ssl.SSLContext, redirect_uri: str, now: float
) -> str:
    """What to say of the client's id and proof, when the provider takes them. `now`: seconds since 1970. Raises Ailing.

    RFC 6749 section 5.2: the client is authenticated first, so that `invalid_grant`, for the code, means that it was.
    """
    try:
        client = record.client(record.client_id, now)
        proof = prove(metadata, client, now=now, jti=secrets.token_hex(16))
    except IdentityError as refused:
        raise Ailing(refused.detail, "register the client there with client_secret_basic or client_secret_post") from refused
    form = {
        "grant_type": "authorization_code", "code": f"appproxy-doctor-{secrets.token_hex(16)}", "redirect_uri": redirect_uri,
        "code_verifier": secrets.token_urlsafe(32), **proof.form,
    }  # fmt: skip
    status, answer = post_form(metadata.token_endpoint, context, form, proof.authorization, _MEND)
    error = str(answer.get("error"))[:100] if isinstance(answer, dict) and "error" in answer else ""
    if error == "invalid_grant":
        method = method_of(metadata, client)
        return "the public client is known" if method == "none" else f"the client is known ({method})"
    if error == "invalid_client" or status == 401:
        raise Ailing(
            f"it does not take the client {record.client_id!r} by {method_of(metadata, client)} "
            f"({status} {error or 'no reason'})", _fix_client(record))
    if error == "unauthorized_client":
        raise Ailing(f"the client {record.client_id!r} may not use the authorization code flow",
                     "allow it there: a web application, authorization code flow")
    raise Ailing(f"its token end point answered {status} {error or 'without a reason'} to a made-up code, so that it is not "
                 "known whether it takes the client's secret", "sign in once, and see the service's log", Health.WARNING)


def _fix_client(record: ProviderRecord) -> str:
    """What to do when the client's proof is not taken."""
    if record.settings.needs_key or record.tls_credential(0.0) is not None:
        return (f"compare the id, the method and the keys with the provider's: appproxy provider show {record.name} has "
                "jwks_uri and certificates")
    return (f"compare the id with the provider's, then set the secret: appproxy provider set {record.name} "
            "--client-secret-stdin")
