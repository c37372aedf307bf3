"""What Twisted finds once appproxy is installed: two programs for twistd, a reactor, and endpoint strings that begin with
`appproxy:`.

Every program of Twisted that looks for plugins reads this file: nothing of appproxy is loaded before it is used.
"""

from __future__ import annotations

from typing import Any

from twisted.application.reactors import Reactor
from twisted.application.service import ServiceMaker
from twisted.internet.interfaces import IStreamServerEndpoint, IStreamServerEndpointStringParser
from twisted.plugin import IPlugin
from zope.interface import implementer

appproxy_service = ServiceMaker(
    "appproxy-service",
    "appproxy.twistd.service",
    "appproxy's public side: listens for users and for connectors.",
    "appproxy-service",
)

appproxy_connector = ServiceMaker(
    "appproxy-connector",
    "appproxy.twistd.connector",
    "appproxy's inner side: runs beside the applications and only dials out.",
    "appproxy-connector",
)

appproxy_reactor = Reactor("appproxy", "appproxy.net.loop.reactor", "epoll(7) with less work for each event: appproxy's own")


@implementer(IPlugin, IStreamServerEndpointStringParser)
class _PublishedParser:
    """`appproxy:STATE:application=NAME`: listen through a service, as the connector of that state directory."""

    prefix = "appproxy"

    def parseStreamServer(self, reactor: Any, *args: Any, **kwargs: Any) -> IStreamServerEndpoint:
        """Called by serverFromString."""
        from appproxy.twistd.endpoint import endpoint_of

        return endpoint_of(reactor, *args, **kwargs)


appproxy_published = _PublishedParser()
