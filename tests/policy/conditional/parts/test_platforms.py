"""What browsers say they run on."""

from __future__ import annotations

import pytest

from appproxy.policy.conditional.parts.platforms import PLATFORMS, platform_of


@pytest.mark.parametrize(("said", "expected"), [
    (b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0", "windows"),
    (b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "ios"),
    (b"Mozilla/5.0 (Linux; Android 15; Pixel 9)", "android"),
    (b"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "chromeos"),
    (b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "macos"),
    (b"Mozilla/5.0 (X11; Linux x86_64; rv:130.0)", "linux"),
    (b"curl/8.9", ""), (b"", ""), (b"x" * 600 + b"windows", ""),
])
def test_platforms(said: bytes, expected: str) -> None:
    """The first mark that counts; nothing behind the first half kilobyte."""
    assert platform_of(said) == expected
    assert expected in ("", *PLATFORMS)
