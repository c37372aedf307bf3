"""Settings of traces, the same at both ends but for what is traced: that is the service's to say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from appproxy.config.setting import setting
from appproxy.config.values import choice, number, optional, text
from appproxy.trace.sampling import FOLLOW, IGNORE, JOIN

#: Where collectors take spans (OTLP/HTTP, "OTLP/HTTP Request").
_PATH = "/v1/traces"
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~]*)")


def collector_url(value: object) -> str:
    """A reader of settings: where spans are posted, with the usual path where there is none."""
    found = text(value)
    try:
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("http://HOST:PORT or https://HOST:PORT of a collector is needed") from None
    if not found.isascii() or not found.isprintable() or " " in found:
        raise ValueError("a URL in ASCII is needed")
    return parts._replace(path=_PATH if parts.path in ("", "/") else parts.path, fragment="").geturl()


def collector_fields(file: str) -> tuple[tuple[str, str], ...]:
    """The lines `NAME: VALUE` of a file. Raises ValueError, which shows none."""
    found = []
    for count, line in enumerate(file.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            field = _FIELD.fullmatch(line.strip())
            if field is None:
                raise ValueError(f"line {count}: NAME: VALUE is needed, in ASCII")
            found.append((field[1], field[2]))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSettings:
    """Where spans go."""

    collector: str | None = setting(
        None, optional(collector_url), "Where traces are posted to, by OTLP over HTTP, such as http://127.0.0.1:4318;\n"
        "/v1/traces is added where it has no path. Empty: nothing is traced.", "URL")
    collector_fields: str | None = setting(
        None, optional(text), "Fields of each call to it, such as a key: a file with one NAME: VALUE a line.", "path")
    ca_bundle: str | None = setting(
        None, optional(text), "PEM certificates that alone vouch for it.", "path",
        default_text="this machine's authorities")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledTraceSettings(TraceSettings):
    """The service also says what is traced; connectors follow it."""

    ratio: float = setting(
        0.01, number(0, 1), "How many requests are traced: 0.01 is one of a hundred, 1 is all.",
        "share of requests")
    users: str = setting(
        IGNORE, choice(IGNORE, JOIN, FOLLOW), "What users' own traceparent counts for: `ignore`, a trace of ours begins;\n"
        "`join`, ours is part of theirs; `follow`, and they say whether it is traced, which anybody then can force.")
