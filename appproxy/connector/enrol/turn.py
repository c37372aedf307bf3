"""Asking the service whether it is this connector's turn to be updated, as its own program, beside the one that runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.task import deferLater

from appproxy.config.state import ConnectorPaths
from appproxy.connector.config.files import proxies_of, read_settings
from appproxy.connector.enrol.control import ControlClient, ControlError, UpdateTurn
from appproxy.connector.enrol.identity import IdentityFiles
from appproxy.connector.enrol.service_dialer import ServiceDialler, place_of
from appproxy.errors import ConfigError

#: Seconds between two questions while others have their turn.
ASK_EVERY = 15.0


def control_of(state: Path, reactor: Any, environment: Mapping[str, str]) -> ControlClient:
    """The control end points of a connector's service. Raises ConfigError."""
    settings = read_settings(state)
    identity = IdentityFiles(ConnectorPaths(state)).load()
    proxies = proxies_of(settings.outbound_proxy, settings.outbound_proxy_credentials, state, environment)
    dialler, place = ServiceDialler(reactor, settings.name, identity, proxies), place_of(settings.address)
    return ControlClient(lambda factory: dialler(place, b"http/1.1", factory), settings.name, reactor)


async def wait_for_turn(control: ControlClient, reactor: Any, patience: float, *, done: bool = False) -> UpdateTurn:
    """Ask, and again while it is another's turn and `patience` (seconds) lasts; gives the last answer.

    Raises ControlError, and ConfigError where the service is too old to know of turns.
    """
    deadline = reactor.seconds() + patience
    while True:
        try:
            lease = await control.update_lease(done=done)
        except ControlError as error:
            if error.status == 404:
                raise ConfigError("the service does not know of turns", hint="upgrade the service first") from error
            raise
        if lease.granted or done or reactor.seconds() + ASK_EVERY > deadline:
            return lease
        await deferLater(reactor, ASK_EVERY)
