"""The example in the page on testing, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "library" / "README.md"


def test_the_example_works() -> None:
    """What the page says is what happens."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile("\n".join(code), str(PAGE), "exec"), names)
    names["test_the_wiki_knows_its_user"]()
