"""Colours, and how well one can be read on another (WCAG 2.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green and blue, each 0 to 255 (sRGB)."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, digits: str) -> Colour:
        """Six hex digits."""
        return cls(*bytes.fromhex(digits))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, 0 (black) to 1 (white)."""
        parts = [value / 255 for value in (self.red, self.green, self.blue)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def towards(self, other: Colour, share: float) -> Colour:
        """A mixture: 0 is this colour, 1 the other."""
        pairs = ((self.red, other.red), (self.green, other.green), (self.blue, other.blue))
        return Colour(*(round(own + (aim - own) * share) for own, aim in pairs))


def contrast(one: Colour, other: Colour) -> float:
    """1 (the same) to 21 (black on white)."""
    bright, dim = sorted((one.luminance, other.luminance), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@dataclass(frozen=True, slots=True)
class Background:
    """The colours of the style sheet, by day or by night, that an accent meets.

    `card`: what it stands on; `on_accent`: what is written on it, never nearer to it than the card; `strong`: towards
    what it is drawn under the pointer, away from both.
    """

    card: Colour
    on_accent: Colour
    strong: Colour

    def declarations(self, accent: Colour) -> str:
        """The custom properties of an accent."""
        return f"--accent: {accent}; --accent-strong: {accent.towards(self.strong, 0.25)}; --on-accent: {self.on_accent};"


#: As in style.css; a test compares them.
LIGHT = Background(Colour(255, 255, 255), Colour(255, 255, 255), Colour(0, 0, 0))
DARK = Background(Colour(0x1A, 0x21, 0x28), Colour(0x0C, 0x1A, 0x28), Colour(255, 255, 255))


def readable(accent: Colour, ground: Background, least: float) -> Colour:
    """The accent, changed no more than its contrast with the card needs."""
    steps = (accent.towards(ground.strong, step / 50) for step in range(51))
    return next(each for each in steps if contrast(each, ground.card) >= least)
