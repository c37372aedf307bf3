"""The page on the library, and its example of a test."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "docs" / "library"
PAGE = (LIBRARY / "README.md").read_text()


def test_the_page_shows_the_example_as_it_is() -> None:
    """Whoever copies it from the page has what is checked and run here."""
    [shown] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert (LIBRARY / "test_wiki.py").read_text().endswith(f'"""\n\n{shown}')


def test_the_example_works() -> None:
    """What the page says is what happens."""
    runpy.run_path(str(LIBRARY / "test_wiki.py"))["test_the_wiki_knows_its_user"]()


def test_every_example_is_on_the_page() -> None:
    """None is there that nobody is told of, and the page names none that is not there."""
    assert {path.name for path in LIBRARY.glob("*.py")} == set(re.findall(r"\]\((\w+\.py)\)", PAGE))


def test_no_other_page_has_python_code() -> None:
    """Code on a page that no test runs is soon wrong: it belongs into a file below docs/library."""
    pages = [*LIBRARY.parent.rglob("*.md"), *LIBRARY.parents[1].glob("*.md")]
    code = re.compile(r"```py|^ *(from \S+ )?import \S+$", re.MULTILINE)
    assert [page for page in pages if code.search(page.read_text())] == [LIBRARY / "README.md"]
