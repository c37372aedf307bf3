"""Reading the parameters of a request: from the query or from a form, bounded, each at most once."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.server import Request

from appproxy.errors import Code, RequestError
from appproxy.identity.openid.oidc import read_parameters
from appproxy.net.web import form_body

#: An authorization request of ours has about 1,200 bytes; a form adds its sealed copy, a name and a password.
LONGEST = 16 * 1024
#: A token request has a code of some 700 bytes, a verifier and a redirect URI.
LONGEST_TOKEN = 8 * 1024


def read_query(request: Request) -> Mapping[str, str]:
    """The parameters of the query. Raises RequestError."""
    return _read(request.uri.partition(b"?")[2])


def read_form(request: Request, longest: int = LONGEST) -> Mapping[str, str]:
    """The parameters of a posted form of at most so many bytes. Raises RequestError."""
    return _read(form_body(request, longest), longest)


def _read(encoded: bytes, longest: int = LONGEST) -> Mapping[str, str]:
    """A name without a value is left out (RFC 6749 section 3.1), one that comes twice is refused."""
    if len(encoded) > longest:
        raise RequestError(Code.BODY_TOO_LARGE, "parameters")
    return {name: value for name, value in read_parameters(encoded).items() if value}
