"""Segments of applications, and one table of all external URLs that are taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from appproxy.paths import loose

revision = "segments"
down_revision = "certificates"
branch_labels = None
depends_on = None

ID = sa.String(64)


def upgrade() -> None:
    """Make the tables, and note what is taken already."""
    op.create_table(
        "segments",
        sa.Column("id", ID, nullable=False),
        sa.Column("application", ID, nullable=False),
        sa.Column("external", sa.Text, nullable=False),
        sa.Column("internal", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name="fk_segments_application", ondelete="CASCADE"),
    )
    op.create_index("ix_segments_application", "segments", ["application"])
    taken = op.create_table(
        "external_urls",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("path", sa.String(1024), nullable=False),
        sa.Column("application", ID, nullable=False),
        sa.PrimaryKeyConstraint("host", "path", name="pk_external_urls"),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name="fk_external_urls_application", ondelete="CASCADE"),
    )
    op.create_index("ix_external_urls_application", "external_urls", ["application"])
    old = sa.table("applications", sa.column("id"), sa.column("external_host"), sa.column("external_path"))
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for id_, host, path in op.get_bind().execute(sa.select(old.c.id, old.c.external_host, old.c.external_path)):
        place = host, loose(path.encode("ascii")).decode("utf-8", "replace")
        rows.setdefault(place, {"host": host, "path": place[1], "application": id_})
    if rows:
        op.bulk_insert(taken, list(rows.values()))
