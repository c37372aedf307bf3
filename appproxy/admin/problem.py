"""Errors of operations as problem details (RFC 9457), and back."""

from __future__ import annotations

from appproxy.errors import AlreadyThere, AppProxyError, ConfigError, NotFound, RequestError, StoreError


class WrongMethod(NotFound):
    """The path is there, but not with this method."""


#: The first that fits counts; the status is what a client needs to tell them apart.
_STATUS: tuple[tuple[type[AppProxyError], int, str], ...] = (
    (WrongMethod, 405, "Not possible here"),
    (NotFound, 404, "Not found"),
    (AlreadyThere, 409, "Already there"),
    (ConfigError, 422, "Wrong value"),
    (StoreError, 503, "The store refused"),
    (RequestError, 400, "Refused"),
)


def problem(error: AppProxyError) -> tuple[int, dict[str, object]]:
    """Status and problem object."""
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return status, {"type": "about:blank", "title": title, "status": status, "detail": str(error)}
    return 500, {"type": "about:blank", "title": "A fault of the service", "status": 500, "detail": "see its log"}


def error_of(status: int, body: object) -> AppProxyError:
    """The error that a problem object tells of."""
    detail = body.get("detail") if isinstance(body, dict) else None
    text = detail if isinstance(detail, str) else f"the service answered with status {status}"
    for kind, known, _ in _STATUS:
        if known == status and kind is not RequestError:
            return kind(text)
    return StoreError(text)
