"""Applications that authenticate the connection (NTLM, Negotiate): nobody is ever answered as somebody else."""

from __future__ import annotations

import base64
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.clock import usual_sleep
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.ntlm_origin import NtlmOrigin, first_message, in_spnego, third_message
from tests.end_to_end.origins import server_context
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.wire import Reply, Wire
from tests.end_to_end.world import DOMAIN

CHALLENGE = b"who?"


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that the files share, with its two connectors."""
    return shared_system(request, tmp_path_factory)


@pytest.fixture(scope="module", params=["http", "https"])
def origin(request: pytest.FixtureRequest, system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NtlmOrigin]:
    """One application, published four times: twice signed in, twice open to everybody."""
    made = NtlmOrigin(server_context(tmp_path_factory.mktemp("tls")) if request.param == "https" else None)
    for name in ("signed", "other-signed", "open-one", "open-two"):
        settings = {"verify_tls": "no", "assignment_required": "no"}
        preauth = "passthrough" if name.startswith("open") else "oidc"
        system.application(name, made.url, preauth=preauth, settings=settings)
    yield made
    for name in ("signed", "other-signed", "open-one", "open-two"):
        system.call("DELETE", f"/applications/{name}")
    made.stop()


class Client:
    """A program that does NTLM over one connection; one leg at a time, so that others can come between."""

    def __init__(self, system: System, name: str, user: str, visitor: Visitor | None = None) -> None:
        self.wire = Wire(system, name, visitor=visitor)
        self.user = user
        self.token = b""

    def ask(self, path: str = "/page", method: str = "GET", body: bytes | None = None, credentials: bytes = b"") -> Reply:
        """One request."""
        fields = {"Authorization": credentials.decode()} if credentials else {}
        self.wire.request(method, path, f"{self.user} {method}", body, fields)
        return self.wire.reply(method)

    def begin(self, scheme: bytes = b"NTLM", method: str = "GET") -> None:
        """The first leg."""
        reply = self.ask(method=method, body=b"" if method == "POST" else None, credentials=scheme + b" " + first_message())
        assert reply.status == 401, reply
        self.token = reply.values("www-authenticate")[0].encode().partition(b" ")[2]

    def end(self, scheme: bytes = b"NTLM", method: str = "GET", body: bytes | None = None) -> Reply:
        """The last leg."""
        return self.ask(method=method, body=body, credentials=scheme + b" " + third_message(self.token, self.user))

    def is_known(self) -> None:
        """Without any credentials, as itself."""
        reply = self.ask()
        assert (reply.status, reply.body.split()[:1]) == (200, [self.user.encode()]), reply


def signed_in(system: System, name: str, user: str) -> Visitor:
    """A visitor with a session."""
    visitor = system.visitor()
    visitor.sign_in(system.url(name, "/public"), user)
    return visitor


def test_only_who_authenticated_it_uses_the_connection(system: System, origin: NtlmOrigin) -> None:
    """Two signed-in users and two open to everybody at one machine; the legs of their handshakes are interleaved."""
    alice, bob = signed_in(system, "signed", "alice"), signed_in(system, "signed", "bob")
    elsewhere = signed_in(system, "other-signed", "alice")
    clients = [
        Client(system, "signed", "alice-ntlm", alice), Client(system, "signed", "bob-ntlm", bob),
        Client(system, "open-one", "carol-ntlm"), Client(system, "open-two", "dave-ntlm"),
        Client(system, "signed", "alice-again", alice), Client(system, "other-signed", "alice-elsewhere", elsewhere),
    ]
    for client in clients:
        assert client.ask().body == CHALLENGE
    for client in clients:
        client.begin()
    for client in reversed(clients):
        assert client.end().status == 200
    for _ in range(3):
        for client in clients:
            client.is_known()
        for name, visitor in (("signed", alice), ("signed", bob), ("other-signed", elsewhere), ("open-one", None),
                              ("open-two", None)):  # fmt: skip
            stranger = Client(system, name, "stranger", visitor)
            assert (stranger.ask().body, stranger.ask("/public").body.split()[0]) == (CHALLENGE, b"nobody")
            stranger.wire.close()
    assert origin.misplaced == 0


def test_without_any_challenge_before(system: System, origin: NtlmOrigin) -> None:
    """Kerberos in one leg, in whatever case the scheme is spelled: the connection is that user's."""
    client = Client(system, "open-one", "erin")
    for scheme in (b"Negotiate", b"nEGOTIATE"):
        reply = client.ask(credentials=scheme + b" " + base64.b64encode(b"kerberos erin"))
        assert reply.body.startswith(b"erin")
        client.is_known()
    for name in ("open-one", "open-two"):
        assert Client(system, name, "stranger").ask().body == CHALLENGE


def test_a_body_comes_with_the_last_leg(system: System, origin: NtlmOrigin) -> None:
    """As browsers do it: Content-Length: 0 with the first message, then the real body."""
    client = Client(system, "open-one", "frank")
    client.begin(method="POST")
    assert client.end(method="POST", body=b"x" * 100_000).body.split()[::2] == [b"frank", b"100000"]
    client.is_known()
    assert client.ask(method="HEAD").status == 200
    client.is_known()


