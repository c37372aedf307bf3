"""The doctor at the service: from its settings to its listeners, and what its users need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from appproxy.admin.transport.client import AdminClient
from appproxy.admin.transport.direct import open_store
from appproxy.admin.transport.lock import ServiceLock
from appproxy.cli.doctor import machine as doctor_machine
from appproxy.cli.doctor import traces as doctor_traces
from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.cli.doctor.probes import check_dates, connect, fetch_json, resolve, shake_hands, trusting
from appproxy.cli.doctor.service import directories as doctor_directories
from appproxy.cli.doctor.service import exports as doctor_exports
from appproxy.cli.doctor.service import fleet as doctor_fleet
from appproxy.cli.doctor.service import limits as doctor_limits
from appproxy.cli.doctor.service import published as doctor_published
from appproxy.cli.doctor.service import revocation as doctor_revocation
from appproxy.cli.doctor.service.provider import check_settings, try_client
from appproxy.config import Address, ServiceSettings, StatePaths
from appproxy.errors import IdentityError
from appproxy.identity.openid.oidc import is_pushed, read_metadata
from appproxy.pki import certificate_facts, not_after, not_before, split_chain
from appproxy.pki.expiry import days_left, end_words, ends_soon
from appproxy.pki.issuing.authority import Credential
from appproxy.store.certificates import acme, certificates
from appproxy.store.database.store import Store
from appproxy.store.people import providers
from appproxy.store.service import keys
from appproxy.store.service import settings as service_settings
from appproxy.store.service.place import PublicAddress
from appproxy.store.snapshot import OIDC, ProviderRecord
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.shown import service_command
from appproxy.twistd.state import read_settings

#: Once or twice is anybody's mistyped form.
_OFTEN = 3
_REPLACE = "replace the certificate (`certificate` and `key` in service.toml) by one for the domain and *.DOMAIN"
_OPEN = "`database_url` must name a database that answers this machine, and `master_key` the key of its secrets"
_PLACE = "set them in service.toml to what they were; they cannot change after `init`"
_RESTART = "restart the service; it renews certificates of its own making in time"


def examine(walk: Walk, state: Path, now: float, environment: Mapping[str, str]) -> None:
    """All steps; `now` in seconds since 1970."""
    paths = StatePaths(state.absolute())
    settings = None
    with walk.step("settings", "correct service.toml; docs/settings.md has all keys") as notes:
        settings = read_settings(state)
        notes.append(f"{paths.settings}, domain {settings.domain}")
    if settings is None:
        return
    doctor_machine.examine(walk, paths.directory)
    doctor_traces.examine(walk, settings.traces, paths.directory)
    anchors: list[str] = []
    default = ""
    with ExitStack() as stack:
        store = None
        with walk.step("master key and database", _OPEN) as notes:
            store = open_store(paths, settings, environment, notes.append)
            stack.callback(store.close)
            notes.append(str(paths.database) if settings.database_url is None else "the database of the settings")
        if store is not None:
            with walk.step("domain and port", _PLACE) as notes, store.reading() as reading:
                service_settings.check_place(reading, PublicAddress(settings.domain, settings.public_port))
                notes.append(f"users come to {settings.signin_origin}")
            anchors, default = _certificates(walk, store, settings, paths, now)
            _added_certificates(walk, store, now)
            _orders(walk, store)
            _providers(walk, store, settings.signin_origin, now)
        running = _is_running(walk, paths)
        if store is not None:
            doctor_directories.examine(walk, store, AdminClient(paths.directory, admit_password) if running else None)
            doctor_exports.examine(walk, store, now)
            doctor_revocation.examine(walk, store, now)
        if running:
            doctor_limits.examine(walk, AdminClient(paths.directory, admit_password))
            _listeners(walk, settings, anchors, default)
        if store is not None:
            doctor_fleet.examine(walk, store, settings, now)
            client = AdminClient(paths.directory, admit_password) if running else None
            doctor_published.examine(walk, store, settings, _covering(store, default), client)
    with walk.step("names") as notes:
        notes.append(_names(settings))


def _certificates(
    walk: Walk, store: Store, settings: ServiceSettings, paths: StatePaths[Path], now: float
) -> tuple[list[str], str]:
    """Dates of both listeners' certificates; gives the authorities that users' browsers need, and the users' chain."""
    with store.reading() as reading:
        tunnel = keys.server_leaf(reading, keys.CONNECTOR)
        user: Credential | None = keys.server_leaf(reading, keys.USER)
        anchors = list(keys.trust_bundle(reading, keys.USER))
    with walk.step("connectors' certificate") as notes:
        if tunnel is None:
            raise Ailing("the database has none", "make a new state directory: appproxy init")
        notes.append(check_dates(not_before(tunnel.certificate), not_after(tunnel.certificate), now, _RESTART))
    certificate = ""
    with walk.step("users' certificate") as notes:
        if settings.certificate is not None:
            path = paths.resolve(settings.certificate)
            certificate = path.read_text()
            hint, anchors = f"put a new certificate into {path}", []
            notes.append(str(path))
        elif user is not None:
            certificate, hint = user.certificate, _RESTART
        else:
            raise Ailing("there is none", "set `certificate` and `key` in service.toml")
        notes.append(check_dates(not_before(certificate), not_after(certificate), now, hint))
    return anchors, certificate


