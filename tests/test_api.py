"""The public names: that they are there, light, typed and documented."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from twisted.protocols import tls

from appproxy import api
from tests import source

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "docs" / "library"


def typed() -> dict[str, str]:
    """The names that checkers of types see, and the modules that those come from."""
    tree = ast.parse(Path(api.__file__).read_text())
    [seen] = [node for node in tree.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    imports = [node for node in seen.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize("name", sorted(api.__all__))
def test_each_is_loaded_when_it_is_used(name: str) -> None:
    """Also the second time, and as the same object."""
    assert getattr(api, name) is getattr(api, name)


def test_what_is_loaded_is_what_types_are_checked_with() -> None:
    """Both lists, and `__all__`, name the same things from the same modules."""
    assert typed() == api._HOMES
    assert sorted(api.__all__) == sorted(api._HOMES) == dir(api)


def test_another_name_is_not_there() -> None:
    """The error names the module and the name, as for any module."""
    with pytest.raises(AttributeError, match="module 'appproxy.api' has no attribute 'ServiceNode'"):
        getattr(api, "Service" + "Node")


def test_there_are_few() -> None:
    """What is public must be kept: one more needs a reason that is better than that it might be useful."""
    assert len(api.__all__) <= 20


def test_nothing_is_loaded_before_it_is_used() -> None:
    """`import appproxy` and `import appproxy.api` cost a program nothing."""
    check = "import sys, appproxy.api; print(*sorted(name for name in sys.modules if name.startswith('appproxy')))"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert loaded.split() == ["appproxy", "appproxy.api"]


def test_each_is_on_the_page_of_the_library() -> None:
    """In the table of names, with what it is; and nothing else is there."""
    listed = re.findall(r"^\| `(\w+)` \|", (LIBRARY / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(api.__all__)


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.py")), ids=lambda path: path.name)
def test_examples_use_nothing_else(path: Path) -> None:
    """Whoever copies one depends on public names alone."""
    imported = [
        module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom | ast.Import)
        for module in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    ]
    assert {module for module in imported if module and module.startswith("appproxy")} == {"appproxy.api"}


def documented() -> Iterator[tuple[str, Any]]:
    """Each function and class of the public names, and each public method and property of those classes of ours."""
    for name in sorted(api.__all__):
        found = getattr(api, name)
        if isinstance(found, ModuleType):
            continue
        yield name, found
        if isinstance(found, type):
            for member, value in sorted(vars(found).items()):
                function = value.fget if isinstance(value, property) else value
                if not member.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{member}", function


def unexplained(found: Any) -> list[str]:
    """Arguments that the docstring does not name. What Twisted calls has Twisted's own names and meanings."""
    text = inspect.getdoc(found) or ""
    if isinstance(found, type):
        text += " " + (inspect.getdoc(vars(found).get("__init__")) or "")
    try:
        parameters = inspect.signature(found).parameters
    except ValueError:
        return []
    ours = [name for name in parameters if name not in ("self", "args", "kwargs") and name.islower()]
    return [name for name in ours if not re.search(rf"\b{name}\b", text)]


@pytest.mark.parametrize(("name", "found"), [pytest.param(*each, id=each[0]) for each in documented()])
def test_each_says_what_it_is(name: str, found: Any) -> None:
    """Every public name, method and property has a docstring."""
    assert (inspect.getdoc(found) or "").strip()


@pytest.mark.parametrize("name", [name for name in sorted(api.__all__) if inspect.isfunction(getattr(api, name))])
def test_functions_explain_arguments_and_errors(name: str) -> None:
    """Each argument by its name; and what is raised, where something is."""
    found = getattr(api, name)
    text = inspect.getdoc(found) or ""
    assert unexplained(found) == []
    if name != "identity_of":  # it gives None instead
        assert re.search(r"\b(Raises|Fails)\b", text)


def test_what_we_use_of_twisteds_privates_is_listed() -> None:
    """With the place where it is used: whoever takes up a new Twisted knows what to look at."""
    upstream = ast.parse(Path(tls.__file__).read_text())
    theirs = {node.attr for node in ast.walk(upstream) if isinstance(node, ast.Attribute)}
    theirs |= {node.name for node in ast.walk(upstream) if isinstance(node, ast.FunctionDef)}
    own = ast.parse((ROOT / "appproxy" / "net" / "secure" / "half_close.py").read_text())
    used = {node.attr for node in ast.walk(own) if isinstance(node, ast.Attribute)}
    used |= {node.name for node in ast.walk(own) if isinstance(node, ast.FunctionDef)}
    private = {name for name in used & theirs if name.startswith("_") and not name.startswith("__")}
    for path in source.files():
        for node in source.nodes(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("twisted."):
                private |= {alias.name for alias in node.names if alias.name.startswith("_")}
    page = (LIBRARY / "stability.md").read_text()
    assert sorted(name for name in private if f"`{name}`" not in page) == []
