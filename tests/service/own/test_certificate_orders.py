"""Orders are taken up when they are due, and what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.pki import load_chain, new_key
from appproxy.pki.acme import server_request
from appproxy.service.own.acme_session import AcmeFailed
from appproxy.service.own.certificate_orders import LOOK_EVERY, Issuer, in_own_thread
from appproxy.store.certificates import acme, certificates
from appproxy.store.certificates.acme import AcmeAccount
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.sealing import Sealer
from appproxy.store.service.audit import list_recent
from appproxy.store.snapshot import AcmeChallenge
from appproxy.store.transaction import Reading
from appproxy.testing.network import InlinePool
from tests.fakes.threads import NoThreads
from tests.pki.chains import BETWEEN, DAY, NOW

HOSTS = ("wiki.example.com", "blog.example.com")
LIFE = 90 * DAY


class Authority:
    """One that issues at once; `refuse` maps a step to what it says then. `steps` are those that were taken."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self.wall_clock = wall_clock
        self.refuse: dict[str, str] = {}
        self.steps: list[str] = []
        self.known: list[str] = []
        self.seen: tuple[AcmeChallenge, ...] = ()
        self.look: Callable[[], tuple[AcmeChallenge, ...]] = lambda: ()

    def open(self, account: AcmeAccount) -> Session:
        """A session of this account."""
        self.take("open")
        return Session(self, account)

    def take(self, step: str) -> None:
        """Note it, or refuse it."""
        self.steps.append(step)
        if step in self.refuse:
            raise AcmeFailed(self.refuse[step])