def _covering(store: Store, default: str) -> list[tuple[str, ...]]:
    """The names of all certificates that users may be shown."""
    with store.reading() as reading:
        added = [one.names for one in certificates.list_all(reading)]
    return [*added, certificate_facts(default).names] if default else added


def _added_certificates(walk: Walk, store: Store, now: float) -> None:
    """Those that admins have added, and those of ACME."""
    with store.reading() as reading:
        found = certificates.list_all(reading)
    if not found:
        return
    with walk.step("added certificates") as notes:
        ailing = [one for one in found if ends_soon(one.not_before, one.not_after, now)]
        if ailing:
            words = ", ".join(f"{one.name} ({end_words(one.not_after, now)})" for one in ailing)
            ended = any(one.not_after <= now for one in ailing)
            raise Ailing(words, "put new ones in their place: appproxy certificate renew NAME --certificate PEM --key PEM",
                         Health.BROKEN if ended else Health.WARNING)
        notes.append(f"{len(found)}, the first to end in {min(days_left(one.not_after, now) for one in found):.0f} days")


def _orders(walk: Walk, store: Store) -> None:
    """What an authority has refused."""
    with store.reading() as reading:
        found = acme.list_orders(reading)
    if not found:
        return
    with walk.step("ordered certificates") as notes:
        failing = [f"{one.name}: {one.problem}" for one in found if one.failures]
        if failing:
            raise Ailing("; ".join(failing), "correct what the authority names, then: appproxy certificate renew NAME",
                         Health.WARNING)
        notes.append(str(len(found)))


def _providers(walk: Walk, store: Store, origin: str, now: float) -> None:
    """Does each identity provider that we did not make answer, and to the name that its tokens have?"""
    with store.reading() as reading:
        found = [one for one in providers.list_all(reading) if one.id != providers.BUILTIN]
    for one in found:
        with walk.step(f"identity provider {one.name}") as notes:
            if one.kind != OIDC:
                notes.append(_kind(one))
                continue
            url = one.discovery_url
            context = trusting(one.ca_bundle, one.tls_credential(now))
            hint = f"give the authorities that vouch for it: appproxy provider set {one.name} --ca-bundle FILE"
            document: object = {"issuer": one.issuer}
            if one.settings.discovers:
                document = fetch_json(url, context, hint, "correct what is named, here or at the provider")
            try:
                metadata = read_metadata(document, one.issuer, one.settings.endpoints)
                metadata = metadata.over_mtls() if one.tls_credential(now) is not None else metadata
            except IdentityError as error:
                raise Ailing(f"{url}: {error}", "the issuer must be what the provider's documents and tokens name, letter by "
                             "letter: appproxy provider add") from error
            try:
                is_pushed(metadata, always=one.pushed_requests == "always")
            except IdentityError as error:
                raise Ailing(error.detail, f"appproxy provider set {one.name} --pushed-requests auto") from error
            notes.append(f"{one.issuer} answers")
            notes.extend(check_settings(metadata, one, now, several=len(found) > 1))
            notes.append(try_client(metadata, one, context, f"{origin}{one.callback_path}", now))


