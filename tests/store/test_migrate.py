"""Which schemas there are, and which one a database has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from appproxy.store import migrate
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine, make_private
from appproxy.store.sealing import Sealer
from appproxy.store.tables import core as schema

ROOT = Path(__file__).parent.parent.parent


def test_the_files_say_what_alembic_says() -> None:
    """Versions read from the migrations' files, in the order of their names, are those that Alembic runs, in its order."""
    scripts = ScriptDirectory.from_config(migrate.alembic_config())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == migrate.known_versions()
    assert scripts.get_current_head() == migrate.newest_version()


def test_a_database_tells_its_schema(database_url: str) -> None:
    """None before the first migration; then the one that came last."""
    engine = make_engine(database_url)
    make_private(engine.url)
    with engine.begin() as connection:
        assert migrate.found_version(connection) is None
        migrate.upgrade(connection, migrate.known_versions()[1])
        assert migrate.found_version(connection) == migrate.known_versions()[1]
        connection.execute(sa.text("DELETE FROM alembic_version"))
        assert migrate.found_version(connection) is None
    engine.dispose()


def test_a_database_that_is_up_to_date_needs_no_alembic(tmp_path: Path) -> None:
    """To open it takes no fifth of a second for what has nothing to do."""
    url = f"sqlite:///{tmp_path}/appproxy.db"
    Store.create(url, Sealer(bytes(32), "test")).close()
    opening = (
        "import sys; from appproxy.store.database.store import Store; from appproxy.store.sealing import Sealer; "
        f"Store.open({url!r}, Sealer(bytes(32), 'test')).close(); print('alembic' in sys.modules)")
    ended = subprocess.run([sys.executable, "-c", opening], capture_output=True, text=True, cwd=ROOT)
    assert (ended.stdout, ended.stderr) == ("False\n", "")


def test_the_older_name_of_a_setting(database_url: str) -> None:
    """`host_header` becomes `view` where it was set; other settings stay."""
    engine = make_engine(database_url)
    make_private(engine.url)
    before = migrate.known_versions()[migrate.known_versions().index("view") - 1]
    rows: dict[str, dict[str, str]] = {
        "a": {"host_header": "original", "max_body": "1M"}, "b": {"host_header": "internal"}, "c": {},
        "d": {"host_header": ""}}
    with engine.begin() as connection:
        migrate.upgrade(connection, before)
        connection.execute(sa.insert(schema.connector_groups).values(
            id="g", name="g", name_key="g", needs_approval=False))
        connection.execute(sa.insert(schema.providers).values(
            id="p", name="p", name_key="p", issuer="https://i", client_id="c", client_secret=b"", scopes="openid",
            groups_claim="groups", algorithms="RS256"))
        for id_, texts in rows.items():
            connection.execute(sa.insert(schema.applications).values(
                id=id_, name=id_, name_key=id_, external=f"https://{id_}.example.com/", internal="http://x/",
                external_host=f"{id_}.example.com", external_path="/", preauthentication="oidc", connector_group="g",
                provider="p", settings=json.dumps(texts), created=0.0))
        migrate.upgrade(connection)
        found = connection.execute(sa.select(schema.applications.c.id, schema.applications.c.settings)).all()
    engine.dispose()
    assert {id_: json.loads(text) for id_, text in found} == {
        "a": {"view": "public", "max_body": "1M"}, "b": {"view": "internal"}, "c": {}, "d": {"view": ""}}
