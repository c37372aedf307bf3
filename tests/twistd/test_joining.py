"""A second machine becomes a node by one line."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from appproxy.admin.transport.direct import open_store
from appproxy.config import Address, ServiceSettings, StatePaths, dump_service
from appproxy.errors import AppProxyError, ConfigError
from appproxy.pki.node_token import decode_node_token, encode_node_token
from appproxy.store.engine import make_engine
from appproxy.store.service import audit, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.twistd.joining import Local, _settings, join, new_token
from appproxy.twistd.state import create_state, read_settings
from tests.pki.authorities import NOW

SERVER = "APPPROXY_TEST_POSTGRESQL"
HOUR = 3600.0
TWO = Local("two.example.com:8443", "two")


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database: a schema of its own."""
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"{SERVER} names no PostgreSQL server, such as postgresql://user@host/database")
    schema = f"test_{secrets.token_hex(8)}"
    engine = make_engine(server)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    yield engine.url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def first(database: str, tmp_path: Path) -> Path:
    """The state directory of the first node."""
    settings = ServiceSettings(
        domain="example.com", database_url=database, tunnel_advertise="one.example.com:8443", drain_seconds=7.0)
    create_state(tmp_path / "one", settings, NOW, {})
    return tmp_path / "one"


def token(first: Path) -> str:
    """For an hour."""
    return new_token(first, HOUR, NOW, "local:0", {})[0]


def test_a_node_joins(first: Path, tmp_path: Path) -> None:
    """Its directory has what the first one has, but for its own address; the master key opens the database."""
    joined = join(token(first), tmp_path / "two", TWO, NOW + 1)
    one, two = read_settings(first), read_settings(tmp_path / "two")
    assert two == joined.settings == replace(one, tunnel_advertise="two.example.com:8443", node_name="two")
    paths, others = StatePaths(tmp_path / "two"), StatePaths(first)
    assert paths.master_key.read_text() == others.master_key.read_text()
    assert stat.S_IMODE(paths.master_key.stat().st_mode) == 0o600
    assert paths.trust_anchor.read_text() == others.trust_anchor.read_text()
    assert {path.name for path in paths.directory.iterdir()} == {"master.key", "service.toml", "trust-anchor.pem"}
    store = open_store(paths, two, {}, lambda text: None)
    with store.reading() as reading:
        assert [row.action for row in audit.list_recent(reading, 2)] == ["node.join", "node_token.add"]
    store.close()


def test_a_token_is_good_once(first: Path, tmp_path: Path) -> None:
    """Whoever finds it afterwards gets nothing."""
    text = token(first)
    join(text, tmp_path / "two", TWO, NOW)
    with pytest.raises(ConfigError, match="node two has used it"):
        join(text, tmp_path / "three", TWO, NOW)
    assert not (tmp_path / "three").exists()


def test_what_fails_uses_nothing_up(first: Path, tmp_path: Path) -> None:
    """A wrong directory, an address that is missing, a moment too late: the token is as it was."""
    text = token(first)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ConfigError, match="is not empty"):
        join(text, tmp_path / "full", TWO, NOW)
    with pytest.raises(ConfigError, match="tunnel_advertise: is needed.*--advertise"):
        join(text, tmp_path / "two", Local(), NOW)
    with pytest.raises(ConfigError, match="has expired; make a new one"):
        join(text, tmp_path / "two", TWO, NOW + HOUR)
    assert not (tmp_path / "two").exists()
    join(text, tmp_path / "two", TWO, NOW)


def test_another_version(first: Path, tmp_path: Path) -> None:
    """Nothing is brought up to date behind the back of nodes that run."""
    found = decode_node_token(token(first))
    older = encode_node_token(replace(found, schema="roles", program="0.9"))
    with pytest.raises(ConfigError, match=r"run appproxy 0.9, and this is.*install appproxy 0.9"):
        join(older, tmp_path / "two", TWO, NOW)


def test_a_database_that_cannot_be_reached(first: Path, tmp_path: Path) -> None:
    """Says so, and what to look at; no password is in it."""
    away = replace(TWO, database="postgresql://appproxy:geheim@127.0.0.1:1/appproxy")
    with pytest.raises(AppProxyError, match="pg_hba.conf.*--database") as caught:
        join(token(first), tmp_path / "two", away, NOW)
    assert "geheim" not in str(caught.value)


def test_a_certificate_goes_along(first: Path, tmp_path: Path) -> None:
    """The files of the first machine are not on the second."""
    settings = read_settings(first)
    for name in ("chain.pem", "key.pem"):
        (first / name).write_text(name)
    StatePaths(first).settings.write_text(dump_service(replace(settings, certificate="chain.pem", key="key.pem")))
    join(token(first), tmp_path / "two", TWO, NOW)
    two = read_settings(tmp_path / "two")
    assert (tmp_path / "two" / str(two.certificate)).read_text() == "chain.pem"
    key = tmp_path / "two" / str(two.key)
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == ("key.pem", 0o600)
    assert not StatePaths(tmp_path / "two").trust_anchor.exists()


def test_the_first_node_needs_an_address_too(first: Path) -> None:
    """In its settings, and known to the process that runs."""
    store = open_store(StatePaths(first), read_settings(first), {}, lambda text: None)
    with store.transaction(NOW) as tx:
        nodes.beat(tx, NodeRecord("0001", "one", str(first), "", "1.0"))
    store.close()
    with pytest.raises(ConfigError, match="does not know it yet; run: appproxy reload"):
        token(first)
    StatePaths(first).settings.write_text(dump_service(replace(read_settings(first), tunnel_advertise=None)))
    with pytest.raises(ConfigError, match="tunnel_advertise: is needed.*service.toml"):
        token(first)


def test_a_file_is_no_database_for_two_machines(tmp_path: Path) -> None:
    """The way out is named."""
    create_state(tmp_path / "one", ServiceSettings(domain="example.com", tunnel_advertise="a.example.com:1"), NOW, {})
    with pytest.raises(ConfigError, match="need PostgreSQL"):
        token(tmp_path / "one")


def test_what_is_the_first_node_s_own() -> None:
    """Addresses of its machine are asked for, or left out and named."""
    local = replace(TWO, database=None)
    common = ServiceSettings(domain="example.com", metrics_listen=Address("127.0.0.1", 9100), public_port=443,
                             listen=Address("0.0.0.0", 8080))
    settings, left_out = _settings(common, local, "postgresql://db/a")
    assert (settings.listen, settings.metrics_listen, settings.public_port, left_out) == (
        common.listen, common.metrics_listen, 443, ())
    one = "192.0.2.1"
    own = replace(common, listen=Address(one, 443), metrics_listen=Address(one, 9100), country_database="c.mmdb")
    with pytest.raises(ConfigError, match="listen: that of the first node, 192.0.2.1:443, is its own; give --listen"):
        _settings(own, local, "postgresql://db/a")
    settings, left_out = _settings(own, replace(local, listen=Address("192.0.2.2", 443)), "postgresql://db/a")
    assert settings.listen == Address("192.0.2.2", 443)
    assert left_out == ("metrics_listen = 192.0.2.1:9100", "country_database = c.mmdb")
