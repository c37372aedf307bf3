"""From a user's exchange to the relay, in stages: `order` has the list, `Dispatcher` walks it."""

from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.dispatcher import Dispatcher
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage

__all__ = ["ANSWERED", "Dispatcher", "InboundRequest", "Outcome", "ErrorPages", "ApplicationRoute", "Stage"]
