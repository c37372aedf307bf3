"""Whatever carries requests offers the same, so that nothing else knows which version of HTTP an application speaks."""

from __future__ import annotations

import inspect

import pytest

from appproxy.connector.origin import origin_stream
from appproxy.connector.origin.dial.attempt import Dialling
from appproxy.connector.origin.h1.connection import OriginConnection
from appproxy.connector.origin.h2.origin import H2Origin
from appproxy.connector.origin.h2.stream import H2Stream
from appproxy.connector.origin.load_balancer import LoadBalancer
from appproxy.connector.origin.origins import Origin
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.upgraded_stream import UpgradedStream

REAL = [
    (origin_stream.OriginStream, OriginConnection), (origin_stream.OriginStream, H2Stream),
    (origin_stream.OriginSource, Origin), (origin_stream.OriginSource, H2Origin), (origin_stream.OriginSource, LoadBalancer),
    (origin_stream.OriginUser, OriginRequest), (origin_stream.StreamUser, UpgradedStream),
    (origin_stream.OriginAttempt, Dialling),
]


def methods(kind: type) -> dict[str, list[str]]:
    """The public methods of a class, with the names of their arguments."""
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")
    }


@pytest.mark.parametrize(("role", "real"), REAL, ids=lambda kind: kind.__name__)
def test_every_kind_offers_what_its_role_asks_for(role: type, real: type) -> None:
    """The same methods with the same arguments."""
    offered = methods(real)
    assert methods(role) and {name: offered.get(name) for name in methods(role)} == methods(role)
