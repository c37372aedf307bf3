"""What a client gives for tokens at a token end point, the provider's as well as the administration's (OAuth 2.0)."""

from __future__ import annotations

#: RFC 8628 section 3.4.
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
#: RFC 6749 section 6.
REFRESH = "refresh_token"
