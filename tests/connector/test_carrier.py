"""Whatever carries requests offers the same, so that nothing else knows which version of HTTP an application speaks."""

from __future__ import annotations

import inspect

import pytest

from appproxy.connector import carrier
from appproxy.connector.attempt import Dialling
from appproxy.connector.forward import Forward
from appproxy.connector.h2_origin import H2Origin
from appproxy.connector.h2_stream import H2Stream
from appproxy.connector.origin import Origin
from appproxy.connector.origin_connection import OriginConnection
from appproxy.connector.spread import Spread
from appproxy.connector.stream import UpgradedStream

REAL = [
    (carrier.Carrier, OriginConnection), (carrier.Carrier, H2Stream),
    (carrier.Source, Origin), (carrier.Source, H2Origin), (carrier.Source, Spread),
    (carrier.OriginUser, Forward), (carrier.StreamUser, UpgradedStream), (carrier.Attempt, Dialling),
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
