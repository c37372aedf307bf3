"""What fields are made of."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from appproxy.admin.fields import JsonKind, in_query, kind_of, read_query
from appproxy.errors import ConfigError

_READS = {
    "flag": JsonKind.FLAG, "texts": JsonKind.TEXTS, "whole": JsonKind.WHOLE, "number": JsonKind.NUMBER,
    "duration": JsonKind.DURATION, "mapping": JsonKind.MAPPING,
}  # fmt: skip
#: The number of an entry of the audit; of listings it is a text.
_BOTH = {"after"}


def test_fields_are_described_as_they_are_read() -> None:
    """What an operation reads as a flag, a list or a number is no text for generated clients, queries and forms."""
    found = {
        (name, way) for path in (Path(__file__).parents[2] / "appproxy" / "admin").rglob("*.py")
        for way, name in re.findall(r'body\.([a-z]+)\("([a-z_]+)"', path.read_text()) if way in _READS}
    assert len(found) > 30
    assert {(name, way) for name, way in found if kind_of(name) is not _READS[way]} <= {(name, "whole") for name in _BOTH}


def test_a_query_is_read_as_it_is_written() -> None:
    """Whoever calls from elsewhere says what whoever calls here says: lists, truth, and objects of texts."""
    body = {"groups": ["a", "b"], "device_subject": {"CN": "lt=7", "OU": ""}, "all": True, "user": "ann", "limit": 7}
    query = urlencode({name: in_query(value) for name, value in body.items()}, doseq=True)
    assert read_query(parse_qsl(query, keep_blank_values=True)) == body


@pytest.mark.parametrize("query", ["device_subject=CN", "device_subject=CN%3Da&device_subject=CN%3Db", "document=%7B%7D"])
def test_what_a_query_cannot_say(query: str) -> None:
    """An object without its sign, one part twice, and a document."""
    with pytest.raises(ConfigError):
        read_query(parse_qsl(query))
