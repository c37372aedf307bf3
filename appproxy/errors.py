"""Every failure by name, on one page: status, Proxy-Status token, whose fault, retry or not, what to do.

A `Code` is a small number, because it also travels through the tunnel (`docs/protocol.md` lists them). `FAILURES` says
all the rest. Nothing else in appproxy decides which status a failure has.

The programs raise `AppProxyError`, which has a name, a message and a hint. Its subclasses tell who has to act: `ConfigError`
the admin, `LocalProtocolError` we, `RemoteProtocolError` the peer, `RequestError` whoever sent the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Self


class FailureSource(Enum):
    """Where a failure comes from, in the words that the error page uses."""

    REQUEST = "your request"
    SIGN_IN = "sign-in"
    POLICY = "access policy"
    PROVIDER = "identity provider"
    SERVICE = "application proxy service"
    CONNECTOR = "connector"
    APPLICATION = "application"


class Retry(Enum):
    """May the request be given to another connector after this failure?"""

    ANY = "not processed: any method"
    IDEMPOTENT = "unknown: idempotent methods, once"
    NEVER = "no"


class Code(IntEnum):
    """The failures. The numbers are part of the tunnel protocol and never change their meaning."""

    # The tunnel itself.
    PROTOCOL = 1
    TOO_LARGE = 2
    VERSION = 3
    DUPLICATE = 4
    REVOKED = 5
    NOT_APPROVED = 6
    SHUTTING_DOWN = 7
    OVERLOADED = 8
    DEAD_PEER = 9
    UNKNOWN_REQUEST = 10
    NOT_YOURS = 11
    CANCELLED = 12
    INTERNAL = 13
    # The connector did not take the request.
    DRAINING = 20
    CONNECTOR_BUSY = 21
    UNKNOWN_APPLICATION = 22
    # The application, as the connector met it.
    ORIGIN_REFUSED = 30
    ORIGIN_DNS = 31
    ORIGIN_CONNECT_TIMEOUT = 32
    ORIGIN_TLS = 33
    ORIGIN_CLOSED = 34
    ORIGIN_MALFORMED = 35
    ORIGIN_HEAD_TOO_LARGE = 36
    ORIGIN_TIMEOUT = 37
    ORIGIN_TRUNCATED = 38
    ORIGIN_UNREACHABLE = 39
    ORIGIN_DNS_TIMEOUT = 40
    ORIGIN_BUSY = 41
    CONNECTION_AUTHENTICATION = 42
    # The service, while it looked for a connector or waited for one.
    NO_CONNECTOR = 50
    QUEUE_FULL = 51
    QUEUE_TIMEOUT = 52
    NO_ATTACH = 53
    BACKEND_TIMEOUT = 54
    CONNECTOR_LOST = 55
    TOO_MANY_UPGRADES = 56
    STORE_UNAVAILABLE = 57
    MAINTENANCE = 58
    SHARE_EXCEEDED = 59
    GAVE_WAY = 60
    # The user's request.
    BAD_REQUEST = 70
    HEAD_TOO_LARGE = 71
    TARGET_TOO_LONG = 72
    BODY_TOO_LARGE = 73
    METHOD_NOT_ALLOWED = 74
    EXPECTATION_FAILED = 75
    METHOD_UNKNOWN = 76
    UNKNOWN_HOST = 77
    UPGRADE_WITH_BODY = 78
    AMBIGUOUS_PATH = 79
    REQUEST_TIMEOUT = 80
    VERSION_NOT_SUPPORTED = 81
    TOO_MANY_REQUESTS = 82
    NOT_FOUND = 83
    UPGRADE_REFUSED = 84
    MISDIRECTED = 85
    RATE_EXCEEDED = 86
    # Identity and policy.
    SIGN_IN_REQUIRED = 90
    NOT_ASSIGNED = 91
    SIGN_IN_STATE = 92
    PROVIDER_REFUSED = 93
    PROVIDER_UNREACHABLE = 94
    TOKEN_REFUSED = 95
    COOKIE_TOO_LARGE = 96
    THROTTLED = 97
    CROSS_SITE = 98
    CROSS_ORIGIN = 99
    COOKIE_DOUBLED = 100
    POLICY_BLOCKED = 101
    PROOF_MISSING = 102
    CREDENTIAL_REFUSED = 110
    PROGRAM_STEP_UP = 111


@dataclass(frozen=True, slots=True)
class Failure:
    """What a `Code` means to everyone who meets it.

    `status` is the HTTP status that the user gets, `proxy_status` the error type of RFC 9209 section 2.3, `title` one
    line for the error page, `advice` what the user can do, `retry_after` seconds for a Retry-After field.
    """

    status: int
    proxy_status: str
    source: FailureSource
    retry: Retry
    title: str
    advice: str
    retry_after: int | None = None


_ASK = "If it keeps happening, give your administrator the request id."
_AGAIN = "Try again in a moment. " + _ASK
_TUNNEL = FailureSource.CONNECTOR
_APP = FailureSource.APPLICATION
_REQ = FailureSource.REQUEST

FAILURES: dict[Code, Failure] = {
    Code.PROTOCOL: Failure(502, "http_protocol_error", _TUNNEL, Retry.NEVER,
                           "The connector broke the tunnel protocol", _AGAIN),
    Code.TOO_LARGE: Failure(502, "http_protocol_error", _TUNNEL, Retry.NEVER,
                            "The connector sent more than the tunnel allows", _ASK),
    Code.VERSION: Failure(503, "proxy_configuration_error", _TUNNEL, Retry.ANY,
                          "The connector and the service have no tunnel version in common", _ASK, 30),
    Code.DUPLICATE: Failure(503, "proxy_configuration_error", _TUNNEL, Retry.ANY,
                            "Two connectors use one identity", _ASK, 30),
    Code.REVOKED: Failure(503, "destination_unavailable", _TUNNEL, Retry.ANY,
                          "The connector's certificate is revoked", _ASK, 30),
    Code.NOT_APPROVED: Failure(503, "destination_unavailable", _TUNNEL, Retry.ANY,
                               "The connector waits for approval", _ASK, 30),
    Code.SHUTTING_DOWN: Failure(503, "destination_unavailable", FailureSource.SERVICE, Retry.ANY,
                                "The service is restarting", _AGAIN, 2),
    Code.OVERLOADED: Failure(503, "connection_limit_reached", FailureSource.SERVICE, Retry.ANY,
                             "The service is overloaded", _AGAIN, 5),
    Code.DEAD_PEER: Failure(502, "connection_terminated", _TUNNEL, Retry.IDEMPOTENT,
                            "The connector stopped responding", _AGAIN),
    Code.UNKNOWN_REQUEST: Failure(502, "http_protocol_error", _TUNNEL, Retry.NEVER,
                                  "The connector does not know this request", _AGAIN),
    Code.NOT_YOURS: Failure(502, "http_protocol_error", _TUNNEL, Retry.NEVER,
                            "The connector used another connector's request", _ASK),
    Code.CANCELLED: Failure(499, "connection_terminated", _REQ, Retry.NEVER,
                            "The user left", "Nothing to do."),
    Code.INTERNAL: Failure(500, "proxy_internal_error", FailureSource.SERVICE, Retry.NEVER,
                           "The service had an internal error", _ASK),
    Code.DRAINING: Failure(503, "destination_unavailable", _TUNNEL, Retry.ANY,
                           "The connector is shutting down", _AGAIN, 2),
    Code.CONNECTOR_BUSY: Failure(503, "connection_limit_reached", _TUNNEL, Retry.ANY,
                                 "The connector is overloaded", _AGAIN, 5),
    Code.UNKNOWN_APPLICATION: Failure(503, "proxy_configuration_error", _TUNNEL, Retry.ANY,
                                      "The connector does not know this application yet", _AGAIN, 5),
    Code.ORIGIN_REFUSED: Failure(502, "connection_refused", _APP, Retry.NEVER,
                                 "The application refused the connection", _AGAIN),
    Code.ORIGIN_DNS: Failure(502, "dns_error", _APP, Retry.NEVER,
                             "The application's name cannot be found", _ASK),
    Code.ORIGIN_CONNECT_TIMEOUT: Failure(504, "connection_timeout", _APP, Retry.NEVER,
                                         "The application did not accept a connection in time", _AGAIN),
    Code.ORIGIN_TLS: Failure(502, "tls_certificate_error", _APP, Retry.NEVER,
                             "The application's certificate cannot be trusted", _ASK),
    Code.ORIGIN_CLOSED: Failure(502, "connection_terminated", _APP, Retry.NEVER,
                                "The application closed the connection without an answer", _AGAIN),
    Code.ORIGIN_MALFORMED: Failure(502, "http_protocol_error", _APP, Retry.NEVER,
                                   "The application's answer is not valid HTTP", _ASK),
    Code.ORIGIN_HEAD_TOO_LARGE: Failure(502, "http_response_header_section_size", _APP, Retry.NEVER,
                                        "The header of the application's answer is too large", _ASK),
    Code.ORIGIN_TIMEOUT: Failure(504, "http_response_timeout", _APP, Retry.NEVER,
                                 "The application did not answer in time", _AGAIN),
    Code.ORIGIN_TRUNCATED: Failure(502, "http_response_incomplete", _APP, Retry.NEVER,
                                   "The application's answer was cut off", _AGAIN),
    Code.ORIGIN_UNREACHABLE: Failure(502, "destination_ip_unroutable", _APP, Retry.NEVER,
                                     "The application cannot be reached", _AGAIN),
    Code.ORIGIN_DNS_TIMEOUT: Failure(504, "dns_timeout", _APP, Retry.NEVER,
                                     "The application's name could not be looked up in time", _AGAIN),
    Code.ORIGIN_BUSY: Failure(503, "connection_limit_reached", _APP, Retry.NEVER,
                              "The application is busy with other requests", _AGAIN, 5),
    Code.CONNECTION_AUTHENTICATION: Failure(502, "proxy_configuration_error", FailureSource.SERVICE, Retry.NEVER,
                                            "The application cannot be signed in to in this way",
                                            "Tell your administrator that it needs protocol=http1."),
    Code.NO_CONNECTOR: Failure(503, "destination_unavailable", _TUNNEL, Retry.NEVER,
                               "No connector is online for this application", _AGAIN, 10),
    Code.QUEUE_FULL: Failure(503, "connection_limit_reached", FailureSource.SERVICE, Retry.NEVER,
                             "Too many requests wait for this application", _AGAIN, 5),
    Code.QUEUE_TIMEOUT: Failure(503, "destination_unavailable", _TUNNEL, Retry.NEVER,
                                "No connector took the request in time", _AGAIN, 5),
    Code.NO_ATTACH: Failure(504, "connection_timeout", _TUNNEL, Retry.NEVER,
                            "The connector did not ask for the request's body in time", _AGAIN),
    Code.BACKEND_TIMEOUT: Failure(504, "http_response_timeout", _APP, Retry.NEVER,
                                  "The application did not answer in time", _AGAIN),
    Code.CONNECTOR_LOST: Failure(502, "connection_terminated", _TUNNEL, Retry.IDEMPOTENT,
                                 "The connection to the connector was lost during your request", _AGAIN),
    Code.TOO_MANY_UPGRADES: Failure(503, "connection_limit_reached", FailureSource.SERVICE, Retry.NEVER,
                                    "Too many streams are open", _AGAIN, 30),
    Code.STORE_UNAVAILABLE: Failure(503, "proxy_internal_error", FailureSource.SERVICE, Retry.NEVER,
                                    "The service cannot reach its database", _AGAIN, 5),
    Code.MAINTENANCE: Failure(503, "destination_unavailable", _APP, Retry.NEVER,
                              "The application is under maintenance", "Come back later; nothing is wrong on your side.", 300),
    Code.SHARE_EXCEEDED: Failure(503, "connection_limit_reached", _REQ, Retry.NEVER,
                                 "You have too many open requests and streams",
                                 "Close some of your other pages and downloads here, then try again. " + _ASK, 10),
    Code.GAVE_WAY: Failure(503, "connection_limit_reached", _REQ, Retry.NEVER,
                           "Your connection was too slow while others waited", "Try again on a faster network. " + _ASK, 10),
    Code.BAD_REQUEST: Failure(400, "http_request_error", _REQ, Retry.NEVER,
                              "The request is not valid HTTP", "Reload the page."),
    Code.HEAD_TOO_LARGE: Failure(431, "http_request_error", _REQ, Retry.NEVER,
                                 "The request's header fields are too large",
                                 "Delete this site's cookies and try again."),
    Code.TARGET_TOO_LONG: Failure(414, "http_request_error", _REQ, Retry.NEVER,
                                  "The address is too long", "Shorten the address."),
    Code.BODY_TOO_LARGE: Failure(413, "http_request_error", _REQ, Retry.NEVER,
                                 "The upload is too large", "Send less at once."),
    Code.METHOD_NOT_ALLOWED: Failure(405, "http_request_denied", _REQ, Retry.NEVER,
                                     "This method is not allowed here", _ASK),
    Code.EXPECTATION_FAILED: Failure(417, "http_request_error", _REQ, Retry.NEVER,
                                     "The request expects something unknown",
                                     "Only `Expect: 100-continue` is understood."),
    Code.METHOD_UNKNOWN: Failure(501, "http_request_error", _REQ, Retry.NEVER,
                                 "The request's method is unknown", _ASK),
    Code.UNKNOWN_HOST: Failure(404, "destination_not_found", _REQ, Retry.NEVER,
                               "No application is published at this address",
                               "Check the address. " + _ASK),
    Code.UPGRADE_WITH_BODY: Failure(400, "http_request_error", _REQ, Retry.NEVER,
                                    "An upgrade request must have no body", _ASK),
    Code.AMBIGUOUS_PATH: Failure(400, "http_request_denied", _REQ, Retry.NEVER,
                                 "The address can be read in more than one way",
                                 "Write it without `..`, `//`, `\\`, `;` and encoded slashes."),
    Code.REQUEST_TIMEOUT: Failure(408, "http_request_error", _REQ, Retry.NEVER,
                                  "The request arrived too slowly", "Try again on a faster network."),
    Code.VERSION_NOT_SUPPORTED: Failure(505, "http_request_error", _REQ, Retry.NEVER,
                                        "This HTTP version is not supported", "Use HTTP/1.1."),
    Code.TOO_MANY_REQUESTS: Failure(429, "connection_limit_reached", _REQ, Retry.NEVER,
                                    "Too many requests", "Wait a little, then try again.", 5),
    Code.RATE_EXCEEDED: Failure(429, "http_request_denied", _REQ, Retry.NEVER,
                                "Too many requests", "Wait a little, then try again.", 5),
    Code.NOT_FOUND: Failure(404, "destination_not_found", _REQ, Retry.NEVER,
                            "There is no such page", "Check the address."),
    Code.UPGRADE_REFUSED: Failure(502, "http_upgrade_failed", _APP, Retry.NEVER,
                                  "No WebSocket can be opened at this address", _ASK),
    Code.MISDIRECTED: Failure(421, "http_request_error", _REQ, Retry.NEVER,
                              "This connection was made for another host", "Open the address again. " + _ASK),
    Code.SIGN_IN_REQUIRED: Failure(401, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                                   "You are not signed in", "Open the page in a browser and sign in."),
    Code.NOT_ASSIGNED: Failure(403, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                               "You may not use this application",
                               "Ask your administrator to assign it to you."),
    Code.SIGN_IN_STATE: Failure(400, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                                "This sign-in has expired or was started in another browser",
                                "Open the application again. Cookies must be allowed."),
    Code.PROVIDER_REFUSED: Failure(403, "http_request_denied", FailureSource.PROVIDER, Retry.NEVER,
                                   "The identity provider refused the sign-in", _ASK),
    Code.PROVIDER_UNREACHABLE: Failure(503, "destination_unavailable", FailureSource.PROVIDER, Retry.NEVER,
                                       "The identity provider cannot be reached", _AGAIN, 10),
    Code.TOKEN_REFUSED: Failure(403, "http_request_denied", FailureSource.PROVIDER, Retry.NEVER,
                                "The identity provider's answer cannot be trusted", _ASK),
    Code.COOKIE_TOO_LARGE: Failure(403, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                                   "Your account has too many groups for the access cookie", _ASK),
    Code.THROTTLED: Failure(429, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                            "Too many failed sign-ins", "Wait a minute, then try again.", 60),
    Code.CROSS_SITE: Failure(403, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                             "Another site may not open a WebSocket here", _ASK),
    Code.CROSS_ORIGIN: Failure(403, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                               "Pages of this origin may not make this call", _ASK),
    Code.COOKIE_DOUBLED: Failure(400, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                                 "Your browser has two access cookies of one name for this application",
                                 "They were deleted just now: open the page again. If this page comes back, delete the "
                                 "cookies of this site and of its neighbours; one of those sets the other cookie."),
    Code.CREDENTIAL_REFUSED: Failure(401, "http_request_denied", FailureSource.SIGN_IN, Retry.NEVER,
                                     "The token of your program is not accepted",
                                     "Ask your administrator for a new one, and check where it is sent."),
    Code.PROGRAM_STEP_UP: Failure(401, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                                  "Your program has to sign in again, with a stronger proof",
                                  "A policy asks for it: start the sign-in of the program once more. " + _ASK),
    Code.POLICY_BLOCKED: Failure(403, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                                 "A policy of your organisation does not allow this",
                                 "It may depend on where you are, on the time, or on your device. " + _ASK),
    Code.PROOF_MISSING: Failure(403, "http_request_denied", FailureSource.POLICY, Retry.NEVER,
                                "This application needs a stronger sign-in",
                                "Sign in with a second factor or a passkey if you have one. " + _ASK),
}


class AppProxyError(Exception):
    """Anything that appproxy raises on purpose, and the one way to say an error: its name, what is wrong, and what to do.

    `name` is for programs, and made of the class's: `not-found`. `message` is one line that names the setting, the thing or
    the place; `hint` says what to do, "" where the message does. As a text it is both, with a semicolon between. It becomes
    a line, a problem document or a page in one place each: `cli.main`, `admin.problem`, `pages.errors`.
    """

    name = "app-proxy"

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __init_subclass__(cls) -> None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__.strip("_")).lower()
        cls.name = words.removesuffix("-error")

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def at(self, place: str) -> Self:
        """The same error, its message beginning with where it happened: a file, a key."""
        self.message = f"{place}: {self.message}"
        return self


class ConfigError(AppProxyError):
    """A setting is missing or wrong; the message names its key and what to do. For admins: show it without a traceback."""


class StoreError(AppProxyError):
    """The store refused: not found, already there, wrong master key; the message names what to do."""


class StoreAway(StoreError):
    """The database server cannot be reached now; it may be again at any time."""


class NotFound(StoreError):
    """Nothing of this name is there; the message lists near ones."""


class KeyReused(AppProxyError):
    """The same idempotency key came with another change."""


class AlreadyThere(StoreError):
    """The name or URL is taken, or the thing is still in use."""


class RequestError(AppProxyError):
    """One request fails with `code`; `detail` is for the log only and never shown to the user.

    `retry_after`: seconds for Retry-After, in place of what the failure has.
    """

    def __init__(self, code: Code, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(f"{code.name}: {detail}" if detail else code.name)
        self.name = code.name.lower().replace("_", "-")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    @property
    def failure(self) -> Failure:
        """What the user is to see."""
        return FAILURES[self.code]


class ProtocolError(AppProxyError):
    """The rules of the tunnel were broken; `code` goes on the wire."""

    def __init__(self, message: str, code: Code = Code.PROTOCOL) -> None:
        super().__init__(message)
        self.code = code


class LocalProtocolError(ProtocolError):
    """This program asked for something that the protocol forbids: a bug of ours."""


class RemoteProtocolError(ProtocolError):
    """The peer did something that the protocol forbids: drop the connection."""


class IdentityError(RequestError):
    """A token, claim, cookie or certificate is not to be believed."""
