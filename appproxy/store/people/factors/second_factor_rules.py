"""Who must have a second factor: all users of the built-in provider, or the members of a group; and from when on."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.people import user_groups
from appproxy.store.tables.core import memberships
from appproxy.store.tables.core import user_groups as group_table
from appproxy.store.tables.factors import second_factor_rules
from appproxy.store.transaction import Reading, Row, Transaction

#: The id of the rule for all users.
ALL = "all"
#: 90 days: a longer grace is no rule.
LONGEST_GRACE = 90 * 86400.0
_MEETS = sa.select(second_factor_rules).where(
    (second_factor_rules.c.id == ALL) | second_factor_rules.c.user_group.in_(
        sa.select(memberships.c.group_id).where(memberships.c.user_id == sa.bindparam("user"))))


@dataclass(frozen=True, slots=True)
class SecondFactorRule:
    """`group` is a group's name, "" for all users. `since`: when the rule was made, in seconds since 1970.

    Users may sign in without a second factor for `grace` seconds after that, or after they were added.
    """

    id: str
    group: str
    since: float
    grace: float


def put(tx: Transaction, group: str, grace: float) -> SecondFactorRule:
    """Require a second factor of a group, or with "" of all; a rule that is there keeps its beginning.

    Raises ConfigError or NotFound.
    """
    if not 0 <= grace <= LONGEST_GRACE:
        raise ConfigError(f"grace: must be at most {LONGEST_GRACE / 86400:g} days, such as 14d, or 0 for none")
    table = second_factor_rules
    found = user_groups.find(tx, group) if group else None
    id_ = ALL if found is None else found.id
    if tx.change(sa.update(table).where(table.c.id == id_).values(grace=grace)) == 0:
        tx.change(sa.insert(table).values(id=id_, user_group=None if found is None else found.id, since=tx.now, grace=grace))
    return next(rule for rule in list_all(tx) if rule.id == id_)


def remove(tx: Transaction, group: str) -> SecondFactorRule:
    """Require it no longer. Raises NotFound."""
    id_ = user_groups.find(tx, group).id if group else ALL
    for rule in list_all(tx):
        if rule.id == id_:
            tx.change(sa.delete(second_factor_rules).where(second_factor_rules.c.id == id_))
            return rule
    raise names.not_found("rule for", group or "all users", [rule.group or "all users" for rule in list_all(tx)])


def list_all(reading: Reading) -> list[SecondFactorRule]:
    """All rules: that for all users first, then by group."""
    table = second_factor_rules
    statement = sa.select(table, group_table.c.name).join(group_table, group_table.c.id == table.c.user_group, isouter=True)
    return [_rule(row) for row in sorted(reading.rows(statement), key=lambda row: row["name"] or "")]


def due(reading: Reading, user_id: str, created: float) -> float | None:
    """From when on a user must have a second factor, in seconds since 1970; None: no rule meets them.

    `created`: since when there is this user. Of several rules the earliest counts.
    """
    rows = reading.rows(_MEETS, {"user": user_id})
    return min((max(row["since"], created) + row["grace"] for row in rows), default=None)


def _rule(row: Row) -> SecondFactorRule:
    return SecondFactorRule(row["id"], row["name"] or "", row["since"], row["grace"])
