"""All kinds of things that have pages made of a table, and the pages."""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.console.answers import ConsolePage
from appproxy.console.records import administration, certificates, devices, machines, risk, sign_in
from appproxy.console.records.kinds import RecordKind
from appproxy.console.records.serving import RecordPages

KINDS: tuple[RecordKind, ...] = (
    *sign_in.KINDS, *machines.KINDS, *administration.KINDS, *risk.KINDS,
    *certificates.KINDS, *devices.KINDS)


def record_pages() -> Iterator[ConsolePage]:
    """Those of all kinds."""
    for kind in KINDS:
        yield from RecordPages(kind).pages()
