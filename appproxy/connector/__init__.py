"""The agent next to the applications: it only dials out."""

from appproxy.connector.enrol.enrolment import join
from appproxy.connector.node import ConnectorNode, TurnedAway

__all__ = ["ConnectorNode", "TurnedAway", "join"]
