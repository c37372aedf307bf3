"""What it takes to try other policies on the decision log, away from the service: documents with ids, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import cast

from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.devices import authorities
from appproxy.store.policies import documents, policies
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.references import Names, resolved
from appproxy.store.transaction import Reading


def material(reading: Reading, proposed: Sequence[object], without: Sequence[str]) -> dict[str, object]:
    """The policies as they are, and as they would be with the proposed documents in the place of those of the same names, and
    without some. Raises ConfigError or NotFound.

    `new_groups`: those that a proposed policy names and that no session holds yet, because nothing has named them.
    """
    before = {names.key(one.name): dict(one.document) for one in documents.list_all(reading, DocumentKind.POLICY)}
    after = dict(before)
    for name in without:
        del after[names.key(documents.find(reading, DocumentKind.POLICY, name).name)]
    called, new = Names.now(reading), set()
    known = policies.known_groups(reading)
    for document in proposed:
        policy = read_policy(document)
        kept = resolved(reading, cast("Mapping[str, object]", document))
        after[names.key(policy.name)] = kept
        new |= set(read_policy(kept).groups()) - known
    published = applications.list_all(reading)
    return {
        "before": list(before.values()), "after": list(after.values()),
        "locations": [one.document for one in documents.list_all(reading, DocumentKind.LOCATION)],
        "strengths": [one.document for one in documents.list_all(reading, DocumentKind.STRENGTH)],
        "contexts": [one.document for one in documents.list_all(reading, DocumentKind.CONTEXT)],
        "devices": {
            id: [one.name, None if one.until == inf else one.until, sorted(one.revoked)]
            for id, one in authorities.trusted(reading).authorities.items()},
        "tags": {tag: sorted(ids) for tag, ids in policies.tags(published).items()},
        "exempt": sorted(policies.exempt(reading)),
        "applications": dict(called.applications), "users": dict(called.users),
        "new_groups": sorted(f"{called.providers.get(of, of)}/group:{called.groups.get(group, group)}" for of, group in new),
    }
