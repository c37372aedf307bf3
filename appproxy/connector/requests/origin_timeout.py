"""How long an application may take, and when the waiting is not its fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.connector.origin.dial.reasons import place_name

if TYPE_CHECKING:
    from appproxy.connector.applications.route import OriginRoute
    from appproxy.connector.origin.origin_stream import OriginStream
    from appproxy.connector.requests.upload import OriginUpload
    from appproxy.connector.tunnel.attachment import DataAttachment
    from appproxy.tunnel.messages import Request

#: The service's own back-end timeout comes first, because it also counts what the tunnel takes; this is for the case
#: that its CANCEL does not come.
TIMEOUT_MARGIN = 5.0


def why_late(route: OriginRoute | None, request: Request) -> str:
    """Which application was silent for how long, for the log and the service."""
    place = "the application" if route is None else place_name(route.target.address)
    return f"{place}: no answer within backend_timeout, {request.timeout:g} s"


def is_excused(connection: OriginStream | None, upload: OriginUpload | None, attachment: DataAttachment | None) -> bool:
    """Does the application wait for us? Its answer is not being read, or the user's body has not come."""
    if connection is None:
        return False
    if connection.read_gate.held:
        return True
    data = None if attachment is None else attachment.connection
    return upload is not None and upload.handed_over and not upload.over and data is not None and not data.read_gate.held
