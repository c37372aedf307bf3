"""What the matrix of versions is made of."""

from __future__ import annotations

import tomllib

import pytest

from tests.matrix import ROOT, lowest, supported


def test_each_requirement_is_taken_at_its_lower_bound() -> None:
    """Without extras, which the project itself asks for, and with its marker."""
    wanted = ["Twisted[websocket]>=26.10", "ngh2>=0.3,<0.6", "backports.zstd>=1.8; python_version < '3.14'"]
    assert lowest(wanted) == ["Twisted==26.10", "ngh2==0.3", "backports.zstd==1.8 ; python_version < '3.14'"]


@pytest.mark.parametrize("text", ["treq", "treq<27", "treq==26.7"])
def test_one_without_a_bound_is_refused(text: str) -> None:
    """Nobody could say what it was tested with."""
    with pytest.raises(ValueError, match="a lower bound is needed"):
        lowest([text])


def test_every_dependency_has_a_bound() -> None:
    """In pyproject.toml as it is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(lowest(project["dependencies"])) == len(project["dependencies"])
    assert supported(project["requires-python"], [(3, 13), (3, 10), (3, 11), (3, 11)]) == [(3, 11), (3, 13)]


def test_a_range_that_is_not_understood_is_an_error() -> None:
    """And not an empty matrix that passes."""
    with pytest.raises(ValueError, match="requires-python"):
        supported("~=3.11", [(3, 11)])
