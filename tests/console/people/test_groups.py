"""The pages of groups cost the same however many are in them."""

from __future__ import annotations

from appproxy.console.visit import ROWS
from tests.console.conftest import House, Seat


def test_members_go_in_pages(house: House, alice: Seat) -> None:
    """Fifty of them, found by a part of a name; the list of groups says how many there are."""
    names = [f"member-{number:02}" for number in range(ROWS + 1)]
    for name in names:
        house.call("POST", "/invitations", {"name": name, "groups": ["choir"]})
    assert f'choir</a></th><td class="number">{ROWS + 1}<' in alice.see("/groups").text
    text = alice.see("/groups/choir").text
    assert f">{names[ROWS - 1]}</a>" in text and f">{names[ROWS]}</a>" not in text and f"after={names[ROWS - 1]}" in text
    assert f">{names[ROWS]}</a>" in alice.see(f"/groups/choir?after={names[ROWS - 1]}").text
    assert f">{names[7]}</a>" in alice.see("/groups/choir?search=R-07").text
    for name in names:
        house.call("DELETE", f"/users/{name}")
    house.call("DELETE", "/groups/choir")
