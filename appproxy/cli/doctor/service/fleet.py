"""The doctor at the service: its nodes and connectors as the database knows them, and whether each node is where it says."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import appproxy
from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.cli.doctor.probes import connect, hop, resolve, shake_hands
from appproxy.config import ServiceSettings
from appproxy.pki.expiry import days_left, end_words
from appproxy.store.connectors import connectors, sightings, versions
from appproxy.store.connectors.connectors import Connector
from appproxy.store.database.store import Store
from appproxy.store.service import keys, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.snapshot import ConnectorState

#: Things in one line; the rest are counted.
_SHOWN = 5
#: Seconds after its start in which connectors may not have found a node yet: those that wait before they dial wait 20.
_FOUND = 60.0
#: Days before its end from which a connector's certificate should have been renewed.
_SOON = 14.0


@dataclass(frozen=True, slots=True)
class _Fleet:
    """What the database knows. `at`: ids of the connectors at each node, by the node's id."""

    nodes: Sequence[NodeRecord]
    connectors: Sequence[Connector]
    at: Mapping[str, frozenset[str]]
    trust: Sequence[str]

    @property
    def connected(self) -> frozenset[str]:
        """Those that are at any node."""
        return frozenset().union(*self.at.values())


def examine(walk: Walk, store: Store, settings: ServiceSettings, now: float) -> None:
    """All steps; `now` in seconds since 1970."""
    with store.reading() as reading:
        fleet = _Fleet(nodes.list_all(reading), connectors.list_all(reading), sightings.at_nodes(reading, now),
                       keys.trust_bundle(reading, keys.CONNECTOR))
    living = [one for one in fleet.nodes if now - one.seen < nodes.SILENCE]
    if fleet.nodes:
        with walk.step("nodes") as notes:
            notes.append(_judge_nodes(fleet.nodes, living, now))
    for node in living:
        if node.address:
            with walk.step(f"node {node.name}") as notes:
                _way_to(node, settings.connect_host, fleet.trust, notes)
                notes.append(_connectors_at(node, fleet, now))
    if not fleet.connectors:
        return
    with walk.step("approval") as notes:
        notes.append(_approval(fleet.connectors))
    with walk.step("inactive connectors") as notes:
        notes.append(_inactive(fleet, now))
    with walk.step("certificates of connectors") as notes:
        notes.append(_certificates(fleet.connectors, now))
    with walk.step("versions of connectors") as notes:
        notes.append(_versions(fleet.connectors))


def _judge_nodes(known: Sequence[NodeRecord], living: Sequence[NodeRecord], now: float) -> str:
    """What each says of itself. Raises Ailing."""
    several = [one for one in living if not all(one.is_beside(other) for other in living)]
    if lost := [one.name for one in several if not one.address]:
        raise Ailing(f"connectors cannot tell {_few(lost)} from the other nodes",
                     'set tunnel_advertise = "HOST:PORT" there, to where connectors reach that very node, and reload')
    # Workers of one service share an address: the server name tells them apart.
    places = Counter(address for address, _ in {(one.address, (one.machine, one.directory)) for one in several})
    if twice := [place for place, count in places.items() if count > 1]:
        raise Ailing(f"{_few(twice)} is tunnel_advertise of several nodes: {_few(_called(several, twice))}",
                     "give each an address of its own, where nothing else answers, and reload")
    if silent := [one for one in known if one not in living]:
        raise Ailing(_few(f"{one.name} has said nothing for {now - one.seen:.0f} s" for one in silent),
                     f"look at its machine and its database; if it is gone for good: appproxy node remove {silent[0].name}",
                     Health.WARNING)
    running = sorted({one.version for one in living})
    if len(running) > 1:
        raise Ailing(f"they run different versions: {', '.join(running)}", "upgrade and reload those that are behind",
                     Health.WARNING)
    return f"{len(living)}: {_few(one.name for one in living)}, version {running[0]}"


def _called(several: Sequence[NodeRecord], places: Sequence[str]) -> list[str]:
    return [one.name for one in several if one.address in places]


