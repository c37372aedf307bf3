"""The doctor at a connector: from its settings over the tunnel to the applications beside it."""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from appproxy.cli.base.observed import observe
from appproxy.cli.doctor import machine as doctor_machine
from appproxy.cli.doctor import traces as doctor_traces
from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.cli.doctor.probes import (
    PATIENCE,
    check_dates,
    connect,
    hop,
    resolve,
    shake_hands,
    speaks_http,
    speaks_tls,
    trusting,
)
from appproxy.config import Address, ConnectorPaths, ConnectorSettings
from appproxy.config.outbound_proxy import OutboundProxy
from appproxy.connector.config.files import proxies_of, read_settings
from appproxy.connector.enrol.identity import AGAIN, Identity, IdentityFiles
from appproxy.connector.enrol.service_dialer import ServiceAddress, place_of
from appproxy.http.proxies.connect import connect_request, read_connect_answer
from appproxy.json_input import read_json
from appproxy.net.through_proxy import ANSWER_SECONDS, refusal

#: Seconds that two clocks may differ; certificates are dated to the second, sign-ins last minutes.
_SKEW = 60.0


def examine(walk: Walk, state: Path, now: float) -> None:
    """All steps; `now` in seconds since 1970."""
    paths = ConnectorPaths(state.absolute())
    settings: ConnectorSettings | None = None
    identity: Identity | None = None
    with walk.step("settings", "correct connector.toml; docs/settings.md has all keys") as notes:
        settings = read_settings(state)
        notes.append(f"{paths.settings}, connector {settings.id} of {settings.name}")
    doctor_machine.examine(walk, paths.directory)
    if settings is not None:
        doctor_traces.examine(walk, settings.traces, paths.directory)
    with walk.step("key and certificate") as notes:
        identity = IdentityFiles(paths).load()
        notes.append(check_dates(identity.not_before, identity.not_after, now, AGAIN))
    if settings is not None and settings.metrics_listen is not None:
        with walk.step("connector") as notes:
            notes.append(_ready(settings.metrics_listen))
    if settings is None or identity is None:
        return
    applications = _tunnel(walk, settings, identity, paths, now)
    for application in applications:
        _application(walk, application)


def _ready(listen: Address) -> str:
    """Does the program run, and is it connected? It says so where metrics are read. Raises Ailing."""
    try:
        status, words = observe(listen, "/ready", PATIENCE)
    except (OSError, http.client.HTTPException) as error:
        raise Ailing(f"nothing answers at metrics_listen, {listen} ({error})",
                     "start it: systemctl start appproxy-connector, or twistd -n --pidfile= appproxy-connector --state DIR",
                     Health.WARNING) from error
    if status != 200:
        raise Ailing(f"it runs, and is {words}", "the steps below try the way that it takes; its log has the reason")
    return "runs, and is connected"


def _tunnel(
    walk: Walk, settings: ConnectorSettings, identity: Identity, paths: ConnectorPaths[Path], now: float
) -> list[dict[str, Any]]:
    """Name, TCP, mutual TLS, and a call; gives the applications that the service named."""
    connection = _reach(walk, settings, paths)
    if connection is None:
        return []
    secure = None
    with walk.step("TLS to the service") as notes:
        context = _context(identity)
        hint = "something between breaks TLS open, or this is another service; " + AGAIN
        secure = shake_hands(connection, context, settings.name, hint)
        notes.append(f"{settings.name}, {secure.version()}")
    if secure is None:
        return []
    applications: list[dict[str, Any]] = []
    with walk.step("service") as notes, secure:
        applications = _configuration(secure, settings.name, now)
        notes.append(f"knows this connector; {len(applications)} applications for it")
    return applications


def _reach(walk: Walk, settings: ConnectorSettings, paths: ConnectorPaths[Path]) -> socket.socket | None:
    """A connection to the service, through the proxy where there is one; None when a step has failed."""
    place = place_of(settings.address)
    proxy = None
    with walk.step("proxy settings", "correct outbound_proxy and outbound_proxy_credentials, or HTTPS_PROXY") as notes:
        proxies = proxies_of(settings.outbound_proxy, settings.outbound_proxy_credentials, paths.directory, os.environ)
        proxy = proxies.towards(place.host, place.port)
        notes.append("no proxy" if proxy is None else f"{proxy}, by {proxy.source}")
    if not walk.last_good:
        return None
    host, port, what, setting = place.host, place.port, "service", "`address` in connector.toml"
    hint = "start the service; open this port in the firewalls between (outbound only is needed)"
    if proxy is not None:
        host, port, what, setting = proxy.host, proxy.port, "proxy", proxy.source
        hint = f"open the way to the proxy, or correct {proxy.source}"
    with walk.step(f"name of the {what}") as notes:
        addresses = resolve(host, f"correct this machine's DNS, or {setting}")
        notes.append(f"{host} is {' '.join(addresses)}")
    if not walk.last_good:
        return None
    connection = None
    with walk.step(f"way to the {what}") as notes:
        connection = connect(host, port, hint)
        notes.append(f"{host} port {port} answers")
    if connection is None or proxy is None:
        return connection
    with walk.step("way through the proxy") as notes:
        _tunnel_through(connection, proxy, place)
        notes.append(f"leads to {place.host} port {place.port}")
    return connection if walk.last_good else None


