"""Residents from population or households, for points and areas, of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyproj
import pytest
import shapely

from walkshed.contracts import DEMAND, check_table
from walkshed.errors import InputError
from walkshed.inputs.demand import COLUMNS, read_demand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd


def test_compounds_by_households(write_text: Callable[..., Path]) -> None:
    text = '小区名称,户数,经度,纬度\n甲苑,3005户,106.3,29.5\n乙苑,"3,005",106.31,29.5\n丙苑,３００５,106.32,29.5\n'  # noqa: RUF001 - full width
    read = read_demand(write_text("homes.csv", text))
    table = read.table
    assert list(table.columns) == [*COLUMNS, "geometry"]
    assert table.population.tolist() == pytest.approx([3005 * 2.6] * 3)
    assert table.kind.tolist() == ["compound"] * 3
    assert table.name.tolist() == ["甲苑", "乙苑", "丙苑"]
    assert table.demand_id.tolist() == ["row-2", "row-3", "row-4"]
    assert table.area_m2.tolist() == [0, 0, 0]
    check_table(table, DEMAND)
    doubled = read_demand(write_text("homes.csv", text), persons_per_household=5.2).table
    assert doubled.population.tolist() == pytest.approx([3005 * 5.2] * 3)


def test_population_counts_before_households_row_by_row(write_text: Callable[..., Path]) -> None:
    text = "id,population,households,lon,lat\na,100,10,106.3,29.5\nb,,10,106.31,29.5\nc,0,10,106.32,29.5\n"
    table = read_demand(write_text("homes.csv", text)).table
    assert table.population.tolist() == [100, 26, 0]
    assert table.kind.tolist() == ["point", "compound", "point"]


def test_units_in_the_header_are_multiplied_in(write_text: Callable[..., Path]) -> None:
    text = "id,常住人口(万人),lon,lat\na,7.4712,106.3,29.5\n"
    assert read_demand(write_text("homes.csv", text)).table.population.tolist() == pytest.approx([74712])


def test_bad_figures_are_refused_with_their_reason(write_text: Callable[..., Path]) -> None:
    text = (
        "id,population,kind,lon,lat\n"
        "a,10,,106.3,29.5\n"
        "b,,,106.3,29.5\n"
        "c,-1,,106.3,29.5\n"
        "d,many,,106.3,29.5\n"
        "e,inf,,106.3,29.5\n"
        "f,10,palace,106.3,29.5\n"
        "g,10,,,\n"
        "a,10,,106.4,29.5\n"
    )
    read = read_demand(write_text("homes.csv", text))
    assert read.table.demand_id.tolist() == ["a"]
    assert list(zip(read.rejects.line, read.rejects.reason, strict=True)) == [
        (3, "no_residents"),
        (4, "negative_number"),
        (5, "bad_number"),
        (6, "bad_number"),
        (7, "unknown_kind"),
        (8, "no_position"),
        (9, "duplicate_id"),
    ]
    assert read.rejects.detail.tolist()[:3] == ["population=", "population=-1", "population=many"]
    assert (read.rejects.layer == "demand").all()


def test_no_figures_of_residents_at_all_is_an_error(write_text: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"neither a population nor a households column.*id, lon, lat"):
        read_demand(write_text("homes.csv", "id,lon,lat\na,106.3,29.5\n"))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_persons_per_household_must_be_positive(write_text: Callable[..., Path], value: float) -> None:
    with pytest.raises(InputError, match="positive"):
        read_demand(write_text("homes.csv", "id,户数,lon,lat\na,1,1,1\n"), persons_per_household=value)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("", "compound"), ("building", "building"), ("居住用地", "landuse"), ("小区", "compound"), ("网格", "cell")],
)
def test_areas_are_compounds_unless_the_file_says_otherwise(
    write_geojson: Callable[..., Path], word: str, kind: str
) -> None:
    path = write_geojson("h.geojson", [(shapely.box(106.3, 29.5, 106.31, 29.51), {"kind": word, "pop": 5})])
    assert read_demand(path).table.kind.tolist() == [kind]


def test_areas_are_measured_on_the_ellipsoid(write_geojson: Callable[..., Path]) -> None:
    box = shapely.box(106.3, 29.5, 106.31, 29.51)
    features = [(box, {"pop": 5, "area_m2": 1}), (shapely.Point(106.3, 29.5), {"pop": 5, "area_m2": 77})]
    table = read_demand(write_geojson("h.geojson", features)).table
    geodesic = abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(box, 0.0005))[0])
    assert table.area_m2.tolist() == pytest.approx([geodesic, 77], rel=1e-4)


def test_self_intersecting_areas_are_made_valid(write_geojson: Callable[..., Path]) -> None:
    bow_tie = shapely.Polygon([(106.3, 29.5), (106.32, 29.52), (106.32, 29.5), (106.3, 29.52)])
    features = [(bow_tie, {"pop": 5}), (shapely.Polygon(), {"pop": 5}), (None, {"pop": 5})]
    read = read_demand(write_geojson("h.geojson", features))
    assert read.table.geometry.is_valid.all()
    assert read.table.geometry.iloc[0].area == pytest.approx(0.0002)
    assert read.rejects.reason.tolist() == ["no_position", "no_position"]


def test_residents_outside_the_boundary_are_not_counted(
    write_geojson: Callable[..., Path], zone: gpd.GeoDataFrame
) -> None:
    features = [
        (shapely.box(106.38, 29.5, 106.405, 29.51), {"pop": 1, "id": "mostly in"}),
        (shapely.box(106.395, 29.5, 106.42, 29.51), {"pop": 2, "id": "mostly out"}),
        (shapely.box(106.5, 29.5, 106.51, 29.51), {"pop": 3, "id": "far"}),
        (shapely.box(29.5, 106.3, 29.51, 106.31), {"pop": 4, "id": "swapped"}),
    ]
    read = read_demand(write_geojson("h.geojson", features), boundary=zone)
    assert read.table.demand_id.tolist() == ["mostly in"]
    assert read.table.geometry.iloc[0].equals(features[0][0])
    assert read.rejects.reason.tolist() == ["outside_boundary", "far_outside", "swapped"]


def test_a_layer_in_gcj02_lands_on_its_boundary(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    text = "id,pop,lon,lat\na,5,106.4035,29.5\n"  # GCJ-02 of a place 0.0004 degrees inside the rim
    path = write_text("h.csv", text)
    assert len(read_demand(path, datum="gcj02", boundary=zone).table) == 1
    with pytest.raises(InputError, match="lies outside the study area"):
        read_demand(path, boundary=zone)


def test_the_cells_of_porto_alegre_keep_their_population(shared_data: Path) -> None:
    read = read_demand(shared_data / "porto-alegre/poa_hexgrid.csv", columns={"kind": ""})
    assert len(read.table) == 1227
    assert read.table.population.sum() == 812_935
    assert read.rejects.empty
    assert read.table.demand_id[0] == "89a901291abffff"
    assert {"schools", "jobs", "healthcare"} <= set(read.table.columns)
    assert np.isfinite(read.table.geometry.x).all()
