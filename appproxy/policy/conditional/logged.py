"""A decision as the decision log keeps it: one JSON object a line, with all that policies look at.

Keys: `time` (seconds since 1970), `application` (its id), `provider`, `user` and `groups` (ids), `acr`, `amr`, `auth_time`,
`network` (where the session began), `credential`, `client` (the address), `truncated` (its last bits are left out),
`user_agent`, `method`, `path` (without the query), `upgrade`, `sign_in_risk`, `user_risk` (levels of then), `device` (that was
proved in the session), `outcome` (one of `Outcome`), `reason`, and `skipped`: how many decisions before it were not logged,
because there were too many in a second; `elsewhere`: it is a sign-in to a relying party.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from appproxy.device import ProvedDevice

#: Bits of an address that are kept where it is truncated: what a provider usually gives to one site.
KEPT_BITS = {4: 24, 6: 48}
_LONGEST_TEXT = 512


class Outcome(Enum):
    """What becomes of a request."""

    PASS = "pass"
    LIMITED = "limited"
    ASKED = "asked for more"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Logged:
    """One decision: a session (`facts.Judged`) and a request (`facts.Request`), with what was decided."""

    now: float
    application: str
    provider: str
    subject: str
    outcome: Outcome
    reason: str = ""
    groups: tuple[str, ...] = ()
    acr: str = ""
    amr: tuple[str, ...] = ()
    auth_time: float = 0.0
    issued: float = 0.0
    network: str = ""
    credential: str = ""
    client: str = ""
    truncated: bool = False
    user_agent: bytes = b""
    method: bytes = b"GET"
    path: bytes = b"/"
    upgrade: bool = False
    skipped: int = 0
    sign_in_risk: str = ""
    user_risk: str = ""
    device: ProvedDevice | None = None
    elsewhere: bool = False

    def line(self) -> str:
        """As a line of the log, without its end."""
        made: dict[str, object] = {
            "time": round(self.now, 3), "application": self.application, "provider": self.provider, "user": self.subject,
            "groups": self.groups, "acr": self.acr, "amr": self.amr, "auth_time": self.auth_time, "issued": self.issued,
            "network": self.network, "credential": self.credential, "client": self.client,
            "user_agent": self.user_agent[:_LONGEST_TEXT].decode("latin-1"), "method": self.method.decode("latin-1"),
            "path": self.path.decode("latin-1"), "outcome": self.outcome.value, "reason": self.reason,
            "truncated": self.truncated, "upgrade": self.upgrade, "skipped": self.skipped,
            "sign_in_risk": self.sign_in_risk, "user_risk": self.user_risk,
            "device": None if self.device is None else self.device.payload(), "elsewhere": self.elsewhere,
        }
        return json.dumps({key: value for key, value in made.items() if value}, separators=(",", ":"))


def read_line(line: bytes | str) -> Logged:
    """A line of the log. Raises ValueError for what is none."""
    try:
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return _logged(found)
    except (KeyError, TypeError, AttributeError, UnicodeError) as error:
        raise ValueError(f"it lacks {error}") from error
    except (OverflowError, RecursionError) as error:
        raise ValueError("it has what no line has") from error


def _logged(found: Mapping[str, object]) -> Logged:
    get = found.get
    groups, amr, device = get("groups", ()), get("amr", ()), get("device")
    if not isinstance(groups, list | tuple) or not isinstance(amr, list | tuple):
        raise TypeError("lists")
    return Logged(
        _number(found["time"]), str(found["application"]), str(found["provider"]), str(found["user"]),
        Outcome(found["outcome"]), str(get("reason", "")), tuple(map(str, groups)), str(get("acr", "")),
        tuple(map(str, amr)), _number(get("auth_time", 0.0)), _number(get("issued", 0.0)), str(get("network", "")),
        str(get("credential", "")), str(get("client", "")), bool(get("truncated")),
        str(get("user_agent", "")).encode("latin-1"), str(get("method", "")).encode("latin-1"),
        str(get("path", "")).encode("latin-1"), bool(get("upgrade")), int(_number(get("skipped", 0))),
        str(get("sign_in_risk", "")), str(get("user_risk", "")),
        ProvedDevice.read(device) if isinstance(device, dict) else None, bool(get("elsewhere")),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number")
    return float(value)


def truncated(address: str) -> str:
    """An address without its last bits: of IPv4 the /24, of IPv6 the /48; "" for none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    dropped = parsed.max_prefixlen - KEPT_BITS[parsed.version]
    return str(type(parsed)(int(parsed) >> dropped << dropped))
