"""The figures as a picture: whoever looks at it sees each of them, and a miss as a miss."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.__main__ import NAMES
from bench.conditions import Conditions
from bench.picture import picture
from bench.report import Figure, save

SVG = "{http://www.w3.org/2000/svg}"
QUIET = Conditions("2026-01-31 14:05 UTC", "2 x A CPU <fast> & cheap, 8 GiB", "Wharfinger 0.1.0, Docker 20.10")
HIT = Figure("deploy_ratio", 1.2, "ratio", 1.5, "by hand: 400 ms, ours 480 ms", 20, (1.0, 1.4), noise=1.3)
MISS = replace(HIT, name="route_change_ratio", value=2.7, limit=2)
ZERO = replace(HIT, name="redeploy_wrong_answers", value=0, limit=0, spread=(0, 0), noise=None)


def drawn(*figures: Figure, conditions: Conditions = QUIET) -> ET.Element:
    with TemporaryDirectory() as directory:
        return ET.fromstring(picture(save(figures, conditions, Path(directory) / "results.json")))


def texts(element: ET.Element) -> list[str]:
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def row(svg: ET.Element, name: str) -> ET.Element:
    found = svg.find(f"{SVG}g[@id='{name}']")
    assert found is not None
    return found


def bar(group: ET.Element) -> ET.Element:
    _, filled = group.iter(f"{SVG}rect")
    return filled


def test_every_figure_of_the_results_is_there_with_its_value_and_its_limit() -> None:
    entries: list[dict[str, Any]] = json.loads((Path("bench") / "results.json").read_text())
    svg = ET.fromstring(picture(entries))
    assert [group.get("id") for group in svg.iter(f"{SVG}g")] == [entry["name"] for entry in entries]
    assert {entry["name"] for entry in entries} == set(NAMES)
    for entry in entries:
        assert any(text.startswith(("limit ", "at least ")) for text in texts(row(svg, entry["name"])))


def test_a_hit_and_a_miss_differ_in_words_and_in_colour() -> None:
    svg = drawn(HIT, MISS)
    hit, miss = row(svg, HIT.name), row(svg, MISS.name)
    assert ("✓ hit" in texts(hit), "✗ miss" in texts(miss)) == (True, True)
    assert bar(hit).get("fill") != bar(miss).get("fill")
    assert "1 of 2 figures within their limit; less is better everywhere" in texts(svg)


@pytest.mark.parametrize(("value", "verdict"), [(0.94, "✗ miss"), (0.95, "✓ hit"), (1.2, "✓ hit")])
def test_where_more_is_better_less_is_a_miss_and_it_is_said(value: float, verdict: str) -> None:
    svg = drawn(HIT, replace(HIT, name="tcp_proxy_ratio", value=value, limit=0.95, at_least=True))
    assert {verdict, "at least 0.95"} <= set(texts(row(svg, "tcp_proxy_ratio")))
    assert any(text.endswith("less is better everywhere but in tcp_proxy_ratio") for text in texts(svg))


@pytest.mark.parametrize(("value", "verdict", "filled"), [(0, "✓ hit", False), (1, "✗ miss", True)])
def test_where_nothing_is_allowed_one_is_a_miss(value: float, verdict: str, filled: bool) -> None:
    group = row(drawn(replace(ZERO, value=value)), ZERO.name)
    assert verdict in texts(group)
    assert (float(bar(group).get("width", "0")) > 0) is filled


def test_a_bar_passes_the_limit_only_when_the_value_does_and_never_leaves_the_track() -> None:
    widths = []
    for value in (1.0, 2.0, 2.1, 50.0):
        group = row(drawn(replace(MISS, value=value)), MISS.name)
        track, filled = (float(each.get("width", "0")) for each in group.iter(f"{SVG}rect"))
        assert filled <= track
        widths.append(filled / track)
    assert widths == pytest.approx([1 / 3, 2 / 3, 0.7, 1.0], abs=0.001)


def test_spread_samples_noise_machine_and_versions_are_told() -> None:
    told = texts(drawn(HIT))
    assert "by hand: 400 ms, ours 480 ms · 20 samples · p10 to p90: 1 to 1.4 · noise 1.3" in told
    assert {f"{QUIET.measured_at} · {QUIET.versions}", QUIET.machine} <= set(told)


def test_figures_of_several_runs_each_tell_their_own_conditions(tmp_path: Path) -> None:
    save([HIT, MISS], QUIET, tmp_path / "results.json")
    later = replace(QUIET, measured_at="2026-02-01 09:00 UTC", machine="another machine")
    told = texts(ET.fromstring(picture(save([HIT], later, tmp_path / "results.json"))))
    assert f"route_change_ratio: {QUIET.measured_at} · {QUIET.versions}" in told
    assert f"deploy_ratio: {later.measured_at} · {QUIET.versions}" in told
    assert {QUIET.machine, later.machine} <= set(told)
