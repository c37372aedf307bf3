"""Settings of traces."""

from __future__ import annotations

import pytest

from appproxy.config import load_connector, load_service
from appproxy.config.traces import collector_fields, collector_url
from appproxy.errors import ConfigError


@pytest.mark.parametrize(("given", "read"), [
    ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
    ("https://otlp.example.com/", "https://otlp.example.com/v1/traces"),
    ("https://otlp.example.com/otlp/v1/traces", "https://otlp.example.com/otlp/v1/traces"),
    ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
])
def test_the_usual_path(given: str, read: str) -> None:
    """Is added where there is none."""
    assert collector_url(given) == read


@pytest.mark.parametrize("given", [
    "127.0.0.1:4318", "grpc://collector:4317", "http://", "http://user:word@collector", "http://collector:x", "http://a b/",
    "http://ä.example/", "http://collector:99999", 1,
])
def test_what_is_no_collector(given: object) -> None:
    """A password has its own file."""
    with pytest.raises(ValueError):
        collector_url(given)


def test_fields() -> None:
    """One a line; what is no field is told without a word of it."""
    assert collector_fields("a: b\n\n# c: d\n  x-y:z  \n") == (("a", "b"), ("x-y", "z"))
    with pytest.raises(ValueError, match="^line 2: "):
        collector_fields("a: b\nno field\n")


def test_both_files_have_them() -> None:
    """Nothing is traced unless it is said; a connector says no ratio."""
    settings = load_service('domain = "example.com"', "service.toml").traces
    assert (settings.collector, settings.ratio, settings.users) == (None, 0.01, "ignore")
    text = 'address = "a:1"\nname = "a.example"\nid = "b"\n[traces]\n'
    assert load_connector(text + 'collector = "http://c"', "connector.toml").traces.collector == "http://c/v1/traces"
    with pytest.raises(ConfigError, match="ratio: there is no such setting"):
        load_connector(text + "ratio = 1", "connector.toml")
    with pytest.raises(ConfigError, match="traces.ratio: a number from 0 to 1 is needed"):
        load_service('domain = "example.com"\n[traces]\nratio = 5', "service.toml")
