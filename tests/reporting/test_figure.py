# ruff: noqa: RUF001 - Chinese texts are looked for
"""The map sheet: everything a sheet must carry, whatever the names, without touching matplotlib's settings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from walkshed.errors import InputError
from walkshed.reporting.figure import figure_map, map_sheet, save_sheet
from walkshed.reporting.fonts import drawable, width_em, wrapped
from walkshed.reporting.furniture import round_length, round_scale
from walkshed.reporting.labels import Label, place_labels

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult

DAY = dt.date(2026, 11, 22)


def words(sheet: Figure) -> str:
    return "\n".join(text.get_text() for text in sheet.findobj(Text))


def png_size(path: Path) -> tuple[int, int, int]:
    """Return width, height and pixels per metre as the file's header tells them."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    at = content.index(b"pHYs") + 4
    return width, height, struct.unpack(">I", content[at : at + 4])[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_picture_of_a4_at_300_dpi(result: StudyResult, tmp_path: Path, language: str) -> None:
    path = tmp_path / "map.png"
    figure_map(result, path, language=language, drawn_on=DAY)
    width, height, density = png_size(path)
    assert (width, height) == (3507, 2481)
    assert density == round(300 / 0.0254)
    assert [file.name for file in tmp_path.iterdir()] == ["map.png"]


def test_equal_results_give_equal_files(result: StudyResult, tmp_path: Path) -> None:
    for ending in ("png", "pdf"):
        for name in ("one", "two"):
            figure_map(result, tmp_path / f"{name}.{ending}", drawn_on=DAY)
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


def test_the_sheet_carries_what_a_sheet_must(result: StudyResult) -> None:
    shown = words(map_sheet(result, drawn_on=DAY))
    for part in (
        "示范区阅览室十五分钟步行覆盖与选址建议",
        "25.0%",
        "人口覆盖率（E）",
        "图例",
        "北",
        "比例尺 1:",
        "坐标系：WGS 84 / UTM zone 50N（EPSG:32650）",
        "© OpenStreetMap 贡献者",
        "示例阅览室名录",
        "数据时点：2026-10",
        "编制单位：示范区规划和自然资源局",
        "制图日期：2026-11-22",
        "内部工作用图，未经审核不得公开",
        "西永智慧书房",
        "新增覆盖",
        "在建阅览室",
        "15 分钟步行范围",
        "研究范围",
    ):
        assert part in shown, part
    assert "审图号" not in shown
    assert "已关闭" not in shown, "the legend tells only what is on the map"


def test_an_approval_number_takes_the_place_of_the_warning(result: StudyResult) -> None:
    report = dataclasses.replace(result.config.report, map_approval_number="渝S(2026)001号")
    shown = words(map_sheet(dataclasses.replace(result, config=dataclasses.replace(result.config, report=report))))
    assert "审图号：渝S(2026)001号" in shown
    assert "未经审核不得公开" not in shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_pdf_has_its_texts_as_text(result: StudyResult, tmp_path: Path, language: str) -> None:
    path = tmp_path / "map.pdf"
    fonts = list(fontManager.ttflist)
    figure_map(result, path, language=language, drawn_on=DAY)
    assert fontManager.ttflist == fonts
    assert b"NotoSansSC" in path.read_bytes()
    with pypdfium2.PdfDocument(path) as book:
        found = "".join(book[0].get_textpage().get_text_range().split())
    for line in words(map_sheet(result, language=language, drawn_on=DAY)).splitlines():
        assert "".join(line.split()) in found, line


def test_a_sheet_is_the_same_before_and_after_it_was_saved(result: StudyResult, tmp_path: Path) -> None:
    sheet = map_sheet(result, drawn_on=DAY)
    before = words(sheet), [text.get_fontfamily() for text in sheet.findobj(Text)]
    save_sheet(sheet, tmp_path / "map.pdf", "map")
    assert before == (words(sheet), [text.get_fontfamily() for text in sheet.findobj(Text)])


def test_another_ending_is_refused(result: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"map\.jpg"):
        figure_map(result, tmp_path / "map.jpg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_any_name_can_be_drawn(hostile: StudyResult, tmp_path: Path, language: str) -> None:
    figure_map(hostile, tmp_path / "map.png", language=language)
    figure_map(hostile, tmp_path / "map.pdf", language=language)
    shown = words(map_sheet(hostile, language=language))
    assert "\\frac" in shown, "a formula stays the text it was"
    assert "<img src=x" in shown


def test_a_study_with_next_to_nothing_still_makes_a_sheet(bare: StudyResult, tmp_path: Path) -> None:
    figure_map(bare, tmp_path / "map.png")
    assert "尚未覆盖居民" in words(map_sheet(bare))


def test_matplotlib_is_left_as_it_was(result: StudyResult) -> None:
    before = dict(mpl.rcParams)
    map_sheet(result)
    assert dict(mpl.rcParams) == before
    code = "import sys, walkshed.reporting.figure; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_squares_stand_for_what_no_typeface_has() -> None:
    assert drawable("📚a") == "□a"
    assert drawable("غرفة") == "غرفة"
    assert drawable("a\u200d\ufe0f\x07b") == "ab"
    assert drawable(None) == ""


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60), st.floats(2, 30), st.integers(1, 4))
def test_wrapped_rows_fit(line: str, limit: float, rows: int) -> None:
    broken = wrapped(" ".join(line.split()), limit, rows)
    assert len(broken) <= rows
    assert all(width_em(row) <= max(limit, 2) + 1 for row in broken)


@settings(deadline=None, max_examples=100)
@given(st.floats(50, 1e6), st.floats(50, 1e6))
def test_the_area_fits_at_the_scale_and_the_scale_is_round(width_m: float, height_m: float) -> None:
    scale = round_scale(width_m, height_m, (8.26, 6.62))
    inch_m = scale * 0.0254
    assert width_m <= 8.26 * inch_m * (1 + 1e-9)
    assert height_m <= 6.62 * inch_m * (1 + 1e-9)
    assert float(f"{scale:.1e}") == scale
    assert 0.3 * 1.7 * inch_m <= round_length(1.7 * inch_m) <= 1.7 * inch_m * (1 + 1e-9)


def test_labels_never_meet() -> None:
    sheet = Figure(figsize=(4, 3), dpi=100)
    canvas = FigureCanvasAgg(sheet)
    axes = sheet.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 4)
    axes.set_ylim(0, 3)
    rng = np.random.default_rng(3)
    labels = [
        Label(float(x), float(y), f"阅览室 {i}", 8, "#000000", radius=3.0, plate=i % 3 == 0)
        for i, (x, y) in enumerate(rng.uniform((0, 0), (4, 3), (80, 2)))
    ]
    corner = (0.0, 0.0, 150.0, 60.0)
    left_out = place_labels(canvas, axes, labels, [corner])
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert len(boxes) == len(labels) - left_out
    assert 10 < len(boxes) < 80
    for i, one in enumerate(boxes):
        assert not (one.x0 < corner[2] and one.y0 < corner[3])
        for other in boxes[:i]:
            assert not (one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1)
