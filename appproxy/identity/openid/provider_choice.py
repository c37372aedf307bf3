"""Which of several identity providers a browser's sign-in goes to: by what was chosen before, or by a mail address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from appproxy.errors import IdentityError
from appproxy.identity.sealing import Key, seal_bytes, unseal_bytes

_PURPOSE = "provider choice"
#: Providers of which it is remembered that they were chosen: nobody has accounts with more.
_MOST = 8
#: Octets of a mail address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
MAX_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """What a browser has chosen. `last`: provider ids, the newest first; `settled`: the page need not ask again; `kept`: it
    stays so after the browser was closed.
    """

    last: tuple[str, ...] = ()
    settled: bool = False
    kept: bool = False

    def chosen(self, provider: str, *, keep: bool) -> ProviderChoice:
        """After another choice."""
        rest = (one for one in self.last if one != provider)
        return ProviderChoice((provider, *rest)[:_MOST], settled=True, kept=keep)

    def unsettled(self) -> ProviderChoice:
        """The page asks again, with the last choice first."""
        return replace(self, settled=False)

    def among(self, offered: Sequence[str]) -> str | None:
        """The provider that was settled on, of those that are offered; None: ask."""
        return next((one for one in self.last if one in offered), None) if self.settled else None

    def ordered(self, offered: Sequence[str]) -> list[str]:
        """All that are offered: those that were chosen before come first."""
        return [*(one for one in self.last if one in offered), *(one for one in offered if one not in self.last)]

    def seal(self, key: Key, nonce: bytes) -> bytes:
        """The value of a cookie."""
        plain = json.dumps([list(self.last), self.settled, self.kept], separators=(",", ":")).encode()
        return seal_bytes(_PURPOSE, plain, key, nonce)

    @classmethod
    def unseal(cls, value: bytes | None, keys: Iterable[Key]) -> ProviderChoice:
        """What a cookie says; nothing was chosen where there is none, or none of ours."""
        if value is None:
            return cls()
        try:
            last, settled, kept = json.loads(unseal_bytes(_PURPOSE, value, keys))
        except IdentityError:
            return cls()
        return cls(tuple(last), settled, kept)


def domain_of(address: str) -> str:
    """The domain of a mail address in its ASCII form (RFC 5890), in lower case; "" for what is none."""
    name, mark, domain = address.strip().rpartition("@")
    if not mark or not name or len(address) > MAX_ADDRESS or not address.strip().isprintable():
        return ""
    return ascii_domain(domain)


def ascii_domain(domain: str) -> str:
    """A domain in its ASCII form, in lower case; "" for what is none."""
    try:
        text = domain.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return ""
    labels = text.split(".")
    fits = len(text) <= 253 and all(0 < len(label) < 64 for label in labels)
    return text if fits and all(sign.isalnum() or sign in "-." for sign in text) else ""


def by_domain(address: str, domains: Mapping[str, Sequence[str]]) -> str | None:
    """The provider whose users have mail addresses of this domain, exactly; `domains` by provider. None: nobody's."""
    domain = domain_of(address)
    return next((provider for provider, own in domains.items() if domain and domain in own), None)
