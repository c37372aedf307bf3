"""The pages of every kind of things, as people use them: made of the table, so tried for all of it."""

from __future__ import annotations

import html

import pytest

from appproxy.console.records.kinds import LISTED, RecordKind
from appproxy.console.records.serving import part
from appproxy.console.records.table import KINDS
from appproxy.console.visit import Visit
from tests.console.conftest import House, Seat


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)
def test_lists_and_forms(house: House, alice: Seat, kind: RecordKind) -> None:
    """Each has a list that says what it is for, and a form for a new one where there can be one."""
    listed = alice.see(kind.path)
    assert listed.status == 200 and kind.explanation[:15] in html.unescape(listed.text), listed.text
    if kind.add:
        form = alice.see(f"{kind.path}/new")
        assert form.status == 200 and f'action="{kind.path}/new"' in form.text







def test_who_may_not_is_shown_nothing(house: House) -> None:
    """No form for a reader, and the API's refusal for what is sent all the same."""
    rita = house.seat("rita")
    assert 'method="post"' not in rita.see("/providers/builtin").text
    assert rita.see("/clients/new").status == 403 and rita.see("/role-assignments").status == 403
    assert rita.send("/providers/new", {"name": "x"}).status == 403
    assert rita.send("/audit-exports/new", {"name": "x", "url": "https://x.example/"}).status == 403


def test_the_order_of_a_list() -> None:
    """By name; the newest first; or as it is listed, where that says something. Pages go on where the last one ended."""
    rows = [{"id": f"{number * 7 % 60:02}", "time": number} for number in range(60)]
    visit = Visit("GET", "/x", {}, {}, None, None, 0.0, None)  # type: ignore[arg-type]
    by_key, newest, listed = (part(rows, visit, "id", order) for order in ("", "time", LISTED))
    assert [one["id"] for one in by_key.rows][:2] == ["00", "01"] and [one["time"] for one in newest.rows][:2] == [59, 58]
    assert [one["time"] for one in listed.rows][:2] == [0, 1]
    for first, order in ((by_key, ""), (newest, "time"), (listed, LISTED)):
        visit.query = {"after": [first.more]}
        rest = part(rows, visit, "id", order)
        assert rest.more == "" and {one["id"] for one in (*first.rows, *rest.rows)} == {one["id"] for one in rows}
