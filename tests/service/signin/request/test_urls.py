"""Where a sign-in leads back to."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.publish.routing import Router
from appproxy.service.signin.request.urls import url_of
from tests.service.sign_in_world import DOCS, WIKI

ROUTER = Router((WIKI, DOCS))
HOST = "wiki.example.com"


@pytest.mark.parametrize(("target", "url"), [
    ("/", f"https://{HOST}/"), ("/a?b=%20&c#d", f"https://{HOST}/a?b=%20&c#d"), ("/\xe4 x", f"https://{HOST}/%E4%20x"),
    ('/"<>', f'https://{HOST}/"<>')])
def test_on_the_application(target: str, url: str) -> None:
    """What is not printable is encoded; all else stays as the user has asked for it."""
    assert url_of(ROUTER, ROUTER.find(HOST, b"/"), target) == url


@pytest.mark.parametrize("target", ["", "x", "https://evil.example/", "/docs/", "/docs/a", "/a\n", "/a\\b"])
def test_and_nowhere_else(target: str) -> None:
    """Not to another site or application, nor where it can be read in two ways."""
    with pytest.raises(IdentityError) as caught:
        url_of(ROUTER, ROUTER.find(HOST, b"/"), target)
    assert caught.value.code is Code.SIGN_IN_STATE
    assert url_of(ROUTER, ROUTER.find(HOST, b"/docs/"), "/docs/a") == f"https://{HOST}/docs/a"
