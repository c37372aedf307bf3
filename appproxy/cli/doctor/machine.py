"""The doctor at either end: the directory that a program lives from, and the disk that it is on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from appproxy.cli.doctor.findings import Ailing, Health, Walk

_MIB = 1 << 20
#: Free bytes below which a disk is soon full, or as good as full: a night's access log, a few seconds' one.
_LITTLE, _LEAST = 1024 * _MIB, 64 * _MIB
#: Files that are named.
_SHOWN = 5


class Usage(Protocol):
    """Of a disk, in bytes."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


def disk_usage(directory: Path) -> Usage:
    """Of the disk that it is on."""
    return shutil.disk_usage(directory)


def examine(walk: Walk, directory: Path) -> None:
    """Who can read it, to whom its files belong, and is there room?"""
    with walk.step("state directory") as notes:
        mode = directory.stat().st_mode & 0o777
        if mode & 0o077:
            raise Ailing(f"{directory} is open to others (mode {mode:o})", f"run: chmod 700 {directory}")
        notes.append(f"{directory} is closed to others")
    with walk.step("owner of its files") as notes:
        owner = directory.stat().st_uid
        strange = sorted(path.name for path in directory.iterdir() if path.lstat().st_uid != owner)
        if strange:
            more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
            words = f"{', '.join(strange[:_SHOWN])}{more} belong to somebody else than {directory}: a command of root's?"
            raise Ailing(words, f"run: chown -R --reference={directory} {directory}")
        notes.append("all are the directory's owner's")
    with walk.step("disk") as notes:
        usage = disk_usage(directory)
        words = f"{usage.free // _MIB} MiB of {usage.total // _MIB} are free"
        if usage.free < _LITTLE:
            raise Ailing(words, "make room, or move the logs: on a full disk nothing is logged, and no change is kept",
                         Health.BROKEN if usage.free < _LEAST else Health.WARNING)
        notes.append(words)
