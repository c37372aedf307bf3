"""The two programs that twistd offers once appproxy is installed. Strings only: nothing of appproxy is loaded here."""

from twisted.application.service import ServiceMaker

appproxy_service = ServiceMaker(
    "appproxy-service",
    "appproxy.twistd.service",
    "appproxy's public side: listens for users and for connectors.",
    "appproxy-service",
)

appproxy_connector = ServiceMaker(
    "appproxy-connector",
    "appproxy.twistd.connector",
    "appproxy's inner side: stands beside the applications and only dials out.",
    "appproxy-connector",
)
