"""Each fault that docs/doctor.md lists is made here, and found with how to fix it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor import connector as doctor_connector
from appproxy.cli.doctor import machine as doctor_machine
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service import limits as doctor_limits
from appproxy.cli.doctor.service import other_half
from appproxy.cli.doctor.service import published as doctor_published
from appproxy.cli.doctor.service import walk as doctor_service
from appproxy.cli.doctor.service.fleet import examine as examine_fleet
from appproxy.config import Address, ServiceSettings, StatePaths
from appproxy.config.traces import TraceSettings
from appproxy.errors import ConfigError
from appproxy.store.applications import applications
from appproxy.store.certificates import acme, certificates
from appproxy.store.connectors import connectors, groups, sightings
from appproxy.store.connectors.connectors import Shown
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.devices import authorities, list_fetches, statuses
from appproxy.store.devices.statuses import DeviceStatus
from appproxy.store.people import providers
from appproxy.store.service import keys, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.snapshot import NO_SOURCES, RevocationSources
from appproxy.store.transaction import Transaction
from appproxy.twistd.state import create_state, read_settings
from tests.cli.conftest import NOW
from tests.cli.faults import REAL, Answers, Service, closed_port, listening
from tests.pki.chains import crl, leaf, make

DAY = 86400.0
PAGE = Path(__file__).parent.parent.parent / "docs" / "doctor.md"
GOOD, WARNING, BROKEN = Health.GOOD, Health.WARNING, Health.BROKEN


@dataclass
class Bench:
    """A service's state directory, a connector's, and what the doctor says of them."""

    state: Path
    service: Service
    monkeypatch: pytest.MonkeyPatch

    def change(self, work: Callable[[Transaction], object], at: float = NOW) -> Any:
        """Change the service's database."""
        store = open_store(StatePaths(self.state), read_settings(self.state), {}, print)
        try:
            with store.transaction(at) as tx:
                return work(tx)
        finally:
            store.close()

    def set(self, line: str) -> None:
        """A line of service.toml."""
        path = self.state / "service.toml"
        path.write_text(f"{line}\n{path.read_text()}")

    def found(self, step: str, now: float = NOW) -> Finding:
        """What the service's doctor says of a step."""
        walk = Walk(lambda finding: None)
        doctor_service.examine(walk, self.state, now, {})
        return _of(walk, step)

    def fleet(self, step: str, now: float = NOW) -> Finding:
        """The same, of a step about nodes and connectors alone."""
        store, walk = open_store(StatePaths(self.state), read_settings(self.state), {}, print), Walk(lambda finding: None)
        try:
            examine_fleet(walk, store, read_settings(self.state), now)
        finally:
            store.close()
        return _of(walk, step)

    def connector(self, step: str, now: float = REAL, days: int = 365, **settings: Any) -> Finding:
        """What the connector's doctor says of a step."""
        walk = Walk(lambda finding: None)
        directory = self.service.directory / "connector"
        if not directory.exists():
            self.service.connector(days, **settings)
        doctor_connector.examine(walk, directory, now)
        return _of(walk, step)

    def node(self, name: str, at: float = NOW, **others: Any) -> None:
        """A node that gives a sign of life."""
        self.change(lambda tx: nodes.beat(tx, NodeRecord(name, name, name, **{"address": "", "version": "1.0", **others})), at)

    def enrol(self, name: str, *at: str, version: str = "0.1.0", when: float = NOW) -> str:
        """A connector that is at these nodes."""
        def work(tx: Transaction) -> str:
            made = connectors.enrol(tx, tx.new_id(), name, "default", Shown("1", NOW, NOW + 100 * DAY))
            for node in at:
                sightings.seen(tx, node, Sighting(made.id, version, "192.0.2.7"))
            return made.id

        return str(self.change(work, when))


