"""Which external URLs are taken: by applications, their alternate hosts and their segments. One table holds them all, so
that the database itself lets none be taken twice.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.paths import loose
from appproxy.pki.selection import by_name
from appproxy.publish.application import Application, Url
from appproxy.store import names
from appproxy.store.applications.cors_rules import refuse_orphans
from appproxy.store.certificates.certificates import list_all as list_certificates
from appproxy.store.service.place import check_external
from appproxy.store.service.settings import place
from appproxy.store.tables.core import applications, external_urls
from appproxy.store.transaction import Reading, Transaction

_Place = tuple[str, str]


def hosts(reading: Reading) -> set[str]:
    """All published hosts: of applications, their alternate hosts and their segments."""
    return set(reading.connection.scalars(sa.select(external_urls.c.host).distinct()))


def checked_external(reading: Reading, text: str, key: str = "external") -> Url:
    """The URL that users type. Raises ConfigError when no certificate covers its host, and for all other faults."""
    covered = {name: True for one in list_certificates(reading) for name in one.names}
    return check_external(text, place(reading), lambda host: by_name(covered, host) is not None, key)


def claim(tx: Transaction, application: Application) -> None:
    """Take all external URLs of an application as it now is, and let go of those that it had before.

    Raises ConfigError (an alternate host cannot be one, a CORS rule would be left behind) or AlreadyThere (a URL is another
    application's).
    """
    _check_alternates(tx, application)
    refuse_orphans(application)
    wanted: dict[_Place, Url] = {}
    for pair in application.pairs:
        taken = _place(pair.external)
        if taken in wanted:
            raise names.AlreadyThere(f"external: {pair.external} is there twice in this application")
        wanted[taken] = pair.external
    table = external_urls.c
    mine = {(row["host"], row["path"]) for row in tx.rows(
        sa.select(external_urls).where(table.application == application.id))}
    for where, url in wanted.items():
        if where not in mine:
            refuse_taken(tx, url, application.id)
    for host, path in mine - wanted.keys():
        tx.change(sa.delete(external_urls).where((table.host == host) & (table.path == path)))
    for host, path in wanted.keys() - mine:
        tx.change(sa.insert(external_urls).values(host=host, path=path, application=application.id))


def check_excluded(application: Application) -> None:
    """Raises ConfigError when an excluded host is one that no wildcard of the application stands for.

    Such a host is mistyped: the one that was meant would stay open, and nothing would say so.
    """
    wildcards = [pair for pair in application.pairs if pair.external.is_wildcard]
    for host in sorted(application.excluded_hosts):
        if not any(pair.covers(host) for pair in wildcards):
            there = ", ".join(f"*{pair.external.suffix}" for pair in wildcards)
            hint = f"give hosts below {there}" if there else "this application has none; publish one first"
            raise ConfigError(f"excluded_hosts: {host!r} is a host that no wildcard stands for", hint=f"{hint}")


def check_machines(application: Application) -> None:
    """Raises ConfigError where programs are to show certificates at hosts that nobody has named."""
    if application.machine_authority and any(pair.external.is_wildcard for pair in application.pairs):
        raise ConfigError(
            "machine_authority: the application has a wildcard host, at which nobody is asked for a certificate",
            hint="publish a host of its own for programs")


def refuse_taken(reading: Reading, url: Url, own: str | None = None) -> None:
    """Raises AlreadyThere when an external URL is another application's than that of the id `own`."""
    table, (host, path) = external_urls.c, _place(url)
    joined = sa.select(applications.c.id, applications.c.name).join(external_urls, table.application == applications.c.id)
    row = reading.row(joined.where((table.host == host) & (table.path == path)))
    if row is not None and row["id"] != own:
        raise names.AlreadyThere(f"external: {url} belongs to the application {row['name']!r}")


def _place(url: Url) -> _Place:
    """What makes two external URLs the same: applications may take `/Wiki/` for `/wiki/`, so both cannot be published."""
    return url.host, loose(url.path.encode("ascii")).decode("utf-8", "replace")


def _check_alternates(reading: Reading, application: Application) -> None:
    key = "alternate_hosts"
    if application.alternate_hosts and application.external.is_wildcard:
        raise ConfigError(f"{key}: a wildcard has none", hint="publish the other hosts as a segment of the application")
    for host in application.alternate_hosts:
        checked_external(reading, str(application.external.on(host)), key)
