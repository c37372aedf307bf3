"""What of a URL is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.shown_url import shown_url


@pytest.mark.parametrize(("url", "shown"), [
    ("https://otlp.example.com:4318/v1/traces", "https://otlp.example.com:4318/v1/traces"),
    ("https://otlp.example.com/v1/traces?api-key=hunter2", "https://otlp.example.com/v1/traces?..."),
    ("https://otlp.example.com/?a=1#hunter2", "https://otlp.example.com/?..."),
    ("https://otlp.example.com/a#hunter2?b", "https://otlp.example.com/a"),
    ("http://ann:hunter2@[::1]:80/a", "http://[::1]:80/a"),
    ("http://[hunter/a?hunter2", "http://[hunter/a?..."),
    ("", ""),
])
def test_urls(url: str, shown: str) -> None:
    """Where it leads, without what may let somebody in."""
    assert shown_url(url) == shown


@given(st.text(), st.text())
def test_no_query_is_shown(begin: str, secret: str) -> None:
    """Of whatever text."""
    begin = begin.replace("#", "").replace("?", "")
    assert shown_url(f"{begin}?{secret}") == shown_url(f"{begin}?")
