"""Parameters of queries and forms: bounded, each at most once, those without a value left out."""

from __future__ import annotations

from io import BytesIO

import pytest
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from appproxy.errors import Code, RequestError
from appproxy.provider.parameters import LONGEST, LONGEST_TOKEN, read_form, read_query

FORM = b"application/x-www-form-urlencoded"


def asked(query: bytes = b"", form: bytes = b"") -> Request:
    """A request with this query and this posted form."""
    request = Request(DummyChannel(), False)
    request.uri = b"/authorize?" + query
    request.method = b"POST"
    request.content = BytesIO(form)
    request.requestHeaders.setRawHeaders(b"content-type", [FORM])
    return request


def test_what_comes_is_read() -> None:
    """Percent-encoding and `+` are undone; a name without a value is as if it were not there (RFC 6749 section 3.1)."""
    assert read_query(asked(b"scope=openid+email&state=%C3%A4&prompt=&nonce")) == {"scope": "openid email", "state": "ä"}
    assert read_query(asked()) == {}
    assert read_form(asked(form=b"username=ann&password=a%26b")) == {"username": "ann", "password": "a&b"}


def test_a_query_is_not_a_form() -> None:
    """Neither is read where the other is wanted: a link in a mail cannot fill in a form."""
    both = asked(b"username=mallory", b"username=ann")
    assert read_form(both) == {"username": "ann"}
    assert read_query(both) == {"username": "mallory"}


def test_what_comes_twice_is_refused() -> None:
    """Two readers could take different ones."""
    with pytest.raises(RequestError):
        read_query(asked(b"client_id=a&client_id=b"))
    with pytest.raises(RequestError):
        read_form(asked(form=b"client_id=a&client_id=b"))


def test_how_much_may_come() -> None:
    """As long as the bound is read, one byte more is not; a token request has a smaller one."""
    assert len(read_query(asked(b"a=" + b"x" * (LONGEST - 2)))["a"]) == LONGEST - 2
    for long in (lambda: read_query(asked(b"a=" + b"x" * (LONGEST - 1))),
                 lambda: read_form(asked(form=b"a=" + b"x" * (LONGEST - 1))),
                 lambda: read_form(asked(form=b"a=" + b"x" * (LONGEST_TOKEN - 1)), LONGEST_TOKEN)):
        with pytest.raises(RequestError) as refused:
            long()
        assert refused.value.code is Code.BODY_TOO_LARGE
