"""The doctor at the service: is it known which certificates of devices and machines are revoked?"""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.pki.revocation.crl import first_end, list_ends_soon
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities, list_fetches, statuses
from appproxy.store.transaction import Reading

_LISTS = ("give the newest list (appproxy device authority set NAME --crl FILE, appproxy app set NAME machine_crl=@FILE), "
          "or have it fetched: --crl-url URL")
_FETCHED = "is the URL right, and can this machine reach it? Then: appproxy device authority set NAME --crl-url URL"
_RESPONDER = "does it run, and can this machine reach it? appproxy device authority list --json says more (docs/devices.md)"


def examine(walk: Walk, store: Store, now: float) -> None:
    """Lists that end, lists that do not come, and responders that say nothing."""
    with store.reading() as reading:
        ends = list(_ends(reading))
        fetches = {one.name: fetch for one in authorities.list_all(reading)
                   if (fetch := list_fetches.all_of(reading).get(one.id)) is not None}
        silent = {one.name: statuses.failing(reading, one.id)
                  for one in authorities.list_all(reading) if one.authority.sources.ocsp}
    if ends:
        with walk.step("lists of revoked certificates") as notes:
            _check_ends(ends, now)
            notes.append(f"{len(ends)} count")
    if fetches:
        with walk.step("lists that are fetched") as notes:
            failed = [f"{name}: {one.problem}" for name, one in fetches.items() if one.failures]
            if failed:
                raise Ailing("; ".join(failed), _FETCHED, Health.WARNING)
            notes.append(", ".join(fetches))
    if silent:
        with walk.step("responders of device authorities") as notes:
            failed = [f"{name}: {count} certificates wait ({problem})" for name, (count, problem) in silent.items() if count]
            if failed:
                raise Ailing("; ".join(failed), _RESPONDER, Health.WARNING)
            notes.append(", ".join(silent))


def _ends(reading: Reading) -> Iterator[tuple[str, float, float]]:
    """What has lists, and begin and end of the one that ends first."""
    for one in authorities.list_all(reading):
        if one.authority.lists:
            yield f"device authority {one.name}", one.authority.begun, min(one.authority.lists.values())
    for each in applications.list_all(reading):
        if each.machine_crl and (found := first_end(each.machine_crl)) is not None:
            yield f"application {each.name}", *found


def _check_ends(ends: list[tuple[str, float, float]], now: float) -> None:
    gone = [f"{name}: its list has ended, and nobody is let in" for name, _, end in ends if end <= now]
    soon = [f"{name}: its list ends in {(end - now) / 3600.0:.1f} hours"
            for name, begin, end in ends if end > now and list_ends_soon(begin, end, now)]
    if gone or soon:
        raise Ailing("; ".join((*gone, *soon)), _LISTS, Health.BROKEN if gone else Health.WARNING)
