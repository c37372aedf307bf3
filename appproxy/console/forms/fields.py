"""The fields of a form, made of an operation's own, and what was written in them as its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appproxy.admin.base.operation import Operation
from appproxy.admin.fields import JsonKind, kind_of, required
from appproxy.console.forms.words import Options, words_of
from appproxy.json_input import read_json

_YES_NO: Options = (("yes", "Yes"), ("no", "No"))
#: Of these a comma may be a part; all other lists may be parted by commas, too.
_LINES_ALONE = ("uris", "servers")


@dataclass(frozen=True, slots=True)
class FormField:
    """A field as a page shows it. `control`: `text`, `area`, `secret` or `choice`."""

    name: str
    label: str
    hint: str
    control: str
    value: str = ""
    required: bool = False
    options: Options = ()


def called(operation: Operation) -> str:
    """`POST /clients`."""
    return f"{operation.method} {operation.path}"


def form_of(
    operation: Operation, shown: Mapping[str, Any] | None = None, options: Mapping[str, Options] | None = None,
    without: Sequence[str] = (),
) -> list[FormField]:
    """The fields of an operation. `shown`: what is there now, which they are filled with; `options`: choices that are looked
    up; `without`: fields that the form has no place for.
    """
    needed, name_of = required(operation), called(operation)
    made = []
    for name in operation.fields:
        if name in without:
            continue
        words, kind = words_of(name_of, name), kind_of(name)
        choices = (options or {}).get(name) or words.options
        if kind is JsonKind.FLAG and not choices:
            is_said = shown is not None and shown.get(name) not in (None, "")
            choices = _YES_NO if is_said else (("", "As it is"), *_YES_NO)
        control = _control(kind, bool(choices), words.is_long, words.is_secret)
        value = "" if shown is None or words.is_secret else text_of(shown.get(name))
        made.append(FormField(name, words.label, words.hint, control, value, name in needed, choices))
    return made


def _control(kind: JsonKind, is_choice: bool, is_long: bool, is_secret: bool) -> str:
    if is_choice:
        return "choice"
    if is_long or kind in (JsonKind.TEXTS, JsonKind.MAPPING, JsonKind.DOCUMENT, JsonKind.DOCUMENTS):
        return "area"
    return "secret" if is_secret else "text"


def text_of(value: object) -> str:
    """What a field is filled with."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "\n".join(f"{key}={text}" for key, text in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def body_of(
    operation: Operation, form: Mapping[str, Sequence[str]], shown: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
) -> dict[str, object]:
    """What was written, as the operation takes it: what is empty is left out, and with `shown` what is as it was.

    What is not of its kind is passed on as it is: the operation says what is wrong with it. Raises ValueError for JSON that
    is none.
    """
    body: dict[str, object] = {}
    for name in operation.fields:
        if name in without or name not in form:
            continue
        text = form[name][0].replace("\r\n", "\n")
        words = words_of(called(operation), name)
        if not words.is_secret:
            text = text.strip()
        before = "" if shown is None or words.is_secret else text_of(shown.get(name)).strip()
        if text == before and not words.is_sent_empty:
            continue
        if kind_of(name) is JsonKind.MAPPING and shown is not None:
            body[name] = _changed_pairs(pairs(text), shown.get(name) or {})
        else:
            body[name] = read(name, text)
    return body


def read(name: str, text: str) -> object:
    """The value of a field. Raises ValueError."""
    kind = kind_of(name)
    if kind is JsonKind.TEXTS:
        return lines(text if name.endswith(_LINES_ALONE) else text.replace(",", "\n"))
    if kind is JsonKind.FLAG:
        return {"yes": True, "no": False}.get(text, text)
    if kind is JsonKind.WHOLE or kind is JsonKind.NUMBER:
        return _number(text)
    if kind is JsonKind.MAPPING:
        return pairs(text)
    if kind in (JsonKind.DOCUMENT, JsonKind.DOCUMENTS):
        return read_json(text.encode(), unique=True)
    return text


def _number(text: str) -> object:
    whole, dot, part = text.partition(".")
    if not (text.isascii() and len(text) < 16 and whole.isdigit() and (part.isdigit() or not dot)):
        return text
    return float(text) if dot else int(text)


def lines(text: str) -> list[str]:
    """Those that are not empty."""
    return [one.strip() for one in text.split("\n") if one.strip()]


def pairs(text: str) -> dict[str, str]:
    """KEY=VALUE, one a line; one without a sign has an empty value, which the operation may refuse."""
    found = (one.partition("=") for one in lines(text))
    return {key.strip(): value.strip() for key, _, value in found}


def _changed_pairs(now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What is another value now, and what was taken away, as an empty one."""
    changed = {key: text for key, text in now.items() if before.get(key) != text}
    return {**changed, **{key: "" for key in before if key not in now}}
