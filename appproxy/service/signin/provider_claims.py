"""What a provider says of a user who signs in: the ID token, and UserInfo for what the token lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from joserfc.jwk import KeySet
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.claims import groups_of
from appproxy.identity.id_token import Claims, UnknownKeyError, check_id_token, check_user_info
from appproxy.identity.oidc import TokenAnswer
from appproxy.service.signin.oidc_client import OidcClient
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
    claims = await _believed(client, lambda keys: check_id_token(
        answer.id_token, keys, issuer=issuer, client_id=wanted.audience, nonce=wanted.nonce, algorithms=record.algorithms,
        now=wanted.now))
    found = lacking(claims.raw, wanted.claims)
    info, why_not = await _user_info(client, record, answer, wanted, claims) if found else ({}, "")
    made = replace(claims, raw={**info, **claims.raw})
    _say(record, claims, info, found, lacking(made.raw, wanted.claims))
    return made, why_not


def lacking(raw: Mapping[str, object], wanted: Collection[str]) -> list[str]:
    """Which of the wanted claims are not there; `name` when there is nothing to call the user by."""
    found = [name for name in sorted(wanted) if name not in raw and name != "name"]
    return found if any(name in raw for name in _NAMES) else [*found, "name"]


async def _believed(client: OidcClient, check: Callable[[KeySet], T]) -> T:
    """Check a signature. One that no known key has made may be of a new key: then the key set is fetched once more."""
    try:
        return check(await client.keys())
    except UnknownKeyError:
        return check(await client.keys(refresh=True))


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
        token = said
        said = await _believed(client, lambda keys: check_user_info(
            token, keys, issuer=metadata.issuer, client_id=wanted.audience, algorithms=record.algorithms))
    if said.get("sub") != claims.subject:
        raise IdentityError(Code.TOKEN_REFUSED, "UserInfo is of another subject than the ID token")
    return said, ""


def _say(
    record: ProviderRecord, claims: Claims, info: Mapping[str, object], asked: list[str], missing: list[str]
) -> None:
    """Name the groups that came, and from where: the first question when somebody is refused."""
    source = "ID token" if record.groups_claim in claims.raw else "UserInfo" if record.groups_claim in info else ""
    groups = groups_of({**info, **claims.raw}, record.groups_claim)
    _log.info(
        "{provider} says of {subject}: {count} groups{source}; asked of UserInfo: {asked}; not told: {missing}",
        provider=record.name, subject=claims.subject, count=len(groups), groups=list(groups[:_LISTED]),
        source=f" in {record.groups_claim!r} of the {source}: {', '.join(groups[:_LISTED])}" if source else "",
        asked=", ".join(asked) or "nothing", missing=", ".join(missing) or "nothing",
    )  # fmt: skip
