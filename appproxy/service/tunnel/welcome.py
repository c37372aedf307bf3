"""What a connector hears that is let in: who this node is, where, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appproxy.tunnel.json_heads.node_list import NodePlace
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import Welcome


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """What does not change: the node's id, which start of it this is, and after how many days certificates are renewed."""

    id: str
    epoch: bytes
    renew_after: int

    def welcome(self, place: NodePlace, limits: TunnelLimits, configuration: int, offers: Mapping[str, int]) -> Welcome:
        """The WELCOME of now. `place`: where the node is; `configuration`: the version of what connectors are told; `offers`:
        what it can, besides its limits.
        """
        return Welcome(
            node=self.id, epoch=self.epoch, host=place.host, port=place.port, heartbeat=limits.ping_after,
            configuration=configuration, renew_after=self.renew_after,
            limits={"data_pings": limits.data_pings, "inline": limits.inline, **offers},
        )
