"""The public names: that they are there, light, typed and documented."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appproxy import api

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