def _of(walk: Walk, step: str) -> Finding:
    found = [one for one in walk.findings if one.step == step]
    assert len(found) == 1, [one.step for one in walk.findings]
    assert found[0].milliseconds >= 0.0
    return found[0]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory of a domain that no DNS knows."""
    directory = tmp_path_factory.mktemp("made") / "state"
    create_state(directory, ServiceSettings(domain="example.invalid"), NOW, {})
    return directory


@pytest.fixture
def bench(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """One where all is well."""
    return Bench(state, Service(tmp_path), monkeypatch)


Fault = Callable[[Bench], Finding]
FAULTS: dict[str, tuple[Fault, Health, str, str]] = {}


def fault(name: str, health: Health, detail: str, hint: str) -> Callable[[Fault], Fault]:
    """A function that makes the fault of this name, and what is said of it then (regular expressions)."""
    def note(made: Fault) -> Fault:
        FAULTS[name] = made, health, detail, hint
        return made

    return note


@pytest.mark.parametrize("name", [*re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text(), re.MULTILINE)])
def test_each_fault_is_found(name: str, bench: Bench) -> None:
    """By its step, with what was seen and how to fix it."""
    make, health, detail, hint = FAULTS[name]
    found = make(bench)
    assert found.health is health, found
    assert re.search(detail, found.detail), found.detail
    assert re.search(hint, found.hint), found.hint


def test_all_that_is_tried_is_on_the_page() -> None:
    """And the other way round."""
    assert sorted(FAULTS) == sorted(re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert len(FAULTS) >= 40


# The machine.


@fault("settings-wrong", BROKEN, "service.toml: domian", "domain|correct service.toml")
def _(bench: Bench) -> Finding:
    bench.set('domian = "x"')
    return bench.found("settings")


@fault("directory-open", BROKEN, "open to others .mode 755.", "chmod 700 ")
def _(bench: Bench) -> Finding:
    bench.state.chmod(0o755)
    return bench.found("state directory")


@fault("files-of-others", BROKEN, "appproxy.db.* somebody else", "chown -R")
def _(bench: Bench) -> Finding:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(bench.state / "appproxy.db", 12345, 12345)
    return bench.found("owner of its files")


@fault("disk-full", BROKEN, "^12 MiB of 1024 are free", "make room")
def _(bench: Bench) -> Finding:
    usage = shutil._ntuple_diskusage(1 << 30, 1 << 30, 12 << 20)
    bench.monkeypatch.setattr(doctor_machine, "disk_usage", lambda directory: usage)
    return bench.found("disk")


@fault("disk-nearly-full", WARNING, "^300 MiB of 1024 are free", "make room")
def _(bench: Bench) -> Finding:
    usage = shutil._ntuple_diskusage(1 << 30, 1 << 30, 300 << 20)
    bench.monkeypatch.setattr(doctor_machine, "disk_usage", lambda directory: usage)
    return bench.connector("disk")


@fault("collector-away", WARNING, "127.0.0.1 port .*refused|refused", "start the collector, or correct traces.collector")
def _(bench: Bench) -> Finding:
    return bench.connector("traces", traces=TraceSettings(collector=f"http://127.0.0.1:{closed_port()}/v1/traces"))


@fault("collector-refuses", WARNING, "/v1/traces answers 401$", "its key is in traces.collector_fields")
def _(bench: Bench) -> Finding:
    (bench.state / "key").write_text("api-key: k\n")
    asked = []

    def answer(request: Answers) -> None:
        asked.append((request.path, request.headers["api-key"], request.headers["content-type"]))
        request.say(401)

    with listening(answer) as port:
        text = (bench.state / "service.toml").read_text()
        bench.set(f'traces = {{collector = "http://127.0.0.1:{port}", collector_fields = "key"}}')
        path = bench.state / "service.toml"
        path.write_text(path.read_text().partition("[traces]")[0])
        found = bench.found("traces")
        path.write_text(text)
    assert asked == [("/v1/traces", "k", "application/x-protobuf")]
    return found


# The service.


@fault("master-key-other", BROKEN, "master.key|master key", "give the one it was made with")
def _(bench: Bench) -> Finding:
    (bench.state / "master.key").write_text("00" * 32 + "\n")
    return bench.found("master key and database")


@fault("database-away", BROKEN, "127.0.0.1.*refused", "`database_url` must name a database that answers")
def _(bench: Bench) -> Finding:
    bench.set(f'database_url = "postgresql://nobody@127.0.0.1:{closed_port()}/none"')
    return bench.found("master key and database")


@fault("port-changed", BROKEN, "set public_port = ", "cannot change after `init`")
def _(bench: Bench) -> Finding:
    bench.set("public_port = 9444")
    return bench.found("domain and port")


@fault("connectors-certificate-ended", BROKEN, "ended on 20", "restart the service")
def _(bench: Bench) -> Finding:
    return bench.found("connectors' certificate", NOW + 400 * DAY)


@fault("users-certificate-ends", WARNING, "ends on 20", "restart the service")
def _(bench: Bench) -> Finding:
    return bench.found("users' certificate", NOW + 360 * DAY)


@fault("added-certificate-ended", BROKEN, "wiki .ended 1 days ago", "appproxy certificate renew")
def _(bench: Bench) -> Finding:
    from appproxy.pki import Credential

    made = leaf("wiki.example.com", begins=NOW - DAY, ends=NOW + 90 * DAY)
    bench.change(lambda tx: certificates.add(tx, "wiki", Credential(made.pem, made.key)))
    return bench.found("added certificates", NOW + 91 * DAY)


@fault("order-refused", WARNING, "wiki: caa: no", "appproxy certificate renew")
def _(bench: Bench) -> Finding:
    def work(tx: Transaction) -> None:
        acme.set_account(tx, "https://ca.example.com/dir", [])
        id_ = acme.order(tx, "wiki", ["wiki.example.com"], acme.TLS_ALPN_01).id
        acme.claim(tx, "node")
        acme.failed(tx, id_, "node", "caa: no", NOW + 900)

    bench.change(work)
    return bench.found("ordered certificates")


@fault("provider-away", BROKEN, "127.0.0.1 port .*refused", "here or at the provider")
def _(bench: Bench) -> Finding:
    issuer = f"https://127.0.0.1:{closed_port()}"
    bench.change(lambda tx: providers.add(tx, "corp", issuer, "appproxy", "secret"))
    return bench.found("identity provider corp")


def devices(bench: Bench, ends: float = 0.0, sources: RevocationSources = NO_SOURCES) -> str:
    """A device authority: its id."""
    root = make("Company Devices", authority=True, begins=NOW - DAY, ends=NOW + 900 * DAY)
    lists = crl(root, begins=NOW - DAY, ends=ends) if ends else None
    return str(bench.change(lambda tx: authorities.add(tx, "company", root.pem, lists, sources).id))


@fault("revocation-list-ended", BROKEN, "device authority company: its list has ended", "--crl FILE.*--crl-url URL")
def _(bench: Bench) -> Finding:
    devices(bench, NOW + DAY)
    return bench.found("lists of revoked certificates", NOW + 2 * DAY)


@fault("revocation-list-ends", WARNING, "application press: its list ends in 2.0 hours", "machine_crl=@FILE")
def _(bench: Bench) -> Finding:
    devices(bench, NOW + 30 * DAY)
    root = make("Plant", authority=True)
    bench.change(lambda tx: applications.publish(
        tx, "press", "http://press/", "https://press.example.invalid/", machine_authority=root.pem, machine_subjects="*",
        machine_crl=crl(root, begins=NOW - DAY, ends=NOW + DAY)))
    return bench.found("lists of revoked certificates", NOW + DAY - 7200.0)


@fault("revocation-list-not-fetched", WARNING, "company: http://pki.corp/a.crl: nothing answers", "can this machine reach it")
def _(bench: Bench) -> Finding:
    id_ = devices(bench, sources=RevocationSources(crl_urls=("http://pki.corp/a.crl",)))

    def work(tx: Transaction) -> None:
        list_fetches.claim(tx, "node")
        list_fetches.failed(tx, id_, "node", "http://pki.corp/a.crl: nothing answers there", NOW + 60)

    bench.change(work)
    return bench.found("lists that are fetched")


@fault("responder-silent", WARNING, "company: 1 certificates wait .http://o/: nothing answers", "does it run")
def _(bench: Bench) -> Finding:
    id_ = devices(bench, sources=RevocationSources(ocsp=("http://o/",)))
    status = DeviceStatus("a" * 32, id_, "i", 7, "http://o/", NOW).unanswered("http://o/: nothing answers there", NOW)
    bench.change(lambda tx: statuses.keep(tx, [status]))
    return bench.found("responders of device authorities")


@fault("not-running", WARNING, "no service runs", "start it: ")
def _(bench: Bench) -> Finding:
    return bench.found("service")


@fault("names-unknown", BROKEN, "signin.example.invalid: ", "add DNS records for example.invalid")
def _(bench: Bench) -> Finding:
    return bench.found("names")


@fault("group-without-connector", BROKEN, "wiki: no connector in group default", "appproxy connector token --group default")
def _(bench: Bench) -> Finding:
    publish(bench)
    return bench.found("connectors of applications")


@fault("host-without-certificate", BROKEN, "no certificate for wiki.example.invalid", "appproxy certificate add")
def _(bench: Bench) -> Finding:
    publish(bench)
    made = leaf("other.example.invalid", begins=NOW - DAY, ends=NOW + 90 * DAY)
    for name, text in (("users.pem", made.pem), ("users.key", made.key)):
        (bench.state / name).write_text(text)
    bench.set('certificate = "users.pem"\nkey = "users.key"')
    return bench.found("certificates of hosts")


@fault("host-without-name", BROKEN, "no DNS record for wiki.example.invalid", "leads to where signin.example.invalid leads")
def _(bench: Bench) -> Finding:
    publish(bench)
    return bench.found("names of hosts")


def publish(bench: Bench) -> None:
    """An application whose host nobody knows."""
    def work(tx: Transaction) -> None:
        applications.publish(tx, "wiki", "http://wiki.corp:8080/", "https://wiki.example.invalid/")

    bench.change(work)


@fault("limit-met", WARNING, "ann at wiki: SHARE_EXCEEDED, 3 times", "When places are short")
def _(bench: Bench) -> Finding:
    met = {"who": "ann", "application": "wiki", "limit": "SHARE_EXCEEDED", "count": 3, "seconds_ago": 5.0}
    return running("limits", limits_met=[met])


@fault("files-exhausted", BROKEN, "none was free 9 s ago, and 7 connections were closed", "LimitNOFILE=")
def _(bench: Bench) -> Finding:
    return running("open files", open_files={"open": 10, "limit": 100, "closed": 7, "seconds_ago": 9.0})


def running(step: str, **others: object) -> Finding:
    """What the doctor says where a service answers so."""
    class Client:
        def call(self, method: str, path: str) -> object:
            return {"limits_met": [], "open_files": {"open": 1, "limit": 100, "closed": 0, "seconds_ago": None}, **others}

    walk = Walk(lambda finding: None)
    doctor_limits.examine(walk, cast(Any, Client()))
    return _of(walk, step)


@fault("application-fails", BROKEN, "ORIGIN_REFUSED http://wiki.corp", "on the connector's machine: appproxy doctor")
def _(bench: Bench) -> Finding:
    class Client:
        def call(self, method: str, path: str) -> object:
            return [{"application": "wiki", "status": 502, "failure": "ORIGIN_REFUSED", "detail": "http://wiki.corp"}]

    walk = Walk(lambda finding: None)
    doctor_published._answering(walk, cast(Any, Client()), [], ())
    return _of(walk, "application wiki")


# Nodes and connectors.


@fault("node-silent", WARNING, "b has said nothing for 20 s", "appproxy node remove b")
def _(bench: Bench) -> Finding:
    bench.node("b")
    bench.node("a", NOW + 20)
    return bench.fleet("nodes", NOW + 20)


@fault("node-without-address", BROKEN, "connectors cannot tell b ", 'set tunnel_advertise = "HOST:PORT"')
def _(bench: Bench) -> Finding:
    bench.node("a", address="127.0.0.1:1")
    bench.node("b")
    return bench.fleet("nodes")


@fault("node-address-twice", BROKEN, "127.0.0.1:1 is tunnel_advertise of several nodes: a; b", "an address of its own")
def _(bench: Bench) -> Finding:
    bench.node("a", address="127.0.0.1:1")
    bench.node("b", address="127.0.0.1:1")
    return bench.fleet("nodes")


@fault("node-versions", WARNING, "different versions: 1.0, 1.1", "upgrade and reload")
def _(bench: Bench) -> Finding:
    bench.node("a", address="127.0.0.1:1")
    bench.node("b", address="127.0.0.1:2", version="1.1")
    return bench.fleet("nodes")


@fault("node-unknown-name", BROKEN, "nowhere.invalid: ", "node a .nowhere.invalid:8443. must lead to that very node")
def _(bench: Bench) -> Finding:
    bench.node("a", address="nowhere.invalid:8443")
    return bench.fleet("node a")


@fault("node-closed", BROKEN, "127.0.0.1 port .*refused", "tunnel_advertise of node a .* must lead to that very node")
def _(bench: Bench) -> Finding:
    bench.node("a", address=f"127.0.0.1:{closed_port()}")
    return bench.fleet("node a")


@fault("node-elsewhere", BROKEN, "certificate shown is not trusted for connect.example.invalid", "tunnel_advertise of node a ")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(404), bench.service.context()) as port:
        bench.node("a", address=f"127.0.0.1:{port}")
        return bench.fleet("node a", REAL)


@fault("node-without-connectors", BROKEN, "1 of 1 connectors do not reach it: web-1", "node b .*from where they are")
def _(bench: Bench) -> Finding:
    """Its address leads to another node of this service, which has the right certificate."""
    store = open_store(StatePaths(bench.state), read_settings(bench.state), {}, print)
    with store.reading() as reading:
        own = keys.server_leaf(reading, keys.CONNECTOR)
    store.close()
    assert own is not None
    return leading_elsewhere(bench, own)


def leading_elsewhere(bench: Bench, own: Any) -> Finding:
    """A node whose address another one answers at."""
    import ssl

    file = bench.service.directory / "own.pem"
    file.write_text(own.key + own.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    # What `init` has made is dated by NOW, and OpenSSL judges by the real clock: only the handshake is not looked at.
    bench.monkeypatch.setattr("appproxy.cli.doctor.service.fleet.shake_hands", lambda plain, *_: plain)
    with listening(lambda request: request.say(404), context) as port:
        for node in ("a", "b"):
            bench.node(node, address=f"127.0.0.1:{port}" if node == "b" else "127.0.0.1:1")
        bench.node("a", NOW + 100, address="127.0.0.1:1")
        bench.node("b", NOW + 100, address=f"127.0.0.1:{port}")
        bench.enrol("web-1", "a", when=NOW + 90)
        return bench.fleet("node b", NOW + 100)


@fault("connector-pending", WARNING, "web-1 .[0-9a-f]{16}. from 192.0.2.7", "appproxy connector approve [0-9a-f]{16}")
def _(bench: Bench) -> Finding:
    bench.change(lambda tx: groups.set_approval(tx, "default", True))
    bench.enrol("web-1", "a")
    return bench.fleet("approval")


@fault("connector-unheard", BROKEN, "not supported", "upgrade it")
def _(bench: Bench) -> Finding:
    def call(*asked: str) -> object:
        raise ConfigError("connector web-1 has version 0.9, which cannot be asked: not supported", hint="upgrade it")

    walk = Walk(lambda finding: None)
    setting: Any = SimpleNamespace(call=call)
    other_half.join(walk, setting, "web-1")
    return walk.findings[-1]


@fault("connector-inactive", WARNING, "web-1 .seen 5 minutes ago.; web-2 .has never come", "appproxy connector remove")
def _(bench: Bench) -> Finding:
    bench.enrol("web-1", "a")
    bench.enrol("web-2")
    return bench.fleet("inactive connectors", NOW + 300)


@fault("connector-certificate-ends", WARNING, "web-1 .ends in 4 days", "join TOKEN --state DIR --again")
def _(bench: Bench) -> Finding:
    bench.enrol("web-1")
    return bench.fleet("certificates of connectors", NOW + 96 * DAY)


@fault("connector-version", WARNING, "more than one release from ours.*web-1 9.0", "update the older end")
def _(bench: Bench) -> Finding:
    bench.enrol("web-1", "a", version="9.0.1")
    bench.enrol("web-2", "a")
    return bench.fleet("versions of connectors")


# The connector.


@fault("connector-key-lost", BROKEN, "connector.key: cannot be read", "join TOKEN --state DIR --again")
def _(bench: Bench) -> Finding:
    (bench.service.connector() / "connector.key").unlink()
    return bench.connector("key and certificate")


@fault("connector-certificate-ended", BROKEN, "the certificate ended on 20", "join TOKEN --state DIR --again")
def _(bench: Bench) -> Finding:
    return bench.connector("key and certificate", REAL + 400 * DAY)


@fault("connector-not-connected", BROKEN, "it runs, and is not connected to the service", "the steps below")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(503, b"not connected to the service\n")) as port:
        return bench.connector("connector", metrics_listen=Address("127.0.0.1", port))


@fault("connector-not-running", WARNING, "nothing answers at metrics_listen", "start it: ")
def _(bench: Bench) -> Finding:
    return bench.connector("connector", metrics_listen=Address("127.0.0.1", closed_port()))


@fault("proxy-wrong", BROKEN, "missing", "outbound_proxy_credentials")
def _(bench: Bench) -> Finding:
    return bench.connector("proxy settings", outbound_proxy="http://proxy.invalid:3128", outbound_proxy_credentials="missing")


@fault("proxy-refuses", BROKEN, "407", "outbound_proxy_credentials|--proxy-credentials")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(407)) as port:
        return bench.connector("way through the proxy", outbound_proxy=f"http://127.0.0.1:{port}")


@fault("service-unknown-name", BROKEN, "service.invalid: ", "`address` in connector.toml")
def _(bench: Bench) -> Finding:
    return bench.connector("name of the service")


@fault("service-closed", BROKEN, "127.0.0.1 port .*refused", "open this port in the firewalls between")
def _(bench: Bench) -> Finding:
    return bench.connector("way to the service", address=f"127.0.0.1:{closed_port()}")


@fault("service-other-certificate", BROKEN, "not trusted for connect.example.com", "something between breaks TLS open")
def _(bench: Bench) -> Finding:
    other = Service(bench.service.directory).authority
    with listening(lambda request: request.say(404), bench.service.context(other)) as port:
        return bench.connector("TLS to the service", address=f"127.0.0.1:{port}")


@fault("connector-not-taken", BROKEN, "status 403", "is it approved, and neither revoked nor removed")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(403, b"{}"), bench.service.context()) as port:
        return bench.connector("service", address=f"127.0.0.1:{port}")


@fault("clocks-differ", WARNING, "differ by 300 s|differ by 299 s|differ by 301 s", "set both clocks by NTP")
def _(bench: Bench) -> Finding:
    body = json.dumps({"applications": {}}).encode()
    with listening(lambda request: request.say(200, body), bench.service.context(), ahead=300.0) as port:
        return bench.connector("service", address=f"127.0.0.1:{port}")


def application(bench: Bench, internal: str, **settings: object) -> Finding:
    """What the connector's doctor says of an application."""
    body = json.dumps({"applications": {"wiki": {"name": "wiki", "internal": internal, **settings}}}).encode()

    def answer(request: Answers) -> None:
        request.say(200, body)

    host, _, port = internal.rpartition("//")[2].rstrip("/").rpartition(":")
    with listening(answer, bench.service.context()) as service:
        return bench.connector(f"application wiki at {host} port {port}", address=f"127.0.0.1:{service}")