def test_many_at_once(system: System, origin: NtlmOrigin) -> None:
    """Twenty users and as many strangers, all at the same time: nobody is ever taken for another."""
    faults: list[object] = []

    def user(number: int) -> None:
        try:
            client = Client(system, "open-one", f"user-{number}")
            for _ in range(3):
                client.begin()
                assert client.end().body.startswith(f"user-{number} ".encode())
                for _ in range(5):
                    client.is_known()
        except Exception as error:
            faults.append(error)

    def stranger() -> None:
        try:
            client = Client(system, "open-one", "stranger")
            for _ in range(15):
                assert client.ask("/public").body.split()[0] == b"nobody"
                assert client.ask().body == CHALLENGE
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=user, args=(number,)) for number in range(20)]
    threads += [threading.Thread(target=stranger) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    assert origin.misplaced == 0


def h2(system: System, name: str) -> H2User:
    """A user's connection."""
    return H2User(system.port, system.anchor, f"{name}.{DOMAIN}")


def h2_ask(user: H2User, path: str = "/page", credentials: bytes = b"") -> tuple[bytes, bytes, bytes]:
    """Status, body, and the challenge's token."""
    stream = user.ask(path, "GET", *([(b"authorization", credentials)] if credentials else []))
    user.until(lambda: stream in user.ended)
    head = user.heads[stream]
    return head[b":status"], bytes(user.bodies[stream]), head.get(b"www-authenticate", b"").partition(b" ")[2]


def test_over_http2(system: System, origin: NtlmOrigin) -> None:
    """The streams of one connection are one owner: they finish each other's handshakes; another connection's never do."""
    one, other = h2(system, "open-one"), h2(system, "open-one")
    first, second = h2_ask(one, credentials=b"NTLM " + first_message()), h2_ask(other, credentials=b"NTLM " + first_message())
    assert h2_ask(other, credentials=b"NTLM " + third_message(second[2], "heidi"))[1].startswith(b"heidi")
    assert h2_ask(one, credentials=b"NTLM " + third_message(first[2], "grace"))[1].startswith(b"grace")
    for _ in range(5):
        assert h2_ask(one)[1].startswith(b"grace")
        assert h2_ask(other)[1].startswith(b"heidi")
        assert h2_ask(h2(system, "open-one"))[1] == CHALLENGE
        assert h2_ask(h2(system, "open-two"), "/public")[1].startswith(b"nobody")


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_parallel_handshakes_over_http2(system: System, origin: NtlmOrigin, scheme: str) -> None:
    """Streams begin at once, and while a challenge is on its way: each handshake is finished before the next one begins."""
    def credentials(message: bytes) -> bytes:
        return b"NTLM " + message if scheme == "NTLM" else b"Negotiate " + in_spnego(message)

    user = h2(system, "open-one")
    waiting = set()
    for number in range(10):
        waiting.add(user.ask("/slow", "GET", (b"authorization", credentials(first_message()))))
        time.sleep(0.03 * (number < 5))
    done = 0
    while waiting:
        user.until(lambda: bool(waiting & user.ended))
        stream = min(waiting & user.ended)
        waiting.discard(stream)
        head = user.heads[stream]
        assert head[b":status"] == b"401"
        token = head[b"www-authenticate"].partition(b" ")[2]
        assert h2_ask(user, credentials=credentials(third_message(token, "ivan")))[1].startswith(b"ivan")
        done += 1
    assert (done, origin.misplaced) == (10, 0)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_real_client(system: System, origin: NtlmOrigin, version: str) -> None:
    """curl --ntlm: three requests of one run, of which the application authenticates the first."""
    url = system.url("open-one", "/page")
    host = f"open-one.{DOMAIN}"
    made = subprocess.run(
        ["curl", "-sS", version, "--ntlm", "-u", "judy:secret", "--cacert", str(system.anchor), "--resolve",
         f"{host}:{system.port}:127.0.0.1", url, url, url],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("judy ") == 3, made.stdout
    assert Client(system, "open-one", "stranger").ask().body == CHALLENGE


def test_forced_on_and_off(system: System, origin: NtlmOrigin) -> None:
    """`always`: a connection to the application for each of the users'. `never`: shared, whatever is said."""
    try:
        system.set("open-one", connection_authentication="always")
        usual_sleep(1.5)  # connectors hear of it within a second
        one, other = Client(system, "open-one", "x"), Client(system, "open-one", "y")
        places = [{client.ask("/public").body.split()[1] for _ in range(5)} for client in (one, other)]
        assert len(places[0]) == len(places[1]) == 1
        assert places[0] != places[1]
        system.set("open-one", connection_authentication="never")
        usual_sleep(1.5)
        reply = one.ask(credentials=b"Negotiate " + base64.b64encode(b"kerberos erin"))
        assert reply.status == 200
        usual_sleep(0.2)  # the connection was quiet by then
        seen = [Client(system, "open-one", "z").ask("/public").body.split()[0] for _ in range(6)]
        assert b"erin" in seen
    finally:
        system.set("open-one", connection_authentication="auto")
