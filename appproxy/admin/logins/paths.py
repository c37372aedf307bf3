"""Where machines ask at the administration's host, and the page for whoever lets them in (RFC 8628 section 3)."""

from __future__ import annotations

BEGIN, TOKEN, REVOKE, DEVICE = "/device-authorization", "/token", "/revoke", "/device"
