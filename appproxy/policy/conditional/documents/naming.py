"""Whom and what documents name, by texts: `all`, `user:NAME`, `group:NAME`, with `PROVIDER/` in front for other providers than
the built-in one; applications by name, or `tag:TAG` for all that have a tag, relying parties as `relying-party:NAME`; all else
by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from appproxy.policy.conditional.documents.fields import one_of, table_at, texts_at, wrong
from appproxy.policy.conditional.model import Who
from appproxy.policy.conditional.parts.conditions import Choice

#: What a text without a provider names: users and groups of this one.
BUILTIN = "builtin"
ALL = "all"
LISTS = ("include", "exclude")
#: What the text of a tag begins with, among applications; and a tag.
TAG = "tag:"
TAG_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
#: What begins the text that names a relying party (its name follows) among applications.
RELYING_PARTY = "relying-party:"
#: Ids of applications by tag.
Tagged = Mapping[str, Collection[str]]
NO_TAGS: Tagged = {}
#: Entries of one list: more than anybody keeps in a file by hand.
MOST = 1000
_WHO = re.compile(r"(?:(?P<provider>[^/]+)/)?(?P<kind>user|group):(?P<value>.+)")


def split_who(text: str, path: str) -> tuple[str, str, str]:
    """Provider, `user` or `group`, and whom. Raises ConfigError."""
    found = _WHO.fullmatch(text)
    if found is None:
        raise wrong(path, f"{text!r} names nobody", "write all, user:NAME, group:NAME, or PROVIDER/group:VALUE")
    return found["provider"] or BUILTIN, found["kind"], found["value"]


def who(table: Mapping[str, object], path: str, key: str) -> Who:
    """Users and groups of a list. Raises ConfigError."""
    where = f"{path}.{key}"
    texts = texts_at(table.get(key), where, MOST)
    if ALL in texts:
        if key == "exclude":
            raise wrong(where, "with all excluded the policy is for nobody", "set its state to off")
        return Who(everyone=True)
    found = [split_who(text, f"{where}[{number}]") for number, text in enumerate(texts)]
    return Who(
        users=frozenset((provider, value) for provider, kind, value in found if kind == "user"),
        groups=frozenset((provider, value) for provider, kind, value in found if kind == "group"),
    )


def choice(value: object, path: str, known: tuple[str, ...]) -> Choice:
    """Lists of names; with `known` of these alone. Nothing included means what `all` means, but for applications."""
    table = table_at(value, path, LISTS)
    lists: dict[str, list[str]] = {}
    for key in LISTS:
        lists[key] = texts_at(table.get(key), f"{path}.{key}", MOST)
        for number, text in enumerate(lists[key]):
            if known and text != ALL:
                one_of(text, f"{path}.{key}[{number}]", known)
    if ALL in lists["exclude"]:
        raise wrong(f"{path}.exclude", "with all excluded the policy never applies", "set its state to off")
    return Choice(None if ALL in lists["include"] else frozenset(lists["include"]), frozenset(lists["exclude"]))


def applications(value: object, tagged: Tagged) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Included and excluded ones, None for all; in place of tags what has them. Raises ConfigError."""
    table = table_at(value, "applications", LISTS)
    found = choice(table, "applications", ())
    if found.included is not None and not found.included:
        raise wrong("applications.include", "is needed", 'name applications, or write ["all"]')
    for key in LISTS:
        for number, text in enumerate(texts_at(table.get(key), f"applications.{key}", MOST)):
            if text.startswith(TAG) and not TAG_NAME.fullmatch(text.removeprefix(TAG)):
                raise wrong(f"applications.{key}[{number}]", f"{text!r} is no tag", "tags are in lower case: tag:payroll")
    return None if found.included is None else _expanded(found.included, tagged), _expanded(found.excluded, tagged)


def _expanded(names: Iterable[str], tagged: Tagged) -> frozenset[str]:
    made: set[str] = set()
    for name in names:
        made.update(tagged.get(name.removeprefix(TAG), ()) if name.startswith(TAG) else (name,))
    return frozenset(made)
