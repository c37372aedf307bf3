"""What a node needs of the database to serve, kept on disk under the master key: for a start while the server is away.

It is the rows of the tables that the snapshot is made of, as the database has them, so that the snapshot is built of them by
the same code. Who signs in, sessions' rows and the audit are not in it.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from twisted.logger import Logger

from appproxy.errors import AppProxyError, StoreError
from appproxy.json_input import read_json
from appproxy.store import migrate
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.sealing import Sealer
from appproxy.store.tables.core import IN_SNAPSHOT, leaves, master_check, metadata, revisions
from appproxy.store.transaction import Reading, part_revisions

#: What it is sealed for.
_PURPOSE, _ROW = "kept snapshot", "file"
#: Seconds after which it is written again though nothing has changed: its age is that of what it is known to say.
REWRITE_SECONDS = 300.0
#: Seconds that it may be dated ahead. More, and the clock was set back: its age is not known.
_SKEW = 600.0
#: Those that have no revision of their own are small, and read each time.
_OTHERS = (leaves, master_check, revisions)


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """An open store of rows that were kept, and when the database was last known to say the same, in seconds since 1970."""

    store: Store
    at: float


class Keeper:
    """Writes the file again when the database has changed, and every few minutes. Belongs to the database's thread."""

    log = Logger()

    def __init__(self, path: Path, wall_clock: Callable[[], float]) -> None:
        self._path = path
        self._wall_clock = wall_clock
        #: When the file was written last, in seconds since 1970; 0.0: not yet.
        self.at = 0.0
        self._version: int | None = None
        #: By table, the revision that it was read at, and its rows.
        self._texts: dict[str, tuple[int, str]] = {}
        self._complaint = ""

    def look(self, store: Store, version: int) -> None:
        """Write it, if `version` (`Store.data_version`) is another one, or it is time. What fails is logged once."""
        now = self._wall_clock()
        if version == self._version and 0 <= now - self.at < REWRITE_SECONDS:
            return
        try:
            with store.reading() as reading:
                data = self._read(reading, now)
                sealed = reading.sealer.seal(_PURPOSE, _ROW, data)
            _write(self._path, sealed)
        except (AppProxyError, OSError) as error:
            complaint = f"{self._path}: {error.strerror}" if isinstance(error, OSError) else str(error)
            if complaint != self._complaint:
                self.log.error("what a start without the database needs cannot be written: {reason}", reason=complaint)
            self._complaint = complaint
            return
        self._complaint, self._version, self.at = "", version, now

    def _read(self, reading: Reading, now: float) -> bytes:
        found = part_revisions(reading)
        tables = []
        for table in metadata.sorted_tables:
            if table.info != IN_SNAPSHOT and table not in _OTHERS:
                continue
            revision = found.get(table.name, 0)
            known = self._texts.get(table.name)
            if known is None or known[0] != revision or table in _OTHERS:
                known = self._texts[table.name] = revision, _rows(reading, table)
            tables.append(f"{json.dumps(table.name)}:{known[1]}")
        head = f'"at":{now!r},"schema":{json.dumps(migrate.newest_version())}'
        return zlib.compress(f'{{{head},"tables":{{{",".join(tables)}}}}}'.encode(), 1)


def open_kept(path: Path, sealer: Sealer, now: float, most_age: float) -> KeptSnapshot:
    """The store of the file. Raises StoreError, which says why it is of no use: none there, too old, another program's."""
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(f"no {path} is there to start from") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})") from error
    try:
        found: Any = read_json(zlib.decompress(sealer.open(_PURPOSE, _ROW, sealed)), None)
        at, schema, tables = float(found["at"]), found["schema"], found["tables"]
    except (ValueError, zlib.error, KeyError, TypeError) as error:
        raise StoreError(f"{path} cannot be read") from error
    if schema != migrate.newest_version():
        raise StoreError(f"{path} was written by another version of this program (schema {schema})")
    if now - at > most_age:
        raise StoreError(f"{path} is {(now - at) / 3600:.1f} hours old, and kept_snapshot_hours says {most_age / 3600:g}")
    if at - now > _SKEW:
        raise StoreError(f"{path} is dated {(at - now) / 3600:.1f} hours ahead; is this machine's clock right?")
    return KeptSnapshot(Store(_filled(tables), sealer), at)


def _filled(tables: dict[str, list[dict[str, object]]]) -> sa.Engine:
    """A database in memory with these rows."""
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    raw = engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys=OFF")  # rows that others refer to may be in tables that are not kept
    raw.close()
    with engine.connect() as connection, connection.begin():
        for table in metadata.sorted_tables:
            rows = [{name: _bytes_of(value) for name, value in row.items()} for row in tables.get(table.name, ())]
            if rows:
                connection.execute(sa.insert(table), rows)
    return engine


def _rows(reading: Reading, table: sa.Table) -> str:
    return json.dumps([dict(row) for row in reading.rows(sa.select(table))], default=_text_of, separators=(",", ":"))


def _text_of(value: object) -> object:
    """Bytes, which JSON lacks."""
    if isinstance(value, bytes | memoryview):
        return {"b": b64encode(value).decode("ascii")}
    raise TypeError(f"a column of {type(value).__name__} cannot be kept")


def _bytes_of(value: object) -> object:
    return b64decode(str(value["b"])) if isinstance(value, dict) else value


def _write(path: Path, data: bytes) -> None:
    """In one step, for its owner only."""
    name = f"{path}.{secrets.token_hex(4)}"
    try:
        with open(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
