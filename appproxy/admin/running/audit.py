"""Operations on the audit: what is in it, and whether anybody has changed it."""

from __future__ import annotations

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Call, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.store.service import audit, audit_chain
from appproxy.store.transaction import Reading

_MOST_ROWS = 1000
#: Of one look at a chain: some 0.2 s, which others of the database's thread can wait.
_AT_ONCE = 5000
_TEXTS = ("actor", "action", "target", "text")
_FIELDS = ("limit", "before", *_TEXTS, "since", "until")


def _list(reading: Reading, call: Call) -> object:
    rows, before = _found(reading, call)
    if not rows and before is not None:
        raise ConfigError(f"there is no such entry among the {audit.SCANNED} latest ones of these",
                          hint=f"go on with before={before}, name since and until, or use /audit-search")
    return rows


def _search(reading: Reading, call: Call) -> object:
    rows, before = _found(reading, call)
    return {"entries": rows, "before": before}


def _found(reading: Reading, call: Call) -> tuple[list[dict[str, object]], int | None]:
    body = call.body
    limit = body.whole("limit", 100)
    if not 1 <= limit <= _MOST_ROWS:
        raise ConfigError(f"limit: 1 to {_MOST_ROWS} is needed")
    before = body.whole("before") if "before" in body else None
    since, until = (body.number(name) if name in body else None for name in ("since", "until"))
    actor, action, target, text = (body.text(name, "") for name in _TEXTS)
    rows, further = audit.search(reading, audit.Search(actor, action, target, text, since, until), limit, before)
    return [
        {
            "number": row.number, "time": row.time, "actor": row.actor, "action": row.action, "target": row.target,
            "detail": dict(row.detail),
        }
        for row in rows
    ], further  # fmt: skip


def _number(body: Body) -> int:
    """Of the entry to go on behind: of other listings `after` is a text, and so it is in a query."""
    if isinstance(body.json("after") if "after" in body else 0, int):
        return body.whole("after", 0)
    text = body.text("after")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ConfigError("after: the number of an entry is needed")
    return int(text)


def _verify(reading: Reading, call: Call) -> object:
    body, chains = call.body, (audit_chain.KNOWN, audit_chain.NOBODYS)
    chain = body.text("chain", audit_chain.KNOWN)
    if chain not in chains:
        raise ConfigError(f"chain: {' or '.join(chains)} is needed")
    found = audit_chain.verify(
        reading, chain, _number(body), body.text("link", ""), body.whole("checked", 0), _AT_ONCE)
    return {
        "checked": found.checked, "after": found.last, "link": found.link, "fault": found.fault, "done": found.is_done,
    }  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Query("/audit",
          "The latest entries, the newest first, narrowed by the fields that are given. `action` with a last dot: all that "
          "begin so. `text`: is in actor, target or detail. `since`, `until`: seconds since 1970.",
          _list, _FIELDS, permission=Permission.READ_AUDIT),
    Query("/audit-search",
          "The same as `entries`, and as `before` where to go on, null at the end: one call looks at 50,000 entries at most.",
          _search, _FIELDS, permission=Permission.READ_AUDIT),
    Query("/audit-verification",
          "Has anybody changed the audit? Looks at some entries of `chain` (`known`, `anonymous`) behind "
          "`after`, `link`, `checked` of the answer before, until `done` or a `fault`.",
          _verify, ("chain", "after", "link", "checked"), permission=Permission.READ_AUDIT),
)  # fmt: skip
