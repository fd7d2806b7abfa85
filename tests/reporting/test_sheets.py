# ruff: noqa: RUF001 - Chinese texts are looked for
"""Map sheets of every size and aspect, before and after, and the atlas."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from matplotlib.text import Text

from walkshed.errors import CancelledError, InputError
from walkshed.reporting.aspects import ASPECTS, aspect_of, drawable_units, unit_of
from walkshed.reporting.atlas import write_atlas
from walkshed.reporting.beforeafter import before_after_sheet, figure_before_after
from walkshed.reporting.figure import figure_map, map_sheet
from walkshed.reporting.keyfigures import headline_rate, key_figures
from walkshed.reporting.paper import layout_of
from walkshed.reporting.served import newly_served

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from walkshed.results import StudyResult

DAY = dt.date(2026, 11, 22)


def words(sheet: Figure) -> str:
    return "\n".join(text.get_text() for text in sheet.findobj(Text))


@pytest.mark.parametrize("size", ["A4", "A3"])
@pytest.mark.parametrize("landscape", [True, False])
def test_every_size_carries_what_a_sheet_must(result: StudyResult, size: str, landscape: bool) -> None:  # noqa: FBT001 - a case
    sheet = map_sheet(result, drawn_on=DAY, paper=size, landscape=landscape)
    short, long = {"A4": (8.27, 11.69), "A3": (11.69, 16.54)}[size]
    assert tuple(sheet.get_size_inches()) == ((long, short) if landscape else (short, long))
    shown = words(sheet)
    for part in (
        "图例", "北", "比例尺 1:", "坐标系：", "© OpenStreetMap 贡献者", "数据时点：2026-10", "编制单位：",
        "制图日期：", "内部工作用图，未经审核不得公开", "拟选址",
    ):  # fmt: skip
        assert part in shown, part


@pytest.mark.parametrize("size", ["A4", "A3"])
@pytest.mark.parametrize("landscape", [True, False])
def test_nothing_lies_outside_the_paper(size: str, landscape: bool) -> None:  # noqa: FBT001 - a case
    layout = layout_of(size, landscape=landscape)
    left, bottom, width, height = layout.map_box
    assert min(left, bottom, width, height) > 0
    assert left + width <= layout.paper[0]
    assert bottom + height <= layout.paper[1]
    assert layout.column_bottom < layout.column_top <= layout.paper[1]
    assert len(layout.columns) == (1 if landscape else 3)


def test_an_unknown_paper_or_aspect_is_refused(result: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="A5"):
        figure_map(result, tmp_path / "map.png", paper="A5")
    with pytest.raises(InputError, match="everything"):
        figure_map(result, tmp_path / "map.png", aspect="everything")
    assert list(tmp_path.iterdir()) == []


def test_aspects_show_what_they_are_about(result: StudyResult) -> None:
    assert len(result.proposals)
    assert len(result.gaps)
    now, gaps, plan = (aspect_of(result, aspect, "zh") for aspect in ("now", "gaps", "proposals"))
    assert not len(now.proposals)
    assert not len(now.gaps)
    assert len(gaps.gaps)
    assert not len(gaps.proposals)
    assert len(plan.proposals)
    assert not len(plan.gaps)
    shown = words(map_sheet(gaps, drawn_on=DAY))
    assert "盲区" in shown
    assert "拟选址" not in shown
    assert set(ASPECTS) == {"plan", "now", "gaps", "proposals"}


def test_a_unit_has_its_own_figures(result: StudyResult) -> None:
    for unit in drawable_units(result):
        part = unit_of(result, unit)
        people = result.demand[result.demand["unit_id"] == unit]
        assert len(part.demand) == len(people)
        rate = headline_rate(part)
        if rate is None:
            continue
        served = people["population"][people["covered"]].sum()
        assert rate["numerator"] == pytest.approx(served)
        fresh = result.demand["population"][newly_served(result) & (result.demand["unit_id"] == unit)].sum()
        assert part.siting.objective == pytest.approx(fresh)
        gains = [figure for figure in key_figures(part, "en") if figure.role == "gain"]
        assert bool(gains) == bool(len(part.proposals))
        assert all("at best" not in figure.detail for figure in gains), "the bound is the whole plan's"


def test_before_and_after_the_proposals(result: StudyResult, tmp_path: Path) -> None:
    for ending in ("png", "pdf"):
        figure_before_after(result, tmp_path / f"map.{ending}", drawn_on=DAY)
        assert (tmp_path / f"map.{ending}").stat().st_size > 20_000
    shown = words(before_after_sheet(result, drawn_on=DAY))
    rate = headline_rate(result)
    assert rate is not None
    assert f"实施前：居民覆盖率 {rate['rate']:.1%}" in shown
    assert f"实施后：居民覆盖率 {result.proposals['cumulative_rate'].iloc[-1]:.1%}" in shown


def test_an_atlas_has_a_sheet_of_every_unit(result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "atlas.pdf"
    units = drawable_units(result)
    assert write_atlas(result, path, drawn_on=DAY) == len(units) + 1
    with pypdfium2.PdfDocument(path) as book:
        pages = [page.get_textpage().get_text_range() for page in book]
    assert len(pages) == len(units) + 1
    for unit, page in zip(units, pages[1:], strict=True):
        rate = headline_rate(unit_of(result, unit))
        if rate is not None:
            assert f"{rate['numerator']:,.0f} / {rate['denominator']:,.0f} 人" in page
        assert "© OpenStreetMap 贡献者" in page


def test_an_atlas_can_be_stopped_and_leaves_nothing(result: StudyResult, tmp_path: Path) -> None:
    def stop(_stage: str, done: int, _total: int) -> None:
        if done == 1:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        write_atlas(result, tmp_path / "atlas.pdf", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_is_what_before_and_after_are_about(result: StudyResult) -> None:
    fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    worse = result.demand.assign(covered=False)
    before = dataclasses.replace(result, **{**fields, "demand": worse})
    scenario = dataclasses.replace(result, before=before)
    shown = words(before_after_sheet(scenario, language="en", drawn_on=DAY))
    assert "Proposed rooms" not in shown, "a scenario is compared without the proposals"
