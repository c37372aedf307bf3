"""The fields that every answer of our own carries, as one block."""

from __future__ import annotations

import base64
from hashlib import sha256

#: Nothing from elsewhere, no script, no frame. `form-action` also judges the redirects that follow a form, and those
#: of sign-in and sign-out lead to applications and providers on other hosts; that is why it has `https:`.
CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' https:; "
    b"frame-ancestors 'none'; base-uri 'none'"
)

#: With `no-referrer` browsers would send `Origin: null` with our own forms, and nobody could tell them from others'.
SECURITY_FIELDS = (
    b"content-security-policy: " + CONTENT_SECURITY_POLICY + b"\n"
    b"x-content-type-options: nosniff\n"
    b"x-frame-options: DENY\n"
    b"referrer-policy: same-origin\n"
    b"cross-origin-resource-policy: same-origin\n"
)



def with_script(*scripts: str) -> bytes:
    """`SECURITY_FIELDS` for a page with inline scripts, to the letter these, which may ask their own host."""
    hashes = b" ".join(b"'sha256-%b'" % base64.b64encode(sha256(script.encode()).digest()) for script in scripts)
    policy = CONTENT_SECURITY_POLICY + b"; script-src %b; connect-src 'self'" % hashes
    return SECURITY_FIELDS.replace(CONTENT_SECURITY_POLICY, policy)


#: Ours is never to be kept by a cache: it depends on who asks and when.
NO_STORE = b"cache-control: no-store\n"
