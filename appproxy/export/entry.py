"""An entry of the audit on its way to another system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

#: Signs of the link that an id has: enough that two entries of one number, of a database and of an older copy of it which was
#: put in its place, differ.
_LINK_SIGNS = 16


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """One entry; `link` binds it to the one before (`appproxy audit verify`), "" in what the oldest versions have written.

    `service`: the domain of the service, so that entries of several are told apart.
    """

    service: str
    number: int
    time: float
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]
    link: str

    @property
    def id(self) -> str:
        """What receivers drop doubles by: an entry has the same one however often it comes."""
        return f"{self.number}-{self.link[:_LINK_SIGNS]}" if self.link else str(self.number)

    @property
    def moment(self) -> str:
        """When it happened, as RFC 3339 in UTC."""
        return datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def subject(self) -> str:
        """The actor without its kind: `ann` of `user:ann`; "" for nobody and for the service itself."""
        return self.actor.partition(":")[2]

    @property
    def address(self) -> str:
        """The IP address that it came from, "" where there is none: counted entries have a network."""
        text = str(self.detail.get("from") or self.detail.get("address") or "")
        try:
            ip_address(text)
        except ValueError:
            return ""
        return text

    def text(self, key: str) -> str:
        """A key of the detail as text, "" where it is not there."""
        value = self.detail.get(key)
        return "" if value is None else str(value)
