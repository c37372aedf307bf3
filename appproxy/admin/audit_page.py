"""docs/audit.md, made of the code: what each entry of the audit means, and what its detail tells."""

from __future__ import annotations

from appproxy.admin.noted import NOTED
from appproxy.admin.operations import OPERATIONS, Command
from appproxy.store.service.actions import EVENTS, KEYS

_HEAD = """\
# The audit

`appproxy audit` lists who did what, and when; `GET /audit` of the [admin API](admin-api.md) gives the same as JSON. Each entry
has a number, a time, an actor, an action, a target and a detail. This page is made of the code: every action that there is
stands here. It can be [exported](audit-export.md) as it is written.

| actor | who |
|---|---|
| `user:SUBJECT` | a user, by the subject that their provider gives them; of entries `user.*` by name |
| `token:ID` | a program with a service token |
| `local:UID` | a system user at the admin socket, or a command that works without the service |
| `service` | the service itself |
| `anonymous` | nobody who is known: of those some are kept one by one, and the others are counted (`audit.left_out`) |

The target is the id of what was done something to: a user, an application, a client, a connector. No entry holds a secret, nor
what was typed as the name of nobody.

## What happens

| action | what has happened | keys of its detail |
|---|---|---|
"""
_MIDDLE = """
## What administrators change

The detail has what was given or what came of it, under the names that the [admin API](admin-api.md) has for it; a key is
left out where nothing was said of it. What was called over HTTPS has `from`, the caller's address,
`caller`, their name, and `caller_provider`, who vouches for them.

| action | what was asked for | keys of its detail |
|---|---|---|
"""
_END = """
## Keys

| key | what it tells |
|---|---|
"""


def audit_page() -> str:
    """The page, in Markdown."""
    events = "".join(_row(name, one.meaning, one.keys) for name, one in sorted(EVENTS.items()))
    commands = [one for one in OPERATIONS if isinstance(one, Command)]
    changes = "".join(_row(one.action, one.explanation, NOTED.get(one.action, ())) for one in commands)
    keys = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in sorted(KEYS.items()))
    return _HEAD + events + _MIDDLE + changes + _END + keys


def _row(name: str, meaning: str, keys: tuple[str, ...]) -> str:
    return f"| `{name}` | {meaning} | {', '.join(f'`{key}`' for key in keys)} |\n"
