"""Does an identity provider work for us? Asked again, as a sign-in would, with a code that no provider has given.

RFC 6749 section 5.2: the client is authenticated first, so that `invalid_grant`, for the code, means that it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.openid.oidc import ClientRefused, GrantRefused, Metadata, is_pushed
from appproxy.service.signin.openid.identity_provider import IdentityProvider, VouchesForTokens
from appproxy.store.snapshot import BUILTIN, OIDC, ProviderRecord

GOOD, WARNING, BROKEN = "good", "warning", "broken"


@dataclass(frozen=True, slots=True)
class TrialStep:
    """What was looked at (`metadata`, `keys` or `client`), how it went, what was found, and what to do about it."""

    check: str
    health: str
    detail: str
    hint: str = ""


class ProviderTrial:
    """`providers` makes those of now again, so that nothing is remembered of former answers; `records`: what is known of them.
    `origin`: of the service's sign-in.
    """

    def __init__(
        self, providers: Callable[[], Mapping[str, IdentityProvider]], records: Callable[[], Mapping[str, ProviderRecord]],
        origin: str, wall_clock: Callable[[], float],
    ) -> None:
        self._providers = providers
        self._records = records
        self._origin = origin
        self._wall_clock = wall_clock

    async def __call__(self, named: str) -> list[TrialStep]:
        """The steps for one, by id or name: those behind a broken one are left out."""
        known, key = self._records(), named.casefold()
        record = known.get(named) or next((one for one in known.values() if one.name.casefold() == key), None)
        if record is None:
            return [TrialStep("metadata", BROKEN, "this node does not know it yet", "try again in a second")]
        if record.id == BUILTIN:
            return [TrialStep("metadata", GOOD, "it is a part of the service")]
        try:
            provider = self._providers()[record.id]
        except RequestError as error:
            return [TrialStep("metadata", BROKEN, error.detail, "install what brings its kind, and restart the service")]
        return await try_provider(record, provider, f"{self._origin}{record.callback_path}", self._wall_clock())


async def try_provider(
    record: ProviderRecord, provider: IdentityProvider, redirect_uri: str, now: float
) -> list[TrialStep]:
    """The steps. `now`: seconds since 1970."""
    try:
        metadata = await provider.metadata()
    except RequestError as error:
        return [TrialStep("metadata", BROKEN, error.detail, _fix_metadata(record, error))]
    steps = [_metadata(record, metadata, now)]
    if record.kind != OIDC:
        return steps
    if isinstance(provider, VouchesForTokens):
        steps.append(await _keys(provider))
    steps.append(await _client(record, provider, redirect_uri))
    return steps


def _fix_metadata(record: ProviderRecord, error: RequestError) -> str:
    if error.code is Code.PROVIDER_UNREACHABLE:
        return ("is it reached from the service's machine, and do the trusted authorities vouch for it? "
                f"appproxy provider set {record.name} --ca-bundle FILE")
    return "the issuer must be what the provider's documents name, letter by letter: add another provider with that one"


def _metadata(record: ProviderRecord, metadata: Metadata, now: float) -> TrialStep:
    try:
        is_pushed(metadata, always=record.pushed_requests == "always")
    except IdentityError as error:
        return TrialStep("metadata", BROKEN, error.detail, f"appproxy provider set {record.name} --pushed-requests auto")
    if metadata.signed_requests and record.client(record.client_id, now).key is None:
        return TrialStep(
            "metadata", BROKEN, "it wants signed authorization requests, and the client has no key for them",
            f"appproxy provider set {record.name} --set request_object=always, and register its jwks_uri there")
    return TrialStep("metadata", GOOD, f"{record.issuer} answers")


async def _keys(provider: VouchesForTokens) -> TrialStep:
    try:
        count = len((await provider.signing_keys(refresh=True)).keys)
    except RequestError as error:
        return TrialStep("keys", BROKEN, error.detail, "no token of it can be checked: look at its jwks_uri")
    return TrialStep("keys", GOOD, f"it has {count} key{'' if count == 1 else 's'} to sign with")


async def _client(record: ProviderRecord, provider: IdentityProvider, redirect_uri: str) -> TrialStep:
    code, verifier = f"appproxy-test-{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    try:
        await provider.exchange(code, verifier, redirect_uri, record.client_id)
    except GrantRefused:
        return TrialStep("client", GOOD, f"it takes the client {record.client_id!r}")
    except ClientRefused as error:
        return TrialStep("client", BROKEN, f"it does not take the client {record.client_id!r} ({error.detail})",
                         _fix_client(record))
    except RequestError as error:
        return TrialStep("client", WARNING, f"it answered a made-up code so that it is not known whether it takes the client "
                         f"({error.detail})", "sign in once, and see the service's log")
    return TrialStep("client", BROKEN, "it gave tokens for a code that nobody has", "sign nobody in with it")


def _fix_client(record: ProviderRecord) -> str:
    if record.settings.needs_key or record.tls_credential(0.0) is not None:
        return "compare the id, the method and the keys with the provider's; the authorization code flow must be allowed there"
    return (f"compare the id with the provider's, then set the secret: appproxy provider set {record.name} "
            "--client-secret-stdin; the authorization code flow must be allowed there")
