# ruff: noqa: RUF001 - Chinese texts are looked for
"""The web map as a page: self-contained, small, the same every time, with texts that stay texts."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import TYPE_CHECKING

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from branca.element import Figure

from walkshed.reporting.leaflet import CompactLayer, MarkerLayer, OfflineMap, Paint, compact_payload, publish_payload
from walkshed.reporting.maplayers import band_dashes
from walkshed.reporting.scripts import leaflet_folder, script_json
from walkshed.reporting.webmap import webmap, write_webmap
from walkshed.reporting.wording import credit_names

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult

MEGABYTE = 1_000_000


def outside(page: str) -> list[str]:
    """Return the addresses a page names, but for names of XML and the licence notes inside Leaflet's own files."""
    return [url for url in re.findall(r"https?://[^\s\"'<>)\\]+", page) if not url.startswith("http://www.w3.org/")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_names_nothing_outside(result: StudyResult, language: str) -> None:
    drawn = webmap(result, language=language)
    assert isinstance(drawn, folium.Map)
    page = drawn.page.render()
    assert outside(page) == []
    for link in re.findall(r"(?:src|href)=\"([^\"]*)\"", page):
        assert link.startswith("data:"), link[:60]
    style = next(link for link in re.findall(r"href=\"([^\"]*)\"", page) if link.startswith("data:text/css"))
    sheet = base64.b64decode(style.split(",", 1)[1]).decode()
    assert all(url.startswith(("data:", "#")) for url in re.findall(r"url\(([^)]*)\)", sheet))


def test_it_says_what_an_official_must_know(result: StudyResult) -> None:
    page = webmap(result, language="zh").page.render()
    for words in (
        "示范区阅览室十五分钟步行覆盖与选址建议",
        "25.0%",
        "人口覆盖率（E）",
        "内部工作用图，未经审核不得公开",
        "© OpenStreetMap 贡献者",
        "示例阅览室名录",
        "盲区 1",
        "虎溪街道",
        "走马书房",
    ):
        assert words in page, words
    approved = dataclasses.replace(
        result,
        config=dataclasses.replace(
            result.config, report=dataclasses.replace(result.config.report, map_approval_number="渝S（2026）001号")
        ),
    )
    page = webmap(approved, language="zh").page.render()
    assert "审图号：渝S（2026）001号" in page
    assert "未经审核不得公开" not in page


def test_openstreetmap_is_credited_once() -> None:
    assert credit_names(("统计年鉴",), "zh") == "© OpenStreetMap 贡献者；统计年鉴"
    assert credit_names(("© OpenStreetMap contributors (ODbL)",), "en") == "© OpenStreetMap contributors (ODbL)"


def test_equal_results_give_equal_pages(result: StudyResult, tmp_path: Path) -> None:
    write_webmap(result, tmp_path / "one.html")
    write_webmap(result, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_hostile_texts_are_inert_in_the_source(hostile: StudyResult) -> None:
    for language in ("zh", "en"):
        page = webmap(hostile, language=language).page.render()
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        heading, body = page.split("</title>", 1)
        assert "49" not in heading
        assert "{{ 7 * 7 }}" not in body
        assert "`${alert" not in page
        assert r"\u007b{ 7 * 7 }}" in page, "kept as text, not run as a template"


def test_a_study_with_next_to_nothing_still_makes_a_map(bare: StudyResult) -> None:
    page = webmap(bare, language="zh").page.render()
    assert "未覆盖" in page
    assert outside(page) == []


def test_twenty_thousand_homes_stay_small(result: StudyResult, tmp_path: Path) -> None:
    copies = 20_000 // len(result.demand) + 1
    many = pd.concat([result.demand] * copies, ignore_index=True)
    shift = np.repeat(np.arange(copies), len(result.demand)) * 1e-4
    moved = [shapely.affinity.translate(shape, dx, dx / 3) for shape, dx in zip(many.geometry, shift, strict=True)]
    many = gpd.GeoDataFrame(many.drop(columns="geometry"), geometry=moved, crs=4326)
    many["demand_id"] = [f"way/{i}" for i in range(len(many))]
    # snapped places stay those of the first copy; without proposals nobody asks for them
    crowd = dataclasses.replace(result, demand=many, proposals=result.proposals.iloc[:0])
    write_webmap(crowd, tmp_path / "map.html")
    assert len(many) >= 20_000
    assert (tmp_path / "map.html").stat().st_size <= 3 * MEGABYTE


def test_an_app_serves_leaflet_itself(result: StudyResult) -> None:
    assert {"leaflet.js", "leaflet.css"} <= {file.name for file in leaflet_folder().iterdir()}
    drawn = webmap(result, assets_url="../assets/")
    page = drawn.page.render()
    assert 'src="../assets/leaflet.js"' in page
    assert 'href="../assets/leaflet.css"' in page
    assert ("leaflet", "../assets/leaflet.js") in drawn.default_js
    assert folium.Map.default_js[0][1].startswith("https://"), "other maps keep their own links"


def test_published_geometry_is_written_once(tmp_path: Path) -> None:
    payload = compact_payload([shapely.Point(1, 2)], names=["书房"], columns=[{"label": "人", "values": [3]}])
    name = publish_payload(payload, tmp_path / "served", "homes")
    assert re.fullmatch(r"homes-[0-9a-f]{16}\.json", name)
    stamp = (tmp_path / "served" / name).stat().st_mtime_ns
    assert publish_payload(payload, tmp_path / "served", "homes") == name
    assert (tmp_path / "served" / name).stat().st_mtime_ns == stamp
    assert json.loads((tmp_path / "served" / name).read_text(encoding="utf-8")) == payload
    assert publish_payload(payload | {"scale": 10}, tmp_path / "served", "homes") != name


def test_layers_by_address_carry_no_geometry(tmp_path: Path) -> None:
    del tmp_path
    drawn = OfflineMap([30, 106])
    CompactLayer("homes", url="layers/homes-1.json", looks=[{"color": "#fff"}]).add_to(drawn)
    Paint("homes", np.array([0, 1, 2])).add_to(drawn)
    page = drawn.page.render()
    assert 'fetch("layers/homes-1.json")' in page
    assert "walkshed.paint(\"homes\", '012')" in page


def test_json_for_scripts_survives_two_templates(hostile_texts: tuple[str, ...]) -> None:
    written = script_json({"names": list(hostile_texts)})
    assert json.loads(written) == {"names": list(hostile_texts)}
    assert not re.search(r"[<>&`\u2028]|\{[{%#]", written)
    with pytest.raises(ValueError, match="JSON compliant"):
        script_json(float("nan"))


def test_marker_layers_carry_only_the_signs_they_use() -> None:
    drawn = OfflineMap([30, 106])
    layer = MarkerLayer("rooms", {"a": {"svg": "<svg/>"}, "b": {"svg": "<svg/>"}}, [{"at": (30, 106), "sign": "a"}])
    layer.add_to(drawn)
    assert set(json.loads(layer.options)["signs"]) == {"a"}
    assert isinstance(drawn.get_root(), Figure)


@pytest.mark.parametrize(("bands", "dashes"), [(0, ()), (1, ("",)), (2, ("6 4", "")), (3, ("1 4", "6 4", ""))])
def test_the_farthest_band_is_solid(bands: int, dashes: tuple[str, ...]) -> None:
    assert band_dashes(bands) == dashes