def _kind(record: ProviderRecord) -> str:
    """Only what brings a kind knows how to ask its providers. Raises Ailing when it is not installed."""
    if record.kind not in providers.PROVIDER_KINDS.names():
        raise Ailing(f"nobody can sign in with it: no installed distribution brings the kind {record.kind!r}",
                     f"install the one with this entry point of {providers.PROVIDER_KINDS.group}, and restart the service")
    return f"of the kind {record.kind}, which is installed"


def _is_running(walk: Walk, paths: StatePaths[Path]) -> bool:
    """Does a service run here, and does it answer?"""
    lock = ServiceLock(paths.lock)
    running = False
    status: Any = None
    with walk.step("service") as notes:
        if lock.try_acquire():
            lock.release()
            start = f"start it: {service_command(paths.directory)}"
            raise Ailing("no service runs on this state directory", start, Health.WARNING)
        status = AdminClient(paths.directory, admit_password).call("GET", "/status")
        running = True
        notes.append(f"running{lock.holder()}, {status['applications']} applications")
        database = status["database"]
        if not database["reachable"]:
            age = database["age"]
            kept = "" if age is None else f", started from what was kept {age / 60:.0f} minutes ago"
            raise Ailing(f"running without its database{kept}: users, applications and revocations stay as they are, and "
                         "nobody can sign in at the built-in provider", "start the database, or open the way to it")
        notes.append(f"{status['connectors_online']} of {status['connectors']} connectors online")
        if not status["connectors_online"]:
            raise Ailing("running, but no connector is online", "on a connector's machine: appproxy doctor --state DIR",
                         Health.WARNING)
    if running:
        _views(walk, status["symptoms"])
    return running


def _views(walk: Walk, symptoms: Sequence[Mapping[str, Any]]) -> None:
    """Does an application take itself for another place than its users do, as far as its answers show?"""
    often = [one for one in symptoms if one["count"] >= _OFTEN]
    if not often:
        return
    with walk.step("applications' view"):
        words = "; ".join(f"{one['application']} ({one['count']} times)" for one in often)
        raise Ailing(words, " -- ".join(str(one["hint"]) for one in often), Health.WARNING)


def _listeners(walk: Walk, settings: ServiceSettings, anchors: list[str], chain: str) -> None:
    """Can both be reached on this machine, and does the users' one show a certificate that browsers take?"""
    restart = "see the service's log; another program may have the port"
    with walk.step("users' listener") as notes:
        host, port = _reachable(settings.listen)
        if not anchors:
            _check_authority(chain, host, port, settings.signin_host)
        context = trusting("\n".join(anchors))
        with shake_hands(connect(host, port, restart), context, settings.signin_host, _REPLACE) as user:
            notes.append(f"{host} port {port}, {user.version()}")
    with walk.step("connectors' listener") as notes:
        host, port = _reachable(settings.tunnel_listen)
        connect(host, port, restart).close()
        notes.append(f"{host} port {port}")


def _check_authority(chain: str, host: str, port: int, name: str) -> None:
    """Is what is shown good, but for an authority that only its own people know? Raises Ailing, as a warning, then."""
    try:
        shake_hands(connect(host, port, ""), trusting(), name, "").close()
    except Ailing:
        # The same look with the whole chain believed: then only the authority was unknown.
        shake_hands(connect(host, port, ""), trusting(chain), name, _REPLACE).close()
        issuer = certificate_facts(split_chain(chain)[-1]).issuer
        raise Ailing(
            f"{host} port {port} shows a certificate whose authority this machine does not know: {issuer}",
            "clients need this authority: have their browsers import it, if it is your own; if it is a public one, the chain "
            "lacks an intermediate: append it to the file", Health.WARNING,
        ) from None


def _reachable(address: Address) -> tuple[str, int]:
    """An address to connect to; a listener on all addresses is on the loopback one too."""
    everywhere = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
    return everywhere.get(address.host, address.host), address.port


def _names(settings: ServiceSettings) -> str:
    """Do the names that users and connectors need resolve?"""
    hint = f"add DNS records for {settings.domain} and *.{settings.domain} that point here"
    if settings.domain.endswith(".localhost"):
        return f"*.{settings.domain} is always this machine"
    dialled = settings.tunnel_address.rpartition(":")[0].strip("[]")
    found = {name: resolve(name, hint) for name in (settings.signin_host, settings.apps_host, dialled)}
    return ", ".join(f"{name} is {' '.join(addresses)}" for name, addresses in found.items())
