"""What search engines are told on a host."""

from __future__ import annotations

import pytest

from appproxy.publish.application import Application, Url
from appproxy.publish.robots import robots_text
from appproxy.publish.routing import Router


def text(**closed: bool) -> bytes | None:
    """The text of a host with applications at these paths (`top` is `/`); True: search engines are to stay away."""
    router = Router([
        Application(name, name, Url.parse(f"https://a.example/{'' if name == 'top' else name}"), Url.parse("http://b/"),
                    robots_disallow=disallow)
        for name, disallow in closed.items()
    ])
    return robots_text(router.routes_of("a.example"))


@pytest.mark.parametrize(("closed", "said"), [
    ({"top": True}, b"Disallow: /\n"), ({"top": False}, None), ({}, None), ({"wiki": True}, b"Disallow: /wiki/\n"),
    ({"wiki": False}, None), ({"top": True, "wiki": True}, b"Disallow: /\n"),
    ({"top": True, "wiki": False}, b"Allow: /wiki/\nDisallow: /\n"), ({"top": False, "wiki": True}, None),
    ({"wiki": True, "blog": False}, b"Disallow: /wiki/\n"), ({"a": True, "b": True}, b"Disallow: /b/\nDisallow: /a/\n"),
])
def test_rules(closed: dict[str, bool], said: bytes | None) -> None:
    """Each application decides for its path; where the one at the top lets them in, the text is its own."""
    assert text(**closed) == (None if said is None else b"User-agent: *\n" + said)
