"""What other distributions bring."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from appproxy.errors import ConfigError
from appproxy.plugins import Plugins

PLUGINS = Plugins("group", lambda: (EntryPoint("b", "builtins:list", "group"), EntryPoint("a", "nowhere:x", "group")))


def test_what_is_there_is_named_and_not_loaded() -> None:
    """In order of the alphabet; a broken one breaks nothing until it is asked for."""
    assert PLUGINS.names() == ["a", "b"] and Plugins("appproxy.no-such-group").names() == []


def test_making() -> None:
    """What the entry point leads to is called; errors say who wanted it, and what there is."""
    assert PLUGINS.make("b", "things") == []
    with pytest.raises(ConfigError, match=r"^things: a \(nowhere:x\) cannot be loaded: "):
        PLUGINS.make("a", "things")
    with pytest.raises(ConfigError, match="^things: no installed distribution has 'c' .* of group; installed: a, b$"):
        PLUGINS.make("c", "things")
    with pytest.raises(ConfigError, match="installed: none$"):
        Plugins("appproxy.no-such-group").make("c", "things")
