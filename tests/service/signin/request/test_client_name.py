"""What browsers are called in a list."""

from __future__ import annotations

import pytest

from appproxy.service.signin.request.client_name import client_name

_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.mark.parametrize(("user_agent", "name"), [
    (_CHROME, "Chrome on Windows"), (_CHROME + " Edg/131.0", "Edge on Windows"), (_CHROME + " OPR/115.0", "Opera on Windows"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
     "Safari on macOS"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/131.0 Mobile/15E148 Safari/604.1",
     "Chrome on iPhone"),
    ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) FxiOS/132.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPad"),
    ("Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
     "Samsung Internet on Android"),
    ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
    ("curl/8.10.1", "curl"), ("Something (Windows)", "A browser on Windows"), ("my-program/1.0", "my-program/1.0"),
    ("x" * 50, "x" * 40), ("", "A program"),
])
def test_by_the_words_that_people_know(user_agent: str, name: str) -> None:
    """Most browsers name others, too: the mark that only one has counts."""
    assert client_name(user_agent) == name
