"""One address cannot take all connections of the service: others connect as if it had none."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest

from appproxy.config import ServiceSettings
from appproxy.config.service import ServiceLimits
from appproxy.config.values import Address
from appproxy.demo.supervisor import Supervisor
from appproxy.twistd.state import create_state
from tests.end_to_end.system import System
from tests.end_to_end.world import DOMAIN, environment

ATTACKER = "127.0.0.66"
MOST = 64


@dataclass(slots=True)
class Narrow(System):
    """A service with few connections for users, and an application that asks for a sign-in."""

    def build(self) -> None:
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("127.0.0.1", self.port), tunnel_listen=Address("127.0.0.1", self.tunnel_port),
            tunnel_address=f"127.0.0.1:{self.tunnel_port}", limits=ServiceLimits(user_connections=MOST),
        )  # fmt: skip
        create_state(self.state, settings, time.time(), {})  # noqa: TID251 -- certificates are dated
        self.application("held", "http://127.0.0.1:9/")
        self.start_service()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Narrow]:
    """A system of this file's own."""
    directory = tmp_path_factory.mktemp("narrow")
    (directory / "logs").mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        system = Narrow(directory, stack.enter_context(Supervisor(directory / "logs", environment())))
        system.build()
        yield system


@pytest.mark.parametrize("alpn", ["h2", "http/1.1", None])
def test_an_address_with_idle_connections_keeps_nobody_out(system: Narrow, alpn: str | None) -> None:
    """Three times as many as there may be, with TLS or without a word; and another visitor asks again and again."""
    context = system.context()
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    visitor = system.visitor()
    held: list[socket.socket] = []
    try:
        for number in range(3 * MOST):
            one = socket.create_connection(("127.0.0.1", system.port), 10, source_address=(ATTACKER, 0))
            held.append(one)
            if alpn is not None:
                with suppress(OSError):  # it may be refused
                    held.append(context.wrap_socket(one, server_hostname=f"held.{DOMAIN}"))
            if number % 16 == 15:
                assert visitor.get(system.url("held", "/")).status == 401  # a sign-in is asked for
    finally:
        for one in held:
            one.close()
