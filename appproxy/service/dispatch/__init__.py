"""From a user's exchange to the relay, in stages: `order` has the list, `Dispatcher` walks it."""

from appproxy.identity.session import Session
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.dispatcher import Dispatcher
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.request_signer import RequestSigner

__all__ = [
    "ANSWERED", "Application", "ApplicationRoute", "Dispatcher", "ErrorPages", "Exchange", "InboundRequest", "Outcome",
    "RequestSigner", "Session", "Stage",
]
