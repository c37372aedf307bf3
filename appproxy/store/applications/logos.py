"""Logos of applications: what tells of one is in the snapshot, the picture itself is asked for when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import sqlalchemy as sa

from appproxy.branding.picture import Picture, check_picture
from appproxy.errors import NotFound
from appproxy.publish.application import Application
from appproxy.store.applications import applications
from appproxy.store.snapshot import LogoRecord
from appproxy.store.tables.panel import application_logos, logo_pictures
from appproxy.store.transaction import Reading, Transaction


def put(tx: Transaction, application: str, picture: Picture) -> Application:
    """Give an application a logo, in the place of the one that it has. Raises NotFound."""
    found = applications.find(tx, application)
    _remove(tx, found.id)
    tx.change(sa.insert(logo_pictures).values(application=found.id, picture=picture.data))
    tx.change(sa.insert(application_logos).values(application=found.id, kind=picture.kind, digest=picture.digest))
    return found


def remove(tx: Transaction, application: str) -> Application:
    """Take its logo away. Raises NotFound where it has none."""
    found = applications.find(tx, application)
    if not _remove(tx, found.id):
        raise _without(found)
    return found


def find(reading: Reading, application: str) -> tuple[Application, Picture]:
    """An application and its logo. Raises NotFound, also where it has none."""
    found = applications.find(reading, application)
    data = _data(reading, found.id)
    if data is None:
        raise _without(found)
    return found, check_picture(data)


def picture(reading: Reading, application_id: str, digest: str) -> bytes | None:
    """The picture of this digest; None where the application has another by now, or none."""
    table = application_logos
    is_it = (table.c.application == application_id) & (table.c.digest == digest)
    return None if reading.row(sa.select(table.c.digest).where(is_it)) is None else _data(reading, application_id)


def digest_of(reading: Reading, application_id: str) -> str:
    """Of the logo that an application has; "" for none."""
    chosen = sa.select(application_logos.c.digest).where(application_logos.c.application == application_id)
    return str(reading.connection.scalar(chosen) or "")


def all_of(reading: Reading) -> dict[str, LogoRecord]:
    """What is known of each, by the application's id."""
    return {row["application"]: LogoRecord(row["kind"], row["digest"]) for row in reading.rows(sa.select(application_logos))}


def all_pictures(reading: Reading) -> Mapping[str, bytes]:
    """All of them, by the application's id."""
    return {row["application"]: row["picture"] for row in reading.rows(sa.select(logo_pictures))}


def _data(reading: Reading, application_id: str) -> bytes | None:
    table = logo_pictures
    return cast("bytes | None", reading.connection.scalar(
        sa.select(table.c.picture).where(table.c.application == application_id)))


def _remove(tx: Transaction, application_id: str) -> bool:
    tx.change(sa.delete(logo_pictures).where(logo_pictures.c.application == application_id))
    return tx.change(sa.delete(application_logos).where(application_logos.c.application == application_id)) > 0


def _without(found: Application) -> NotFound:
    return NotFound(f"{found.name} has no logo", hint=f"appproxy app logo set {found.name} FILE gives it one")