def _way_to(node: NodeRecord, name: str, trust: Sequence[str], notes: list[str]) -> None:
    """Does what answers at its address have our connectors' certificate? Raises Ailing, as a warning where nothing says no."""
    host, _, port = node.address.rpartition(":")
    fix = (f"tunnel_advertise of node {node.name} ({node.address}) must lead to that very node: correct it there and reload, "
            "or open the way")
    with hop(notes, "name"):
        resolve(host.strip("[]"), fix)
    try:
        with hop(notes, "TCP"):
            plain = connect(host.strip("[]"), int(port), fix)
    except Ailing as error:
        if isinstance(error.__cause__, TimeoutError):
            raise Ailing(f"{error.message}, from this machine", f"if connectors reach it, all is well; else {fix}",
                         Health.WARNING) from error
        raise
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata="\n".join(trust))
    context.set_alpn_protocols(["http/1.1"])
    with hop(notes, "TLS"):
        shake_hands(plain, context, name, fix).close()


def _connectors_at(node: NodeRecord, fleet: _Fleet, now: float) -> str:
    """Is every connector that any node has at this one, too? Raises Ailing."""
    here, everywhere = fleet.at.get(node.id, frozenset()), fleet.connected
    missing = everywhere - here
    if missing and now - node.started > _FOUND:
        names = _few(sorted(one.name for one in fleet.connectors if one.id in missing))
        raise Ailing(
            f"{len(missing)} of {len(everywhere)} connectors do not reach it: {names}",
            f"tunnel_advertise of node {node.name} ({node.address}) must lead to that very node, from where they are: correct "
            "it there and reload, or open the way", Health.WARNING if here else Health.BROKEN)
    return f"{len(here)} connectors are there"


def _approval(known: Sequence[Connector]) -> str:
    waiting = [one for one in known if one.state is ConnectorState.PENDING]
    if waiting:
        words = (f"{one.name} ({one.id})" + (f" from {one.address}" if one.address else "") for one in waiting)
        raise Ailing(f"these wait for an administrator: {_few(words)}",
                     f"if you expect it: appproxy connector approve {waiting[0].id}; else: appproxy connector remove "
                     f"{waiting[0].id}", Health.WARNING)
    return "no connector waits for it"


def _inactive(fleet: _Fleet, now: float) -> str:
    gone = [one for one in fleet.connectors if sightings.status(one, one.id in fleet.connected, now) == "inactive"]
    if gone:
        raise Ailing(_few(f"{one.name} ({_last(one, now)})" for one in gone),
                     "on its machine: appproxy doctor --state DIR; if it is gone for good: appproxy connector remove "
                     f"{gone[0].id}", Health.WARNING)
    return "none"


def _last(one: Connector, now: float) -> str:
    return f"seen {(now - one.last_seen) / 60:.0f} minutes ago" if one.last_seen else "has never come"


def _certificates(known: Sequence[Connector], now: float) -> str:
    ending = [one for one in known if one.state is not ConnectorState.REVOKED and days_left(one.not_after, now) < _SOON]
    if ending:
        over = any(one.not_after <= now for one in ending)
        raise Ailing(_few(f"{one.name} ({end_words(one.not_after, now)})" for one in ending),
                     "its log says why it does not renew it; where it has ended: appproxy connector token, and there "
                     "appproxy connector join TOKEN --state DIR --again", Health.BROKEN if over else Health.WARNING)
    return "all are renewed in time"


def _versions(known: Sequence[Connector]) -> str:
    own = appproxy.__version__
    apart = [one for one in known if one.version and not versions.is_tolerated(one.version, own)]
    if apart:
        raise Ailing(f"more than one release from ours ({own}): {_few(f'{one.name} {one.version}' for one in apart)}",
                     "update the older end, connectors of a group one after the other", Health.WARNING)
    return f"{', '.join(sorted({one.version for one in known if one.version})) or 'none was seen'}, ours is {own}"


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    return "; ".join(every[:_SHOWN]) + (f"; and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")
