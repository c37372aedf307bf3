"""What the admin publishes: an application, its two URLs and its settings, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from hashlib import sha256

from appproxy.publish.cors import CorsRule
from appproxy.publish.settings.request_fields import HeaderRule, RequestField
from appproxy.publish.settings.setting import column, columns_of
from appproxy.publish.settings.table import ApplicationSettings
from appproxy.publish.url import Url

__all__ = ["COLUMNS", "Application", "HeaderRule", "Preauthentication", "RequestField", "Segment", "Url"]


class Preauthentication(Enum):
    """Who may pass before one byte reaches the internal network."""

    OIDC = "oidc"
    PASSTHROUGH = "passthrough"


@dataclass(frozen=True, slots=True)
class Segment:
    """One external URL of an application, and the internal one that it stands for.

    Either both hosts are wildcards (`*.example.com`, `*.internal`) or neither is: what the user types for the star is
    carried over. `id` is the segment's; the application's own pair of URLs and its alternate hosts have none.
    """

    external: Url
    internal: Url
    id: str = ""

    @property
    def prefix(self) -> str:
        """What users have before the internal path: `/tools` where `/tools/wiki/` stands for `/wiki/`; "" for nothing, or
        where the external path does not end in the internal one.
        """
        outer, inner = self.external.path, self.internal.path
        return outer[: -len(inner)] if outer.endswith(inner) else ""

    def covers(self, host: str) -> bool:
        """Is this host the external one, or one that the wildcard stands for?"""
        external = self.external
        if not external.is_wildcard:
            return host == external.host
        return host.endswith(external.suffix) and len(host) > len(external.suffix)

    def on(self, host: str) -> Segment:
        """The pair of URLs of one host that it covers."""
        external = self.external
        if not external.is_wildcard:
            return self
        label = host[: -len(external.suffix)]
        return Segment(external.on(host), self.internal.on(label + self.internal.suffix), self.id)


def _named(access: ProviderAccess | Application) -> frozenset[str]:
    return access.assigned_groups | access.maintaining_groups | {group for group, _ in access.ending_groups}


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """Who may use an application of those that one more identity provider vouches for. All are ids of that provider."""

    provider: str
    assigned_users: frozenset[str] = frozenset()
    assigned_groups: frozenset[str] = frozenset()
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()
    #: Those whose assignments end by themselves, and when (seconds since 1970); they are not among those above.
    ending_users: tuple[tuple[str, float], ...] = ()
    ending_groups: tuple[tuple[str, float], ...] = ()

    @property
    def named_groups(self) -> frozenset[str]:
        """All groups that are assigned, for good or for a time: what a session has to keep of its user's."""
        return _named(self)


@dataclass(frozen=True, slots=True)
class Application(ApplicationSettings):
    """One published application. Times are seconds; users and groups, assigned or maintaining, are ids of `provider`.

    It has one policy, and one or more pairs of URLs: `pairs`. Its settings are in `publish.settings.table`.
    """

    id: str
    name: str = field(metadata=column("name", "what people call the application"))
    external: Url = field(metadata=column("external", "the URL that users type"))
    internal: Url = field(metadata=column("internal", "the URL that the connector calls"))
    preauthentication: Preauthentication = field(
        default=Preauthentication.OIDC,
        metadata=column("preauth", "oidc: users sign in first; passthrough: everybody reaches the application"))
    connector_group: str = field(
        default="default", metadata=column("connector_group", "the group of connectors that can reach the application"))
    provider: str = field(
        default="builtin",
        metadata=column("provider", "the identity provider that users sign in with; several of them with commas between"))
    assigned_users: frozenset[str] = frozenset()
    assigned_groups: frozenset[str] = frozenset()
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()
    ending_users: tuple[tuple[str, float], ...] = ()
    ending_groups: tuple[tuple[str, float], ...] = ()
    #: More identity providers that users may choose, and whom each of them vouches for.
    other_providers: tuple[ProviderAccess, ...] = ()
    #: Which pages of other origins may call it; without rules it answers them itself.
    cors: tuple[CorsRule, ...] = ()
    #: More pairs of URLs under the same policy.
    segments: tuple[Segment, ...] = ()

    @property
    def passthrough(self) -> bool:
        """Does it want no sign-in?"""
        return self.preauthentication is Preauthentication.PASSTHROUGH

    @property
    def machine_terms(self) -> str:
        """What certificates of programs are judged by: another text where anything of that is another; "" where none count."""
        if not self.machine_authority:
            return ""
        return _terms(self.machine_authority, self.machine_subjects, self.machine_crl)

    @property
    def providers(self) -> tuple[str, ...]:
        """The ids of all its identity providers, in the order in which users may choose."""
        return (self.provider, *(one.provider for one in self.other_providers))

    def access_of(self, provider: str) -> Application | ProviderAccess | None:
        """Who may use it of those that a provider vouches for; None where it is none of the application's. What one
        provider's tokens say means nothing at another.
        """
        if provider == self.provider:
            return self
        return next((one for one in self.other_providers if one.provider == provider), None)

    @property
    def named_groups(self) -> frozenset[str]:
        """Those of its first provider that are assigned, for good or for a time."""
        return _named(self)

    @property
    def ends(self) -> list[float]:
        """When its assignments end that end by themselves."""
        accesses: list[Application | ProviderAccess] = [self, *self.other_providers]
        return [ends for one in accesses for _, ends in (*one.ending_users, *one.ending_groups)]

    @property
    def has_maintainers(self) -> bool:
        """May anybody use it while it is being maintained?"""
        accesses: list[Application | ProviderAccess] = [self, *self.other_providers]
        return any(one.maintaining_users or one.maintaining_groups for one in accesses)

    @property
    def pairs(self) -> tuple[Segment, ...]:
        """All its pairs of URLs: its own first, then the alternate hosts, then the segments."""
        own = Segment(self.external, self.internal)
        if not self.alternate_hosts:
            return (own, *self.segments)
        others = (Segment(self.external.on(host), self.internal) for host in self.alternate_hosts)
        return (own, *others, *self.segments)

    @property
    def home(self) -> str:
        """Where a link to the application leads; empty when it has only wildcards."""
        return next((str(pair.external) for pair in self.pairs if not pair.external.is_wildcard), "")


#: What an admin sets by key, but the store keeps as columns of their own.
COLUMNS = columns_of(Application)


@lru_cache(maxsize=1024)  # What is under way is judged by it, again and again.
def _terms(authority: str, subjects: frozenset[str], lists: str) -> str:
    return sha256("\n".join((authority, *sorted(subjects), lists)).encode()).hexdigest()
