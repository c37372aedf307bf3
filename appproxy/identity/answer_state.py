"""A provider's answer that was posted to us, on its way through one redirect of the browser.

    POST /callback   code=...&state=STATE   ---->   GET /callback?state=STATE&answer=SEALED

`state` stays readable, so that a sign-in which fails still finds its way back; all else is sealed and bound to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from appproxy.errors import Code, RequestError
from appproxy.identity import sealing
from appproxy.identity.sealing import Key

_PURPOSE = "posted answer"
#: Two steps of one redirect, in seconds.
_LIFETIME = 60.0
#: Bytes of the query: with its path the URL stays below the 8,192 of one request target.
_MAX_QUERY = 8000


def seal(parameters: Mapping[str, str], key: Key, now: float, nonce: bytes) -> str:
    """The query that a browser carries the answer on with. Raises RequestError(TARGET_TOO_LONG)."""
    state = parameters.get("state", "")
    rest = {name: value for name, value in parameters.items() if name != "state"}
    sealed = sealing.seal(_PURPOSE, rest, key, now + _LIFETIME, nonce, (state,))
    query = urlencode({"state": state, "answer": sealed.decode("ascii")})
    if len(query) > _MAX_QUERY:
        raise RequestError(Code.TARGET_TOO_LONG, "the provider's answer and the way back do not fit into a URL together")
    return query


def unsealed(parameters: Mapping[str, str], keys: Iterable[Key], now: float) -> Mapping[str, str]:
    """The answer's parameters, whether they came in the URL themselves or sealed. What cannot be opened is left as it is:
    then the answer has no code. Never raises.
    """
    state, text = parameters.get("state", ""), parameters.get("answer")
    if text is None:
        return parameters
    try:
        rest = sealing.unseal(_PURPOSE, text.encode(), keys, now, (state,))
    except RequestError:
        return parameters
    return {**{name: str(value) for name, value in rest.items()}, "state": state}
