"""Groups in groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import RequestError
from appproxy.ldap import filters
from appproxy.ldap.messages import DirectoryEntry
from appproxy.provider.directories.groups import DEEPEST, MOST, GroupWalk, chain_searches, primary_group_search
from tests.provider.directories.made import directory

GUID = "a4e25f57-1c1c-4dbd-a04e-3e35ce8de80c"


def group(name: str) -> DirectoryEntry:
    """One whose name is also what it is known by."""
    return DirectoryEntry(name, {"entryuuid": [name.encode()]})


def walked(links: dict[str, list[str]], start: str) -> set[str]:
    """All groups of somebody; `links`: which groups somebody is in. What a search asks for is seen by its filter."""
    walk = GroupWalk(directory(), start, "")
    while not walk.done:
        for search in walk.searches():
            members = [name for name in links if filters.equal("member", name) in search.filter]
            walk.learn(group(one) for name in members for one in links[name])
    return walk.found


NAMES = st.sampled_from(["uid=a", "g1", "g2", "g3", "g4"])


@given(st.dictionaries(NAMES, st.lists(NAMES.filter(lambda name: name != "uid=a"), max_size=4)))
def test_all_that_can_be_reached_and_nothing_else(links: dict[str, list[str]]) -> None:
    reached: set[str] = set()
    waiting = ["uid=a"]
    while waiting:
        for one in links.get(waiting.pop(), []):
            if one not in reached:
                reached.add(one)
                waiting.append(one)
    assert walked(links, "uid=a") == reached


def test_a_walk_without_end_is_refused_and_not_cut() -> None:
    with pytest.raises(RequestError, match="deep"):
        walked({"uid=a": ["g0"], **{f"g{at}": [f"g{at + 1}"] for at in range(DEEPEST + 1)}}, "uid=a")
    with pytest.raises(RequestError, match="more than"):
        walked({"uid=a": [f"g{at}" for at in range(MOST + 1)]}, "uid=a")


def test_active_directory_is_asked_about_the_groups_that_mean_something() -> None:
    known = [GUID[:-3] + f"{at:03d}" for at in range(120)]
    searches = chain_searches(directory(kind="ad"), ["CN=ann", "CN=Domain Users"], known)
    assert len(searches) == 3
    assert all(filters.matching(filters.IN_CHAIN, "member", "CN=ann") in search.filter for search in searches)
    assert chain_searches(directory(kind="ad"), ["CN=ann"], []) == []


def test_a_primary_group_is_found_by_its_number_in_the_domain() -> None:
    """S-1-5-21-1-2-3-1105, of the group 513."""
    sid = bytes.fromhex("0105000000000005150000000100000002000000030000005 1040000".replace(" ", ""))
    search = primary_group_search(directory(kind="ad"), DirectoryEntry("x", {"objectsid": [sid], "primarygroupid": [b"513"]}))
    assert search is not None
    assert filters.equal("objectSid", sid[:-4] + bytes.fromhex("01020000")) == search.filter
    assert primary_group_search(directory(kind="ad"), DirectoryEntry("x", {"objectsid": [sid]})) is None
    assert primary_group_search(directory(kind="ad"), DirectoryEntry("x", {"primarygroupid": [b"513"]})) is None
