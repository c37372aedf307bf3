"""What a provider says of a user who signs in: the ID token, and UserInfo for what the token lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from joserfc.jwk import KeySet
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.claims import groups_of
from appproxy.identity.openid.claim_sources import is_named, sources_of
from appproxy.identity.openid.encrypted_token import PREFIX, is_encrypted, opened
from appproxy.identity.openid.group_overage import is_directory, place_of_groups
from appproxy.identity.openid.id_token import Claims, UnknownKeyError, check_id_token, check_user_info
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.service.signin.openid.oidc_client import FetchesClaims, GrantRefused, OidcClient
from appproxy.store.snapshot import ProviderRecord

T = TypeVar("T")
#: Any of these is a name to call the user by (`identity.claims.display_name`).
_NAMES = ("name", "preferred_username", "email")
#: Groups that a line of the log lists.
_LISTED = 20
_log = Logger()


@dataclass(frozen=True, slots=True)
class WantedClaims:
    """What is looked for. `audience`: our client id; `nonce`: the one we gave; `claims`: their names; `now`: wall clock."""

    audience: str
    nonce: str
    claims: Collection[str]
    now: float


async def read_claims(
    client: OidcClient, record: ProviderRecord, answer: TokenAnswer, wanted: WantedClaims
) -> tuple[Claims, str]:
    """The believed claims of the user, those of the ID token before those of UserInfo; and why UserInfo did not come, if so.

    Raises IdentityError(TOKEN_REFUSED) for a token or UserInfo that is not to be believed.
    """
    issuer = (await client.metadata()).issuer
    claims = await believed(client, lambda keys: check_id_token(
        answer.id_token, keys, issuer=issuer, client_id=wanted.audience, nonce=wanted.nonce, algorithms=record.algorithms,
        now=wanted.now, max_age=record.settings.max_age))
    found = lacking(claims.raw, wanted.claims)
    info, why_not = await _lacking(client, record, answer, wanted, claims) if found else ({}, "")
    made = replace(claims, raw={**info, **claims.raw})
    _say(record, claims, info, found, lacking(made.raw, wanted.claims))
    return made, why_not


async def read_refreshed_claims(
    client: OidcClient, record: ProviderRecord, answer: TokenAnswer, subject: str, wanted: WantedClaims,
    before: Mapping[str, object],
) -> tuple[Claims | None, str]:
    """The same after a refresh (OpenID Connect Core section 12.2), where an ID token need not come: then UserInfo is asked,
    and what it does not say stays as it was. None: nothing new is known.

    Raises GrantRefused when the provider speaks of another subject, and IdentityError(TOKEN_REFUSED).
    """
    if answer.id_token:
        claims = await believed(client, lambda keys: check_id_token(
            answer.id_token, keys, issuer=record.issuer, client_id=wanted.audience, nonce=None, algorithms=record.algorithms,
            now=wanted.now))
        if claims.subject != subject:
            raise GrantRefused(Code.TOKEN_REFUSED, "the refreshed ID token is of another subject")
        found = lacking(claims.raw, wanted.claims)
        info, why_not = await _lacking(client, record, answer, wanted, claims) if found else ({}, "")
        return replace(claims, raw={**info, **claims.raw}), why_not
    claims = Claims(record.issuer, subject, wanted.now, wanted.now, wanted.now, (), "", {})
    info, why_not = await _user_info(client, record, answer, wanted, claims)
    return (replace(claims, raw={**before, **info}), why_not) if info else (None, why_not)


def lacking(raw: Mapping[str, object], wanted: Collection[str]) -> list[str]:
    """Which of the wanted claims are not there; `name` when there is nothing to call the user by."""
    found = [name for name in sorted(wanted) if name not in raw and name != "name"]
    return found if any(name in raw for name in _NAMES) else [*found, "name"]


async def believed(client: OidcClient, check: Callable[[KeySet], T]) -> T:
    """Check a signature. One that no known key has made may be of a new key: then the key set is fetched once more."""
    try:
        return check(await client.keys())
    except UnknownKeyError:
        return check(await client.keys(refresh=True))


async def _lacking(
    client: OidcClient, record: ProviderRecord, answer: TokenAnswer, wanted: WantedClaims, claims: Claims
) -> tuple[Mapping[str, object], str]:
    """What the ID token lacks: what UserInfo says, and groups from where the token says that they are."""
    info, why_not = await _user_info(client, record, answer, wanted, claims)
    elsewhere, complaint = await _elsewhere(client, record, wanted, replace(claims, raw={**info, **claims.raw}))
    # What stands in UserInfo comes before what it only names a place for.
    info, why_not = {**elsewhere, **info}, "; ".join(filter(None, (why_not, complaint)))
    claim = record.groups_claim
    asked = complaint or claim not in wanted.claims or claim in info
    place = None if asked else place_of_groups(claims.raw, claim)
    if place is None:
        return info, why_not
    if not record.fetch_groups or not place or not answer.access_token:
        why_not = (f"the groups are too many for the token, which names another place for {claim!r} (_claim_names); "
                   "let them be fetched (appproxy provider set NAME --fetch-groups), or have the provider name fewer")
    elif not is_directory(place):
        why_not = (f"the groups are too many for the token, which names a place for {claim!r} that is not Microsoft Graph, "
                   "and does not get the access token; have the provider name fewer")
    else:
        try:
            return {**info, claim: await client.member_groups(place, answer.access_token)}, why_not
        except RequestError as error:
            why_not = f"the groups are too many for the token, and could not be fetched: {error.detail}"
    _log.warn("{provider} leaves out the groups of {subject}: {detail}", provider=record.name, subject=claims.subject,
              detail=why_not)
    return info, why_not


async def _elsewhere(
    client: OidcClient, record: ProviderRecord, wanted: WantedClaims, claims: Claims
) -> tuple[dict[str, object], str]:
    """Claims that are in other tokens, or at other places (section 5.6.2); and why some of them did not come."""
    found: dict[str, object] = {}
    why_not: list[str] = []
    for source in sources_of(claims.raw, wanted.claims):
        try:
            if source.token:
                said: Mapping[str, object] | str = source.token
            elif not isinstance(client, FetchesClaims) or not is_named(source.endpoint, record.settings.claim_hosts):
                continue  # for groups that are too many, `place_of_groups` is looked at after this, and says so
            else:
                said = await client.claims_at(source.endpoint, source.access_token)
            if isinstance(said, str):
                said = await _signed_claims(client, record, wanted, said)
            if said.get("sub", claims.subject) != claims.subject:
                raise IdentityError(Code.TOKEN_REFUSED, "they are of another subject")
        except RequestError as error:
            why_not.append(f"the claims of the source {source.name!r} did not come: {error.detail}")
            _log.warn("{provider}: {detail}", provider=record.name, detail=why_not[-1])
            continue
        found |= {name: said[name] for name in source.claims if name in said}
    return found, "; ".join(why_not)


async def _signed_claims(
    client: OidcClient, record: ProviderRecord, wanted: WantedClaims, token: str
) -> Mapping[str, object]:
    """Believed where the provider itself has signed: whose keys others have, nobody tells us."""
    issuer = (await client.metadata()).issuer
    return await believed(client, lambda keys: check_user_info(
        token, keys, issuer=issuer, client_id=wanted.audience, algorithms=record.algorithms))


async def _user_info(
    client: OidcClient, record: ProviderRecord, answer: TokenAnswer, wanted: WantedClaims, claims: Claims
) -> tuple[Mapping[str, object], str]:
    """What UserInfo says of the same user; nothing where there is none, or it does not answer, and then why.

    Without it the user may lack a group, and is refused then; log and audit tell why.
    """
    metadata = await client.metadata()
    if not metadata.userinfo_endpoint or not answer.access_token:
        return {}, ""
    try:
        said = await client.user_info(answer.access_token)
    except RequestError as error:
        if error.code is Code.TOKEN_REFUSED:
            raise
        _log.warn("{provider}: UserInfo could not be read: {detail}", provider=record.name, detail=error.detail)
        return {}, f"UserInfo could not be read: {error.detail}"
    if isinstance(said, str):
        token = _signed(record, said)
        said = await believed(client, lambda keys: check_user_info(
            token, keys, issuer=metadata.issuer, client_id=wanted.audience, algorithms=record.algorithms))
    if said.get("sub") != claims.subject:
        raise IdentityError(Code.TOKEN_REFUSED, "UserInfo is of another subject than the ID token")
    return said, ""


def _signed(record: ProviderRecord, token: str) -> str:
    """The signed token of UserInfo, which may be encrypted as ID tokens are (section 5.3.2). Claims that are only encrypted
    are refused, since anybody can encrypt to our key. Raises IdentityError(TOKEN_REFUSED).
    """
    if not is_encrypted(token):
        return token
    algorithm = record.settings.id_token_encryption
    if not algorithm:
        raise IdentityError(Code.TOKEN_REFUSED, "UserInfo: it is encrypted, which is not set for this provider; set "
                                                "id_token_encryption, or have the provider only sign")
    try:
        return opened(token, record.encryption_keys, algorithm)
    except IdentityError as error:
        raise IdentityError(Code.TOKEN_REFUSED, f"UserInfo: {error.detail.removeprefix(PREFIX)}") from error


def _say(
    record: ProviderRecord, claims: Claims, info: Mapping[str, object], asked: list[str], missing: list[str]
) -> None:
    """Name the groups that came, and from where: the first question when somebody is refused."""
    elsewhere = place_of_groups(claims.raw, record.groups_claim)
    source = "ID token" if record.groups_claim in claims.raw else "UserInfo" if record.groups_claim in info else ""
    source = f"place {elsewhere}" if source == "UserInfo" and elsewhere else source
    groups = groups_of({**info, **claims.raw}, record.groups_claim)
    _log.info(
        "{provider} says of {subject}: {count} groups{source}; asked of UserInfo: {asked}; not told: {missing}",
        provider=record.name, subject=claims.subject, count=len(groups), groups=list(groups[:_LISTED]),
        source=f" in {record.groups_claim!r} of the {source}: {', '.join(groups[:_LISTED])}" if source else "",
        asked=", ".join(asked) or "nothing", missing=", ".join(missing) or "nothing",
    )  # fmt: skip
