"""The connections to identity providers: kept for a moment, never believed for long, and nothing is asked twice by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import URI
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.pki.issuing.authority import create_authority
from appproxy.service.signin.openid.oidc_client import AnswerLost, HttpOidcClient
from appproxy.service.signin.openid.provider_agent import (
    AUTHORITIES_FRESH,
    IDLE,
    MOST_IDLE,
    RENEWED,
    ProviderAgent,
    ProviderPolicy,
)
from appproxy.store.snapshot import ProviderRecord

ISSUER = "https://idp.example.com"
RECORD = ProviderRecord("idp", "Example", ISSUER, "client 1", "secret")


@dataclass(eq=False)
class Connection:
    """One to the provider, from its side."""

    protocol: Any
    transport: StringTransport = field(default_factory=StringTransport)

    def asked(self) -> list[bytes]:
        """The first lines of the requests that came."""
        return [line for line in self.transport.value().split(b"\r\n") if line.endswith(b" HTTP/1.1")]

    def answer(self, body: bytes = b"{}", fields: bytes = b"") -> None:
        """Answer the latest request."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n" % (fields, len(body))
        self.protocol.dataReceived(head + body)

    def close(self) -> None:
        """The provider has closed it."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
@dataclass
class Network:
    """What the agent dials."""

    clock: Clock = field(default_factory=Clock)
    made: list[Connection] = field(default_factory=list)

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Called by the agent."""
        return self

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Called by the agent."""
        connection = Connection(protocolFactory.buildProtocol(None))  # type: ignore[arg-type]
        self.made.append(connection)
        connection.protocol.makeConnection(connection.transport)
        return succeed(connection.protocol)


@dataclass
class World:
    """A client, and what it dials."""

    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        self.clock = self.network.clock
        self.agent = ProviderAgent(self.clock, endpoints=self.network)
        self.client = HttpOidcClient(RECORD, self.agent, self.clock)

    def ask(self, path: str = "/keys") -> Deferred[Any]:
        """One call by GET."""
        return Deferred.fromCoroutine(self.client._document(ISSUER + path))

    def post(self) -> Deferred[Any]:
        """One call by POST, as of a code."""
        return Deferred.fromCoroutine(self.client._call(b"POST", ISSUER + "/token", _no_headers(), b"code=1"))


def _no_headers() -> Headers:
    return Headers()


def outcome(deferred: Deferred[Any]) -> Any:
    """What has come of a call by now: its result, its error, or None."""
    got: list[Any] = []
    deferred.addBoth(got.append)
    return got[0].value if got and isinstance(got[0], Failure) else got[0] if got else None


@pytest.fixture
def world() -> World:
    """A new one."""
    return World()


class TestKept:
    """Which connections are used again."""

    def test_one_for_the_calls_of_a_sign_in(self, world: World) -> None:
        """A handshake costs more than all else of a call, so one is enough for those that follow each other."""
        for _ in range(5):
            asked = world.post()
            world.network.made[-1].answer()
            assert outcome(asked) == (200, {})
            world.clock.advance(IDLE / 2)
        [connection] = world.network.made
        assert len(connection.asked()) == 5

    def test_as_many_as_there_are_calls_at_once(self, world: World) -> None:
        """Made-up codes that come sixty at a time make sixty connections, not sixty each time."""
        for _ in range(3):
            calls = [world.post() for _ in range(MOST_IDLE)]
            for connection in world.network.made:
                connection.answer()
            assert all(outcome(call) == (200, {}) for call in calls)
        assert len(world.network.made) == MOST_IDLE

    def test_an_idle_one_is_closed_soon(self, world: World) -> None:
        """Before the provider closes it: a request on its way to a closing connection would be lost."""
        asked = world.post()
        world.network.made[0].answer()
        assert outcome(asked) == (200, {})
        world.clock.advance(IDLE)
        assert world.network.made[0].transport.disconnecting
        world.post()
        assert len(world.network.made) == 2
        assert IDLE < 5.0  # what Apache and Node.js wait for

    @pytest.mark.parametrize("fields", [b"", b"Connection: close\r\n"], ids=["closed", "to be closed"])
    def test_a_closed_one_is_not_taken(self, world: World, fields: bytes) -> None:
        """Whether the provider has closed it or said that it will."""
        asked = world.post()
        world.network.made[0].answer(fields=fields)
        if not fields:
            world.network.made[0].close()
        assert outcome(asked) == (200, {})
        world.post()
        assert [len(connection.asked()) for connection in world.network.made] == [1, 1]

    def test_none_is_believed_for_long(self, world: World) -> None:
        """However busy it is: after a while the provider's certificate is looked at again."""
        for _ in range(int(RENEWED) + 2):
            world.post()
            world.network.made[-1].answer()
            world.clock.advance(1.0)
        assert len(world.network.made) == 2
        assert world.network.made[0].transport.disconnected or world.network.made[0].transport.disconnecting

    def test_providers_share_none(self, world: World) -> None:
        """Another provider, or the same with other authorities, has an agent of its own."""
        asked = world.post()
        world.network.made[0].answer()
        assert outcome(asked) == (200, {})
        other = HttpOidcClient(RECORD, ProviderAgent(world.clock, endpoints=world.network), world.clock)
        Deferred.fromCoroutine(other._document(ISSUER + "/keys"))
        assert len(world.network.made) == 2


