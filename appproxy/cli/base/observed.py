"""What a program on this machine says of itself where `metrics_listen` is set."""

from __future__ import annotations

import http.client

from appproxy.config import Address

#: An address that a program listens on, and nobody can dial.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
#: Bytes of an answer: `/live` and `/ready` say a line.
_MAX_BYTES = 200


def observe(listen: Address, path: str, seconds: float) -> tuple[int, str]:
    """Status and first line of `/live` or `/ready`.

    Raises OSError and HTTPException (http.client) when nothing answers within so many seconds.
    """
    asking = http.client.HTTPConnection(_EVERYWHERE.get(listen.host, listen.host), listen.port, timeout=seconds)
    try:
        asking.request("GET", path)
        answer = asking.getresponse()
        return answer.status, answer.read(_MAX_BYTES).decode("ascii", "replace").strip().partition("\n")[0]
    finally:
        asking.close()
