"""The authorities that this machine believes, and so, near enough, its users' browsers."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from appproxy.pki.pem import UNREADABLE, split_chain

#: Where systems keep them as one file, when Python was built for another system (its own answer comes first).
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def system_roots(bundles: tuple[str, ...] = _BUNDLES) -> list[x509.Certificate]:
    """All of them; [] when this machine has none. Reads files: some 10 ms."""
    own = ssl.get_default_verify_paths().cafile
    for path in (own, *bundles):
        if path is not None and Path(path).is_file():
            return list(_readable(Path(path).read_text(errors="replace")))
    return []


def _readable(bundle: str) -> Iterator[x509.Certificate]:
    """Real bundles hold certificates that today's rules refuse (a serial number of 0); nobody's chain leads to them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for piece in split_chain(bundle):
            with suppress(*UNREADABLE):
                yield x509.load_pem_x509_certificate(piece.encode())
