"""A packed set of ids is a set of ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.pki.revocation.revoked_ids import SIZE, RevokedIds

IDS = st.binary(min_size=SIZE, max_size=SIZE)


@given(st.lists(IDS, max_size=40), st.lists(IDS, max_size=5), st.lists(IDS, max_size=10))
def test_as_a_set(some: list[bytes], more: list[bytes], others: list[bytes]) -> None:
    """In any order, and twice; with a few more; and as it is written down."""
    texts, also = {one.hex() for one in some}, {one.hex() for one in more}
    packed = RevokedIds.sorted_from(some)
    assert packed == texts and packed.written() == " ".join(sorted(texts))
    found = RevokedIds.read(packed.written(), also)
    assert found == texts | also and len(found) == len(texts | also) and sorted(found) == sorted(texts | also)
    for one in (*some, *more, *others):
        assert (one.hex() in found) is (one.hex() in texts | also)
    asked = [one.hex() for one in others]
    assert found.isdisjoint(asked) is (texts | also).isdisjoint(asked)
    assert (found == packed) is (also <= texts) and (found != packed) is not (also <= texts)


def test_what_is_no_id() -> None:
    """Is in none; and what an earlier release has written is read."""
    made = RevokedIds.read("0" * 32 + " " + "f" * 32)
    assert len(made) == 2 and "0" * 32 in made and "f" * 32 in made
    for other in ("", "0", "F" * 32 + "0", "z" * 32, "e" * 32, 7, None):
        assert other not in made
    assert "2 revoked" in repr(made) and hash(made) == hash(RevokedIds.read(made.written()))
    with pytest.raises(ValueError, match="hex"):
        RevokedIds.read("xyz")
