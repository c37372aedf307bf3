"""Applications, routing and URLs: pure decisions on values."""

from appproxy.publish.application import Application, HeaderRule, Preauthentication, Url
from appproxy.publish.routing import Route, Router, internal_target, is_ambiguous

__all__ = ["Application", "HeaderRule", "Preauthentication", "Route", "Router", "Url", "internal_target", "is_ambiguous"]
