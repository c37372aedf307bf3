"""The page docs/settings.md, made of the settings themselves; a test compares the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING

from appproxy.config.connector import CONNECTOR_SETTINGS
from appproxy.config.service import SERVICE_SETTINGS
from appproxy.config.setting import Setting, toml_text

_INTRODUCTION = """\
# Settings

Each program reads one file in its state directory, in [TOML](https://toml.io). The files hold only what a program needs
before it can open its database or reach its service; everything else (applications, users, connectors, policies) is set
by commands and kept in the database.

`appproxy init` writes `service.toml` and `appproxy connector join` writes `connector.toml`, with every setting explained
and those at their default as comments. A change takes effect at the next start or [reload](operation.md#reload). A key
that does not exist is an error, and so is a value that makes no sense; the error names the file, the key and what is needed.

A key with a dot, like `limits.queue`, is the key `queue` in the table `[limits]`. Relative paths count from the state
directory. An empty text means "none".
"""


def settings_page() -> str:
    """The page as Markdown."""
    parts = [
        _INTRODUCTION,
        *_section("The service: `service.toml`", SERVICE_SETTINGS),
        *_section("A connector: `connector.toml`", CONNECTOR_SETTINGS),
    ]
    return "\n".join(parts)


def _section(title: str, settings: Sequence[Setting]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| key | default | unit | meaning |"
    yield "|---|---|---|---|"
    for one in settings:
        meaning = " ".join(one.meaning.splitlines()).replace("|", "\\|")
        yield f"| `{one.key}` | {_default(one)} | {one.unit} | {meaning} |"
    yield ""


def _default(one: Setting) -> str:
    if one.default_text:
        return one.default_text
    if one.default is MISSING:
        return "must be given"
    if one.default is None:
        return "none"
    return f"`{toml_text(one.default)}`"
