"""Policies that together would leave an application without anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from appproxy.policy.conditional.checks import locked
from appproxy.policy.conditional.model import Grant, Policy, PolicyState, Who
from tests.policy.conditional.people import Person

ANN, BOB = Person("ann"), Person("bob", groups=("staff",))
BLOCK = Policy("block", PolicyState.ON, Who(True), Who(), None, frozenset(), (), Grant(block=True))


def one(*people: str) -> Who:
    """These users of the built-in provider."""
    return Who(users=frozenset(("builtin", name) for name in people))


def found(*policies: Policy, exempt: frozenset[tuple[str, str]] = frozenset(), apps: tuple[str, ...] = ("wiki",
    "mail")) -> list[str]:
    """Of two applications which are left without anybody; bob alone may use `mail`."""
    return locked(policies, apps, [ANN, BOB], lambda app, who: app == "wiki" or who is BOB, exempt)


def test_a_policy_that_blocks_all() -> None:
    """Is told for every application that it is for."""
    assert found(BLOCK) == ["wiki", "mail"]
    assert found(replace(BLOCK, applications=frozenset({"mail"}))) == ["mail"]
    assert found(replace(BLOCK, excluded_applications=frozenset({"mail"}))) == ["wiki"]
    assert found() == []


def test_only_what_is_certain_is_told() -> None:
    """A condition may not hold, what is off or only reported blocks nobody, and a proof can be given."""
    assert found(replace(BLOCK, conditions=cast("Any", (object(),)))) == []
    assert found(replace(BLOCK, state=PolicyState.OFF)) == found(replace(BLOCK, state=PolicyState.REPORT_ONLY)) == []
    assert found(replace(BLOCK, grant=Grant(strengths=("mfa",)))) == []


def test_one_who_gets_through_is_enough() -> None:
    """Of those to whom the application is assigned."""
    assert found(replace(BLOCK, excluded=one("ann"))) == ["mail"]
    assert found(replace(BLOCK, excluded=one("bob"))) == []
    assert found(replace(BLOCK, included=one("ann"))) == []
    assert found(BLOCK, exempt=frozenset({("builtin", "bob")})) == []
    assert found(BLOCK, exempt=frozenset({("corp", "bob"), ("builtin", "ann")})) == ["mail"]


def test_policies_block_together() -> None:
    """Each somebody else; excluded from one is not excluded from the other."""
    ann, bob = replace(BLOCK, included=one("ann")), replace(BLOCK, included=Who(groups=frozenset({("builtin", "staff")})))
    assert found(ann, bob) == ["wiki", "mail"] and found(bob) == ["mail"]
    assert found(replace(BLOCK, excluded=one("ann")), ann) == ["wiki", "mail"]


def test_where_nobody_could_anyhow() -> None:
    """No policy is at fault."""
    assert locked([BLOCK], ["wiki"], [ANN], lambda app, who: False, frozenset()) == []
