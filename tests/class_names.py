"""Lists public classes of the product that are called alike: one name should have one meaning.

    python -m tests.class_names
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

from tests import source


def twice(modules: Iterable[tuple[str, ast.Module]]) -> dict[str, list[str]]:
    """Names of public classes that several of these modules (name and tree) define, with the modules."""
    found: dict[str, list[str]] = {}
    for name, tree in modules:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(name)
    return {name: places for name, places in sorted(found.items()) if len(places) > 1}


def here() -> dict[str, list[str]]:
    """Those of the product."""
    return twice((str(path.relative_to(source.ROOT)), source.tree(path)) for path in source.files())


def main() -> int:
    """Print them; how many there are."""
    found = here()
    for name, places in found.items():
        sys.stdout.write(f"{name}: {', '.join(places)}\n")
    return len(found)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
