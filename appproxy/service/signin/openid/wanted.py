"""Which claims of a provider's users anything here needs: worked out once for each set of applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.publish.application import Application
from appproxy.publish.portal import Portal
from appproxy.store.snapshot import ProviderRecord, Snapshot

#: What header rules call the parts of every session.
KNOWN_CLAIMS = frozenset({"sub", "subject", "iss", "issuer"})


@dataclass(frozen=True, slots=True)
class NamedClaims:
    """`groups`: those that some assignment or policy names; `rules`: claims that some header rule names."""

    groups: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()

    def claims(self, record: ProviderRecord) -> list[str]:
        """The names of all claims that are needed."""
        rules = sorted(self.rules - KNOWN_CLAIMS)
        return [*rules, record.groups_claim] if self.groups else rules


class WantedByProvider:
    """Assignments, roles and rules change while sessions last: those of all applications of a provider count, and of the
    administration.
    """

    def __init__(self) -> None:
        self._applications: Mapping[str, Application] | None = None
        self._administration: Portal | None = None
        self._policies: PolicySet | None = None
        self._found: dict[str, NamedClaims] = {}

    def of(self, snapshot: Snapshot, provider: str) -> NamedClaims:
        """What the applications of a provider (its id) need, and the policies."""
        applications, policies, administration = snapshot.applications, snapshot.policies, snapshot.administration
        if (self._applications is not applications or self._policies is not policies
                or self._administration is not administration):
            groups: dict[str, set[str]] = {}
            rules: dict[str, set[str]] = {}
            for one in (*applications.values(), *administration.applications.values()):
                for named in one.providers:
                    access = one.access_of(named)
                    groups.setdefault(named, set()).update(() if access is None else access.named_groups)
                    rules.setdefault(named, set()).update(rule.claim for rule in one.headers)
            self._found = {
                id: NamedClaims(frozenset(groups[id]) | policies.groups_of(id), frozenset(rules[id])) for id in groups}
            self._applications, self._policies, self._administration = applications, policies, administration
        return self._found.get(provider, NamedClaims())
