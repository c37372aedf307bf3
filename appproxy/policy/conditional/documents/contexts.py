"""From documents to authentication contexts.

    name = "payroll"
    paths = ["/payroll/*"]
    methods = ["writes"]
    [applications]
    include = ["tag:hr"]
"""

from __future__ import annotations

from urllib.parse import quote

from appproxy.paths import is_ambiguous
from appproxy.policy.conditional.documents.fields import table_at, text_at, texts_at, wrong
from appproxy.policy.conditional.documents.naming import ALL, NO_TAGS, Tagged, applications
from appproxy.policy.conditional.parts.contexts import Area, Context
from appproxy.regex import compiled

WRITES = "writes"
_FIELDS = ("name", "applications", "paths", "methods")
_METHOD = compiled(r"[A-Z][A-Z0-9_-]{0,31}")
_LONGEST_NAME, _LONGEST_PATH = 64, 512
_MOST_PATHS, _MOST_METHODS = 100, 50
#: Signs that stay as they are in a path (RFC 3986 section 3.3), with the percent sign of what is encoded already.
_PLAIN = "/%:@!$&'()*+,=~-._"


def read_context(document: object, tagged: Tagged = NO_TAGS) -> Context:
    """An authentication context. Raises ConfigError, which begins with the path to the wrong field."""
    if not isinstance(document, dict):
        raise wrong("context", "a table is needed", f"it has {', '.join(_FIELDS)}")
    fields = table_at(document, "", _FIELDS)
    name = text_at(fields.get("name"), "name", _LONGEST_NAME)
    if name == ALL:
        raise wrong("name", "'all' has a meaning of its own", "choose another name")
    included, excluded = applications(fields.get("applications"), tagged)
    paths = texts_at(fields.get("paths"), "paths", _MOST_PATHS, _LONGEST_PATH)
    methods = texts_at(fields.get("methods"), "methods", _MOST_METHODS, 32)
    if not paths and not methods:
        raise wrong("paths", "the context is everywhere", "give paths or methods; a policy can name applications itself")
    for number, method in enumerate(methods):
        if method != WRITES and not _METHOD.fullmatch(method):
            raise wrong(f"methods[{number}]", f"{method!r} is no method", "write GET, POST, ..., or writes")
    named = frozenset(method.encode("ascii") for method in methods if method != WRITES)
    if b"GET" in named:  # its head alone tells much
        named |= {b"HEAD"}
    return Context(
        name, included, excluded, tuple(_area(text, f"paths[{number}]") for number, text in enumerate(paths)),
        named if named else None, WRITES in methods)


def _area(text: str, path: str) -> Area:
    below = text.endswith("/*")
    base = text[:-1] if below else text
    raw = quote(base, safe=_PLAIN).encode("ascii")
    if not base.startswith("/"):
        raise wrong(path, f"{text!r} does not begin with /", "write it as users see it: /payroll/*")
    if "*" in base:
        raise wrong(path, "a star can only be the end, behind a slash", "write /payroll/* for all that is below /payroll")
    if "?" in base or "#" in base:
        raise wrong(path, "a path has no query", "what is behind ? is not looked at")
    if is_ambiguous(raw):
        raise wrong(path, f"{text!r} can be read in more than one way", "leave out //, /./, /../, ; and encoded slashes")
    return Area(raw, below)


