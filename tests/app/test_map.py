"""What the map's frame is sent: little per click, no geometry of homes, nothing of a user's own by address."""

from __future__ import annotations

import json
import math
import zlib
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import basemaps, figures, mapblocks, mapfacts, mapview
from walkshed.app.assets import layer_folder
from walkshed.app.mapbase import lowest_areas
from walkshed.parameters import StudyConfig
from walkshed.reporting.served import NEW, home_classes
from walkshed.study import run_study, survey_study
from walkshed.study.variants import vary_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyInputs

MAX_BYTES = 100_000


def told(script: str) -> dict[str, Any]:
    """Return what a click tells the homes' layer, with what is fetched for it."""
    call = script.split("walkshed.follow(")[1]
    given: dict[str, Any] = unpacked(call.split("'")[1])
    for address in json.loads("[" + call.split("'")[2].split("[", 1)[1].split("]", 1)[0] + "]"):
        given["columns"] = [*unpacked((layer_folder() / address.rsplit("/", 1)[1]).read_text()), *given["columns"]]
    return given


def unpacked(text: str) -> Any:
    """Return what was deflated for the map."""
    return json.loads(zlib.decompress(b64decode(text)))


@pytest.mark.parametrize("name", ["coverage", "siting"])
def test_a_click_sends_little_and_the_fixed_part_stays(open_page: Callable[..., Any], name: str) -> None:
    page = open_page(name)
    first = page.map_parts()
    assert len(json.dumps(first)) < MAX_BYTES
    page.widget("segmented_control", "cutoff_min").set_value(5.0)
    second = page.run().map_parts()
    assert second["feature_group"] != first["feature_group"]
    assert second["key"] == first["key"]  # or the frame would be built anew


