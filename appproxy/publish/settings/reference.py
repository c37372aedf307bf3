"""The page docs/application-settings.md, made of the table of settings; a test compares the two."""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.publish.application import COLUMNS
from appproxy.publish.settings.setting import ApplicationSetting
from appproxy.publish.settings.table import FAMILIES, ORIGIN_SETTINGS, SETTINGS, TOPICS

_INTRODUCTION = """\
# The settings of an application

`appproxy app set NAME KEY=VALUE` changes them, `appproxy app set NAME KEY=` puts a default back, and `appproxy app keys` lists
them; `appproxy app publish --set KEY=VALUE` sets them from the beginning. A change holds for the next request. What they mean
at length is in [publishing](publishing.md).

A value that makes no sense is refused, with a line that says what is needed. Keys may be written with `-` for `_`, and in
capitals. Lists have commas between. Those marked with * are sent to connectors.
"""


def application_settings_page() -> str:
    """The page as Markdown."""
    lines = [_INTRODUCTION, "## What is published", "", "| key | meaning |", "|---|---|"]
    lines += [f"| `{key}` | {_cell(meaning)} |" for key, meaning in COLUMNS.items()]
    for topic, title in TOPICS.items():
        lines += ["", f"## {title}", "", "| key | default | unit | examples | meaning |", "|---|---|---|---|---|"]
        lines += _rows(topic)
    return "\n".join(lines) + "\n"


def _rows(topic: str) -> Iterator[str]:
    for one in SETTINGS.values():
        if one.topic == topic:
            mark = " *" if one in ORIGIN_SETTINGS else ""
            default = f"`{one.default_text}`" if one.default_text else ""
            yield f"| `{one.key}`{mark} | {default} | {one.unit} | {_examples(one)} | {_cell(one.meaning)} |"
    for each in FAMILIES.values():
        if each.topic == topic:
            yield f"| `{each.start}NAME` |  |  |  | {_cell(each.meaning)} |"


def _examples(one: ApplicationSetting) -> str:
    return ", ".join(f"`{text}`" for text in one.kind.examples)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
