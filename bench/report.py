"""What a run is worth: medians, spreads, ratios, and what makes it void."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

#: A spread over the rounds beyond this makes a figure void: something else used the machine.
MOST_SPREAD = 0.15
#: The share of requests that may have made a new connection between the reference's hops.
MOST_HANDSHAKES = 0.01
#: Units of figures that a run stands or falls with.
RATES = ("requests/s", "MB/s")


@dataclass(slots=True)
class Series:
    """One figure of one side over all rounds."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of the rounds."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a share of the median; of three rounds and more without the farthest."""
        kept = sorted(self.values, key=lambda value: abs(value - self.median))
        kept = kept[: len(kept) - 1] if len(kept) > 3 else kept
        return (max(kept) - min(kept)) / self.median if self.median else 0.0


@dataclass(slots=True)
class Row:
    """One line of the table: a figure of the product beside the reference's.

    Bars: `goal` is what the ratio must reach, `most_ratio` what it may not exceed, `most` what the product's own figure
    may not. `paired`: both sides took turns within each round, so that rounds are compared one by one, and a machine that
    grows slower over all of them moves no ratio.
    """

    name: str
    unit: str
    product: Series
    reference: Series | None = None
    goal: float | None = None
    void: str = ""
    most: float | None = None
    most_ratio: float | None = None
    paired: bool = False

    @property
    def ratios(self) -> Series:
        """Product over reference, by round."""
        reference = self.reference.values if self.reference else []
        return Series([one / other for one, other in zip(self.product.values, reference, strict=True) if other])

    @property
    def ratio(self) -> float | None:
        """Product over reference."""
        if self.paired and self.reference and self.reference.median:
            return self.ratios.median
        return self.product.median / self.reference.median if self.reference and self.reference.median else None

    def verdict(self) -> str:
        """Void, or how it stands to the bar."""
        spread = self.ratios.spread if self.paired else max(
            self.product.spread, self.reference.spread if self.reference else 0.0)
        if self.void:
            return f"void: {self.void}"
        if spread > MOST_SPREAD and self.most is None:
            # A rate that wavers shows a machine that is shared; the 99th percentile wavers by itself.
            return f"void: spread {spread:.0%}" if self.unit in RATES else f"spread {spread:.0%}"
        if self.most is not None:
            return f"{'within' if self.product.median <= self.most else 'beyond'} {self.most:g}"
        if self.ratio is None:
            return ""
        if self.most_ratio is not None:
            return f"{'within' if self.ratio <= self.most_ratio else 'beyond'} {self.most_ratio:g}"
        return "" if self.goal is None else f"{'reaches' if self.ratio >= self.goal else 'below'} {self.goal:g}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name, "unit": self.unit, "product": self.product.values, "verdict": self.verdict(),
            "reference": self.reference.values if self.reference else None, "ratio": self.ratio,
        }  # fmt: skip


def table(rows: Sequence[Row], sides: tuple[str, str] = ("appproxy", "two nginx")) -> str:
    """All rows, aligned; `sides` are what was compared."""
    lines = [("", *sides, "ratio", "unit", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        reference = figure(row.reference.median) if row.reference else ""
        lines.append((row.name, figure(row.product.median), reference, ratio, row.unit, row.verdict()))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join(
        f"{line[0]:<{widths[0]}}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}  "
        f"{line[4]:<{widths[4]}}  {line[5]}".rstrip()
        for line in lines
    )


def figure(value: float) -> str:
    """Three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write(rows: Sequence[Row], path: Path, facts: Mapping[str, Any]) -> None:
    """Keep a run as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    path.write_text(json.dumps({**facts, "machine": machine, "rows": [row.as_json() for row in rows]}, indent=2) + "\n")
