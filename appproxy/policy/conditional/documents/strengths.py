"""Authentication strengths that are always there. A stored one of the same name takes the place of one of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from appproxy.policy.conditional.documents.naming import BUILTIN
from appproxy.policy.conditional.documents.reading import read_strength
from appproxy.policy.conditional.model import DEVICE, MFA, PHISHING_RESISTANT, Strength
from appproxy.policy.conditional.parts.devices import PROVED

#: As documents. `mfa` in `amr` is RFC 8176 section 2; what other providers call a second factor or a passkey, if they do so
#: otherwise, only their admin knows.
BUILT_IN: Mapping[str, Mapping[str, object]] = {
    MFA: {"name": MFA, "any_of": [
        {"acr": "urn:appproxy:acr:mfa", "provider": BUILTIN},
        {"acr": "urn:appproxy:acr:phishing-resistant", "provider": BUILTIN},
        {"amr": ["mfa"]},
    ]},
    PHISHING_RESISTANT: {"name": PHISHING_RESISTANT, "any_of": [
        {"acr": "urn:appproxy:acr:phishing-resistant", "provider": BUILTIN},
    ]},
    DEVICE: {"name": DEVICE, "any_of": [{"device": PROVED}]},
}  # fmt: skip


def strengths_of(documents: Iterable[object]) -> dict[str, Strength]:
    """All strengths by name: these documents', and the built-in ones'. Raises ConfigError."""
    return {one.name: one for one in map(read_strength, (*BUILT_IN.values(), *documents))}
