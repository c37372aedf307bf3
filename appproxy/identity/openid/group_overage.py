"""Groups that a token names a place for, because they are too many for it (OpenID Connect Core section 5.6.2).

Microsoft Entra ID does so from 200 groups on, and says where its directory is asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from appproxy.errors import Code, IdentityError

#: What the tokens still name, and what has taken its place.
_FORMER_HOST = "graph.windows.net"
_MEMBER_GROUPS = "https://graph.microsoft.com/v1.0/me/getMemberObjects"
#: Microsoft Graph, and that of the national clouds. Nobody else is to see the user's access token: it may be good for more
#: than groups, and a token that names a place is no admin who does.
_DIRECTORIES = frozenset((
    "graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"))
#: Entra's own bound for one answer is 11,000.
MOST = 11_000


def place_of_groups(raw: Mapping[str, object], claim: str) -> str | None:
    """Where a believed token says that the groups are: an https URL, "" for none that is any good; None: it says nothing."""
    names, sources = raw.get("_claim_names"), raw.get("_claim_sources")
    if claim in raw or not isinstance(names, dict) or not isinstance(names.get(claim), str):
        return None
    source = sources.get(names[claim]) if isinstance(sources, dict) else None
    place = source.get("endpoint") if isinstance(source, dict) else None
    if not isinstance(place, str) or len(place) > 2048 or not place.isascii() or not place.isprintable() or " " in place:
        return ""
    try:
        parts = urlsplit(place)
    except ValueError:
        return ""
    if parts.hostname == _FORMER_HOST:
        return _MEMBER_GROUPS
    return place if parts.scheme == "https" and parts.hostname and parts.username is None and not parts.fragment else ""


def is_directory(place: str) -> bool:
    """May the directory at this place of `place_of_groups` be asked, with the user's access token? On its usual port only."""
    return urlsplit(place).netloc.lower() in _DIRECTORIES


def read_member_groups(answer: object) -> list[str]:
    """The ids in the directory's answer. Raises IdentityError(TOKEN_REFUSED)."""
    found = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(found, list) or len(found) > MOST or not all(isinstance(one, str) for one in found):
        raise IdentityError(Code.TOKEN_REFUSED, "the place that the token names for groups answers something else")
    return found
