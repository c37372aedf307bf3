"""What is wrong with a set of policies as a whole: it would leave an application without anybody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from appproxy.policy.conditional.model import Policy, PolicyState, Subject

S = TypeVar("S", bound=Subject)


def locked(
    policies: Iterable[Policy], applications: Collection[str], people: Sequence[S],
    may_use: Callable[[str, S], bool], exempt: Collection[tuple[str, str]],
) -> list[str]:
    """The applications (ids) that some of these people may use now and, whatever they prove and wherever they are, none could.

    `may_use(application, subject)`: is it assigned to them? Only what blocks without any condition is certain to.
    """
    certain = [one for one in policies if one.state is PolicyState.ON and one.grant.block and not one.conditions]
    found = []
    for application in applications:
        blocking = [policy for policy in certain if policy.is_for(application)]
        if not blocking:
            continue
        users = [one for one in people if may_use(application, one)]
        if users and all(
            (one.provider, one.subject) not in exempt
            and any(policy.included.has(one) and not policy.excluded.has(one) for policy in blocking)
            for one in users
        ):
            found.append(application)
    return found
