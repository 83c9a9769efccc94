"""The figures as a picture: a row each, with a bar against its limit, as SVG on a light ground of its own."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as ET

from bench.report import is_hit

Entry = Mapping[str, Any]  # of results.json

_WIDTH, _TOP, _ROW, _FOOT_LINE = 1040, 92, 66, 18
_MARGIN = 28
_BAR_LEFT, _BAR_RIGHT, _BAR_HEIGHT = 262, 712, 16
_LIMIT_AT = _BAR_LEFT + (_BAR_RIGHT - _BAR_LEFT) / 1.5  # so that a miss by half still fits
_VALUE_AT, _LIMIT_TEXT_AT, _VERDICT_AT = 736, 886, _WIDTH - _MARGIN
_INK, _FAINT, _LINE, _GROUND, _TRACK = "#1f2933", "#5b6770", "#d5dbe1", "#fcfcfa", "#edf0f2"
_COLOURS = {"hit": ("#1a7f4b", "#8fd3ae"), "miss": ("#b3261e", "#f2a7a0")}  # of words, of bars


def picture(entries: Sequence[Entry]) -> str:
    """An SVG document of everything that results.json holds."""
    foot = _foot(entries)
    height = _TOP + _ROW * len(entries) + _FOOT_LINE * len(foot) + 34
    size = {"width": str(_WIDTH), "height": str(height), "viewBox": f"0 0 {_WIDTH} {height}"}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    svg.set("font-family", "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif")
    ET.SubElement(svg, "title").text = "Wharfinger, measured"
    ground = {"x": "0.5", "y": "0.5", "rx": "10", "fill": _GROUND, "stroke": _LINE}
    ET.SubElement(svg, "rect", {**ground, "width": str(_WIDTH - 1), "height": str(height - 1)})
    _heading(svg, entries)
    for number, entry in enumerate(entries):
        _row(ET.SubElement(svg, "g", {"id": entry["name"]}), entry, _TOP + _ROW * number)
    for number, line in enumerate(foot):
        _text(svg, _MARGIN, _TOP + _ROW * len(entries) + 22 + _FOOT_LINE * number, line, size=11.5, colour=_FAINT)
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def verdict(entry: Entry) -> str:
    return "hit" if is_hit(entry["value"], entry["limit"], bool(entry.get("at_least"))) else "miss"


def _heading(svg: ET.Element, entries: Sequence[Entry]) -> None:
    hits = sum(verdict(entry) == "hit" for entry in entries)
    _text(svg, _MARGIN, 40, "Wharfinger, measured", size=20, weight="600")
    more = ", ".join(entry["name"] for entry in entries if entry.get("at_least"))
    better = f"less is better everywhere{f' but in {more}' if more else ''}"
    told = f"{hits} of {len(entries)} figures within their limit; {better}"
    _text(svg, _MARGIN, 63, told, size=13, colour=_FAINT)
    _text(svg, _LIMIT_AT, 82, "limit", size=11, colour=_FAINT, anchor="middle")


def _row(group: ET.Element, entry: Entry, top: float) -> None:
    judged = verdict(entry)
    ink, _ = _COLOURS[judged]
    line = top + 24
    separator = {"x1": str(_MARGIN), "x2": str(_WIDTH - _MARGIN), "y1": str(top), "y2": str(top), "stroke": _LINE}
    ET.SubElement(group, "line", separator)
    _text(group, _MARGIN, line, entry["name"], size=13.5, weight="600")
    _bar(group, entry, top + 11)
    _text(group, _VALUE_AT, line, f"{_number(entry['value'])} {_unit(entry)}", size=13.5, weight="600")
    limit = f"{'at least' if entry.get('at_least') else 'limit'} {_number(entry['limit'])}"
    _text(group, _LIMIT_TEXT_AT, line, limit, size=12.5, colour=_FAINT)
    mark = {"hit": "✓ hit", "miss": "✗ miss"}[judged]
    _text(group, _VERDICT_AT, line, mark, size=13.5, weight="600", colour=ink, anchor="end")
    _text(group, _MARGIN, top + 50, _details(entry), size=11.5, colour=_FAINT)


def _bar(group: ET.Element, entry: Entry, top: float) -> None:
    bottom, middle = top + _BAR_HEIGHT, top + _BAR_HEIGHT / 2
    end = _at(entry["value"], entry["limit"])
    _box(group, _BAR_LEFT, top, _BAR_RIGHT - _BAR_LEFT, _TRACK)
    _box(group, _BAR_LEFT, top, end - _BAR_LEFT, _COLOURS[verdict(entry)][1])
    low, high = (_at(each, entry["limit"]) for each in entry.get("spread", (0, 0)))
    if low < high:
        for x1, y1, x2, y2 in (
            (low, middle, high, middle),
            (low, middle - 4, low, middle + 4),
            (high, middle - 4, high, middle + 4),
        ):
            _stroke(group, x1, y1, x2, y2, _INK, "1.2")
    limit = _LIMIT_AT if entry["limit"] else _BAR_LEFT
    _stroke(group, limit, top - 4, limit, bottom + 4, _INK, "1.6")


def _at(value: float, limit: float) -> float:
    """Where a value lies on the bar; what is far above its limit ends with it. A limit of 0 allows nothing."""
    if not limit:
        return _BAR_RIGHT if value else _BAR_LEFT
    return min(_BAR_LEFT + (_LIMIT_AT - _BAR_LEFT) * value / limit, _BAR_RIGHT)


def _details(entry: Entry) -> str:
    parts = [entry["against"], f"{entry['samples']:,} sample{'' if entry['samples'] == 1 else 's'}"]
    if "spread" in entry:
        low, high = entry["spread"]
        parts.append(f"p10 to p90: {_number(low)} to {_number(high)}")
    if "noise" in entry:
        parts.append(f"noise {_number(entry['noise'])}")
    return " · ".join(parts)


def _unit(entry: Entry) -> str:
    return "" if entry["unit"] == "ratio" else str(entry["unit"])


def _foot(entries: Sequence[Entry]) -> list[str]:
    """What the figures were taken on: once if all were taken together, else said of each lot."""
    by_run = sorted(entries, key=lambda entry: str(entry.get("measured_at")))
    lots = [list(lot) for _, lot in groupby(by_run, key=lambda entry: entry.get("measured_at"))]
    lines = []
    for lot in lots:
        names = "" if len(lots) == 1 else f"{', '.join(entry['name'] for entry in lot)}: "
        taken = [lot[0].get(key, "not recorded") for key in ("measured_at", "versions")]
        lines += [f"{names}{' · '.join(taken)}", lot[0].get("machine", "The machine was not recorded.")]
    return [*lines, "The whisker spans 8 of 10 samples. Noise: p90 over p10 of the same thing done by hand."]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _text(
    parent: ET.Element,
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    colour: str = _INK,
    weight: str = "400",
    anchor: str = "start",
) -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size:g}", "fill": colour}
    ET.SubElement(parent, "text", {**place, "font-weight": weight, "text-anchor": anchor}).text = text


def _box(parent: ET.Element, x: float, y: float, width: float, colour: str) -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:.1f}", "height": str(_BAR_HEIGHT), "rx": "3"}
    ET.SubElement(parent, "rect", {**place, "fill": colour})


def _stroke(parent: ET.Element, x1: float, y1: float, x2: float, y2: float, colour: str, width: str) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    ET.SubElement(parent, "line", {**ends, "stroke": colour, "stroke-width": width})
