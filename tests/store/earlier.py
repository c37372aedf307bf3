"""Stores as programs of earlier schemas have left them, kept in `stores/` as SQL: their newest migration is the file's name.

Each was made by the code of its time: `init` and the commands below. Tables that no command fills have one row with a value of
its own in every column. `python -m tests.store.earlier COMMIT` makes the one of a commit of this repository, by that commit's
code, where the installed packages still suit that; without COMMIT, of the checkout.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from zlib import crc32

import sqlalchemy as sa

from appproxy.store import migrate

ROOT = Path(__file__).parents[2]
STORES = Path(__file__).parent / "stores"
#: The first line of a file, before the digits of its master key.
KEY = "-- master key "
#: Behind this line are the rows of tables that no command had filled.
REST = "-- what no command had filled\n"
PASSWORD = "correct horse battery staple"
#: With what they read. Those of the second list are younger than the first store.
MUST = (
    ("connector-group add lab --needs-approval", ""),
    ("app publish wiki --internal http://wiki.internal:8080/ --external https://wiki.example.com/ --group lab", ""),
    ("app publish Status --internal http://status.internal/ --external https://status.example.com/ --preauth passthrough", ""),
    ("app set wiki backend_timeout=120", ""),
    ("user add alice --display-name Alice --email alice@example.com --group staff --password-stdin", PASSWORD),
    ("user add bob --password-stdin", PASSWORD),
    ("group join staff bob", ""),
    ("assign wiki --group staff", ""),
    ("connector token --group lab --uses 3", ""),
    ("provider add corp --issuer https://login.corp.example/ --client-id appproxy --client-secret-stdin", "corp's secret"),
    ("app publish sales --internal https://sales.internal/ --external https://sales.example.com/ --provider corp", ""),
    ("assign sales --user 5f2b7c", ""),
)
MAY = (
    ("app segment add wiki --internal http://wiki.internal:8080/ --external https://handbook.example.com/", ""),
    ("app cors add wiki --origin https://status.example.com --method PUT --header x-own-* --credentials", ""),
    ("client add grafana --redirect-uri https://grafana.example.com/login", ""),
    ("native-client add tools --app wiki --redirect-uri http://127.0.0.1/callback", ""),
    ("role assign help-desk --group staff", ""),
    ("device add alice --name laptop", ""),
    ("audit export add archive file:///var/log/appproxy/audit.json", ""),
)
#: Texts that programs read as JSON.
JSON = {"settings", "detail", "answer", "facts", "claims", "document"}


def values(connection: sa.Connection) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by the table's name, in the order in which they can be written."""
    tables = sa.MetaData()
    tables.reflect(connection)
    return {
        table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
        for table in tables.sorted_tables if table.name != "alembic_version"
    }


def files() -> list[Path]:
    """All that are kept, the oldest first."""
    return sorted(STORES.glob("*.sql"))


def schema_of(file: Path) -> str:
    """The newest migration of a store."""
    return file.stem.partition("_")[2]


def restored(file: Path, database: Path, *, whole: bool = True) -> bytes:
    """Make a database of a file that is kept; gives its master key. Not `whole`: only what commands had made."""
    made, _, rest = file.read_text().partition(REST)
    with sqlite3.connect(database) as connection:
        connection.executescript(made + rest if whole else made)
    connection.close()
    database.chmod(0o600)
    return bytes.fromhex(made.partition("\n")[0].removeprefix(KEY))


# Making one.


def make(commit: str | None) -> Path:
    """Make the store of a commit, or of the checkout."""
    with tempfile.TemporaryDirectory() as scratch:
        source = ROOT
        if commit is not None:
            source = Path(scratch) / "source"
            source.mkdir()
            packed = subprocess.run(["git", "-C", str(ROOT), "archive", commit, "appproxy", "twisted"],
                                    capture_output=True, check=True).stdout
            subprocess.run(["tar", "-x", "-C", str(source)], input=packed, check=True)
        state = Path(scratch) / "state"
        command(source, f"init --state {state} --domain example.com", "")
        for line, typed in MUST:
            command(source, f"--state {state} {line}", typed)
        for line, typed in MAY:
            command(source, f"--state {state} {line}", typed, must=False)
        database = state / "appproxy.db"
        made = dumped(database)
        engine = sa.create_engine(f"sqlite:///{database}")
        with engine.begin() as connection:
            version = migrate.found_version(connection)
            print("no command has filled:", *fill(connection))
        engine.dispose()
        number = migrate.known_versions().index(version or "") + 1
        rest = [line for line in dumped(database) if line not in set(made)]
        kept = STORES / f"{number:04}_{version}.sql"
        kept.write_text("\n".join([KEY + (state / "master.key").read_text().strip(), *made, REST.strip(), *rest]) + "\n")
    return kept


def dumped(database: Path) -> list[str]:
    """The statements that make it again."""
    with sqlite3.connect(database) as connection:
        statements = list(connection.iterdump())
    connection.close()
    return statements


def command(source: Path, line: str, typed: str, *, must: bool = True) -> None:
    """A command of that source."""
    path = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")]))
    run = subprocess.run(
        [sys.executable, "-m", "appproxy.cli", *line.split()], input=typed, text=True, capture_output=True, cwd=source,
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}, timeout=120, check=False)
    if run.returncode and must:
        raise SystemExit(f"{line}: {run.stderr}")


def fill(connection: sa.Connection) -> list[str]:
    """A row in every table that has none; the tables."""
    tables = sa.MetaData()
    tables.reflect(connection)
    filled = []
    for table in tables.sorted_tables:
        if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0:
            row = {column.name: of_its_own(connection, column) for column in table.columns}
            connection.execute(sa.insert(table).values(row))
            filled.append(table.name)
    return filled


def of_its_own(connection: sa.Connection, column: sa.Column[object]) -> object:
    """A value that no other column has; of a reference, what it may refer to."""
    for key in column.foreign_keys:
        return connection.execute(sa.select(key.column).limit(1)).scalar()
    name = f"{column.table.name}.{column.name}"
    if isinstance(column.type, sa.Boolean):
        return bool(crc32(name.encode()) % 2)
    if isinstance(column.type, sa.Integer):
        return crc32(name.encode()) % 10_000
    if isinstance(column.type, sa.Float):
        return 1782864000.0 + crc32(name.encode()) % 10_000 / 4
    if isinstance(column.type, sa.LargeBinary):
        return name.encode()
    if column.name in JSON:
        return "{}"
    return name[-(getattr(column.type, "length", None) or 1000):]


if __name__ == "__main__":
    print(make(sys.argv[1] if sys.argv[1:] else None))
