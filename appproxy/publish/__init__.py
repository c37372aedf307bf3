"""Applications, routing and URLs: pure decisions on values."""

from appproxy.paths import is_ambiguous
from appproxy.publish.application import Application, HeaderRule, Preauthentication, Segment, Url
from appproxy.publish.routing import ApplicationRoute, Router, internal_target
from appproxy.publish.urls import Translation

__all__ = [
    "Application", "HeaderRule", "Preauthentication", "ApplicationRoute", "Router", "Segment", "Translation", "Url",
    "internal_target", "is_ambiguous",
]  # fmt: skip
