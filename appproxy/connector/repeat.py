"""May a request be sent to its application once more, after the connection broke before any answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appproxy.connector.carrier import Carrier
    from appproxy.connector.upload import Upload


def may_repeat(connection: Carrier, upload: Upload | None, idempotent: bool) -> bool:
    """Has the application certainly, or harmlessly, seen nothing of it? To be asked once a request.

    HTTP/2 says it itself (RFC 9113 section 8.7). With a body: as long as the gate is closed nothing was written. Without:
    when a kept connection closed just as it was used, not one byte of an answer came, and doing it twice is as good as
    once (RFC 9110 section 9.2.2).
    """
    if connection.refused:
        return upload is None or upload.can_rewind
    if upload is not None:
        return not upload.handed_over
    return idempotent and connection.served > 0 and not connection.answered
