"""Documents become authentication contexts, or an error that begins with the path to the wrong field."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.parts.contexts import Area

GOOD: dict[str, Any] = {"name": "c", "applications": {"include": ["a1", "tag:hr"]}, "paths": ["/payroll/*", "/pay"]}


def test_a_whole_context() -> None:
    """Everything that a document can say."""
    made = read_context({**GOOD, "methods": ["GET", "writes"]}, {"hr": ["a2"]})
    assert made.applications == frozenset({"a1", "a2"})
    assert made.areas == (Area(b"/payroll/", True), Area(b"/pay", False))
    assert made.methods == frozenset({b"GET", b"HEAD"})
    assert made.writes


@pytest.mark.parametrize(("wrong", "message", "hint"), [
    ({"name": "all"}, "name: 'all' has a meaning", ""), ({"name": ""}, "name: ", ""),
    ({"path": "/"}, "path: there is no such field", "did you mean paths?"),
    ({"paths": []}, "paths: the context is everywhere", "methods"),
    ({"paths": ["payroll/*"]}, "paths[0]: 'payroll/*' does not begin with /", "/payroll/*"),
    ({"paths": ["/x", "/*/x"]}, "paths[1]: a star can only be the end", "/payroll/*"),
    ({"paths": ["/payroll*"]}, "paths[0]: a star can only be the end", ""),
    ({"paths": ["/x?page=payroll"]}, "paths[0]: a path has no query", ""),
    ({"paths": ["/x/../y"]}, "paths[0]: '/x/../y' can be read in more than one way", ""),
    ({"paths": ["/a%2Fb"]}, "paths[0]: ", "encoded slashes"), ({"paths": ["/a%"]}, "paths[0]: ", ""),
    ({"methods": ["get"]}, "methods[0]: 'get' is no method", "GET"),
    ({"applications": {}}, "applications.include: is needed", '["all"]'),
    ({"applications": {"include": ["tag:HR"]}}, "applications.include[0]: 'tag:HR' is no tag", "lower case"),
    ({"applications": {"include": ["all"], "exclude": ["tag:"]}}, "applications.exclude[0]: 'tag:' is no tag", ""),
])
def test_a_wrong_context(wrong: dict[str, Any], message: str, hint: str) -> None:
    """Where, what, and what to do."""
    with pytest.raises(ConfigError) as caught:
        read_context({**GOOD, **wrong})
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
