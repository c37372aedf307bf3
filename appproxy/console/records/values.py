"""What is in a record, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Fields that are a moment in seconds since 1970, 0 for never.
_TIMES = frozenset({
    "added", "changed", "created", "credentials_changed", "expires", "former_until", "last", "last_seen", "next_update",
    "not_after", "not_before", "ordered", "renewed", "rotated", "secret_changed", "seen", "since", "started", "time", "until",
    "tunnel_certificate_expires", "used", "user_certificate_expires"})
#: Fields that are shown this once, and can be copied.
_SECRETS = frozenset({"link", "password", "secret", "token"})
#: Of fields whose own names say too little.
_LABELS = {
    "backchannel_logout_session_required": "Told which session has ended", "former_until": "The secret before counts until",
    "frontchannel_logout_uri": "Front-channel sign-out URI", "backchannel_logout_uri": "Back-channel sign-out URI",
    "idle_minutes": "Ends without a request after (minutes)", "post_logout_redirect_uri": "Sign-out redirect URI",
    "post_logout_redirect_uris": "Sign-out redirect URIs", "rotated": "Secret made", "expires": "Ends", "not_after": "Ends",
    "session_hours": "A session lasts at most (hours)", "tunnel_certificate_expires": "Certificate for connectors ends",
    "sign_ins": "Sign-ins of the last 30 days", "medium": "Medium from (points)", "high": "High from (points)",
    "rates": "How many reach how many points", "user_certificate_expires": "Default certificate ends",
    "jwks_uri": "Keys of the client (JWKS)", "used": "Last used",
}  # fmt: skip
#: Longer than this a text is folded away.
_LONG = 200


@dataclass(frozen=True, slots=True)
class ShownField:
    """`kind`: `time`, `text`, `long`, `list` or `table`; `value`: what it is, `rows`: of a table."""

    name: str
    label: str
    kind: str
    value: object
    is_secret: bool = False


def shown_fields(record: object) -> list[ShownField]:
    """The fields of a record, those that are empty left out."""
    if isinstance(record, list):
        return [ShownField(str(number + 1), f"{number + 1}", *_shown("", one)) for number, one in enumerate(record)]
    if not isinstance(record, Mapping):
        return [ShownField("", "Answer", *_shown("", record))]
    return [
        ShownField(name, label_of(name), *_shown(name, value), is_secret=name in _SECRETS and isinstance(value, str))
        for name, value in record.items() if value not in ("", None, [], {})
    ]


def label_of(name: str) -> str:
    """`redirect_uri` is said as `Redirect URI`."""
    if name in _LABELS:
        return _LABELS[name]
    words = name.replace("_", " ").replace("-", " ")
    return (words[:1].upper() + words[1:]).replace(" uri", " URI").replace(" url", " URL").replace("Ca ", "CA ")


def shown(name: str, value: object) -> str:
    """A value in one line, for a list; times are for whoever shows them."""
    kind, said = _shown(name, value)
    if kind == "list":
        assert isinstance(said, list)
        return ", ".join(said[:4]) + (f" and {len(said) - 4} more" if len(said) > 4 else "")
    return str(said)


def is_time(name: str) -> bool:
    """Is it a moment?"""
    return name in _TIMES


def _shown(name: str, value: object) -> tuple[str, object]:
    if isinstance(value, bool):
        return "text", "yes" if value else "no"
    if name in _TIMES and isinstance(value, int | float):
        return "time", value
    if isinstance(value, Mapping):
        return "list", [f"{key}: {flat(each)}" for key, each in value.items()]
    if isinstance(value, list):
        return "list", [flat(each) for each in value]
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return ("long" if len(text) > _LONG else "text"), text


def flat(value: object, sign: str = " ") -> str:
    """Any value in one line, as users write it: truth as yes and no; `sign` is between the keys and values of an object."""
    if isinstance(value, Mapping):
        said = (lambda key: key) if sign == "=" else (lambda key: key.replace("_", " "))
        return ", ".join(
            f"{said(key)}{sign}{flat(each, sign)}" for key, each in value.items() if each not in ("", None, [], {}))
    if isinstance(value, list):
        return ", ".join(flat(each, sign) for each in value)
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
    return "yes" if value is True else "no" if value is False else "" if value is None else str(value)
