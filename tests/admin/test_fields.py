"""What fields are made of."""

from __future__ import annotations

import re
from pathlib import Path

from appproxy.admin.fields import JsonKind, kind_of

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
