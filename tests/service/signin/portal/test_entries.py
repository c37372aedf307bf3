"""What is on the list, and in which order: see also `test_apps_page`."""

from __future__ import annotations

from appproxy.service.signin.portal.entries import PortalEntry, collections_of, entries, entry_of, lately, narrowed
from appproxy.store.snapshot import LogoRecord
from tests.service.signin.sessions.test_apps_page import ANN, AUTHORIZER, one


def an(id: str, *collections: str) -> PortalEntry:
    """An entry."""
    return PortalEntry(id, id.title(), f"https://{id}/", id, collections=frozenset(collections))


def test_a_link_leads_to_the_external_address() -> None:
    """Its picture has an address that changes with it; what is not listed is not there, whoever may open it."""
    published = {
        "a": one("a", assignment_required=False, new_tab=True, collections=frozenset({"Tools"})),
        "b": one("b", assignment_required=False, listed=False),
    }
    assert entries(published, {"builtin": ANN}, AUTHORIZER, ANN.issued, logos={"a": LogoRecord("image/png", "f0")}) == [
        PortalEntry("a", "A", "https://a.example.org/", "a.example.org", logo="/logo/a/f0",
                    collections=frozenset({"Tools"}), new_tab=True)]
    assert entry_of(one("wiki")).logo == "" and entry_of(one("wiki")).letter == "W"


def test_headings() -> None:
    """Each once, whatever its capitals; a text is looked for in them, too."""
    found = [an("a", "Tools", "travel"), an("b", "tools"), an("c")]
    assert collections_of(found) == ["tools", "travel"]
    assert [one.id for one in narrowed(found, "", "TOOLS")] == ["a", "b"]
    assert [one.id for one in narrowed(found, "trav", "")] == ["a"]
    assert [one.id for one in narrowed(found, "b", "Tools")] == ["b"]
    assert narrowed(found, "", "tool") == [], "a heading is no search"
    assert narrowed(found, "", "") == found


def test_what_was_used_lately() -> None:
    """The last first, six at most; of what may be opened no more nothing is said, and of a short list nothing at all."""
    found = [an(letter) for letter in "abcdefgh"]
    used = [("b", 5.0), ("gone", 9.0), ("a", 7.0), ("b", 8.0), ("c", 7.0)]
    assert [one.id for one in lately(found, used)] == ["b", "a", "c"]
    assert [one.id for one in lately(found, [(letter, 1.0) for letter in "hgfedcba"])] == list("abcdef")
    assert lately(found[:3], used) == []
