"""The table of failures: every one is in it, and what it says holds together."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from appproxy.errors import FAILURES, Code, IdentityError, LocalProtocolError, RemoteProtocolError, RequestError, Retry

#: Error types of RFC 9209 section 2.3, those that are used here.
TYPES = {
    "connection_limit_reached", "connection_refused", "connection_terminated", "connection_timeout",
    "destination_ip_unroutable", "destination_not_found", "destination_unavailable", "dns_error", "dns_timeout",
    "http_protocol_error",
    "http_request_denied", "http_request_error", "http_response_header_section_size", "http_response_incomplete",
    "http_response_timeout", "http_upgrade_failed", "proxy_configuration_error", "proxy_internal_error",
    "tls_certificate_error",
}  # fmt: skip


def test_every_failure_is_in_the_table() -> None:
    """A code that comes from a newer connector or a new line of ours always has a page."""
    assert set(FAILURES) == set(Code)


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name)
def test_what_is_said_of_it_holds_together(code: Code) -> None:
    """A status of errors and an error type of RFC 9209; a title and an advice that are sentences."""
    failure = FAILURES[code]
    # 499 is nginx's, for the log alone: the user has gone.
    assert failure.status == 499 or 400 <= HTTPStatus(failure.status) <= 599
    assert failure.proxy_status in TYPES
    assert failure.title[:1].isupper()
    assert failure.title[-1:].isalnum()
    assert failure.advice.endswith(".")


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name)
def test_who_is_asked_to_come_back_is_told_when(code: Code) -> None:
    """Retry-After goes with 503 and 429, and with nothing else (RFC 9110 section 10.2.3)."""
    failure = FAILURES[code]
    assert (failure.retry_after is not None) == (failure.status in (429, 503))
    assert failure.retry_after is None or 1 <= failure.retry_after <= 300


def test_what_may_be_given_to_another_connector() -> None:
    """Only failures of the tunnel: what an application or the service has answered, a second attempt must not repeat."""
    again = {code for code in Code if FAILURES[code].retry is not Retry.NEVER}
    assert again <= set(range(30)) | {Code.CONNECTOR_LOST}
    assert {code for code in again if FAILURES[code].retry is Retry.IDEMPOTENT} == {Code.DEAD_PEER, Code.CONNECTOR_LOST}


def test_the_detail_is_for_the_log() -> None:
    """It is in the exception's text, and in nothing that the user sees."""
    error = RequestError(Code.NOT_FOUND, "canary")
    assert str(error) == "NOT_FOUND: canary"
    assert str(RequestError(Code.NOT_FOUND)) == "NOT_FOUND"
    assert error.failure is FAILURES[Code.NOT_FOUND]
    assert "canary" not in f"{error.failure}"


def test_whose_fault_it_is() -> None:
    """Errors of the tunnel carry the code that goes on the wire; what is not to be believed is an error of the request."""
    assert LocalProtocolError("x").code is RemoteProtocolError("x").code is Code.PROTOCOL
    assert RemoteProtocolError("x", Code.TOO_LARGE).code is Code.TOO_LARGE
    assert IdentityError(Code.TOKEN_REFUSED).failure.status == 403
