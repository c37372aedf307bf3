"""What is kept for a start without the database: whole, sealed, of a known age, and as new as the database."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.store.applications import applications
from appproxy.store.database.kept import REWRITE_SECONDS, Keeper, open_kept
from appproxy.store.database.store import Store
from appproxy.store.people.session import sessions
from appproxy.store.sealing import Sealer
from appproxy.store.service import keys
from appproxy.store.snapshot import Snapshot
from appproxy.store.tables.core import metadata

DAY = 86400.0


def keep(store: Store, path: Path, at: float) -> Keeper:
    """Keep it, as of this moment."""
    keeper = Keeper(path, lambda: at)
    keeper.look(store, store.revision())
    return keeper


def parts(snapshot: Snapshot) -> dict[str, object]:
    """All that a snapshot says, but for objects that compare by identity."""
    return {name: getattr(snapshot, name) for name in (
        "revision", "applications", "connectors", "connector_groups", "providers", "keys", "trust_bundle", "revoked_sessions",
        "not_before", "settings", "certificates", "service_tokens", "native_clients")}


def test_the_same_snapshot(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> None:
    """Applications, keys and revocations are as the database had them, and so are the listeners' certificates."""
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        sessions.revoke_session(tx, "5" * 16, now + DAY)
        sessions.revoke_subject(tx, "builtin", "somebody")
    keep(store, tmp_path / "kept", now)
    kept = open_kept(tmp_path / "kept", sealer, now + 60, DAY)
    assert kept.at == now
    assert parts(kept.store.build_snapshot()) == parts(store.build_snapshot())
    with store.reading() as there, kept.store.reading() as here:
        assert keys.server_leaf(here) == keys.server_leaf(there) is not None


def test_it_is_a_secret(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> None:
    """Nobody can read it without the master key, nor change a byte, nor put it in another one's place."""
    path = tmp_path / "kept"
    keep(store, path, now)
    assert path.stat().st_mode & 0o777 == 0o600 and [one.name for one in tmp_path.glob("kept*")] == ["kept"]
    data = path.read_bytes()
    with pytest.raises(zlib.error):
        zlib.decompress(data)
    with pytest.raises(StoreError, match="is not the master key"):
        open_kept(path, Sealer(b"x" * 32, "another"), now, DAY)
    for changed in (data[:-1] + bytes([data[-1] ^ 1]), data[:40], b"", sealer.seal("kept snapshot", "another row", b"")):
        path.write_bytes(changed)
        with pytest.raises(StoreError):
            open_kept(path, sealer, now, DAY)


@pytest.mark.parametrize(
    ("later", "expected"),
    [(-1000.0, "hours ahead"), (-60.0, ""), (0.0, ""), (DAY, ""), (DAY + 1, "kept_snapshot_hours says 24")],
)
def test_its_age(store: Store, sealer: Sealer, now: float, tmp_path: Path, later: float, expected: str) -> None:
    """Too old is no use, and neither is one of a time that has not come."""
    keep(store, tmp_path / "kept", now)
    if expected:
        with pytest.raises(StoreError, match=expected):
            open_kept(tmp_path / "kept", sealer, now + later, DAY)
    else:
        assert open_kept(tmp_path / "kept", sealer, now + later, DAY).at == now


def test_another_version_of_the_program(sealer: Sealer, now: float, tmp_path: Path) -> None:
    """Its rows are others."""
    text = json.dumps({"at": now, "schema": "0001", "tables": {}}).encode()
    (tmp_path / "kept").write_bytes(sealer.seal("kept snapshot", "file", zlib.compress(text)))
    with pytest.raises(StoreError, match="another version of this program"):
        open_kept(tmp_path / "kept", sealer, now, DAY)
    with pytest.raises(StoreError, match="no .* is there"):
        open_kept(tmp_path / "none", sealer, now, DAY)


def test_when_it_is_written(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> None:
    """At each change, and every few minutes; not at each look. What was read stays good for what did not change."""
    path, moment = tmp_path / "kept", now
    keeper = Keeper(path, lambda: moment)

    def written() -> bool:
        before = path.read_bytes() if path.exists() else b""
        keeper.look(store, store.revision())
        return path.read_bytes() != before

    assert (written(), written()) == (True, False)
    moment = now + REWRITE_SECONDS
    assert (written(), written()) == (True, False)
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
    assert written()
    kept = open_kept(path, sealer, moment, DAY)
    assert parts(kept.store.build_snapshot()) == parts(store.build_snapshot())
    moment = now - 1000.0  # the clock was set back: the file must not be dated ahead for long
    assert written()


def test_a_full_disk(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> None:
    """It is said once, and the file that is there stays."""
    keeper = keep(store, tmp_path / "kept", now)
    tmp_path.joinpath("kept").rename(tmp_path / "old")
    (tmp_path / "kept").mkdir()
    with capturedLogs() as logs:
        for version in (-1, -2):
            keeper.look(store, version)
    assert [event["log_level"].name for event in logs] == ["error"]
    assert keeper.at == now and [one.name for one in tmp_path.glob("kept.*")] == []


def test_all_of_the_snapshot_is_kept(store: Store, sealer: Sealer, now: float, tmp_path: Path) -> None:
    """Each table that the snapshot is made of; none of those that tell of people."""
    keep(store, tmp_path / "kept", now)
    found = json.loads(zlib.decompress(sealer.open("kept snapshot", "file", (tmp_path / "kept").read_bytes())))["tables"]
    assert set(found) == {one.name for one in metadata.sorted_tables if one.info} | {"leaves", "master_check", "revisions"}
    assert not {"users", "audit", "sessions"} & set(found)

