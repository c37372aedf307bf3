"""Colours, and how well one can be read on another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.branding.colours import DARK, LIGHT, Background, Colour, contrast, readable
from appproxy.pages import STYLE

COLOURS = st.binary(min_size=3, max_size=3).map(lambda data: Colour(*data))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("000000", "ffffff", 21.0), ("ffffff", "ffffff", 1.0), ("777777", "ffffff", 4.48), ("0000ff", "ffffff", 8.59)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """The values that other calculators give."""
    assert contrast(Colour.parse(one), Colour.parse(other)) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("ground", [LIGHT, DARK], ids=["light", "dark"])
@given(accent=COLOURS)
def test_any_colour_can_be_made_readable(ground: Background, accent: Colour) -> None:
    """Links on the card, what is written on buttons, and both under the pointer: 4.5 to 1."""
    made = readable(accent, ground, 4.5)
    found = dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", ground.declarations(made)))
    accents = [Colour.parse(found["accent"]), Colour.parse(found["accent-strong"])]
    for each in accents:
        assert contrast(each, ground.card) >= 4.5
        assert contrast(each, Colour.parse(found["on-accent"])) >= 4.5
    if contrast(accent, ground.card) >= 4.5:
        assert made == accent


@pytest.mark.parametrize(("ground", "place"), [(LIGHT, 0), (DARK, 1)], ids=["light", "dark"])
def test_the_style_sheet_has_the_same_cards(ground: Background, place: int) -> None:
    """What contrast is computed against is what is drawn."""
    block = re.findall(r":root {(.*?)}", STYLE.decode(), re.S)[place]
    card = re.findall(r"--card: #([0-9a-f]+)", block)[0]
    assert Colour.parse(card if len(card) == 6 else "".join(2 * sign for sign in card)) == ground.card
