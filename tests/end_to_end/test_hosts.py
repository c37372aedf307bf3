"""Which host a connection was made for: two certificates on one listener, requests for the other host, resumed sessions."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import DOMAIN, until
from tests.pki.chains import leaf, make

#: `raw` has a certificate of its own, for it alone; the default one is for it and for all others.
RAW, HELD, NOBODY = f"raw.{DOMAIN}", f"held.{DOMAIN}", f"nobody.{DOMAIN}"
VERSIONS = ("http/1.1", "h2")


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system that others use too, with one more certificate."""
    found = shared_system(request, tmp_path_factory)
    authority = make("Own Root", authority=True)
    made = leaf(RAW, issuer=authority)
    found.call("POST", "/certificates", name="alone", certificate=made.pem, key=made.key, authority=authority.pem)
    wanted = ssl.PEM_cert_to_DER_cert(made.pem)

    def live() -> bool:
        with dial(found, client(), RAW) as one:
            return one.getpeercert(True) == wanted

    until(live, "the certificate is not shown", 5)
    yield found
    AdminClient(found.state, admit_password).call("DELETE", "/certificates/alone")


def client(version: str = "http/1.1", tls: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A client that believes anything, and keeps sessions."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = tls
    context.set_alpn_protocols([version])
    return context


def dial(system: System, context: ssl.SSLContext, host: str | None, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """A connection that is made for this host; None: nothing is said of it."""
    plain = socket.create_connection(("127.0.0.1", system.port), 20)
    return context.wrap_socket(plain, server_hostname=host, session=session)


def ask(
    system: System, connection: ssl.SSLSocket, version: str, *hosts: str, path: str = "/hosts", port: int = 0
) -> list[int]:
    """The statuses of one request for each of these hosts, on this connection. `port`: which the Host names, if not ours."""
    found = []
    if version == "h2":
        user = H2User.over(connection, "")
        for host in hosts:
            user.authority = f"{host}:{port or system.port}".encode()
            found.append(user.answer(user.ask(path, "GET", (b"x-case", b"hosts")))[0])
        return found
    plain = http.client.HTTPConnection("127.0.0.1", system.port)
    plain.sock = connection
    for host in hosts:
        plain.request("GET", path, headers={"Host": f"{host}:{port or system.port}", "X-Case": "hosts"})
        answer = plain.getresponse()
        answer.read()
        found.append(answer.status)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_for_other_hosts(system: System, version: str) -> None:
    """421 where the certificate is not for them or they are nobody's here; the same connection still serves its own."""
    with closing(dial(system, client(version), RAW)) as one:
        assert ask(system, one, version, RAW, HELD, NOBODY, RAW) == [200, 421, 421, 200]
    with closing(dial(system, client(version), HELD)) as one:
        assert ask(system, one, version, HELD, RAW, NOBODY, HELD) == [401, 200, 421, 401]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("host", "path", "status"), [
    (RAW, "/hosts", 200), (HELD, "/.appproxy/session", 401), (f"signin.{DOMAIN}", "/", 200),
    (f"signin.{DOMAIN}", "/.well-known/openid-configuration", 200)], ids=["application", "session", "sign-in", "provider"])
def test_a_foreign_port(system: System, version: str, host: str, path: str, status: int) -> None:
    """It is 404 for applications and for pages of ours alike."""
    for port, expected in ((1, 404), (0, status)):
        with closing(dial(system, client(version), host)) as one:
            assert ask(system, one, version, host, path=path, port=port) == [expected]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_asked_for_on_its_own_connection(system: System, version: str) -> None:
    """A host that is nobody's is said to be so there; and who names no host when they dial may ask for any."""
    with closing(dial(system, client(version), NOBODY)) as one:
        assert ask(system, one, version, NOBODY) == [404]
    with closing(dial(system, client(version), None)) as one:
        assert ask(system, one, version, RAW, HELD, NOBODY) == [200, 401, 404]


def test_nothing_that_is_misdirected_reaches_the_application(system: System) -> None:
    """Not even where everybody may use it."""
    before = len(system.origin.about("hosts"))
    other = system.url("dead").split("/")[2].partition(":")[0]
    with closing(dial(system, client(), RAW)) as one:
        assert ask(system, one, "http/1.1", other, HELD) == [421, 421]
    assert len(system.origin.about("hosts")) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_another_host(system: System, version: str, tls: ssl.TLSVersion) -> None:
    """It is resumed. In TLS 1.2 the connection is still its first host's; in 1.3 it is that of the host asked for now."""
    context = client(version, tls)
    with closing(dial(system, context, RAW)) as first:
        assert ask(system, first, version, RAW) == [200]
        session = first.session
    with closing(dial(system, context, HELD, session)) as then:
        assert then.session_reused
        kept = tls is ssl.TLSVersion.TLSv1_2
        assert ask(system, then, version, HELD, RAW) == ([421, 200] if kept else [401, 200])
    with closing(dial(system, context, HELD)) as first:
        assert ask(system, first, version, HELD) == [401]
        session = first.session
    with closing(dial(system, context, RAW, session)) as then:
        assert then.session_reused
        assert ask(system, then, version, RAW, HELD) == ([200, 401] if kept else [200, 421])