@fault("application-unknown-name", BROKEN, "wiki.invalid: ", "at the service: appproxy app set wiki internal=")
def _(bench: Bench) -> Finding:
    return application(bench, "http://wiki.invalid:8080/")


@fault("application-closed", BROKEN, "refused", "start the application, or open the way")
def _(bench: Bench) -> Finding:
    return application(bench, f"http://127.0.0.1:{closed_port()}/")


@fault("application-certificate", BROKEN, "not trusted for 127.0.0.1", "appproxy app set wiki ca_bundle=@FILE")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(200), bench.service.context()) as port:
        return application(bench, f"https://127.0.0.1:{port}/")


@fault("application-speaks-tls", BROKEN, "speaks TLS, and internal says http", "appproxy app set wiki internal=https://")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(200), bench.service.context()) as port:
        return application(bench, f"http://127.0.0.1:{port}/")


@fault("application-without-tls", BROKEN, "answers without TLS", "appproxy app set wiki internal=http://")
def _(bench: Bench) -> Finding:
    with listening(lambda request: request.say(200)) as port:
        return application(bench, f"https://127.0.0.1:{port}/")


def test_where_all_is_well_each_hop_has_its_time(bench: Bench) -> None:
    """In milliseconds: of the whole step, and of the name, the connection and TLS in it."""
    with listening(lambda request: request.say(200), bench.service.context()) as port:
        found = application(bench, f"https://127.0.0.1:{port}/", verify_tls=False)
    assert found.health is GOOD, found
    times = [float(text) for text in re.findall(r"(?:name|TCP|TLS) ([\d.]+) ms", found.detail)]
    assert len(times) == 3 and sum(times) <= found.milliseconds + 1.0
    assert found.as_json()["milliseconds"] == found.milliseconds


