"""Heights from rasters are exact, honest about gaps, and slopes follow Tobler."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import Transformer
from rasterio import Affine
from scipy.ndimage import map_coordinates

from walkshed.catalogue import has
from walkshed.errors import CrsError, InputError
from walkshed.network import elevation as elevation_module
from walkshed.network.build import read_network
from walkshed.network.elevation import bilinear, raster_heights
from walkshed.network.slope import (
    STEEPEST_STREET,
    Elevation,
    Gradients,
    edge_gradients,
    elevation_note,
    known_share,
    sample_elevation,
    slope_factors,
    tobler_factor,
)
from walkshed.network.traits import EdgeTraits, traits_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    MakeNetwork = Callable[..., WalkNetwork]
    FloatArray = NDArray[np.float64]

WEST, SOUTH = 500_000.0, 4_400_000.0  # the corner that hand-made networks are drawn from
CORNER = np.array([[WEST], [SOUTH]])
CELL = 30.0


def write_raster(
    path: Path, heights: Callable[[FloatArray, FloatArray], Any], *, crs: str | None = "EPSG:32650", **profile: object
) -> Path:
    """Write a raster of 60 x 60 cells of 30 m around the corner, its heights a function of metres from the corner."""
    cells = np.arange(60) * CELL - 300.0 + CELL / 2
    x, y = np.meshgrid(cells, cells[::-1])
    values = np.asarray(heights(x, y) * np.ones_like(x), str(profile.pop("dtype", "float64")))
    transform = Affine(CELL, 0, WEST - 300, 0, -CELL, SOUTH + 60 * CELL - 300)
    unit, scale, offset = profile.pop("unit", None), profile.pop("scale", 1.0), profile.pop("offset", 0.0)
    shape = {"height": 60, "width": 60, "count": 1, "dtype": values.dtype, "transform": transform}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, **shape, **profile) as raster:
        raster.write(values, 1)
        raster.scales, raster.offsets = (scale,), (offset,)
        if unit:
            raster.units = (unit,)
    return path


def tagged(network: WalkNetwork, **columns: object) -> EdgeTraits:
    """Return the traits of a network with some columns stated."""
    return traits_of(network)._replace(**{name: np.array(values) for name, values in columns.items()})


def heights_of(elevation: Elevation, edge: int) -> list[float]:
    return list(elevation.height_m[elevation.start[edge] : elevation.start[edge + 1]])


# --- reading a raster ---------------------------------------------------------------------------------------------


@given(
    hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-400, 4000)),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20),
)
def test_interpolation_agrees_with_scipy(cells: FloatArray, places: list[tuple[float, float]]) -> None:
    row, column = (np.array(places) * (np.array(cells.shape) - 1)).T
    expected = map_coordinates(cells, [row, column], order=1, mode="nearest")
    assert bilinear(cells, row, column) == pytest.approx(expected, abs=1e-9)


def test_a_plane_is_reproduced_exactly(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "plane.tif", lambda x, y: 50 + 0.03 * x - 0.02 * y)
    x, y = np.random.default_rng(1).uniform(0, 1000, (2, 500))
    height = raster_heights(raster, x + WEST, y + SOUTH, "EPSG:32650")
    assert height == pytest.approx(50 + 0.03 * x - 0.02 * y, abs=1e-9)


def test_tiles_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raster = write_raster(tmp_path / "hills.tif", lambda x, y: 40 * np.sin(x / 70) + 30 * np.cos(y / 90))
    x, y = np.random.default_rng(2).uniform(-300, 1400, (2, 2000)) + CORNER
    whole = raster_heights(raster, x, y, "EPSG:32650")
    monkeypatch.setattr(elevation_module, "TILE", 7)
    assert raster_heights(raster, x, y, "EPSG:32650").tolist() == whole.tolist()


def test_the_rasters_own_crs_is_respected(tmp_path: Path) -> None:
    to_degrees = Transformer.from_crs("EPSG:32650", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(WEST, SOUTH)
    size, step = 60, 0.0003
    transform = Affine(step, 0, lon - 0.005, 0, -step, lat + 0.013)
    columns, rows = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    values = 1e4 * (columns * step - 0.005) + 2e4 * (0.013 - rows * step)
    profile = {"height": size, "width": size, "count": 1, "dtype": "float64", "crs": "EPSG:4326"}
    with rasterio.open(tmp_path / "degrees.tif", "w", driver="GTiff", transform=transform, **profile) as raster:
        raster.write(values, 1)
    x, y = np.random.default_rng(3).uniform(0, 800, (2, 50)) + CORNER
    there_lon, there_lat = to_degrees.transform(x, y)
    height = raster_heights(tmp_path / "degrees.tif", x, y, "EPSG:32650")
    assert height == pytest.approx(1e4 * (there_lon - lon) + 2e4 * (there_lat - lat), abs=1e-6)


def test_a_turned_raster_is_read_right(tmp_path: Path) -> None:
    along, across = CELL * math.cos(0.35), CELL * math.sin(0.35)
    turned = Affine(along, across, WEST, across, -along, SOUTH + 600)
    columns, rows = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    x = turned.a * columns + turned.b * rows + turned.c
    profile = {"height": 40, "width": 40, "count": 1, "dtype": "float64", "crs": "EPSG:32650"}
    with rasterio.open(tmp_path / "turned.tif", "w", driver="GTiff", transform=turned, **profile) as raster:
        raster.write(x - WEST, 1)
    inside = raster_heights(
        tmp_path / "turned.tif", WEST + np.array([400.0, 500.0]), SOUTH + np.full(2, 500.0), "EPSG:32650"
    )
    assert inside == pytest.approx([400, 500])


def test_near_the_rim_the_last_cells_count_and_beyond_it_nothing(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "rim.tif", lambda x, y: x + 0 * y)
    x = np.array([-285.0, -299.9, -300.1, 1499.9, 1500.1, -1e6, np.inf]) + WEST
    height = raster_heights(raster, x, np.full(7, SOUTH), "EPSG:32650")
    assert height == pytest.approx([-285, -285, np.nan, 1485, np.nan, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("nodata", [-9999.0, math.nan, None])
def test_places_beside_cells_without_data_have_no_height(tmp_path: Path, nodata: float | None) -> None:
    hole = -9999.0 if nodata is None else nodata  # undeclared, but no height on Earth
    raster = write_raster(tmp_path / "hole.tif", lambda x, y: np.where((x > 300) & (y > 0), hole, 10.0), nodata=nodata)
    x = np.array([200.0, 285.0, 286.0, 314.0, 400.0])
    height = raster_heights(raster, x + WEST, np.full(5, SOUTH + 90), "EPSG:32650")
    assert height == pytest.approx([10, 10, np.nan, np.nan, np.nan], nan_ok=True)


def test_scale_offset_and_unit_of_a_raster_count(tmp_path: Path) -> None:
    scaled = write_raster(
        tmp_path / "scaled.tif", lambda x, y: 200 + 0 * x + 0 * y, dtype="int16", scale=0.1, offset=5.0
    )
    feet = write_raster(tmp_path / "feet.tif", lambda x, y: 100 + 0 * x + 0 * y, unit="ft")
    at = np.array([WEST]), np.array([SOUTH])
    assert raster_heights(scaled, *at, "EPSG:32650") == pytest.approx([25.0])
    assert raster_heights(feet, *at, "EPSG:32650") == pytest.approx([30.48])


def test_unusable_rasters_are_named(tmp_path: Path, make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    with pytest.raises(InputError, match=r"no elevation raster .*none\.tif"):
        sample_elevation(network, tmp_path / "none.tif")
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InputError, match=r"text\.tif is not what its ending"):
        sample_elevation(network, tmp_path / "text.tif")
    with pytest.raises(CrsError, match="coordinate system"):
        sample_elevation(network, write_raster(tmp_path / "bare.tif", lambda x, y: x + y, crs=None))
    far = make_network([(1e5, 0), (1e5, 100)], [(0, 1)])
    with pytest.raises(InputError, match="no place of this street network"):
        sample_elevation(far, write_raster(tmp_path / "far.tif", lambda x, y: x + y))
    for step in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="metres above 0"):
            sample_elevation(network, tmp_path / "far.tif", step_m=step)


def test_a_cut_off_raster_is_named(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "cut.tif", lambda x, y: x + y)
    raster.write_bytes(raster.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"cut\.tif cannot be read as a raster"):
        sample_elevation(make_network([(0, 0), (100, 0)], [(0, 1)]), raster)


# --- along edges --------------------------------------------------------------------------------------------------


def test_heights_stand_at_even_steps_along_a_bent_street(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "plane.tif", lambda x, y: 0.1 * x + 0.05 * y)
    straight = make_network([(0, 0), (60, 80), (60, 90)], [(0, 1), (1, 2)])
    bent = replace(
        straight,
        length_m=np.array([140.0, 10.0]),
        geometry_start=np.array([0, 3, 5]),
        geometry_x=np.array([0.0, 60, 60, 60, 60]) + WEST,
        geometry_y=np.array([0.0, 0, 80, 80, 90]) + SOUTH,
    )
    elevation = sample_elevation(bent, raster)
    assert elevation.start.tolist() == [0, 7, 9]  # six steps of 23.3 m, one of 10 m
    at = np.arange(7) * 140 / 6
    expected = np.where(at < 60, 0.1 * at, 6 + 0.05 * (at - 60))
    assert heights_of(elevation, 0) == pytest.approx(expected.tolist(), abs=1e-9)
    assert heights_of(elevation, 1) == pytest.approx([10.0, 10.5], abs=1e-9)
    assert len(heights_of(sample_elevation(bent, raster, step_m=70.0), 0)) == 3


def test_gaps_are_told_and_flat(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "gap.tif", lambda x, y: np.where(x > 100, np.nan, 0.1 * x) + 0 * y)
    network = make_network([(0, 0), (50, 0), (150, 0)], [(0, 1), (1, 2)])
    elevation = sample_elevation(network, raster)
    assert heights_of(elevation, 1) == pytest.approx([5.0, 7.5, np.nan, np.nan, np.nan], nan_ok=True)
    assert known_share(network, elevation) == pytest.approx(75 / 150)
    gradients = edge_gradients(network, elevation)
    assert gradients.gradient.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.0, 0.0, 0.0])
    note = elevation_note(network, elevation)
    assert note is not None
    assert has(note.key)
    assert "50.0%" in note.text("en")
    assert "50.0%" in note.text("zh")
    whole = sample_elevation(network, write_raster(tmp_path / "whole.tif", lambda x, y: x + y))
    assert elevation_note(network, whole) is None


def test_a_chain_of_bridges_runs_straight_over_the_valley(tmp_path: Path, make_network: MakeNetwork) -> None:
    # ground at 20 m before x = 100 and at 26 m behind x = 300, a gorge at 0 m between; stairs lead up to the middle
    raster = write_raster(
        tmp_path / "gorge.tif", lambda x, y: np.where(x < 120, 20.0, np.where(x > 280, 26.0, 0.0)) + 0 * y
    )
    nodes = [(0, 0), (100, 0), (150, 0), (250, 0), (300, 0), (400, 0), (200, 50), (150, 90)]
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (2, 7)]
    network = make_network(nodes, edges)
    network = replace(network, steps=np.array([False] * 5 + [True]))
    traits = tagged(network, off_ground=[False, True, True, True, False, False])
    elevation = sample_elevation(network, raster, traits=traits)
    assert heights_of(elevation, 0) == pytest.approx([20] * 5)
    assert heights_of(elevation, 1) == pytest.approx([20, 20.75, 21.5])
    assert heights_of(elevation, 2) == pytest.approx([21.5, 22.25, 23.0, 23.75, 24.5])
    assert heights_of(elevation, 3) == pytest.approx([24.5, 25.25, 26])
    assert edge_gradients(network, elevation, traits).overall()[1:4] == pytest.approx([0.03] * 3)
    ignored = edge_gradients(network, sample_elevation(network, raster))
    assert ignored.steepest()[1] > 0.2  # without the tag the walk falls into the gorge


def test_a_footbridge_with_nothing_but_stairs_stands_on_them(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "slope.tif", lambda x, y: 0.1 * x + 0 * y)
    network = make_network([(0, 0), (10, 0), (60, 0), (70, 0)], [(0, 1), (1, 2), (2, 3)])
    network = replace(network, steps=np.array([True, False, True]))
    traits = tagged(network, off_ground=[False, True, False])
    assert heights_of(sample_elevation(network, raster, traits=traits), 1) == pytest.approx([1.0, 3.5, 6.0])


def test_a_deck_that_ends_in_the_air_stays_level(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "slope.tif", lambda x, y: 0.1 * x + 0 * y)
    network = make_network([(0, 0), (50, 0), (90, 0)], [(0, 1), (1, 2)])
    elevation = sample_elevation(network, raster, traits=tagged(network, off_ground=[False, True]))
    assert heights_of(elevation, 1) == pytest.approx([5.0, 5.0, 5.0])


def test_a_fork_of_decks_is_the_average_of_its_ends(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "slope.tif", lambda x, y: 0.1 * x + 0 * y)
    nodes = [(0, 0), (0, 100), (0, -100), (300, 0), (0, 120), (0, -120), (320, 0)]
    network = make_network(nodes, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6)])
    traits = tagged(network, off_ground=[True, True, True, False, False, False])
    elevation = sample_elevation(network, raster, traits=traits)
    # ends at 0, 0 and 30 m, so far away as 100, 100 and 300 m: weights 3 : 3 : 1
    assert [heights_of(elevation, e)[0] for e in range(3)] == pytest.approx([30 / 7] * 3)
    assert heights_of(elevation, 2)[-1] == pytest.approx(30)


def test_a_bridge_that_nothing_holds_up_has_no_height(tmp_path: Path, make_network: MakeNetwork) -> None:
    raster = write_raster(tmp_path / "slope.tif", lambda x, y: 0.1 * x + 0 * y)
    network = make_network([(0, 0), (50, 0), (200, 0), (250, 0)], [(0, 1), (2, 3)])
    traits = tagged(network, off_ground=[False, True])
    elevation = sample_elevation(network, raster, traits=traits)
    assert np.isnan(heights_of(elevation, 1)).all()
    assert edge_gradients(network, elevation, traits).overall().tolist() == pytest.approx([0.1, 0.0])


# --- gradients ----------------------------------------------------------------------------------------------------


def test_tags_come_before_the_raster(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)] * 6)
    elevation = Elevation(np.arange(0, 19, 3), np.tile([0.0, 2.0, 6.0], 6))  # 4 % and 8 % up
    traits = tagged(network, incline=[np.nan, 0.1, 0.0, np.inf, -np.inf, -0.02])
    gradients = edge_gradients(network, elevation, traits)
    assert gradients.start.tolist() == [0, 2, 4, 6, 8, 10, 12]
    expected = [0.04, 0.08, 0.1, 0.1, 0, 0, 0.04, 0.08, 0, 0, -0.02, -0.02]
    assert gradients.gradient.tolist() == pytest.approx(expected)
    assert gradients.overall().tolist() == pytest.approx([0.06, 0.1, 0, 0.06, 0, -0.02])
    alone = edge_gradients(network, None, traits)
    assert alone.gradient.tolist() == [0, 0.1, 0, 0, 0, -0.02]


def test_a_raster_makes_no_street_steeper_than_streets_are(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (10, 0)], [(0, 1), (0, 1)])
    elevation = Elevation(np.array([0, 2, 4]), np.array([0.0, 30.0, 30.0, 0.0]))
    assert edge_gradients(network, elevation).gradient.tolist() == [STEEPEST_STREET, -STEEPEST_STREET]
    tag = tagged(network, incline=[0.9, np.nan])
    assert edge_gradients(network, elevation, tag).gradient.tolist() == [0.9, -STEEPEST_STREET]


def test_the_steepest_stretch_is_longer_than_a_step() -> None:
    gradient = np.array([0.2, -0.2, 0.2, -0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.0, 0.3, -0.3])
    gradients = Gradients(np.array([0, 5, 10, 11, 12]), gradient)
    assert gradients.steepest() == pytest.approx([0.0, 0.1, 0.3, 0.3], abs=1e-12)
    assert gradients.overall() == pytest.approx([0.04, 0.08, 0.3, -0.3])


def test_heights_of_another_network_are_refused(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    with pytest.raises(InputError, match="another network"):
        edge_gradients(network, Elevation(np.array([0, 2, 4]), np.zeros(4)))


def test_toblers_function_is_rescaled_to_the_flat() -> None:
    assert tobler_factor(np.array([0.0])).tolist() == [1.0]  # exactly, so that flat stays flat
    gradient = np.linspace(-0.5, 0.5, 1001)
    assert gradient[np.argmax(tobler_factor(gradient))] == pytest.approx(-0.05)
    kmh = 6 * math.exp(-3.5 * 0.05) * tobler_factor(gradient)
    assert kmh == pytest.approx(6 * np.exp(-3.5 * np.abs(gradient + 0.05)))


@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(-0.6, 0.6)), st.integers(1, 12))
def test_a_turned_edge_swaps_its_times(gradient: FloatArray, cut: int) -> None:
    start = np.unique([0, min(cut, len(gradient)), len(gradient)])
    forward, backward = slope_factors(Gradients(start, gradient))
    turned = slope_factors(Gradients((len(gradient) - start)[::-1], -gradient[::-1]))
    assert turned[0] == pytest.approx(backward[::-1])
    assert turned[1] == pytest.approx(forward[::-1])
    assert (forward >= math.exp(-3.5 * 0.05) - 1e-12).all()


@given(st.integers(1, 30))
def test_flat_is_exactly_flat(steps: int) -> None:
    forward, backward = slope_factors(Gradients(np.array([0, steps]), np.zeros(steps)))
    assert forward.tolist() == backward.tolist() == [1.0]


# --- a real city --------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_porto_alegre(shared_data: Path) -> None:
    network = read_network(shared_data / "porto-alegre" / "poa_osm.pbf")
    path = shared_data / "porto-alegre" / "poa_elevation.tif"
    elevation = sample_elevation(network, path)
    with rasterio.open(path) as raster:
        cells, transform = raster.read(1).astype(float), ~raster.transform
    # every node's height, read in another way
    lon, lat = Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True).transform(network.x, network.y)
    column, row = transform.a * lon + transform.c - 0.5, transform.e * lat + transform.f - 0.5
    inside = (row > 0) & (column > 0) & (row < cells.shape[0] - 1) & (column < cells.shape[1] - 1)
    expected = map_coordinates(cells, [row, column], order=1, mode="nearest")
    ground = ~traits_of(network).off_ground & inside[network.u]
    assert elevation.height_m[elevation.start[:-1]][ground] == pytest.approx(expected[network.u][ground], abs=1e-6)
    assert known_share(network, elevation) > 0.95
    assert np.diff(elevation.start).min() == 2
    assert (network.length_m / (np.diff(elevation.start) - 1)).max() <= 25.0

    forward, backward = slope_factors(edge_gradients(network, elevation))
    flat = np.maximum.reduceat(np.abs(np.nan_to_num(np.diff(elevation.height_m, append=0))), elevation.start[:-1]) == 0
    assert (forward[flat] == 1.0).all()
    mean = np.average(np.concatenate([forward, backward]), weights=np.tile(network.length_m, 2))
    assert 1.03 < mean < 1.12  # hills slow down on the whole
    assert (np.abs(forward / backward - 1) > 0.05).mean() > 0.5  # and direction matters