class TestLost:
    """The provider closes a kept connection in the moment in which it is used."""

    def test_a_code_is_not_sent_twice(self, world: World) -> None:
        """The provider may have used it up. The sign-in begins again."""
        world.post()
        world.network.made[0].answer()
        asked = world.post()
        world.network.made[0].close()
        assert len(world.network.made) == 1
        error = outcome(asked)
        assert isinstance(error, AnswerLost)
        assert error.code is Code.PROVIDER_UNREACHABLE

    def test_what_changes_nothing_is_asked_again(self, world: World) -> None:
        """On a new connection, once."""
        world.post()
        world.network.made[0].answer()
        asked = world.ask()
        world.network.made[0].close()
        world.network.made[1].answer(b'{"keys": []}')
        assert outcome(asked) == {"keys": []}
        again = world.ask()
        world.network.made[1].close()
        world.network.made[2].close()
        assert isinstance(outcome(again), AnswerLost)
        assert len(world.network.made) == 3

    def test_a_refused_certificate_is_no_lost_answer(self, world: World) -> None:
        """It is said what is wrong with it, and nothing begins again."""
        asked = world.post()
        world.network.made[0].protocol.connectionLost(Failure(CertificateRefused("it has expired")))
        error = outcome(asked)
        assert type(error) is RequestError
        assert "it has expired" in error.detail

    def test_a_silent_one_is_no_lost_one(self, world: World) -> None:
        """Who does not answer in time is not asked again at once."""
        asked = world.post()
        world.clock.advance(60.0)
        error = outcome(asked)
        assert isinstance(error, RequestError)
        assert not isinstance(error, AnswerLost)


class TestAuthorities:
    """Which authorities are trusted."""

    def test_a_bundle(self) -> None:
        """A company's own authority can be given; then it alone counts."""
        pem = create_authority("Test", 1_800_000_000.0, years=1, serial=b"\x01" * 16).certificate
        assert ProviderAgent(Clock(), pem + pem) is not None
        assert ProviderAgent(Clock()) is not None

    def test_authorities_are_not_read_for_each_call(self) -> None:
        """Anybody can cause calls; so they are read once for each host, and again after a while."""
        clock = Clock()
        policy = ProviderPolicy(clock)
        first = policy.creatorForNetloc(b"idp.example.com", 443)
        assert policy.creatorForNetloc(b"idp.example.com", 443) is first
        assert policy.creatorForNetloc(b"keys.example.com", 443) is not first
        clock.advance(AUTHORITIES_FRESH)
        assert policy.creatorForNetloc(b"idp.example.com", 443) is not first

    @pytest.mark.parametrize("bundle", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    def test_no_bundle(self, bundle: str) -> None:
        """A bundle without certificates is refused, and not taken for the system's."""
        with pytest.raises(ConfigError, match="ca_bundle"):
            ProviderAgent(Clock(), bundle)