def test_a_fleet_that_is_well(bench: Bench) -> None:
    """Two nodes with an address of their own, and a connector at both: nothing to say."""
    bench.monkeypatch.setattr("appproxy.cli.doctor.service.fleet.shake_hands", lambda plain, *_: plain)
    with listening(lambda request: request.say(404)) as first, listening(lambda request: request.say(404)) as second:
        for name, port in (("a", first), ("b", second)):
            bench.node(name, address=f"127.0.0.1:{port}")
        bench.enrol("web-1", "a", "b")
        for step in ("nodes", "node a", "node b", "approval", "inactive connectors", "certificates of connectors",
                     "versions of connectors"):
            assert (found := bench.fleet(step)).health is GOOD, found
        assert "1 connectors are there" in bench.fleet("node b").detail


def test_workers_of_one_machine_share_its_address(bench: Bench) -> None:
    """Also where another machine has some: connectors tell them apart by name."""
    for machine, port in (("a", 1), ("b", 2)):
        for number in (1, 2):
            own = NodeRecord(f"{machine}{number}", f"{machine}:{number}", "/var/lib/appproxy", f"127.0.0.1:{port}", "1.0")
            bench.change(lambda tx, own=own: nodes.beat(tx, own), NOW)  # type: ignore[misc]
    assert bench.fleet("nodes").health is GOOD