def _tunnel_through(connection: socket.socket, proxy: OutboundProxy, place: ServiceAddress) -> None:
    """Ask the proxy for a tunnel. Raises ProxyError, or Ailing."""
    connection.settimeout(ANSWER_SECONDS)
    hint = f"is {proxy} an HTTP proxy? ({proxy.source})"
    begun, answer = b"", None
    try:
        connection.sendall(connect_request(place.host, place.port, proxy.credentials))
        while answer is None:
            # No byte of the tunnel is taken: the service says nothing before we do.
            data = connection.recv(4096)
            if not data:
                raise Ailing(f"the proxy {proxy} closed the connection without an answer", hint)
            begun += data
            answer = read_connect_answer(begun)
    except (OSError, ValueError) as error:
        raise Ailing(f"the proxy {proxy}: {error}", hint) from error
    connection.settimeout(PATIENCE)
    if not answer.is_open:
        raise refusal(proxy, f"{place.host}:{place.port}", answer)


def _context(identity: Identity) -> ssl.SSLContext:
    """What was read before counts, not the files: a renewal may have changed them meanwhile, one after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata="\n".join(identity.trust))
    # `ssl` reads nothing but files; this one is in memory, so that the key comes to no other place on a disk.
    with os.fdopen(os.memfd_create("identity"), "w") as pair:
        pair.write(identity.credential.certificate + identity.credential.key)
        pair.flush()
        context.load_cert_chain(f"/proc/self/fd/{pair.fileno()}")
    context.set_alpn_protocols(["http/1.1"])
    return context


def _configuration(secure: ssl.SSLSocket, name: str, now: float) -> list[dict[str, Any]]:
    """Ask for this connector's applications. Raises Ailing."""
    asking = http.client.HTTPConnection(name, timeout=PATIENCE)
    asking.sock = secure
    began = time.monotonic()
    try:
        asking.request("GET", "/configuration", headers={"Accept": "application/json"})
        answer = asking.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        # A TLS 1.3 server judges our certificate after the handshake; it then just closes.
        hint = f"look at `appproxy connector list` there: is it revoked or removed? Then {AGAIN}"
        raise Ailing(f"it closed the connection ({error})", hint) from error
    if answer.status != 200:
        hint = "look at `appproxy connector list` there: is it approved, and neither revoked nor removed?"
        raise Ailing(f"it answers with status {answer.status}", hint)
    date = answer.getheader("Date")
    if date is not None:
        there = parsedate_to_datetime(date).timestamp()
        skew = abs(there - now - (time.monotonic() - began))
        if skew > _SKEW:
            raise Ailing(f"its clock and this one differ by {skew:.0f} s", "set both clocks by NTP", Health.WARNING)
    return _applications(body)


def _applications(body: bytes) -> list[dict[str, Any]]:
    """The applications in what the service says of the configuration. Raises Ailing for anything else."""
    try:
        found = read_json(body, None)
    except ValueError as error:
        raise Ailing(f"its answer is not JSON ({error})", "upgrade the connector, or the service") from error
    listed = found.get("applications") if isinstance(found, dict) else None
    if not isinstance(listed, dict) or not all(isinstance(one, dict) for one in listed.values()):
        raise Ailing("its answer names no applications", "upgrade the connector, or the service")
    return list(listed.values())


def _application(walk: Walk, application: dict[str, Any]) -> None:
    """Name, TCP, TLS and HTTP of its internal URLs."""
    more = [one.get("internal", "") for one in (application.get("segments") or {}).values()]
    for text in dict.fromkeys([application.get("internal", ""), *(application.get("origins") or []), *more]):
        url = urlsplit(str(text))
        if (url.hostname or "").startswith("*."):
            continue  # its hosts are known only to those who type them
        port = url.port or (443 if url.scheme == "https" else 80)
        with walk.step(f"application {application.get('name', '')} at {url.hostname} port {port}") as notes:
            _look_at(application, url.scheme, url.hostname or "", port, notes)


def _look_at(application: dict[str, Any], scheme: str, host: str, port: int, notes: list[str]) -> None:
    """Raises Ailing."""
    called = shlex.quote(str(application.get("name", "NAME")))
    setting = f"at the service: appproxy app set {called} internal="
    with hop(notes, "name"):
        addresses = resolve(host, f"correct this machine's DNS, or {setting}URL")
    notes.append(f"{host} is {' '.join(addresses)}")
    with hop(notes, "TCP"):
        connection = connect(host, port, "start the application, or open the way to it from this machine")
    if scheme != "https":
        connection.close()
        if application.get("protocol") != "h2" and speaks_tls(host, port) and not speaks_http(host, port):
            raise Ailing(f"{host} port {port} speaks TLS, and internal says http", f"{setting}https://{host}:{port}/")
        return
    try:
        with hop(notes, "TLS"):
            shake_hands(connection, _origin_context(application), str(application.get("server_name") or host),
                        f"at the service: appproxy app set {called} ca_bundle=@FILE, or server_name=NAME").close()
    except Ailing as error:
        if not speaks_tls(host, port) and speaks_http(host, port):
            raise Ailing(f"{host} port {port} answers without TLS, and internal says https",
                         f"{setting}http://{host}:{port}/") from error
        raise


def _origin_context(application: dict[str, Any]) -> ssl.SSLContext:
    context = trusting(str(application.get("ca_bundle") or ""))
    if application.get("verify_tls") is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
