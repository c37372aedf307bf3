"""The one place where an error becomes an answer of the admin API: problem details (RFC 9457), and back."""

from __future__ import annotations

from appproxy.admin.base.principal import Forbidden, LastAdministrator
from appproxy.errors import AlreadyThere, AppProxyError, ConfigError, KeyReused, NotFound, RequestError, StoreError


class WrongMethod(NotFound):
    """The path is there, but not with this method."""


class Changed(AppProxyError):
    """It is not what the caller has read before (RFC 9110 section 15.5.13)."""


class Stranger(AppProxyError):
    """Who calls may not call at all."""


class TooLarge(AppProxyError):
    """More than is taken in one call."""


class Busy(AppProxyError):
    """It takes long, and somebody else has it done just now."""


class TooOften(AppProxyError):
    """The same caller has asked for too much in a short time."""


class Unreadable(AppProxyError):
    """The request is none that can be understood."""


class NotJson(AppProxyError):
    """The body is not JSON."""


class NotSaidToBeJson(NotJson):
    """Nor does its Content-Type say so."""


#: The first that fits counts; the status is what a client needs to tell them apart.
_STATUS: tuple[tuple[type[AppProxyError], int, str], ...] = (
    (Stranger, 403, "Refused"),
    (Forbidden, 403, "Not allowed"),
    (TooLarge, 413, "Too large"),
    (NotSaidToBeJson, 415, "Not JSON"),
    (NotJson, 400, "Not JSON"),
    (Unreadable, 400, "Not understood"),
    (KeyReused, 422, "Idempotency key used again"),
    (Changed, 412, "Changed meanwhile"),
    (WrongMethod, 405, "Not possible here"),
    (NotFound, 404, "Not found"),
    (AlreadyThere, 409, "Already there"),
    (LastAdministrator, 409, "The last administrator"),
    (ConfigError, 422, "Wrong value"),
    (StoreError, 503, "The store refused"),
    (Busy, 503, "Busy with another one"),
    (TooOften, 429, "Too often"),
    (RequestError, 400, "Refused"),
)


def problem(error: BaseException | None) -> tuple[int, dict[str, object]]:
    """Status and problem object; what nobody raised on purpose is a fault, of which only the log tells.

    Beside the members of RFC 9457 it has `name`, and `hint` where `detail` ends in one.
    """
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            hint = {"hint": error.hint} if error.hint else {}
            said = {"title": title, "status": status, "detail": str(error), "name": error.name, **hint}
            return status, {"type": "about:blank", **said}
    said = {"title": "A fault of the service", "status": 500, "detail": "see its log", "name": "fault"}
    return 500, {"type": "about:blank", **said}


def error_of(status: int, body: object) -> AppProxyError:
    """The error that a problem object tells of."""
    said = body if isinstance(body, dict) else {}
    detail, hint, name = (said.get(key) for key in ("detail", "hint", "name"))
    text = detail if isinstance(detail, str) else f"the service answered with status {status}"
    own_hint = hint if isinstance(hint, str) and text.endswith(f"; {hint}") else ""
    fitting = [kind for kind, known, _ in _STATUS if known == status and kind is not RequestError]
    kind = next((one for one in fitting if one.name == name), fitting[0] if fitting else StoreError)
    return kind(text.removesuffix(f"; {own_hint}") if own_hint else text, hint=own_hint)
