"""Who may change the identity in a state directory: one process at a time, of several workers and of commands."""

from __future__ import annotations

from pathlib import Path

from appproxy.net.descriptors.file_lock import FileLock


class IdentityLock(FileLock):
    """`path`: a file beside the identity's own, which is made here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "let the user that the connector runs as write there; a file of another user may be deleted")
