"""JSON heads are read with bounds."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.json_heads.json_head import JsonHead, write_json

Read = Callable[[JsonHead], object]
READS: list[Read] = [
    lambda head: head.integer("a", 0, 10),
    lambda head: head.integers("a", 0, 10, 2),
    lambda head: head.number("a", 0.0, 10.0),
    lambda head: head.text("a", 3),
    lambda head: head.texts("a", 2, 3),
    lambda head: head.truth("a"),
    lambda head: head.binary("a", 2),
    lambda head: head.table("a", 1),
    lambda head: [one.text("b", 1) for one in head.objects("a", 2)],
]


@pytest.mark.parametrize(
    ("text", "read", "value"),
    [
        ('{"a": 10}', READS[0], 10),
        ('{"a": [1, 2]}', READS[1], (1, 2)),
        ('{"a": 1}', READS[2], 1.0),
        ('{"a": "abc"}', READS[3], "abc"),
        ('{"a": ["abc", ""]}', READS[4], ("abc", "")),
        ('{"a": false}', READS[5], False),
        ('{"a": "00ff"}', READS[6], b"\x00\xff"),
        ('{"a": {"b": 1}}', READS[7], {"b": 1}),
        ('{"a": [{"b": "x"}, {"b": "y", "c": 1}]}', READS[8], ["x", "y"]),
    ],
)
def test_right_values(text: str, read: Read, value: object) -> None:
    """Values of the right type within bounds are read."""
    assert read(JsonHead(text.encode(), 100)) == value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a": 11}', READS[0]), ('{"a": -1}', READS[0]), ('{"a": true}', READS[0]), ('{"a": 1.0}', READS[0]),
        ('{"a": [1, 2, 3]}', READS[1]), ('{"a": [11]}', READS[1]), ('{"a": 1}', READS[1]), ('{"a": [true]}', READS[1]),
        ('{"a": 10.1}', READS[2]), ('{"a": true}', READS[2]), ('{"a": "1"}', READS[2]),
        ('{"a": "abcd"}', READS[3]), ('{"a": "a\\n"}', READS[3]), ('{"a": 1}', READS[3]), ("{}", READS[3]),
        ('{"a": ["abcd"]}', READS[4]), ('{"a": ["", "", ""]}', READS[4]),
        ('{"a": 0}', READS[5]),
        ('{"a": "00f"}', READS[6]), ('{"a": "00 f"}', READS[6]), ('{"a": "00fg"}', READS[6]), ('{"a": "00"}', READS[6]),
        ('{"a": {"b": 1, "c": 1}}', READS[7]), ('{"a": {"b": -1}}', READS[7]), ('{"a": []}', READS[7]),
        ('{"a": {"b": "x"}}', READS[8]), ('{"a": [1]}', READS[8]), ('{"a": [{}, {}, {}]}', READS[8]),
    ],
)
def test_wrong_values(text: str, read: Read) -> None:
    """Anything else is refused, and the key is named."""
    with pytest.raises(RemoteProtocolError, match="^a: "):
        read(JsonHead(text.encode(), 100))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"1", b"{", b"\xff", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 50000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_object(data: bytes) -> None:
    """Broken, deep, endless or odd JSON is the peer's fault and does no harm."""
    with pytest.raises(RemoteProtocolError):
        JsonHead(data, 65535)


def test_too_long() -> None:
    """A head over its limit is not parsed at all."""
    with pytest.raises(RemoteProtocolError) as caught:
        JsonHead(b'{"a": 1}' + b" " * 100, 100)
    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("value", [11, float("nan"), "x"])
def test_only_what_the_peer_would_take_is_written(value: object) -> None:
    """A wrong value is found at the end that makes it."""
    with pytest.raises(LocalProtocolError):
        write_json({"a": value}, READS[0], 100)


def test_it_is_written_without_spaces() -> None:
    """Heads are compact ASCII."""
    assert write_json({"a": "é", "b": [1, 2]}, READS[3], 100) == b'{"a":"\\u00e9","b":[1,2]}'


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)),
       st.sampled_from(READS))
@settings(max_examples=80)
def test_any_value_is_fine_or_blamed_on_the_peer(value: object, read: Read) -> None:
    """No JSON value raises anything but a fault of the peer."""
    with contextlib.suppress(RemoteProtocolError):
        read(JsonHead(json.dumps({"a": value}).encode(), 65535))
