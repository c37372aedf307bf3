"""Every fault that the start page offers exists."""

from __future__ import annotations

import re
from pathlib import Path

import appproxy.demo
from appproxy.demo.faults import FAULTS, TRAILERS


def test_the_page_offers_only_what_is_there() -> None:
    """A link on the page leads to a fault by its name."""
    page = (Path(appproxy.demo.__file__).parent / "page" / "index.html").read_text()
    offered = re.findall(r'href="/fault/([^"]+)"', page)
    assert offered
    assert {name.encode() for name in offered} <= set(FAULTS)


def test_the_trailers_are_valid_http() -> None:
    """One chunk, the last chunk, a field, the end."""
    head, _, body = TRAILERS.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body == b"6\r\nhello\n\r\n0\r\nX-Checksum: 5891b5b5\r\n\r\n"
