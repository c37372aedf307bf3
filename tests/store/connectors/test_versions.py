"""How far two versions are apart."""

from __future__ import annotations

import pytest

from appproxy.store.connectors.versions import is_tolerated, skew


@pytest.mark.parametrize(
    ("one", "other", "releases"),
    [("1.4.2", "1.4.0", 0), ("1.4", "1.5.1", 1), ("1.5.0.dev3+gabc", "1.3.0", 2), ("1.0", "2.0", 2), ("0.9.1", "0.11.0", 2),
     ("", "1.0", None), ("local", "1.0", None)],
)  # fmt: skip
def test_one_release_either_way_is_tolerated(one: str, other: str, releases: int | None) -> None:
    """Patches do not count, another major number counts as too much; what is no version is left alone."""
    assert skew(one, other) == skew(other, one) == releases
    assert is_tolerated(one, other) is (releases in (None, 0, 1))
