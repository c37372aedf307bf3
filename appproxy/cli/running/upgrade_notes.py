"""appproxy upgrade-notes: what each release changes, from the change log that is part of the package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

import appproxy
from appproxy.errors import ConfigError

#: Kinds of fragments, and what stands above them: first what may want something done.
_KINDS = {
    "removal": "Look at these before: what is no more, or works differently",
    "security": "Security",
    "feature": "New",
    "fix": "Mended",
    "doc": "Documentation",
}
_HEADING = re.compile(r"^## v?(\d+(?:\.\d+)*)\b.*$", re.MULTILINE)
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def changes_directory() -> Path:
    """Where the change log is: in the package, or beside it in a checkout. Raises ConfigError."""
    package = Path(appproxy.__file__).parent
    for directory in (package / "changes", package.parent):
        if (directory / "CHANGELOG.md").is_file():
            return directory
    raise ConfigError("the change log is not here", hint="install appproxy again")


def version_of(text: str) -> tuple[int, ...]:
    """`1.2.0` as numbers that can be compared; 1.2 and 1.2.0 are one. Raises ConfigError."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ConfigError(f"--from: {text!r} is no version", hint="give one such as 0.1.0; `appproxy --version` says yours")
    numbers = [int(one) for one in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def notes(directory: Path, since: str | None) -> str:
    """What has changed after the version `since`, None for all: the newest first. Raises ConfigError."""
    least = None if since is None else version_of(since)
    parts = []
    if fragments := "\n\n".join(_fragments(directory)):
        parts.append(f"## Not in a release yet ({appproxy.__version__} and later)\n\n{fragments}")
    text = (directory / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [one.start() for one in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=False):  # without a release there is an end more
        if least is None or version_of(heading[1]) > least:
            parts.append(text[heading.start():end].strip())
    return "\n\n".join(parts)


def _fragments(directory: Path) -> Iterator[str]:
    """The fragments of what is not released, by kind."""
    beside = directory / "changelog.d"
    found = sorted((beside if beside.is_dir() else directory).glob("*.*.md"))
    for kind, heading in _KINDS.items():
        texts = [one.read_text(encoding="utf-8").strip() for one in found if one.name.endswith(f".{kind}.md")]
        if texts:
            yield f"### {heading}\n\n" + "\n".join(f"- {text.replace(chr(10), chr(10) + '  ')}" for text in texts)


@click.command("upgrade-notes")
@click.option("--from", "since", metavar="VERSION", help="Only what came after this one, which you have now.")
def upgrade_notes(since: str | None) -> None:
    """Print what each release changes, the newest first: what may want something done stands first."""
    click.echo(notes(changes_directory(), since) or "nothing has changed since")


COMMANDS = (upgrade_notes,)
