"""The control end points: enrol, renew, configuration."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from appproxy.pki.issuing.request import certificate_request, new_key
from appproxy.pki.names import connector_id, serial
from appproxy.policy.sender import SENDER
from appproxy.service.front.front import Front, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.own.control import ControlApi
from appproxy.store.applications import applications
from appproxy.store.connectors import connectors, sightings
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.database.together import Work
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.testing.network import InlinePool
from tests.fakes.outcome import got
from tests.fakes.threads import NoThreads
from tests.service.world import Wire, refusal

NOW = time.time()  # noqa: TID251 -- certificates of the test must hold now


class Service:
    """A store, its control end points, and a connection to them."""

    def __init__(self, directory: Path) -> None:
        self.clock = NoThreads()
        self.clock.advance(1000)
        self.store = Store.create(f"sqlite:///{directory}/a.db", Sealer(b"m" * 32, "the test"))
        with self.store.transaction(NOW) as tx:
            initialise(tx, "example.org", "https://signin.example.org")
        self.live = LiveStore(self.clock, self.store, lambda: NOW, InlinePool())
        got(self.live.start())
        self.control = ControlApi(self.live, lambda: 7, seconds=self.clock.seconds)

    def token(self, uses: int = 1) -> dict[str, str]:
        id, secret = got(self.live.write(connectors.new_token, "default", uses, NOW + 3600))
        return {"token": id, "secret": urlsafe_b64encode(secret).rstrip(b"=").decode()}

    def call(
        self, method: str, path: str, body: object = None, certificate: str | None = None, fields: str = "",
    ) -> tuple[int, Any]:
        front = Front(self.control, self.clock, refusal, Stamps(lambda: "0" * 32), entry=UserConnection)
        connection = Shown(front, certificate)
        wire = Wire()
        connection.makeConnection(wire)
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        framing = f"Content-Length: {len(data)}\r\n" if data else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: connect.example.org\r\n{framing}{fields}\r\n"
        connection.dataReceived(head.encode() + data)
        answer = wire.take()
        return int(answer[9:12]), json.loads(answer.partition(b"\r\n\r\n")[2])

    def join(self, **more: object) -> tuple[int, Any]:
        return self.call("POST", "/enrol", {**self.token(), "csr": certificate_request(new_key()), "name": "box", **more})


class Shown(UserConnection):
    """A connection on which this certificate was shown and proved."""

    def __init__(self, front: Front, certificate: str | None) -> None:
        super().__init__(front, "203.0.113.9")
        self.shown: bytes | None = None
        if certificate is not None:
            self.shown = load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.DER)

    @property
    def shown_certificates(self) -> list[bytes]:
        """None."""
        return []

    @property
    def peer_certificate(self) -> bytes | None:
        return self.shown


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    got(made.live.stop())


def test_a_token_lets_a_connector_in_once(service: Service) -> None:
    """It gets a certificate that bears its id, and the anchors to trust; the second use is refused."""
    token = service.token()
    body = {**token, "csr": certificate_request(new_key()), "name": "box"}
    status, answer = service.call("POST", "/enrol", body)
    assert status == 201
    assert connector_id(answer["certificate"]) == answer["id"]
    assert answer["trust"] == list(service.live.snapshot.trust_bundle)
    assert service.live.snapshot.connectors[answer["id"]].name == "box"
    status, answer = service.call("POST", "/enrol", body)
    assert (status, answer["code"]) == (403, "TOKEN_REFUSED")
    assert "used up" in answer["detail"]
    assert len(service.live.snapshot.connectors) == 1


def test_a_wrong_secret_is_refused_and_uses_nothing_up(service: Service) -> None:
    """The token is still good for whoever has it."""
    token = service.token()
    body = {**token, "csr": certificate_request(new_key()), "name": "box"}
    assert service.call("POST", "/enrol", {**body, "secret": "A" * 43})[0] == 403
    assert service.call("POST", "/enrol", body)[0] == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"csr": "no request"}, 403), ({"csr": None}, 400), ({"name": ""}, 400), ({"name": "x" * 256}, 400),
        ({"token": 7}, 400), ({"secret": "ä"}, 400),
    ],
)
def test_a_bad_request_uses_nothing_up(service: Service, change: dict[str, object], status: int) -> None:
    """It is checked before the token is."""
    token = service.token()
    body = {**token, "csr": certificate_request(new_key()), "name": "box"}
    assert service.call("POST", "/enrol", {**body, **change})[0] == status
    assert service.call("POST", "/enrol", body)[0] == 201


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"x" * 20_000])
def test_bodies_are_small_json_objects(service: Service, body: bytes) -> None:
    """Anything else is refused, the large one unread."""
    assert service.call("POST", "/enrol", body)[0] in (400, 413)


def test_turns_to_be_updated(service: Service) -> None:
    """One connector of a group at a time: the other hears whom it waits for, until that one is done."""
    first, second = (service.join()[1] for _ in range(2))
    def ask(one: Any, **body: object) -> Any:
        return service.call("POST", "/update-lease", body, certificate=one["certificate"])

    with service.store.transaction(NOW) as tx:
        nodes.beat(tx, NodeRecord("n", "n", "n", "", "1.0"))
        for one in (first, second):
            sightings.seen(tx, "n", Sighting(one["id"], "1.0", "192.0.2.7"))
    assert ask(first) == (200, {"granted": True, "until": NOW + 1800.0, "reason": ""})
    assert ask(second) == (200, {"granted": False, "until": 0.0, "reason": "box is updated now"})
    assert ask(first, done=True)[0] == 200 and ask(second)[1]["granted"]
    assert service.call("POST", "/update-lease", {})[0] == 401


def test_the_audit_has_who_joined(service: Service) -> None:
    """And from where: a token that was stolen is noticed."""
    _, joined = service.join()
    with service.store.reading() as reading:
        entry = audit.list_recent(reading)[0]
    assert (entry.action, entry.target) == ("connector.join", joined["id"])
    assert entry.detail == {"name": "box", "group": "default", "state": "approved", "address": "203.0.113.9"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/renew"), ("GET", "/configuration")])
def test_all_but_enrolment_needs_a_certificate(service: Service, method: str, path: str) -> None:
    """Who calls is known from it alone."""
    body = {"csr": certificate_request(new_key())} if method == "POST" else None
    assert service.call(method, path, body)[0] == 401


def test_enrolments_of_one_address_are_bounded(service: Service) -> None:
    """Whoever guesses tokens is slowed down before anything is looked up; after a while the address may try again."""
    guess = {"token": "0" * 16, "secret": "AAAA", "csr": "x", "name": "guesser"}
    statuses = [service.call("POST", "/enrol", guess)[0] for _ in range(150)]
    assert 429 not in statuses[:100]
    assert set(statuses[100:]) == {429}
    service.clock.advance(1)
    assert service.call("POST", "/enrol", guess)[0] != 429
    assert service.call("POST", "/enrol", guess)[0] == 429


def test_unknown_end_points_are_not_there(service: Service) -> None:
    """404, and no more."""
    assert service.call("GET", "/enrol")[0] == 404
    assert service.call("GET", "/configuration?x")[0] == 404


def test_the_configuration_is_of_the_connectors_own_group(service: Service) -> None:
    """It hears nothing of applications that others serve."""
    _, joined = service.join()
    got(service.live.write(add_group_and_applications))
    status, said = service.call("GET", "/configuration", certificate=joined["certificate"])
    assert status == 200
    assert [one["name"] for one in said["applications"].values()] == ["mine"]
    assert said["version"] == 7
    assert said["connector"]["id"] == joined["id"]


def test_who_has_the_configuration_hears_what_is_another(service: Service) -> None:
    """By the tag of what it has; an unknown one, and none, bring all of it."""
    _, joined = service.join()
    got(service.live.write(add_group_and_applications))
    for number in range(4):
        got(service.live.write(add_application, f"more{number}"))

    def ask(since: str = "") -> Any:
        fields = f"appproxy-since: {since}\r\n" if since else ""
        status, said = service.call("GET", "/configuration", certificate=joined["certificate"], fields=fields)
        assert status == 200 and said["trust"]
        return said

    whole = ask()
    assert "since" not in whole and len(whole["applications"]) == 5
    assert ask("unknown") == whole
    same = ask(whole["tag"])
    assert (same["since"], same["tag"], same["applications"], same["removed"]) == (whole["tag"], whole["tag"], {}, [])
    got(service.live.write(add_application, "new"))
    got(service.live.write(applications.remove, "more0"))
    later = ask(whole["tag"])
    assert [one["name"] for one in later["applications"].values()] == ["new"]
    assert [whole["applications"][id_]["name"] for id_ in later["removed"]] == ["more0"]
    assert later["since"] == whole["tag"] and later["tag"] == ask()["tag"] != whole["tag"]


def add_application(tx: Any, name: str) -> None:
    applications.publish(tx, name, f"http://{name}.internal/", f"https://{name}.example.org/", "passthrough")


def add_group_and_applications(tx: Any) -> None:
    from appproxy.publish.application import Preauthentication
    from appproxy.store.connectors import groups

    groups.add(tx, "other")
    for name, group in (("mine", "default"), ("theirs", "other")):
        applications.publish(tx, name, f"http://{name}.internal/", f"https://{name}.example.org/",
                             Preauthentication.PASSTHROUGH.value, group)


def test_renewal_signs_a_new_key_for_the_same_connector(service: Service) -> None:
    """Only the public key of the request is taken."""
    _, joined = service.join()
    status, renewed = service.call(
        "POST", "/renew", {"csr": certificate_request(new_key())}, certificate=joined["certificate"]
    )
    assert status == 201
    assert connector_id(renewed["certificate"]) == joined["id"]
    assert renewed["certificate"] != joined["certificate"]


def test_a_certificate_that_was_replaced_renews_no_more_once_the_new_one_is_used(service: Service) -> None:
    """A lost answer is asked for again; an old key that somebody has kept is refused, and the refusal is logged."""
    _, joined = service.join()
    old = joined["certificate"]

    def renew(certificate: str) -> tuple[int, Any]:
        return service.call("POST", "/renew", {"csr": certificate_request(new_key())}, certificate=certificate)

    assert renew(old)[0] == 201
    status, newest = renew(old)
    assert status == 201
    got(service.live.write(
        sightings.seen, "n", Sighting(joined["id"], "1.0", "192.0.2.7"), serial(newest["certificate"])))
    with capturedLogs() as events:
        status, problem = renew(old)
    assert (status, problem["code"]) == (403, "TOKEN_REFUSED")
    assert [event["client"] for event in events if "client" in event] == ["203.0.113.9"]
    assert renew(newest["certificate"])[0] == 201


def test_a_revoked_connector_gets_nothing(service: Service) -> None:
    """No renewal, no configuration."""
    _, joined = service.join()
    got(service.live.write(connectors.revoke, joined["id"]))
    shown = joined["certificate"]
    assert service.call("POST", "/renew", {"csr": certificate_request(new_key())}, certificate=shown)[0] == 503
    assert service.call("GET", "/configuration", certificate=shown)[0] == 503


def test_what_is_asked_waits_its_turn_among_what_others_ask(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can ask to join: that is not the service's own work, which goes before."""
    senders: list[str] = []
    in_turn = LiveStore._in_turn

    def noted(store: LiveStore, work: Work) -> Deferred[Any]:
        senders.append(SENDER.get())
        return in_turn(store, work)

    monkeypatch.setattr(LiveStore, "_in_turn", noted)
    service.call("POST", "/enrol", {"token": "a", "secret": "AA", "csr": certificate_request(new_key()), "name": "box"})
    assert senders == ["203.0.113.9"] and SENDER.get() == ""
