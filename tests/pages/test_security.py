"""The fields that every page of ours carries."""

from __future__ import annotations

import base64
from hashlib import sha256

from appproxy.http.fields import check_block, values
from appproxy.pages.security import CONTENT_SECURITY_POLICY, NO_STORE, SECURITY_FIELDS, with_script


def policy(block: bytes) -> dict[bytes, bytes]:
    """The directives of the one policy in a block of fields."""
    (value,) = values(block, b"content-security-policy")
    return {name: sources for name, _, sources in (part.strip().partition(b" ") for part in value.split(b";"))}


def test_they_are_proper_fields() -> None:
    """As those that stand in the head of an answer have to be."""
    for block in (SECURITY_FIELDS, NO_STORE, with_script("a()")):
        check_block(block)


def test_a_page_loads_nothing_from_elsewhere_and_is_in_no_frame() -> None:
    """No script at all, styles and pictures from our own host, and no frame around it (CSP 3)."""
    found = policy(SECURITY_FIELDS)
    assert found[b"default-src"] == found[b"frame-ancestors"] == found[b"base-uri"] == b"'none'"
    assert b"script-src" not in found
    assert values(SECURITY_FIELDS, b"x-frame-options") == [b"DENY"]
    assert values(SECURITY_FIELDS, b"x-content-type-options") == [b"nosniff"]


def test_a_page_with_a_script_allows_this_one_alone() -> None:
    """To the letter: any other, and one that differs in a sign, is not run; all else is as on other pages."""
    script = "fetch('/ä')"
    found = policy(with_script(script))
    assert found.pop(b"script-src") == b"'sha256-%b'" % base64.b64encode(sha256(script.encode()).digest())
    assert found.pop(b"connect-src") == b"'self'"
    assert found == policy(b"content-security-policy: " + CONTENT_SECURITY_POLICY + b"\n")
    assert with_script(script + " ") != with_script(script)
