"""A device that a user has proved by its certificate: what a session carries of it, and what policies look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ProvedDevice:
    """Times are seconds since 1970. `authority`: id of the device authority that vouches for it; `fingerprint`: SHA-256 of the
    certificate; `subject`: the parts of its subject, such as `("CN", "laptop-7")`.

    `path`: what, if it is revoked, ends the proof: ids of the certificate, first, and of those above it. `ends`: when the
    first of these certificates ends. `answered`: until when a responder's answer counts that it is not revoked, 0.0 for none.
    """

    authority: str
    fingerprint: str
    subject: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    proved: float
    ends: float
    answered: float = 0.0

    def __str__(self) -> str:
        """Its subject, for people."""
        return ", ".join(f"{name}={value}" for name, value in self.subject) or self.fingerprint[:16]

    def payload(self) -> dict[str, object]:
        """As a JSON object with short names."""
        return {
            "a": self.authority, "f": self.fingerprint, "s": self.subject, "p": self.path, "t": self.proved, "e": self.ends,
            **({"u": self.answered} if self.answered else {})}

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> ProvedDevice:
        """What `payload` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            str(payload["a"]), str(payload["f"]), tuple((str(name), str(value)) for name, value in payload["s"]),
            tuple(map(str, payload["p"])), float(payload["t"]), float(payload["e"]), float(payload.get("u", 0.0)))
