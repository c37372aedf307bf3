"""`host_header` is `view` now, and says it of all fields that name a place."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "view"
down_revision = "subjects"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the setting where it was set: `original` becomes `public`."""
    connection = op.get_bind()
    for id_, text in connection.execute(sa.text("SELECT id, settings FROM applications")).all():
        texts = json.loads(text)
        old = texts.pop("host_header", None)
        if old is not None:
            texts["view"] = "public" if old == "original" else old
            connection.execute(sa.text("UPDATE applications SET settings = :texts WHERE id = :id"),
                               {"texts": json.dumps(texts), "id": id_})
