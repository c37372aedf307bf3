"""Who has signed a large list of revoked certificates, without holding up other threads.

`cryptography` encodes a list again, each entry, before it looks at its signature: with 200,000 of them that is a third of a
second in which no other thread of the process runs. Here the signed bytes are cut out of the list as it came, and hashed by
`hashlib`, which lets others run.
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

Signer = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


def has_signed(key: Signer, found: x509.CertificateRevocationList, der: bytes) -> bool:
    """Has this key signed a list? `der`: the list as it came, of which `found` was read: the library has refused one that
    names one algorithm inside, and another one at its signature (RFC 5280 section 5.1.1.2).
    """
    begin, _ = _content(der, 0)
    listed = der[begin:_content(der, begin)[1]]
    try:
        how, kind = found.signature_algorithm_parameters, found.signature_hash_algorithm
        if isinstance(key, ed25519.Ed25519PublicKey):
            if how is not None or kind is not None:
                return False
            key.verify(found.signature, listed)
            return True
        if kind is None:
            return False
        digest = hashlib.new(kind.name, listed).digest()
        if isinstance(key, rsa.RSAPublicKey):
            if not isinstance(how, padding.PKCS1v15 | padding.PSS):
                return False
            key.verify(found.signature, digest, how, Prehashed(kind))
            return True
        if not isinstance(how, ec.ECDSA):
            return False
        key.verify(found.signature, digest, ec.ECDSA(Prehashed(kind)))
        return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of a value of DER (X.690 section 8.1) begins and ends. `der` was read already, so that its lengths are
    good.
    """
    size, begin = der[at + 1], at + 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(der[at + 2:begin], "big")
    return begin, begin + size
