"""What the demo tells, and the words of its passwords."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from appproxy.demo.start import _WORDS, Demo, _user_port, explain, free_port, make_password
from appproxy.errors import ConfigError
from appproxy.provider import check_new


def test_the_words_are_different() -> None:
    """A repeated word would make passwords weaker than they look."""
    assert len(_WORDS) == len(set(_WORDS)) >= 50
    assert all(word.isalpha() and word.islower() for word in _WORDS)


def test_the_password_is_good_enough_for_us() -> None:
    """The demo's password passes the same check as anybody's."""
    assert len({make_password() for _ in range(20)}) == 20
    check_new(make_password(), "alice")


def test_all_that_is_needed_is_told() -> None:
    """Address, name, password, trust anchor, logs, how to stop."""
    text = explain(Demo(Path("/tmp/demo"), 9443, "four-good-words-here"))
    for needed in (
        "https://sample.appproxy.localhost:9443/", "alice", "four-good-words-here",
        "/tmp/demo/service/trust-anchor.pem", "/tmp/demo/logs", "Ctrl-C", "https://apps.appproxy.localhost:9443/",
        "https://admin.appproxy.localhost:9443/",
    ):  # fmt: skip
        assert needed in text


def test_a_taken_port_is_told() -> None:
    """The port asked for is used, or refused; without one the demo finds its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="--port"):
            _user_port(taken.getsockname()[1])
    assert 0 < _user_port(None) < 65536
    assert _user_port(port := free_port()) == port