class Session:
    """Implements AuthoritySession."""

    def __init__(self, authority: Authority, account: AcmeAccount) -> None:
        self.authority = authority
        self.account = account
        self.request = ""

    def register(self) -> str:
        """A new account, or the old one."""
        self.authority.take("register")
        self.authority.known.append(self.account.url)
        return self.account.url or "https://ca.example.com/acct/1"

    def order(self, request: str, kind: str) -> list[AcmeChallenge]:
        """A challenge for each host."""
        self.authority.take("order")
        self.request = request
        return [AcmeChallenge(kind, host, host[:4], f"{host[:4]}.print") for host in HOSTS]

    def validate(self) -> None:
        """Look what the nodes answer."""
        self.authority.seen = self.authority.look()
        self.authority.take("validate")

    def finish(self) -> str:
        """Issue for what was asked."""
        self.authority.take("finish")
        request = x509.load_pem_x509_csr(self.request.encode())
        begin = datetime.fromtimestamp(self.authority.wall_clock(), UTC)
        made = (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(BETWEEN.certificate.subject)
            .public_key(request.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(begin).not_valid_after(begin + timedelta(seconds=LIFE))
            .add_extension(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=True)
            .sign(BETWEEN.private, SHA256())
        )
        return made.public_bytes(Encoding.PEM).decode() + BETWEEN.pem


class Desk:
    """A node's issuer with a store, a clock and an authority."""

    def __init__(self, directory: Path) -> None:
        self.clock = NoThreads()
        self.store = Store.create(f"sqlite:///{directory}/a.db", Sealer(b"m" * 32, "the test"))
        with self.store.transaction(NOW) as tx:
            initialise(tx, "example.com", "https://signin.example.com")
        self.live = LiveStore(self.clock, self.store, self.wall_clock, InlinePool())
        self.live.start()
        self.authority = Authority(self.wall_clock)
        self.authority.look = lambda: self.live.snapshot.challenges
        self.issuer = self.node()

    def wall_clock(self) -> float:
        """Seconds since 1970."""
        return NOW + self.clock.seconds()

    def node(self) -> Issuer:
        """Another node's issuer."""
        return Issuer(self.live, self.authority.open, self.clock, self.wall_clock, run=maybeDeferred, random_bytes=bytes)

    def order(self) -> str:
        """Order at the authority; the order's id."""
        with self.store.transaction(self.wall_clock()) as tx:
            acme.set_account(tx, "https://ca.example.com/dir", ["mailto:ann@example.com"])
            return acme.order(tx, "wiki", HOSTS, acme.TLS_ALPN_01).id

    def pass_(self, seconds: float) -> None:
        """Let time go by, in steps that every timer sees."""
        for _ in range(int(seconds / LOOK_EVERY) + 1):
            self.clock.advance(LOOK_EVERY)

    def read(self, do: Callable[[Reading], Any]) -> Any:
        """What the database says."""
        with self.store.reading() as reading:
            return do(reading)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """With an issuer that was started."""
    made = Desk(tmp_path)
    made.issuer.start()
    return made


ALL = ["open", "register", "order", "validate", "finish"]


def test_from_an_order_to_a_certificate(desk: Desk) -> None:
    """Every node answers before the authority looks; the certificate is in the snapshot, the challenges no longer."""
    id_ = desk.order()
    desk.pass_(10)
    assert desk.authority.steps == ALL
    assert {(one.kind, one.host) for one in desk.authority.seen} == {("tls-alpn-01", host) for host in HOSTS}
    (served,) = desk.live.snapshot.certificates
    assert (served.id, served.name, served.source, served.names) == (id_, "wiki", "acme", HOSTS)
    assert load_chain(served.credential.certificate)[1] == BETWEEN.certificate
    assert desk.live.snapshot.challenges == ()
    (row,) = desk.read(lambda reading: list_recent(reading, 1))
    assert (row.actor, row.action, row.target) == ("service", "certificate.issue", id_)
    assert "PRIVATE" not in repr(row)


def test_it_is_renewed_with_a_third_left(desk: Desk) -> None:
    """With the account that is known already, and under the same name."""
    desk.order()
    desk.pass_(10)
    first = desk.live.snapshot.certificates[0]
    desk.clock.advance(60 * DAY - 30)
    desk.pass_(10)
    assert desk.live.snapshot.certificates[0] == first
    desk.pass_(40)
    second = desk.live.snapshot.certificates[0]
    assert (second.id, second.name) == (first.id, first.name) and second.not_after > first.not_after
    assert second.credential.key != first.credential.key
    assert desk.authority.known == ["", "https://ca.example.com/acct/1"]


@pytest.mark.parametrize("step", ALL)
def test_a_refusal_leaves_what_is_there(desk: Desk, step: str) -> None:
    """Its words are in the log and the store, no challenge is left behind; the next attempt comes after a pause."""
    id_ = desk.order()
    desk.pass_(10)
    kept = desk.live.snapshot.certificates
    with desk.store.transaction(desk.wall_clock()) as tx:
        acme.hurry(tx, id_)
    desk.authority.refuse[step] = "rateLimited: come back later"
    with capturedLogs() as events:
        desk.pass_(10)
    assert [event["reason"] for event in events if event.get("name") == "wiki"] == ["rateLimited: come back later"]
    order = desk.read(lambda reading: acme.find_order(reading, "wiki"))
    assert (order.failures, order.problem) == (1, "rateLimited: come back later")
    assert desk.live.snapshot.certificates == kept and desk.live.snapshot.challenges == ()
    count = len(desk.authority.steps)
    desk.pass_(800)
    assert len(desk.authority.steps) == count
    del desk.authority.refuse[step]
    desk.pass_(120)
    assert desk.live.snapshot.certificates != kept
    assert desk.read(lambda reading: acme.find_order(reading, "wiki")).failures == 0


def test_another_certificate_than_ordered_is_not_served(desk: Desk) -> None:
    """The authority's mistake is no reason to serve it."""
    with desk.store.transaction(NOW) as tx:
        acme.set_account(tx, "https://ca.example.com/dir", [])
        acme.order(tx, "wiki", ("other.example.com",), acme.TLS_ALPN_01)

    class Mistaken(Session):
        def order(self, request: str, kind: str) -> list[AcmeChallenge]:
            return super().order(server_request(new_key(), HOSTS), kind)

    desk.authority.open = lambda account: Mistaken(desk.authority, account)  # type: ignore[method-assign]
    desk.issuer._open = desk.authority.open
    desk.pass_(10)
    assert "another key" in desk.read(lambda reading: acme.find_order(reading, "wiki")).problem
    assert desk.live.snapshot.certificates == ()


def test_of_two_nodes_one_orders(desk: Desk) -> None:
    """The other finds it taken."""
    other = desk.node()
    other.start()
    desk.order()
    desk.pass_(30)
    assert desk.authority.steps == ALL


def test_one_attempt_at_a_time(desk: Desk) -> None:
    """While the authority thinks, no further order is begun; then the next one is."""
    thinking: Deferred[None] = Deferred()
    desk.issuer._run = lambda do: maybeDeferred(do) if desk.authority.steps != ["open", "register", "order"] else thinking
    desk.order()
    with desk.store.transaction(NOW) as tx:
        acme.order(tx, "second", HOSTS, acme.HTTP_01)
    desk.pass_(60)
    assert desk.authority.steps == ["open", "register", "order"]
    desk.issuer._run = maybeDeferred
    thinking.callback(None)
    desk.pass_(20)
    assert {one.name for one in desk.live.snapshot.certificates} == {"wiki", "second"}


def test_an_order_that_is_removed_meanwhile(desk: Desk) -> None:
    """What comes after that is not served."""
    id_ = desk.order()
    desk.clock.advance(LOOK_EVERY)
    assert desk.authority.steps == ["open", "register", "order"]
    with desk.store.transaction(desk.wall_clock()) as tx:
        acme.remove_order(tx, id_)
    desk.pass_(10)
    assert desk.read(certificates.list_all) == []
    assert [row.action for row in desk.read(list_recent)] == []


def test_a_stop_gives_up(desk: Desk) -> None:
    """Nothing is left to happen; the order is taken up at once by whoever comes."""
    desk.order()
    desk.clock.advance(LOOK_EVERY)
    desk.issuer.stop()
    desk.issuer.stop()
    desk.pass_(60)
    assert desk.authority.steps == ["open", "register", "order"]
    desk.node().start()
    desk.pass_(10)
    assert len(desk.live.snapshot.certificates) == 1


def test_a_database_that_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and looked for again."""
    desk.order()

    def away(*_: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(acme, "claim", away)
    with capturedLogs() as events:
        desk.pass_(30)
        monkeypatch.setattr(acme, "is_due", away)
        desk.pass_(30)
    assert [event["reason"] for event in events if "reason" in event] == ["gone"]
    monkeypatch.undo()
    desk.pass_(10)
    assert len(desk.live.snapshot.certificates) == 1


def test_a_thread_of_its_own() -> None:
    """What blocks does so elsewhere; its result or failure comes back, unless nobody wants it any longer."""
    came: list[object] = []
    arrived = threading.Event()

    class Reactor:
        def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:
            came.append(lambda: call(*arguments))
            arrived.set()

    def run(do: Callable[[], object], cancel: bool = False) -> Deferred[object]:
        arrived.clear()
        result = in_own_thread(Reactor(), do)
        assert arrived.wait(30)
        if cancel:
            result.addErrback(lambda failure: "cancelled")
            result.cancel()
        came.pop()()  # type: ignore[operator]
        return result

    found: list[object] = []
    run(lambda: threading.current_thread().name).addCallback(found.append)
    run(lambda: 1 // 0).addErrback(lambda failure: found.append(failure.type))
    run(lambda: 1, cancel=True).addCallback(found.append)
    assert found == ["acme", ZeroDivisionError, "cancelled"]
