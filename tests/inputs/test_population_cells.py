"""Grids given by their centres become areas of equal size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from walkshed.contracts import DEMAND, check_table
from walkshed.errors import InputError
from walkshed.inputs.demand import read_demand
from walkshed.inputs.population_cells import cells_from_centres
from walkshed.inputs.spread import scale_to_units

if TYPE_CHECKING:
    from pathlib import Path


def points(places: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    series = gpd.GeoSeries([shapely.Point(500_000 + x, 3_300_000 + y) for x, y in places], crs=32648).to_crs(4326)
    count = len(places)
    data = {"demand_id": [f"p{number}" for number in range(count)], "kind": "point", "name": "", "population": 1.0}
    return gpd.GeoDataFrame(data | {"area_m2": 0.0, "unit_id": ""}, geometry=series)


def test_squares_with_a_hole_and_a_ragged_rim() -> None:
    places = [(250.0 * x, 250.0 * y) for x in range(5) for y in range(4) if (x, y) not in {(2, 1), (4, 3), (0, 0)}]
    table = points(places)
    before = table.copy()
    cells = cells_from_centres(table)
    assert cells["area_m2"].to_numpy() == pytest.approx(62_500, rel=0.002)
    assert (cells["kind"] == "cell").all()
    assert cells.geometry.contains(table.geometry).all()
    assert cells["population"].sum() == len(places)
    check_table(cells, DEMAND)
    assert table.equals(before)


def test_the_hexagons_of_porto_alegre(shared_data: Path) -> None:
    table = read_demand(shared_data / "porto-alegre/poa_hexgrid.csv", columns={"kind": ""}).table
    cells = cells_from_centres(table)
    assert cells["population"].sum() == 812_935
    assert cells["demand_id"].tolist() == table["demand_id"].tolist()
    # H3 cells of level 9 near Porto Alegre; neighbours meet without gap or overlap.
    assert cells["area_m2"].to_numpy() == pytest.approx(cells["area_m2"].median(), rel=0.02)
    corners = shapely.get_num_coordinates(cells.geometry.to_numpy()) - 1
    assert np.median(corners) == 6
    joined = shapely.union_all(cells.geometry.to_numpy())
    assert joined.area == pytest.approx(shapely.area(cells.geometry.to_numpy()).sum(), rel=1e-9)
    west, south, east, north = cells.total_bounds
    middle = (west + east) / 2
    halves = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    units = gpd.GeoDataFrame(
        {"unit_id": ["w", "e"], "name": ["west", "east"], "population": [500_000.0, 400_000.0]},
        geometry=halves,
        crs=4326,
    )
    scaled = scale_to_units(cells, units)
    assert scaled.table.groupby("unit_id")["population"].sum().to_dict() == pytest.approx({"w": 500_000, "e": 400_000})
    assert scaled.unplaced.empty


def test_what_is_no_grid_is_refused() -> None:
    for places in ([(0, 0), (250, 0)], [(0, 0), (250, 0), (500, 0)]):
        with pytest.raises(InputError, match="not the centres of a grid"):
            cells_from_centres(points(places))
    with pytest.raises(InputError, match="not the centres of a grid"):
        cells_from_centres(cells_from_centres(points([(0, 0), (250, 0), (0, 250), (250, 250)])))
    grid = [(250.0 * x, 250.0 * y) for x in range(3) for y in range(3)]
    with pytest.raises(InputError, match="2 rows have the centre of another row"):
        cells_from_centres(points([*grid, (250.0, 250.0)]))
