"""What was measured: as figures, as a table, as a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.conditions import Conditions

_HEADINGS = ("name", "value", "unit", "limit", "verdict", "p10 .. p90", "samples", "noise", "against")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. It is a hit when `value` is not above `limit`, or not below it where it is `at_least`.

    `spread` is where 8 of 10 samples lie. `noise` tells of the machine: how many times as long the same thing by
    hand took at its p90 as at its p10.
    """

    name: str
    value: float
    unit: str
    limit: float
    against: str
    samples: int
    spread: tuple[float, float]
    noise: float | None = None
    at_least: bool | None = None  # whether the limit is; not said where it is the most

    @property
    def verdict(self) -> str:
        return "hit" if is_hit(self.value, self.limit, bool(self.at_least)) else "MISS"


def is_hit(value: float, limit: float, at_least: bool) -> bool:
    return value >= limit if at_least else value <= limit


def spread(samples: Sequence[float]) -> tuple[float, float]:
    """The 10th and the 90th percentile."""
    tenths = quantiles(samples, n=10, method="inclusive")
    return round(tenths[0], 3), round(tenths[-1], 3)


def noise(samples: Sequence[float]) -> float:
    """How far apart the samples of one and the same thing lie: 1 on a machine that does nothing else."""
    low, high = spread(samples)
    return round(high / low, 2)


def percentile_95(samples: Sequence[float]) -> float:
    return quantiles(samples, n=20, method="inclusive")[-1]


def table(figures: Sequence[Figure]) -> str:
    rows = [_HEADINGS, *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{figure.value:g}",
        figure.unit,
        f"{'≥ ' if figure.at_least else ''}{figure.limit:g}",
        figure.verdict,
        f"{figure.spread[0]:g} .. {figure.spread[1]:g}",
        str(figure.samples),
        f"{figure.noise:g}" if figure.noise else "",
        figure.against,
    )


def save(figures: Sequence[Figure], conditions: Conditions, path: Path) -> list[dict[str, Any]]:
    """Write the figures as a JSON list; what the file holds by other names stays. What it holds now."""
    kept = json.loads(path.read_text()) if path.exists() else []
    measured = {figure.name: _entry(figure) | asdict(conditions) for figure in figures}
    entries = list(({entry["name"]: entry for entry in kept} | measured).values())
    path.write_text(json.dumps(entries, indent=2) + "\n")
    return entries


def _entry(figure: Figure) -> dict[str, Any]:
    return {name: value for name, value in asdict(figure).items() if value is not None}
