"""May a request be sent to its application once more, after the connection broke before any answer?"""

from __future__ import annotations

from appproxy.connector.origin.origin_stream import OriginStream, RequestBody

#: How often a request is sent that is refused each time. Where an application ends its connections after some requests,
#: several that were refused together can meet the end of the next connection too.
MOST_TRIES = 5


#: A 408 that comes so many seconds behind a request on a kept connection was under way when that was written: longer than any
#: round trip to an application, shorter than any application's patience with a request that it has begun to read.
CROSSING_SECONDS = 1.0


def may_repeat(
    connection: OriginStream, upload: RequestBody | None, idempotent: bool, tries: int, *, unwritten: bool = False,
) -> bool:
    """Has the application certainly, or harmlessly, seen nothing of it? `tries`: how often it was sent so far.

    `unwritten`: not even its head was written, because it waits at the gate. HTTP/2 says it itself (RFC 9113 section 8.7);
    of HTTP/1.1 the carrier knows it when the application had ended a kept connection before anything of the request
    arrived. Else: when a kept connection closed just as it was used, not one byte of an answer came, all of the body is
    still here, and doing it twice is as good as once (RFC 9110 section 9.2.2).
    """
    if tries >= MOST_TRIES or (upload is not None and not upload.can_rewind):
        return False
    if connection.refused or (unwritten and tries == 1):
        return True
    return idempotent and connection.served > 0 and not connection.answered and tries < connection.most_tries
