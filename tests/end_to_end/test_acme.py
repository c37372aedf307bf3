"""Certificates ordered from a real authority: both ways of proof, renewal, refusal, a bound account."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.demo.supervisor import Supervisor
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.authority import BINDING, REFUSED, Authority, authority
from tests.end_to_end.ports import free_port
from tests.end_to_end.world import DOMAIN, World, appproxy, environment, until

#: Seconds that a certificate of the first authority lives: short enough to see it renewed.
LIFE = 30


class AcmeWorld(World):
    """One whose service also listens without TLS."""

    plain_port: int


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeWorld]:
    """A service alone: no connector is needed to be issued a certificate."""
    directory = tmp_path_factory.mktemp("acme")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = AcmeWorld(directory, supervisor)
        world.plain_port = free_port()
        made = appproxy(
            "init", "--state", str(world.state), "--domain", DOMAIN, "--listen", f"127.0.0.1:{world.port}",
            "--tunnel-listen", f"127.0.0.1:{world.tunnel_port}")
        assert made.code == 0, made.err
        settings = world.state / "service.toml"
        settings.write_text(settings.read_text().replace('#acme_listen = ""', f'acme_listen = "127.0.0.1:{world.plain_port}"'))
        world.publish("open", "http://127.0.0.1:1/", "--preauth", "passthrough")
        world.start_service()
        yield world


@pytest.fixture(scope="module")
def pebble(world: AcmeWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority that looks at the two listeners of the world."""
    with authority(tmp_path_factory.mktemp("pebble"), world.plain_port, world.port, life=LIFE) as made:
        choose(world, made)
        yield made


def choose(world: World, made: Authority, *options: str, stdin: str = "") -> None:
    """Order there from now on."""
    world.admin("certificate", "authority", made.directory, "--contact", "ann@example.com", "--agree-terms",
                "--authority", str(made.root), *options, stdin=stdin)


def look(world: World, name: str) -> Any:
    """What `certificate show` says; asked without a process of its own, since it is asked again and again."""
    return AdminClient(world.state, admit_password).call("GET", f"/certificates/{name}")


def issued(world: World, name: str) -> Any:
    """The order's record, once it is issued."""

    def found() -> Any:
        record = look(world, name)
        assert not record["problem"], record["problem"]
        return record if record["not_after"] else None

    return until(found, f"the certificate {name}", 60)


def serial(world: World, host: str, root: str) -> int:
    """The serial number that a browser sees which trusts this root (PEM) alone; it checks name and chain."""
    context = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", world.port), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        found = tls.getpeercert()
        assert found is not None
        return int(str(found["serialNumber"]), 16)


@pytest.mark.parametrize("challenge", ["tls-alpn-01", "http-01"])
def test_ordered_served_and_renewed(world: AcmeWorld, pebble: Authority, challenge: str) -> None:
    """Two commands, and browsers that trust the authority come in; before it ends it is renewed by itself."""
    hosts = [f"{challenge}.{DOMAIN}", f"{challenge}-2.{DOMAIN}"]
    world.admin("certificate", "order", *hosts, "--challenge", challenge)
    record = issued(world, hosts[0])
    assert (record["status"], record["source"], record["challenge"]) == ("good", "acme", challenge)
    root = pebble.issuing_root()
    first = {serial(world, host, root) for host in hosts}
    assert first == {int(record["serial"], 16)}
    # Two thirds of the life later.
    until(lambda: serial(world, hosts[0], root) not in first, "the renewed certificate", LIFE + 20.0)
    renewed = look(world, hosts[0])
    assert renewed["not_after"] - renewed["created"] > LIFE
    world.admin("certificate", "remove", hosts[0])
    with pytest.raises(ssl.SSLCertVerificationError):
        until(lambda: serial(world, hosts[0], root) is None, "the default certificate", 2)


def test_renewed_on_demand(world: AcmeWorld, pebble: Authority) -> None:
    """`renew` without files orders again at once."""
    host = f"now.{DOMAIN}"
    world.admin("certificate", "order", host)
    record = issued(world, host)
    world.admin("certificate", "renew", host)
    until(lambda: look(world, host)["serial"] != record["serial"], "another", LIFE / 2)
    actions = [(row["action"], row["actor"]) for row in world.admin_json("audit")]
    assert actions.count(("certificate.issue", "service")) >= 2 and ("certificate.renew", "local:0") in actions
    world.admin("certificate", "remove", host)


@pytest.mark.parametrize(("host", "words"), [
    (f"www.{REFUSED}", "rejectedIdentifier"), (f"away.{DOMAIN}", f"away.{DOMAIN}: unauthorized: Failed to connect")])
def test_a_refusal_is_told_in_the_authoritys_words(world: AcmeWorld, pebble: Authority, host: str, words: str) -> None:
    """What it says of the order or of a host is in the log and the listing; it is tried again later, not at once."""
    pebble.move(host, "127.0.0.2")
    world.admin("certificate", "order", host, "--name", "bad")

    def failing() -> Any:
        record = look(world, "bad")
        return record if record["failures"] else None

    record = until(failing, "the refusal", 60)
    assert record["status"] == "failing" and words in record["problem"]
    assert 600 < record["next_attempt"] - record["created"] < 1500
    assert record["problem"] in (world.directory / "logs" / "service.log").read_text()
    world.admin("certificate", "remove", "bad")


def test_plain_http_leads_to_https(world: AcmeWorld) -> None:
    """Browsers that come without TLS are sent to the same page with it; unknown hosts are not, nor are unknown tokens."""

    def ask(host: str, path: str) -> tuple[int, str | None]:
        connection = http.client.HTTPConnection("127.0.0.1", world.plain_port, timeout=10)
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.getheader("location")

    assert ask(f"open.{DOMAIN}", "/a?b=c") == (308, f"https://open.{DOMAIN}:{world.port}/a?b=c")
    assert ask(f"signin.{DOMAIN}:80", "/") == (308, f"https://signin.{DOMAIN}:{world.port}/")
    assert ask("elsewhere.example.net", "/a") == (404, None)
    assert ask("elsewhere.example.net", "/.well-known/acme-challenge/none") == (404, None)


def test_a_bound_account(world: AcmeWorld, tmp_path: Path) -> None:
    """An authority that wants to know whose customer we are is told; without that its refusal says so."""
    with authority(tmp_path, world.plain_port, world.port, binding=True) as bound:
        choose(world, bound)
        world.admin("certificate", "order", f"bound.{DOMAIN}")
        name = f"bound.{DOMAIN}"
        problem = until(lambda: look(world, name)["problem"], "the refusal", 60)
        assert "externalAccount" in problem
        choose(world, bound, "--binding-id", BINDING[0], "--binding-key-stdin", stdin=BINDING[1] + "\n")
        world.admin("certificate", "renew", name)
        until(lambda: look(world, name)["not_after"], "the certificate", 60)
        assert serial(world, name, bound.issuing_root())
        shown = world.admin("certificate", "authority", "--json") + world.admin("audit", "--json")
        assert BINDING[1] not in shown
