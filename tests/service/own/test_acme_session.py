"""How an authority's refusals are put into words. What it says for real is in tests/end_to_end/test_acme.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acme import errors, messages
from acme.challenges import HTTP01

from appproxy.pki import new_key
from appproxy.service.own.acme_session import AcmeFailed, LibrarySession, _bundle, explain
from appproxy.store.certificates.acme import AcmeAccount

HOST = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="wiki.example.com")


def problem(code: str, detail: str, **more: Any) -> messages.Error:
    """A problem document."""
    made: messages.Error = messages.Error.from_json({"type": f"urn:ietf:params:acme:error:{code}", "detail": detail, **more})
    return made


def test_what_it_says_of_the_request() -> None:
    """Kind and words in one line, and those about each host."""
    assert explain(problem("rateLimited", "too many\ncertificates")) == "rateLimited: too many certificates"
    part = problem("caa", "CAA forbids it", identifier=HOST.to_json()).to_json()
    assert explain(problem("malformed", "no", subproblems=[part])) == "malformed: no; wiki.example.com caa: CAA forbids it"
    assert explain(errors.IssuanceError(problem("badCSR", "weak key"))) == "badCSR: weak key"
    assert explain(messages.Error.from_json({"title": "Teapot"})) == "about:blank: Teapot"


def test_what_it_saw_at_a_host() -> None:
    """Of those challenges that failed."""
    tried = messages.ChallengeBody(chall=HTTP01(token=b"t" * 16), error=problem("connection", "refused"))
    left = messages.ChallengeBody(chall=HTTP01(token=b"u" * 16))
    body = messages.Authorization(identifier=HOST, challenges=(tried, left))
    failed = messages.AuthorizationResource(body=body)
    assert explain(errors.ValidationError([failed])) == "wiki.example.com: connection: refused"


def test_what_the_network_says() -> None:
    """No answer, or none in time."""
    assert explain(errors.TimeoutError()) == "the authority did not come to a decision in time"
    assert explain(OSError("no\nroute")) == "OSError: no route"


def test_an_authority_that_is_not_there() -> None:
    """One exception, whose text names the address."""
    account = AcmeAccount("https://127.0.0.1:1/dir", (), "", new_key(), "", "", "")
    with pytest.raises(AcmeFailed, match=r"127\.0\.0\.1"):
        LibrarySession(account)


def test_its_own_root_is_a_file_only_as_long_as_it_is_needed() -> None:
    """The library wants a path."""
    with _bundle("PEM") as path:
        assert Path(path).read_text() == "PEM"
        assert Path(path).stat().st_mode & 0o077 == 0
    assert not Path(path).exists()
    with _bundle("") as path:
        assert path == ""