def test_layers_can_be_switched_off(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage")
    assert '"id":"bands"' in page.map_script()
    assert '"id":"gaps"' in page.map_script()
    for layer in ("isochrones", "gaps", "served", "unserved"):
        page.widget("checkbox", f"show_{layer}").uncheck()
    script = page.run().map_script()
    assert '"id":"bands"' not in script
    assert '"id":"gaps"' not in script
    assert set(told(script)["codes"]) == {str(mapview.HIDDEN)}


def test_shapes_are_published_once_and_hold_no_user_data(open_page: Callable[..., Any]) -> None:
    open_page("coverage")
    before = {file.name for file in layer_folder().iterdir()}
    assert {name.rsplit("-", 1)[0] for name in before} >= {"homes", "streets", "backdrop", "boundary", "bands", "gaps"}
    open_page("coverage", min="5", who="adult")
    new = {file.name for file in layer_folder().iterdir()} - before
    assert {name.rsplit("-", 1)[0] for name in new} <= {"bands", "band-lines", "gaps", "facts"}
    for file in layer_folder().glob("gaps-*.json"):
        assert set(unpacked(file.read_text())) == {"scale", "geometry"}
    homes = next(json.loads(file.read_text("utf-8")) for file in layer_folder().glob("homes-*.json"))
    assert set(homes) <= {"scale", "geometry", "columns"}


def test_newly_served_homes_are_those_of_the_siting_answer(helsinki: StudyConfig, helsinki_inputs: StudyInputs) -> None:
    # At another profile than the study's headline: the walker of the variant decides, not of the loaded network.
    result = run_study(vary_study(helsinki, profile="adult", cutoff_min=5.0), inputs=helsinki_inputs)
    gained = result.demand.population.to_numpy()[home_classes(result) == NEW].sum()
    assert gained == pytest.approx(result.siting.objective)


def test_the_zoom_follows_the_size_of_the_area() -> None:
    assert mapview.focus_zoom((24.94, 60.17, 24.94, 60.17)) == mapview.FOCUS_ZOOMS[1]
    assert mapview.focus_zoom((20.0, 55.0, 25.0, 60.0)) == mapview.FOCUS_ZOOMS[0]
    near, far = mapview.focus_zoom((24.94, 60.17, 24.95, 60.175)), mapview.focus_zoom((24.94, 60.17, 24.98, 60.18))
    assert far < near
    assert np.isclose(near - far, 2, atol=0.25)


def test_homes_tell_their_minutes_room_and_reason(
    open_page: Callable[..., Any], helsinki: StudyConfig, helsinki_inputs: StudyInputs
) -> None:
    given = told(open_page("coverage", lang="en").map_script())
    demand = survey_study(helsinki, inputs=helsinki_inputs).demand
    minutes, room, reason = given["columns"]
    for i, row in enumerate(demand.itertuples()):
        assert given["codes"][i] == str(int(not row.covered))
        walked = "" if math.isnan(row.minutes) else f"at most {math.ceil(row.minutes)} min"
        assert minutes["texts"][minutes["values"][i]] == walked
        assert bool(reason["texts"][reason["values"][i]]) != row.covered
        assert bool(room["texts"][room["values"][i]]) == (row.facility_id != "")


def test_a_fact_with_too_many_texts_keeps_the_commonest() -> None:
    codes = np.array([-1, *range(mapfacts.MAX_CODE + 1), mapfacts.MAX_CODE])
    fact = mapfacts.fact("fact_nearest", codes, [f"room {i}" for i in range(mapfacts.MAX_CODE + 1)])
    shown = [fact["texts"][character] for character in fact["values"]]
    assert shown[0] == ""
    assert shown[-1] == shown[-2] == f"room {mapfacts.MAX_CODE}"
    assert shown.count("") == 2


def test_units_are_coloured_by_their_fifth(open_page: Callable[..., Any], root: Path) -> None:
    page = open_page("coverage", study="sample-district")
    assert f"'{mapview.NO_RATE}" in page.map_script().split(f'paint("{mapview.UNIT_RATES}",')[1][:8]
    page.widget("checkbox", "show_unit_rates").check()
    script = page.run().map_script()
    painted = script.split(f'paint("{mapview.UNIT_RATES}",')[1].split("'")[1]
    survey = survey_study(StudyConfig.from_toml(root / "data" / "sample-district"))
    rates = figures.unit_rates(survey, "E").set_index("unit_id").rate
    units = lowest_areas(survey).unit_id
    assert painted == "".join(str(min(int(5 * rates[unit]), 4)) for unit in units)


def test_every_room_has_its_own_area_when_asked(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage")
    assert '"id":"own-areas"' not in page.map_script()
    page.widget("checkbox", "show_own_areas").check()
    assert '"id":"own-areas"' in page.run().map_script()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 2), st.integers(0, 9)), min_size=4)
)
def test_squares_lose_nobody_and_take_the_class_of_most(homes: list[tuple[int, int, int, int]]) -> None:
    x, y, classes, people = (np.array(column) for column in zip(*homes, strict=True))
    points = gpd.GeoSeries(gpd.points_from_xy(500_000 + x, 4_400_000 + y), crs="EPSG:32650").to_crs(4326)
    blocks = mapblocks.blocks_of(points, "EPSG:32650", most=3)
    assert blocks is not None
    assert blocks.add_up(people).sum() == people.sum()
    most = blocks.most(classes, people)
    for square in range(len(blocks.geometry)):
        inside = blocks.block == square
        weight = people[inside] if people[inside].sum() else np.ones(inside.sum())
        totals = [weight[classes[inside] == code].sum() for code in range(3)]
        assert totals[most[square]] == max(totals)
    west, south, east, north = blocks.geometry.to_crs("EPSG:32650").bounds.to_numpy().T
    shift_x, shift_y = 500_000 + x, 4_400_000 + y
    slack = mapblocks.MARGIN * blocks.side_m + 0.01
    assert ((west[blocks.block] - slack <= shift_x) & (shift_x <= east[blocks.block] + slack)).all()
    assert ((south[blocks.block] - slack <= shift_y) & (shift_y <= north[blocks.block] + slack)).all()


def test_few_homes_are_drawn_themselves(helsinki_inputs: StudyInputs) -> None:
    assert mapblocks.blocks_of(helsinki_inputs.demand.geometry, helsinki_inputs.network.crs) is None


def test_a_base_map_from_outside_is_asked_for_only_when_chosen(
    open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(basemaps.KEY_VARIABLE, "a&b")
    page = open_page("coverage")
    assert "tileLayer" not in page.map_script()
    for name, service in basemaps.SERVICES.items():
        page.widget("selectbox", "ground").set_value(name)
        script = page.run().map_script()
        assert script.count("L.tileLayer") == len(service.tiles)
        assert ('"name":"gcj02"' in script) == (name == "amap")
        assert '"id":"streets"' not in script
    page.widget("selectbox", "ground").set_value(basemaps.OWN)
    assert "tileLayer" not in page.run().map_script()


def test_tianditu_is_offered_only_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(basemaps.KEY_VARIABLE, raising=False)
    assert basemaps.offered() == (basemaps.OWN, "osm", "amap")
    monkeypatch.setenv(basemaps.KEY_VARIABLE, "a&b")
    assert basemaps.offered() == (basemaps.OWN, "osm", "tianditu", "amap")
    urls = [layer.tiles for layer in basemaps.tile_layers("tianditu")]
    assert all(url.endswith("tk=a%26b") for url in urls)
    assert ["LAYER=vec" in urls[0], "LAYER=cva" in urls[1]] == [True, True]
