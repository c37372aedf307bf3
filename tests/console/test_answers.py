"""Finding the page at a path."""

from __future__ import annotations

import pytest

from appproxy.admin.base.problem import WrongMethod
from appproxy.console.answers import ConsolePage, PageTable, Redirection
from appproxy.console.visit import Visit
from appproxy.errors import NotFound


async def nowhere(visit: Visit) -> Redirection:
    """Serves nothing."""
    return Redirection("/")


TABLE = PageTable((
    ConsolePage("GET", "/", nowhere), ConsolePage("GET", "/things/new", nowhere),
    ConsolePage("GET", "/things/{thing}", nowhere), ConsolePage("POST", "/things/{thing}/end", nowhere),
))


def test_names_in_a_path() -> None:
    """Decoded, whatever is in them; a page with a word of its own comes before one with a name."""
    assert TABLE.find("GET", "/things/a%2Fb%20c")[1] == {"thing": "a/b c"}
    assert TABLE.find("GET", "/things/new")[0].path == "/things/new"


@pytest.mark.parametrize("path", ["/x", "/things", "/things/a/b", "/things//end"])
def test_what_is_not_there(path: str) -> None:
    """404; and 405 for a form where there is none."""
    with pytest.raises(NotFound):
        TABLE.find("POST", path)
    with pytest.raises(WrongMethod):
        TABLE.find("POST", "/things/a")
