"""Who calls an operation, and what they may do. Every operation names the one permission that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf

from appproxy.errors import AppProxyError


class Permission(Enum):
    """What somebody may be allowed to do: to read, or to change, one kind of things."""

    READ_APPLICATIONS = "applications.read"
    CHANGE_APPLICATIONS = "applications.change"
    #: What is published where, and where it leads: whoever may have a path of another application's host gets its cookies.
    PUBLISH = "applications.publish"
    #: Who may use an application.
    CHANGE_ACCESS = "access.change"
    READ_USERS = "users.read"
    CHANGE_USERS = "users.change"
    #: Whoever can set a password or take a second factor away can sign in as that user.
    RESET_CREDENTIALS = "credentials.reset"
    #: Who has asked to use what.
    READ_ACCESS = "access.read"
    READ_CONNECTORS = "connectors.read"
    #: Whoever can let a connector in gets the requests of its group.
    CHANGE_CONNECTORS = "connectors.change"
    READ_CERTIFICATES = "certificates.read"
    CHANGE_CERTIFICATES = "certificates.change"
    READ_PROVIDERS = "providers.read"
    #: Whoever can add a provider can sign in as anybody whom it names.
    CHANGE_PROVIDERS = "providers.change"
    READ_DIRECTORIES = "directories.read"
    #: The same of a directory; and its account's password goes to the servers that are named.
    CHANGE_DIRECTORIES = "directories.change"
    READ_POLICIES = "policies.read"
    #: Whoever can change policies can open all applications to those who are assigned, and close them to everybody.
    CHANGE_POLICIES = "policies.change"
    READ_BRANDING = "branding.read"
    CHANGE_BRANDING = "branding.change"
    READ_CONFIGURATION = "configuration.read"
    #: All of it at once, whoever may change which part.
    CHANGE_CONFIGURATION = "configuration.change"
    READ_SERVICE = "service.read"
    READ_SESSIONS = "sessions.read"
    END_SESSIONS = "sessions.end"
    READ_RISK = "risk.read"
    #: Whoever can dismiss risk can spare somebody what policies ask at it.
    CHANGE_RISK = "risk.change"
    READ_TOKENS = "tokens.read"
    #: Whoever can make one gets into the applications that it names.
    CHANGE_TOKENS = "tokens.change"
    READ_AUDIT = "audit.read"
    #: Whoever can add a destination has all that everybody does sent there.
    CHANGE_EXPORTS = "exports.change"
    READ_ROLES = "roles.read"
    #: What one may ask for, and has asked for. Whoever is entitled to a role has it.
    READ_REQUESTS = "requests.read"
    MAKE_REQUESTS = "requests.change"
    #: Nobody can give a role that may do more than they may themselves.
    CHANGE_ROLES = "roles.change"


#: Everything: of the system's administrator, and of a program that runs the service itself.
FULL = frozenset(Permission)


class Forbidden(AppProxyError):
    """The caller lacks the permission."""


class LastAdministrator(AppProxyError):
    """Afterwards nobody could administer the service."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `name` is what the audit calls it: `local:0` for root at the socket.

    `scoped`: permissions that hold for some applications alone, by their ids. `system`: the administrator of the machine, who
    can reach the database anyhow, so that what keeps people from locking each other out does not concern them.
    """

    name: str
    permissions: frozenset[Permission]
    scoped: Mapping[Permission, frozenset[str]] = field(default_factory=dict)
    system: bool = False
    #: What the audit says of them besides: where they call from.
    noted: Mapping[str, object] = field(default_factory=dict)
    #: Until when they have a permission (seconds since 1970), for an application's id, or "" for all; those for good are left
    #: out.
    ends: Mapping[tuple[Permission, str], float] = field(default_factory=dict)
    #: Provider and subject of a person who has signed in; None for programs, and for who calls at the socket.
    person: tuple[str, str] | None = None
    #: Whose roles they have: each a provider, a kind and a value.
    holders: frozenset[tuple[str, str, str]] = frozenset()

    @classmethod
    def full(cls, name: str) -> Principal:
        """The system's administrator, who may do everything."""
        return cls(name, FULL, system=True)

    @property
    def called(self) -> str:
        """As people know them: what somebody is called who has signed in, and not their id."""
        return str(self.noted.get("caller", self.name))

    def require(self, permission: Permission) -> None:
        """Raises Forbidden, which names what is missing."""
        if permission not in self.permissions:
            raise Forbidden(f"{self.called} lacks the permission {permission.value}")

    def reach(self, permission: Permission) -> frozenset[str] | None:
        """For which applications (ids) they have it; None for everything. Raises Forbidden for none."""
        if permission in self.permissions:
            return None
        if not (ids := self.scoped.get(permission, frozenset())):
            self.require(permission)
        return ids

    def covers(self, permissions: Iterable[Permission], application: str = "") -> bool:
        """Have they all of these; for one application (its id) if one is given?"""
        return all(
            one in self.permissions or (application != "" and application in self.scoped.get(one, ())) for one in permissions)

    def holds_until(self, permissions: Iterable[Permission], application: str = "") -> float:
        """Until when they have all of these (seconds since 1970), infinity for good; -infinity where they lack one."""
        return min((self._end(one, application) for one in permissions), default=inf)

    def _end(self, permission: Permission, application: str) -> float:
        here = application != "" and application in self.scoped.get(permission, ())
        return max(
            self.ends.get((permission, ""), inf) if permission in self.permissions else -inf,
            self.ends.get((permission, application), inf) if here else -inf)
