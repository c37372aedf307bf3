"""Settings of a connector."""

from __future__ import annotations

import pytest

from appproxy.config import CONNECTOR_SETTINGS, ConnectorSettings, PoolSettings, dump_connector, load_connector
from appproxy.errors import ConfigError

MINIMAL = 'address = "x:1"\nname = "a"\nid = "b"\n'
JOINED = ConnectorSettings(address="192.0.2.1:8443", name="connect.example.com", id="c0ffee")


@pytest.mark.parametrize(
    "found",
    [
        JOINED,
        ConnectorSettings(
            address="[::1]:1", name="a.b", id="x", drain_seconds=180.0, in_flight=1, streams=0, log_format="json",
            pool=PoolSettings(least=0, most_idle=0, most=1),
        ),
    ],
)
def test_there_and_back(found: ConnectorSettings) -> None:
    """What `join` writes is read as the same settings."""
    assert load_connector(dump_connector(found), "x") == found


def test_it_explains_itself() -> None:
    """Every setting stands in the file."""
    text = dump_connector(JOINED)
    for one in CONNECTOR_SETTINGS:
        assert f"{one.key.rpartition('.')[2]} = " in text
    assert '\naddress = "192.0.2.1:8443"\n' in text and "\n#drain_seconds = 30.0\n" in text


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("", "connector.toml: address: is needed and missing"),
        ('address = "x"', "connector.toml: address: HOST:PORT is needed"),
        ('adress = "x:1"', "connector.toml: adress: there is no such setting; did you mean address?"),
        (MINIMAL + '[pool]\nleast = 5\nmost_idle = 2', "connector.toml: pool.least: a number up to"),
        (MINIMAL + 'most = 2', "connector.toml: most: there is no such setting; did you mean pool.most?"),
    ],
)
def test_the_error_names_the_key(toml: str, expected: str) -> None:
    """File, key, and what is needed."""
    with pytest.raises(ConfigError) as caught:
        load_connector(toml, "connector.toml")
    assert str(caught.value).startswith(expected)
