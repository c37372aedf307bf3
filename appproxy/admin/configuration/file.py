"""A file of the whole configuration: YAML, of which only what JSON can say too; each value with the line that it stands in.

A text is a text however it is written: where the form of a field says so, `no`, `1.10` and `08:00` are what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from appproxy.admin.configuration.sections import BRANDING, SECTIONS, Document, Field, FieldForm
from appproxy.errors import AppProxyError, ConfigError
from appproxy.json_input import MOST_LEVELS

#: The largest file in bytes: what the service takes.
_LARGEST = 16 << 20
#: Lists and mappings in each other, as in any JSON from outside.
_DEEPEST = MOST_LEVELS
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
_PATH = re.compile(r"[a-z_]+(?:\[[0-9]+\])?(?:\.[^:\s\[]+(?:\[[^\]]*\])?)*")
_HEAD = """\
# yaml-language-server: $schema=appproxy.schema.json
#
# The configuration of an appproxy service, from `appproxy export`. `appproxy diff FILE` tells what differs from it, and
# `appproxy apply FILE` makes the service what it says. `appproxy export --schema > appproxy.schema.json` makes the schema
# by which editors complete and check this file.
#
# An entry says all of one thing; what it leaves out has its default. An id tells a thing that was renamed from a new one.
# A section that is left out is left alone.
#
# Not in here: users, who is in which group, sessions, second factors, service tokens, time-limited roles, groups of
# directories, connectors and their tokens, certificates and their orders, keys, nodes, exports of the audit, devices,
# service.toml.
# A secret is said by where it is found, {environment: NAME} or {file: PATH}, when the thing that has it is made; it is
# never compared.
"""
_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SAFE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """What a file says, and in which line by the path of each value: `applications[0].settings.strict`."""

    path: Path
    document: Document
    lines: Mapping[str, int] = field(repr=False)

    def located(self, error: AppProxyError) -> AppProxyError:
        """An error that begins with the path to a value, or near it, with the file and the line in front."""
        found = _PATH.match(error.message)
        where = found[0] if found else ""
        while where and where not in self.lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        error.message = f"{self.path}{f':{self.lines[where]}' if where else ''}: {error.message}"
        return error


class _Dumper(_SAFE):  # type: ignore[misc]
    """Writes what `read` reads back as it was, in the order in which it comes."""

    def ignore_aliases(self, data: object) -> bool:
        """Called by PyYAML: what is there twice is written twice."""
        return True


def _text_node(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)
# PyYAML itself takes only numbers with a point for such ones.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^(?:{_NUMBER.pattern})$"), list("-0123456789"))


def written(document: Mapping[str, Any]) -> str:
    """A document as a file, each section with what it is about."""
    pieces = [_HEAD]
    for name, value in document.items():
        if name in SECTIONS:
            pieces.append(f"# {SECTIONS[name].meaning}\n")
        elif name == BRANDING:
            pieces.append("# What the service's own pages say and look like; pictures in base64.\n")
        pieces.append(yaml.dump({name: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096))
    return "\n".join(pieces)


def read(path: Path) -> ConfigurationFile:
    """What a file says. Raises ConfigError, with the line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise ConfigError(f"{path}: has more than {_LARGEST >> 20} MiB")
    try:
        text = data.decode()
    except ValueError as error:
        raise ConfigError(f"{path}: is no text in UTF-8: {error}") from error
    return read_text(text, path)


def read_text(text: str, path: Path) -> ConfigurationFile:
    """The same of a text that was in a file. Raises ConfigError."""
    try:
        node = _BASE(text).get_single_node()
    except RecursionError as error:  # of the reader that is written in Python
        raise ConfigError(f"{path}: is no YAML: too many levels") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line}: is no YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    reader = _Reader(path)
    document = reader.value(node, "", _top) if node is not None else {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must begin with sections, such as `applications:`")
    return ConfigurationFile(path, document, reader.lines)


#: What a value is below a path: a field, or a word for what has none.
_Form = Field | str
_TOP, _PLAIN, _RAW = "top", "plain", "raw"
_top: _Form = _TOP


class _Reader:
    """Makes values of nodes, each as the form of its field has it."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[str, int] = {}
        self._path = path
        self._seen: set[int] = set()

    def value(self, node: Any, path: str, form: _Form, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise self._wrong(node, f"more than {_DEEPEST} levels are not possible", "nothing in the file needs so many")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            raise self._wrong(node, "an alias is not possible here", "write it out")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, form, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(one, f"{path}[{number}]", _inside(form), depth + 1) for number, one in enumerate(node.value)]
        if isinstance(form, Field) and form.form is FieldForm.SECRET and _plain(node) is not None:
            raise self._wrong(node, f"{path}: a secret does not belong into the file", f"write {FieldForm.SECRET.value}")
        raw = form == _RAW or (isinstance(form, Field) and form.form in (FieldForm.TEXT, FieldForm.TEXTS, FieldForm.SETTINGS))
        found = _plain(node)
        return str(node.value) if raw and found is not None else found

    def _mapping(self, node: Any, path: str, form: _Form, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._wrong(key, "a name is needed", "write NAME: VALUE")
            name = str(key.value)
            if name in made:
                raise self._wrong(key, f"{name} is there twice", "keep one of them")
            below = f"{path}.{name}" if path else name
            self.lines[below] = key.start_mark.line + 1
            made[name] = self.value(value, below, _below(form, name), depth + 1)
        return made

    def _wrong(self, node: Any, message: str, hint: str) -> ConfigError:
        return ConfigError(f"{self._path}:{node.start_mark.line + 1}: {message}", hint=hint)


def _plain(node: Any) -> Any:
    """What JSON would have for a scalar."""
    text = str(node.value)
    if node.style:  # "" and None are plain, of libyaml and of Python's parser
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else text
    return float(text) if _NUMBER.fullmatch(text) else text


def _below(form: _Form, name: str) -> _Form:
    """The form of a value of this name in a mapping."""
    if form == _TOP:
        return _RAW if name == BRANDING else f"entries of {name}"
    if isinstance(form, str):
        fields: Sequence[Field] = SECTIONS[form.removeprefix("entry of ")].fields if form.startswith("entry of ") else ()
        return next((one for one in fields if one.name == name), form if form == _RAW else _PLAIN)
    if form.form is FieldForm.ENTRIES:
        return next((one for one in form.fields if one.name == name), _PLAIN)
    return _PLAIN if form.form is FieldForm.PART else _RAW


def _inside(form: _Form) -> _Form:
    """The form of the entries of a list."""
    if isinstance(form, str) and form.startswith("entries of "):
        name = form.removeprefix("entries of ")
        return f"entry of {name}" if name in SECTIONS else _PLAIN
    return form
