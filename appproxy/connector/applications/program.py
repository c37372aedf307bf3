"""What the program that a connector is a part of brings for its applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted.internet.interfaces import IProtocolFactory

from appproxy.connector.applications.origin_auth import OriginAuths, nobody


@dataclass(frozen=True, slots=True)
class ProgramApplications:
    """`factories`: by application name, servers of this very process, which get those applications' connections.

    `origin_auth`: by application name, what authenticates requests there.
    """

    factories: Mapping[str, IProtocolFactory] = field(default_factory=dict)
    origin_auth: OriginAuths = nobody


#: Of a program that is nothing but a connector.
NOTHING_OF_ITS_OWN = ProgramApplications()
