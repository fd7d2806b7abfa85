"""Population rasters: figures by hand, exact shares whatever the area and the CRS, what has no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.transform import Affine

from walkshed.contracts import DEMAND, check_table
from walkshed.coordinates import areas_m2
from walkshed.errors import CrsError, InputError
from walkshed.inputs.population_homes import raster_onto_homes
from walkshed.inputs.population_pixels import Window, open_raster, pixel_overlaps, pixel_pieces, read_pixels
from walkshed.inputs.population_raster import read_population_raster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from walkshed.inputs.population_raster import PopulationRaster

WEST, NORTH, SIDE = 106.0, 30.0, 0.01
DEGREES = Affine(SIDE, 0, WEST, 0, -SIDE, NORTH)
MOLLWEIDE = "ESRI:54009"
# Turned by 30 degrees about the corner of the first pixel; written out, for the operator differs between versions.
TURNED = Affine(SIDE * 0.75**0.5, -SIDE * 0.5, WEST, -SIDE * 0.5, -SIDE * 0.75**0.5, NORTH)
FIGURES = [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("rasters")

    def write(
        name: str,
        figures: Sequence[Any],
        *,
        crs: str | None = "EPSG:4326",
        transform: Affine = DEGREES,
        nodata: float | None = None,
        **more: Any,
    ) -> Path:
        bands = np.asarray(figures, "float32")
        bands = bands[None] if bands.ndim == 2 else bands
        count, height, width = bands.shape
        path = folder / name
        shape = {"width": width, "height": height, "count": count, "dtype": "float32"}
        with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, nodata=nodata, **shape) as raster:
            raster.write(bands)
            for key, value in more.items():
                setattr(raster, key, value)
        return path

    return write


def pixels(left: float, top: float, right: float, bottom: float) -> gpd.GeoDataFrame:
    """Return an area given in columns and rows of :data:`DEGREES`."""
    corners = WEST + left * SIDE, NORTH - bottom * SIDE, WEST + right * SIDE, NORTH - top * SIDE
    return gpd.GeoDataFrame({"name": ["area"]}, geometry=[shapely.box(*corners)], crs=4326)


def people(read: PopulationRaster) -> dict[str, float]:
    return dict(zip(read.table["demand_id"], read.table["population"], strict=True))


# ---- cells


def test_pixels_count_by_their_share_inside_the_area(write: Callable[..., Path]) -> None:
    read = read_population_raster(write("a.tif", FIGURES), pixels(0.5, 0.75, 2, 2))
    expected = {"cell-0-0": 1 / 8, "cell-0-1": 2 / 4, "cell-1-0": 8 / 2, "cell-1-1": 16}
    assert people(read) == pytest.approx(expected, rel=1e-12)
    table = read.table
    assert table["share"].tolist() == pytest.approx([0.125, 0.25, 0.5, 1.0])
    assert (table["kind"] == "cell").all()
    assert table["area_m2"].to_numpy() == pytest.approx(areas_m2(table.geometry))
    assert table.geometry.iloc[0].bounds == pytest.approx((106.005, 29.99, 106.01, 29.9925))
    assert table.geometry.iloc[3].equals(shapely.box(106.01, 29.98, 106.02, 29.99)) or table.geometry.iloc[
        3
    ].symmetric_difference(shapely.box(106.01, 29.98, 106.02, 29.99)).area == pytest.approx(0, abs=1e-15)
    check_table(table, DEMAND)
    assert (read.counted.pixels, read.counted.empty, read.counted.nodata) == (4, 0, 0)
    assert read.counted.people == pytest.approx(20.625)
    assert read.counted.outside_share == pytest.approx(0, abs=1e-9)
    assert [note.key for note in read.counted.notes()] == ["notes.raster_people"]


@pytest.mark.parametrize("nodata", [-99999.0, -200.0, float("nan"), float("-3.4e38")])
def test_no_data_is_nobody_and_counted(write: Callable[..., Path], nodata: float) -> None:
    path = write("n.tif", [[5.0, nodata, -7.0], [0.0, 3.0, nodata]], nodata=nodata)
    read = read_population_raster(path, pixels(0, 0, 3, 2))
    assert people(read) == {"cell-0-0": 5.0, "cell-1-1": 3.0}
    counted = read.counted
    assert (counted.pixels, counted.empty, counted.nodata, counted.negative) == (6, 1, 2, 1)
    assert counted.nodata_share == pytest.approx(0.5)
    assert "says nothing for 50.0% of the study area" in counted.notes()[-1].text()
    assert all(note.text("zh") for note in counted.notes())


def test_a_mark_of_no_data_that_is_not_declared_is_negative(write: Callable[..., Path]) -> None:
    read = read_population_raster(write("u.tif", [[5.0, -200.0], [np.nan, 1.0]]), pixels(0, 0, 2, 2))
    assert read.counted.people == 6
    assert (read.counted.nodata, read.counted.negative) == (1, 1)


def test_an_area_beyond_the_edge_is_told(write: Callable[..., Path]) -> None:
    path = write("e.tif", FIGURES)
    read = read_population_raster(path, pixels(-1, 0, 1, 2))
    assert people(read) == pytest.approx({"cell-0-0": 1, "cell-1-0": 8})
    assert read.counted.outside_share == pytest.approx(0.5)
    assert "50.0% of the study area lies beyond the edge of e.tif" in read.counted.notes()[1].text()
    with pytest.raises(InputError, match="does not touch the study area"):
        read_population_raster(path, pixels(5, 0, 6, 2))


def test_an_area_without_anybody_gives_an_empty_table(write: Callable[..., Path]) -> None:
    path = write("z.tif", [[0.0, np.nan], [0.0, 5.0]])
    read = read_population_raster(path, pixels(0, 0, 2, 1))
    assert len(read.table) == 0
    check_table(read.table, DEMAND)
    assert (read.counted.empty, read.counted.nodata, read.counted.people) == (1, 1, 0)


def test_areas_of_several_parts_with_holes_that_overlap_count_once(write: Callable[..., Path]) -> None:
    ring = shapely.box(106, 29.98, 106.03, 30.0).difference(shapely.box(106.01, 29.98, 106.02, 29.99))
    parts = gpd.GeoDataFrame(geometry=[ring, shapely.box(106, 29.99, 106.01, 30)], crs=4326)
    read = read_population_raster(write("r.tif", FIGURES), parts)
    assert read.counted.people == pytest.approx(63 - 16)
    assert "cell-1-1" not in people(read)


def mollweide_grid(write: Callable[..., Path], side_m: float = 100.0) -> tuple[Path, np.ndarray, Affine]:
    x, y = Transformer.from_crs(4326, MOLLWEIDE, always_xy=True).transform(106.3, 29.55)
    rng = np.random.default_rng(7)
    figures = rng.integers(0, 90, (60, 70)).astype(float)
    figures[rng.random(figures.shape) < 0.2] = -200.0
    transform = Affine(side_m, 0, round(x, -2), 0, -side_m, round(y, -2))
    return write(f"ghs{side_m:g}.tif", figures, crs=MOLLWEIDE, transform=transform, nodata=-200), figures, transform


def test_a_raster_in_mollweide(write: Callable[..., Path]) -> None:
    path, figures, transform = mollweide_grid(write)
    left, top = transform.c + 10 * transform.a, transform.f + 20 * transform.e
    right, bottom = transform.c + 40.5 * transform.a, transform.f + 50.25 * transform.e
    # Lines that are straight in Mollweide are not in degrees: the area has many vertices.
    box = shapely.segmentize(shapely.box(left, bottom, right, top), 20.0)
    area = gpd.GeoDataFrame(geometry=[box], crs=MOLLWEIDE).to_crs(4326)
    read = read_population_raster(path, area)
    lived = np.where(figures > 0, figures, 0.0)
    weights = np.outer([1.0] * 30 + [0.25], [1.0] * 30 + [0.5])
    assert read.counted.people == pytest.approx((lived[20:51, 10:41] * weights).sum(), rel=1e-6)
    whole = read.table[read.table["share"] > 0.999999]
    assert whole["area_m2"].to_numpy() == pytest.approx(10_000, rel=0.01)
    assert whole["population"].to_numpy() == pytest.approx(np.round(whole["population"]), rel=1e-6)
    assert read.counted.nodata == int((figures[20:51, 10:41] < 0).sum())


def test_a_turned_raster_and_one_from_south_to_north(write: Callable[..., Path]) -> None:
    read = read_population_raster(write("t.tif", FIGURES, transform=TURNED), pixels(-5, -5, 8, 8))
    assert read.counted.people == pytest.approx(63)
    half = read_population_raster(write("t.tif", FIGURES, transform=TURNED), pixels(-5, -5, 1, 8))
    other = read_population_raster(write("t.tif", FIGURES, transform=TURNED), pixels(1, -5, 8, 8))
    assert 0 < half.counted.people < 63
    assert half.counted.people + other.counted.people == pytest.approx(63)
    upward = Affine(SIDE, 0, WEST, 0, SIDE, NORTH - 2 * SIDE)
    read = read_population_raster(write("s.tif", FIGURES[::-1], transform=upward), pixels(0, 0, 2, 1))
    assert people(read) == pytest.approx({"cell-1-0": 1, "cell-1-1": 2})


def test_density_has_to_be_said(write: Callable[..., Path]) -> None:
    area = pixels(0, 0, 1.5, 2)
    for path in (
        write("chn_pd_2020_1km.tif", FIGURES),
        write("density.tif", FIGURES),
        write("unit.tif", FIGURES, units=("persons per square km",)),
        write("label.tif", FIGURES, descriptions=("人口密度",)),
    ):
        with pytest.raises(InputError, match="people_per_km2") as raised:
            read_population_raster(path, area)
        assert "人口密度" in raised.value.text("zh")
    read = read_population_raster(path, area, holds="people_per_km2")
    assert read.table["population"].to_numpy() == pytest.approx(
        read.table["area_m2"].to_numpy() / 1e6 * np.array([1, 2, 8, 16])
    )
    hectares = read_population_raster(path, area, holds="people_per_hectare")
    assert hectares.counted.people == pytest.approx(100 * read.counted.people)
    assert read_population_raster(path, area, holds="people").counted.people == pytest.approx(9 + 9)
    for name in ("chn_ppp_2020.tif", "GHS_POP_E2020_GLOBE_R2023A_54009_100.tif", "sample-pdf.tif"):
        assert read_population_raster(write(name, FIGURES), area).counted.people == pytest.approx(18)
    with pytest.raises(InputError, match="'heads' is no kind"):
        read_population_raster(path, area, holds="heads")


def test_the_band_must_be_clear(write: Callable[..., Path]) -> None:
    path = write("bands.tif", [FIGURES, np.multiply(FIGURES, 10)], descriptions=("2015", "2020"))
    for band in (None, 0, 3):
        with pytest.raises(InputError, match=r"2 bands \(2015, 2020\)"):
            read_population_raster(path, pixels(0, 0, 3, 2), band=band)
    assert read_population_raster(path, pixels(0, 0, 3, 2), band=2).counted.people == pytest.approx(630)


def test_scale_and_offset_are_applied(write: Callable[..., Path]) -> None:
    path = write("scaled.tif", FIGURES, scales=(0.5,), offsets=(1.0,))
    assert read_population_raster(path, pixels(0, 0, 3, 1)).counted.people == pytest.approx(7 / 2 + 3)


def test_what_is_no_population_raster_is_refused(write: Callable[..., Path], tmp_path: Path) -> None:
    area = pixels(0, 0, 3, 2)
    with pytest.raises(InputError, match=r"no file .*gone\.tif"):
        read_population_raster(tmp_path / "gone.tif", area)
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(InputError, match=r"text\.tif is not what its ending"):
        read_population_raster(tmp_path / "text.tif", area)
    with pytest.raises(CrsError, match="which coordinate system"):
        read_population_raster(write("nowhere.tif", FIGURES, crs=None), area)
    with pytest.raises(InputError, match=r"6 pixels of .*at most 5"):
        read_population_raster(write("fine.tif", FIGURES), area, max_cells=5)


def test_groups_come_from_rasters_on_the_same_grid(write: Callable[..., Path]) -> None:
    main = write("all.tif", [[10.0, 20.0, -99999.0]], nodata=-99999)
    women, men = write("f_60.tif", [[1.0, 2.0, 3.0]]), write("m_60.tif", [[0.5, -99999.0, 4.0]], nodata=-99999)
    read = read_population_raster(main, pixels(0, 0, 2.5, 1), groups={"seniors": [women, men], "children": str(women)})
    assert read.table["population"].tolist() == pytest.approx([10, 20, 0])
    assert read.table["population_seniors"].tolist() == pytest.approx([1.5, 2, 3.5])
    assert read.table["population_children"].tolist() == pytest.approx([1, 2, 1.5])
    moved = write("moved.tif", [[1.0, 2.0, 3.0]], transform=Affine(SIDE, 0, WEST + SIDE / 2, 0, -SIDE, NORTH))
    with pytest.raises(InputError, match=r"moved\.tif has other pixels than all\.tif"):
        read_population_raster(main, pixels(0, 0, 2, 1), groups={"seniors": moved})


def test_a_big_raster_is_read_in_windows_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.tif"
    shape = {"width": 40_000, "height": 30_000, "count": 1, "dtype": "float32"}
    tiled = {"tiled": True, "blockxsize": 256, "blockysize": 256, "sparse_ok": True}
    fine = Affine(1 / 1200, 0, 100, 0, -1 / 1200, 40)
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:4326", transform=fine, **shape, **tiled) as raster:
        raster.write(np.full((1, 600, 600), 2.0, "float32"), window=((12_000, 12_600), (8_000, 8_600)))
    sizes = []
    monkeypatch.setattr(
        "walkshed.inputs.population_raster.read_pixels",
        lambda raster, band, window: sizes.append((window.width, window.height)) or read_pixels(raster, band, window),
    )
    corner = 100 + 8_000 / 1200, 40 - 12_000 / 1200
    # An L: the window in its elbow is never read.
    legs = [(0, -600, 60, 0), (0, -600, 600, -540)]
    boxes = [shapely.box(*(np.array(leg) / 1200 + [*corner, *corner])) for leg in legs]
    read = read_population_raster(path, gpd.GeoDataFrame(geometry=boxes, crs=4326))
    assert read.counted.people == pytest.approx(2 * (60 * 600 + 540 * 60))
    assert sum(width * height for width, height in sizes) < 600 * 600
    assert max(map(max, sizes)) <= 512


def test_shares_agree_with_an_independent_implementation() -> None:
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource  # noqa: PLC0415 - only where it is installed

    angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    radius = 30 * (1 + 0.3 * np.sin(7 * angle))
    star = shapely.Polygon(np.column_stack([50 + radius * np.cos(angle), 45 + radius * np.sin(angle)]))
    star = star.difference(shapely.Point(50, 45).buffer(8.3))
    pieces = pixel_pieces(star, Window(0, 0, 100, 90))
    local = CRS.from_epsg(32648)
    source = NumPyRasterSource(np.ones((90, 100)), 0, -90, 100, 0, srs_wkt=local.to_wkt())
    flipped = shapely.transform(star, lambda xy: xy * (1, -1))
    frame = gpd.GeoDataFrame(geometry=[flipped], crs=local)
    found = exactextract.exact_extract(source, frame, ["cell_id", "coverage"], output="pandas")
    shares = np.zeros(9000)
    shares[found["cell_id"][0].astype(int)] = found["coverage"][0]
    ours = np.zeros(9000)
    ours[pieces.row * 100 + pieces.column] = pieces.share
    assert ours == pytest.approx(shares, abs=1e-6)
    assert ours.sum() == pytest.approx(star.area, rel=1e-12)


# ---- laws

GRIDS = {
    "degrees": ("EPSG:4326", Affine(0.002, 0, 106.29, 0, -0.002, 29.56)),
    "mollweide": (MOLLWEIDE, None),
    "utm": ("EPSG:32648", None),
    "web": ("EPSG:3857", None),
    "turned": ("EPSG:4326", Affine(0.0019, -0.0006, 106.29, -0.0006, -0.0019, 29.56)),
}


@pytest.fixture(scope="module")
def grids(write: Callable[..., Path]) -> dict[str, Path]:
    figures = np.random.default_rng(3).random((16, 16)) * 50
    figures[2:4, 5:9] = -99999
    paths = {}
    for name, (crs, transform) in GRIDS.items():
        if transform is None:
            x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(106.29, 29.56)
            transform = Affine(200, 0, x, 0, -200, y)  # noqa: PLW2901 - the grid of this CRS
        paths[name] = write(f"{name}.tif", figures, crs=crs, transform=transform, nodata=-99999)
    return paths


corner = st.tuples(st.floats(0.0, 0.04), st.floats(0.0, 0.04))


@given(name=st.sampled_from(sorted(GRIDS)), corners=st.lists(corner, min_size=3, max_size=7), cut=st.floats(0.01, 0.03))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_of_an_area_have_its_people(
    grids: dict[str, Path], name: str, corners: list[tuple[float, float]], cut: float
) -> None:
    whole = shapely.transform(shapely.MultiPoint(corners).convex_hull, lambda xy: xy + np.array([106.28, 29.53]))
    line = 106.28 + cut
    parts = [whole.intersection(shapely.box(106, 29, line, 30)), whole.intersection(shapely.box(line, 29, 107, 30))]
    areas = [gpd.GeoDataFrame(geometry=[shape], crs=4326) for shape in (whole, *parts)]
    if any(shape.geom_type != "Polygon" or shape.area < 1e-8 for shape in (whole, *parts)):
        return
    reads = []
    for area in areas:
        try:
            reads.append(read_population_raster(grids[name], area))
        except InputError as error:
            assert error.message.key == "errors.raster_elsewhere"  # noqa: PT017 - half of the area may miss the raster
            reads.append(None)
    totals = [read.counted.people if read else 0.0 for read in reads]
    # A new vertex at the cut moves a straight line of degrees by rounding only, and by the step before projecting.
    assert totals[0] == pytest.approx(totals[1] + totals[2], rel=1e-6, abs=1e-3)
    for read, area in zip(reads, areas, strict=True):
        if read is not None:
            assert read.table["share"].between(0, 1 + 1e-9).all()
            assert (read.table["population"] > 0).all()
            points = shapely.point_on_surface(read.table.geometry.to_numpy())
            assert (shapely.distance(points, area.geometry.iloc[0]) < 1e-7).all()


@given(corners=st.lists(st.tuples(st.floats(-2, 12), st.floats(-2, 12)), min_size=3, max_size=8))
@settings(deadline=None, max_examples=100)
def test_pieces_tile_the_area_exactly(corners: list[tuple[float, float]]) -> None:
    shape = shapely.MultiPoint(corners).convex_hull
    inside = shape.intersection(shapely.box(0, 0, 10, 10))
    for side in (Window(0, 0, 10, 10),):
        pieces = pixel_pieces(shape, side)
        assert pieces.share.sum() == pytest.approx(inside.area, rel=1e-12, abs=1e-12)
        assert len({*zip(pieces.column, pieces.row, strict=True)}) == len(pieces.row)
        assert all(
            piece is None or piece.area == share for piece, share in zip(pieces.shape, pieces.share, strict=True)
        )


# ---- homes


def homes(*shapes: shapely.Geometry, floor: list[float] | None = None) -> gpd.GeoDataFrame:
    data = {
        "demand_id": [f"h{number}" for number in range(len(shapes))],
        "kind": "building",
        "name": "",
        "population": 3.0,
        "area_m2": 1.0,
        "unit_id": "",
        "floor_m2": floor or [1.0] * len(shapes),
        "levels_stated": True,
    }
    return gpd.GeoDataFrame(data, geometry=list(shapes), crs=4326)


def house(left: float, top: float, right: float, bottom: float) -> shapely.Polygon:
    return pixels(left, top, right, bottom).geometry.iloc[0]


def test_people_of_a_pixel_go_to_its_homes_by_floor_and_overlap(write: Callable[..., Path]) -> None:
    path = write("h.tif", [[100.0, 60.0, 7.0], [0.0, 5.0, 30.0]])
    # h0 in pixel 0-0; h1 a quarter in 0-0 and the rest in 0-1; h2 a point in 0-1; h3 where nobody is; h4 beyond.
    table = homes(
        house(0.1, 0.1, 0.3, 0.3),
        house(0.9, 0.4, 1.3, 0.6),
        shapely.Point(106.015, 29.998),
        house(0.2, 1.2, 0.4, 1.4),
        house(2.6, 1.5, 2.8, 1.6),
        floor=[30.0, 40.0, 10.0, 5.0, 9.0],
    )
    before = table.copy()
    area = pixels(0, 0, 2.5, 2)
    kept = raster_onto_homes(path, table, area)
    # Pixel 0-0: 30 : 10 of 100. Pixel 0-1: 30 : 10 of 60. Pixels 0-2 (half inside), 1-1 and 1-2 (half) have no home.
    assert kept.table["population"].tolist() == pytest.approx([75, 25 + 45, 15, 0, 0, 3.5, 5, 15])
    assert kept.table["kind"].tolist() == ["building"] * 5 + ["cell"] * 3
    assert kept.table["demand_id"].tolist()[5:] == ["cell-0-2", "cell-1-1", "cell-1-2"]
    assert kept.table["estimate"].tolist() == [3.0] * 5 + [0.0] * 3
    assert (kept.homes_outside, kept.homes_without) == (1, 1)
    assert kept.unplaced.empty
    check_table(kept.table, DEMAND)
    reported = raster_onto_homes(path, table, area, leftover="report")
    assert reported.table["population"].tolist() == pytest.approx([75, 70, 15, 0, 0])
    assert reported.unplaced["population"].tolist() == pytest.approx([3.5, 5, 15])
    assert set(reported.unplaced["reason"]) == {"no_homes_in_pixel"}
    assert "24 people of 3 pixels without any mapped home are not in the figures." in [
        note.text() for note in reported.notes()
    ]
    assert table.equals(before)
    with pytest.raises(InputError, match="cells, report"):
        raster_onto_homes(path, table, area, leftover="drop")


def test_groups_go_to_homes_too(write: Callable[..., Path]) -> None:
    path, old = write("g.tif", [[100.0, 60.0]]), write("g60.tif", [[10.0, 6.0]])
    table = homes(house(0.1, 0.1, 0.3, 0.3), house(0.5, 0.5, 0.6, 0.6), floor=[1.0, 3.0])
    spread = raster_onto_homes(path, table, pixels(0, 0, 2, 1), groups={"seniors": old})
    assert spread.table["population_seniors"].tolist() == pytest.approx([2.5, 7.5, 6])
    assert spread.table["population"].tolist() == pytest.approx([25, 75, 60])


spot = st.tuples(
    st.floats(-0.5, 4.5), st.floats(-0.5, 4.5), st.floats(0.01, 1.7), st.floats(0.01, 1.7), st.floats(0, 1e4)
)


@given(spots=st.lists(spot, max_size=8), edge=st.floats(0.5, 4), leftover=st.sampled_from(["cells", "report"]))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_homes_and_what_is_left_have_everybody(
    write: Callable[..., Path], spots: list[tuple[float, ...]], edge: float, leftover: str
) -> None:
    figures = np.arange(16.0).reshape(4, 4)
    figures[1, 2] = np.nan
    path = write("law.tif", figures)
    table = homes(*(house(x, y, x + w, y + h) for x, y, w, h, _ in spots), floor=[spot[4] for spot in spots])
    spread = raster_onto_homes(path, table, pixels(0, 0, edge, 4), leftover=leftover)
    total = read_population_raster(path, pixels(0, 0, edge, 4)).counted.people
    placed = spread.table["population"].sum() + spread.unplaced["population"].sum()
    assert placed == pytest.approx(total, rel=1e-9)
    assert spread.table["demand_id"].tolist()[: len(table)] == table["demand_id"].tolist()


def test_overlaps_sum_to_the_whole_geometry() -> None:
    shapes = np.array([shapely.box(0.5, 0.5, 2.5, 1.5), shapely.Point(3, 3), shapely.box(1, 1, 2, 2)], object)
    overlaps = pixel_overlaps(shapes)
    assert overlaps.number.tolist() == [0] * 6 + [1, 2]
    assert overlaps.fraction.tolist() == pytest.approx([0.125, 0.25, 0.125] * 2 + [1, 1])
    assert (overlaps.column[-2:].tolist(), overlaps.row[-2:].tolist()) == ([3, 1], [3, 1])


def test_a_real_raster_is_read_where_it_lies(shared_data: Path) -> None:
    # Elevations stand in for people here: what counts is that a file of another maker is read at its place.
    path = shared_data / "porto-alegre/poa_elevation.tif"
    with open_raster(path) as raster:
        values = read_pixels(raster, 1, Window(100, 120, 140, 150))
        grid = raster.transform
    left, top, right, bottom = (
        grid.c + 100 * grid.a,
        grid.f + 120 * grid.e,
        grid.c + 140 * grid.a,
        grid.f + 150 * grid.e,
    )
    area = gpd.GeoDataFrame(geometry=[shapely.box(left, bottom, right, top)], crs=4326)
    read = read_population_raster(path, area)
    assert read.counted.people == pytest.approx(values.sum(), rel=1e-9)
    assert read.counted.pixels in range(1200, 1345)
