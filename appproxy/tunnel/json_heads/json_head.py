"""Heads that are JSON objects: read with bounds on everything, written only when the peer would read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NoReturn

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.json_input import read_json


class JsonHead:
    """The object in a head, key by key. Every method raises RemoteProtocolError, which names the key."""

    __slots__ = ("_values",)

    def __init__(self, head: bytes, most: int) -> None:
        if len(head) > most:
            raise RemoteProtocolError(f"a JSON head of {len(head)} bytes", Code.TOO_LARGE)
        try:
            values = read_json(head)
        except ValueError as error:
            raise RemoteProtocolError(f"a head is not JSON: {type(error).__name__}") from error
        if not isinstance(values, dict):
            raise RemoteProtocolError("a head is not a JSON object")
        self._values: dict[str, object] = values

    def get(self, key: str) -> object:
        """The bare value; None when it is missing."""
        return self._values.get(key)

    def integer(self, key: str, least: int, most: int) -> int:
        """An integer from `least` to `most`."""
        return _integer(key, self._values.get(key), least, most)

    def integers(self, key: str, least: int, most: int, count: int) -> tuple[int, ...]:
        """At most `count` integers, each from `least` to `most`."""
        return tuple(_integer(key, item, least, most) for item in self._list(key, count))

    def number(self, key: str, least: float, most: float) -> float:
        """A finite number from `least` to `most`."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            _refuse(key)
        return float(value)

    def text(self, key: str, most: int) -> str:
        """At most `most` printable characters."""
        return _text(key, self._values.get(key), most)

    def texts(self, key: str, count: int, most: int) -> tuple[str, ...]:
        """At most `count` texts of at most `most` characters."""
        return tuple(_text(key, item, most) for item in self._list(key, count))

    def truth(self, key: str) -> bool:
        """true or false."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            _refuse(key)
        return value

    def binary(self, key: str, size: int) -> bytes:
        """Exactly `size` bytes, written as hexadecimal digits."""
        text = _text(key, self._values.get(key), 2 * size)
        try:
            value = bytes.fromhex(text)
        except ValueError:
            _refuse(key)
        if len(value) != size:
            _refuse(key)
        return value

    def table(self, key: str, count: int) -> dict[str, int]:
        """At most `count` integers by name."""
        value = self._values.get(key)
        if not isinstance(value, dict) or len(value) > count:
            _refuse(key)
        return {_text(key, name, 64): _integer(key, item, 0, 2**53) for name, item in value.items()}

    def objects(self, key: str, count: int) -> tuple[JsonHead, ...]:
        """At most `count` objects, each to be read as a head is."""
        return tuple(JsonHead._of(key, item) for item in self._list(key, count))

    @classmethod
    def _of(cls, key: str, value: object) -> JsonHead:
        if not isinstance(value, dict):
            _refuse(key)
        read = cls.__new__(cls)
        read._values = value
        return read

    def _list(self, key: str, count: int) -> list[object]:
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > count:
            _refuse(key)
        return value


def write_json(values: Mapping[str, object], check: Callable[[JsonHead], object], most: int) -> bytes:
    """The object as a head, without spaces, in ASCII; `check` reads it as the peer will.

    Raises LocalProtocolError when the peer would refuse it.
    """
    try:
        head = json.dumps(values, separators=(",", ":"), allow_nan=False).encode()
        check(JsonHead(head, most))
    except (RemoteProtocolError, ValueError) as error:
        code = error.code if isinstance(error, RemoteProtocolError) else Code.PROTOCOL
        raise LocalProtocolError(f"cannot be sent: {error}", code) from error
    return head


def printable(text: str) -> str:
    """The text without control characters and the like: a space stands for each."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _integer(key: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        _refuse(key)
    return value


def _text(key: str, value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        _refuse(key)
    return value


def _refuse(key: str) -> NoReturn:
    raise RemoteProtocolError(f"{key}: missing, of a wrong type or out of bounds")
