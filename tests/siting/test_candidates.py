"""Candidates along drawn streets: where they stand, what they are called, and what snapping them again says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.contracts import CANDIDATES, check_table
from walkshed.errors import SitingError
from walkshed.network.snap import SNAP_COLUMNS, snap
from walkshed.reach.times import travel_times
from walkshed.siting.candidates import make_candidates
from walkshed.siting.candidates_naming import NEAR_MAX_M

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]

METRIC = "EPSG:32650"
CORNER = np.array([500_000.0, 4_400_000.0])


def area(*corners: float) -> gpd.GeoDataFrame:
    """Return a box given in metres from the corner, in EPSG:4326."""
    box = shapely.transform(shapely.box(*corners), lambda at: at + CORNER)
    return gpd.GeoDataFrame(geometry=[box], crs=METRIC).to_crs(4326)


EVERYWHERE = area(-9000, -9000, 9000, 9000)


def metres(table: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return positions in metres from the corner, sorted."""
    at = shapely.get_coordinates(table.to_crs(METRIC).geometry) - CORNER
    return sorted((round(float(x), 3) + 0.0, round(float(y), 3) + 0.0) for x, y in at)


def changed(network: WalkNetwork, **arrays: object) -> WalkNetwork:
    """Return a network of its own with other arrays."""
    for name, value in arrays.items():
        object.__setattr__(network, name, value)
    return network


def named(network: WalkNetwork, codes: Sequence[int]) -> WalkNetwork:
    return changed(network, names=("Hill Road", "Mill Lane"), name_code=np.array(codes, np.int32))


@pytest.mark.parametrize(
    ("length", "expected"),
    [(40, [20]), (100, [50]), (100.5, [25.125, 75.375]), (250, [41.667, 125, 208.333]), (300, [50, 150, 250])],
)
def test_steps_along_one_street(make_network: Make, length: float, expected: list[float]) -> None:
    street = make_network([(0, 0), (length, 0)], [(0, 1)])
    assert metres(make_candidates(street, EVERYWHERE, spacing_m=100.0)) == [(x, 0.0) for x in expected]


def test_positions_follow_a_bent_street(make_network: Make) -> None:
    bent = make_network([(0, 0), (300, 100)], [(0, 1)], lengths_m=[400.0])
    bent = changed(
        bent, geometry_start=np.array([0, 3]), geometry_x=np.array([0.0, 300, 300]) + CORNER[0],
        geometry_y=np.array([0.0, 0, 100]) + CORNER[1],
    )  # fmt: skip
    assert metres(make_candidates(bent, EVERYWHERE, spacing_m=200.0)) == [(100, 0), (300, 0)]


def test_at_junctions_nothing_stands_twice(make_network: Make) -> None:
    cross = make_network([(0, 0), (100, 0), (-100, 0), (0, 100), (0, -100)], [(0, 1), (0, 2), (0, 3), (0, 4)])
    assert metres(make_candidates(cross, EVERYWHERE, spacing_m=100.0)) == [(-50, 0), (0, -50), (0, 50), (50, 0)]


def test_short_pieces_share_a_candidate(make_network: Make) -> None:
    # Ten pieces of 20 m: one candidate each would be ten within 200 m; the rule leaves one every half spacing.
    pieces = make_network([(20.0 * place, 0) for place in range(11)], [(place, place + 1) for place in range(10)])
    assert metres(make_candidates(pieces, EVERYWHERE, spacing_m=100.0)) == [(10, 0), (70, 0), (130, 0), (190, 0)]


def test_near_as_the_crow_flies_is_not_near_on_foot(make_network: Make) -> None:
    # Both banks of a canal, 20 m apart, joined by a bridge 1 km away.
    banks = make_network([(0, 0), (1000, 0), (1000, 20), (0, 20)], [(0, 1), (1, 2), (2, 3)])
    table = make_candidates(banks, EVERYWHERE, spacing_m=100.0)
    assert sum(y == 0.0 for _, y in metres(table)) == 10
    assert sum(y == 20.0 for _, y in metres(table)) == 10


def test_named_and_long_streets_go_first(make_network: Make) -> None:
    # Three pieces meet; all their middles are within 50 m of each other on foot.
    star = make_network([(0, 0), (40, 0), (0, 44), (-48, 0)], [(0, 1), (0, 2), (0, 3)])
    assert metres(make_candidates(star, EVERYWHERE, spacing_m=100.0)) == [(-24, 0)]  # the longest
    assert metres(make_candidates(named(star, [0, -1, -1]), EVERYWHERE, spacing_m=100.0)) == [(20, 0)]  # the named


def test_only_where_a_room_may_stand(make_network: Make) -> None:
    street = make_network([(0, 0), (1000, 0)], [(0, 1)])
    inside = make_candidates(street, area(200, -50, 700, 50), spacing_m=100.0)
    assert metres(inside) == [(x, 0.0) for x in (250, 350, 450, 550, 650)]
    lake = area(300, -5, 500, 5)
    dry = make_candidates(street, area(200, -50, 700, 50), spacing_m=100.0, exclude=lake)
    assert metres(dry) == [(250, 0), (550, 0), (650, 0)]
    # Ids are those of the street, whatever the areas; areas may come in any CRS.
    every = make_candidates(street, EVERYWHERE.to_crs(METRIC), spacing_m=100.0, exclude=lake.iloc[:0])
    assert list(every.candidate_id) == [f"c-1-{place}" for place in range(1, 11)]
    assert list(dry.candidate_id) == ["c-1-3", "c-1-6", "c-1-7"]


def test_steps_closed_streets_and_fragments_get_none(make_network: Make) -> None:
    corners = [(0, 0), (1000, 0), (1000, 300), (1000, 600), (1000, 900), (5000, 0), (5400, 0), (7000, 0), (7600, 0)]
    links = [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (7, 8)]
    forward = np.array([10.0, 3, 3, np.inf, 4, 6])
    town = make_network(corners, links, backward_min=[10.0, 3, np.inf, np.inf, 4, 6])
    town = changed(town, forward_min=forward, steps=np.array([False, True, False, False, False, False]))
    table = make_candidates(town, EVERYWHERE, spacing_m=400.0)
    # The first street, the one-way street beyond the steps and the loose street of 600 m; neither the closed street nor
    # the fragment of 400 m.
    assert sorted(set(table.edge)) == [0, 2, 5]
    assert sorted(set(make_candidates(town, EVERYWHERE, spacing_m=400.0, fragment_max_m=0.0).edge)) == [0, 2, 4, 5]
    assert sorted(set(make_candidates(town, EVERYWHERE, spacing_m=400.0, fragment_max_m=1e6).edge)) == [0, 2]


def test_what_a_candidate_is_called(make_network: Make) -> None:
    lanes = [(0, 0), (100, 0), (0, 50), (100, 50), (0, NEAR_MAX_M + 1), (100, NEAR_MAX_M + 1)]
    town = named(make_network(lanes, [(0, 1), (2, 3), (4, 5)]), [1, -1, -1])
    table = make_candidates(town, EVERYWHERE, spacing_m=100.0, fragment_max_m=0.0).sort_values("edge")
    assert list(table.place_kind) == ["on", "near", "at"]
    assert list(table.place)[:2] == ["Mill Lane", "Mill Lane"]
    point = table.geometry.iloc[2]
    assert table.place.iloc[2] == f"{point.y:.5f}, {point.x:.5f}"
    between = named(
        make_network([(0, 0), (100, 0), (0, 100), (100, 100), (0, 50), (100, 50)], [(0, 1), (2, 3), (4, 5)]), [1, 0, -1]
    )
    middle = make_candidates(between, EVERYWHERE, spacing_m=100.0, fragment_max_m=0.0).set_index("edge").loc[2]
    assert (middle.place, middle.place_kind) == ("Mill Lane", "near")  # of equals the first street


def test_no_candidates_are_a_table_too(make_network: Make) -> None:
    street = make_network([(0, 0), (1000, 0)], [(0, 1)])
    full = make_candidates(street, EVERYWHERE, spacing_m=100.0)
    for nothing in (
        make_candidates(street, area(0, 500, 100, 600), spacing_m=100.0),
        make_candidates(street, EVERYWHERE, spacing_m=100.0, exclude=EVERYWHERE),
        make_candidates(street, EVERYWHERE.iloc[:0], spacing_m=100.0),
    ):
        assert nothing.empty
        assert list(nothing.columns) == list(full.columns)
        assert nothing.crs == full.crs


@pytest.mark.parametrize("arguments", [
    {"spacing_m": 0.0}, {"spacing_m": -5.0}, {"spacing_m": np.nan}, {"spacing_m": np.inf},
    {"spacing_m": 100.0, "fragment_max_m": -1.0}, {"spacing_m": 100.0, "fragment_max_m": np.nan},
])  # fmt: skip
def test_lengths_that_make_no_sense(make_network: Make, arguments: dict[str, float]) -> None:
    street = make_network([(0, 0), (1000, 0)], [(0, 1)])
    with pytest.raises(SitingError, match=f"{list(arguments)[-1]} = {list(arguments.values())[-1]}"):
        make_candidates(street, EVERYWHERE, **arguments)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), spacing_m=st.sampled_from([60.0, 100.0, 333.0]))
def test_laws_of_candidates(make_network: Make, seed: int, spacing_m: float) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 900, (12, 2))
    tree = [(int(random.integers(place)), place) for place in range(1, 12)]
    extra = [tuple(sorted(random.choice(12, 2, replace=False).tolist())) for _ in range(6)]
    links = list(dict.fromkeys([*tree, *extra]))
    town = make_network([tuple(corner) for corner in corners.tolist()], links)
    town = changed(town, way_id=np.arange(len(links)) // 2)
    table = make_candidates(town, EVERYWHERE, spacing_m=spacing_m)
    check_table(table, CANDIDATES)
    assert table.candidate_id.is_unique
    assert list(table.index) == list(range(len(table)))
    pd.testing.assert_frame_equal(
        pd.DataFrame(table), pd.DataFrame(make_candidates(town, EVERYWHERE, spacing_m=spacing_m))
    )
    # They stand on their streets: tying them again finds a street right there.
    again = snap(table, town, max_m=1.0)
    assert again.snapped.all()
    np.testing.assert_allclose(again.access_m, 0.0, atol=1e-3)
    assert {name: table[name].dtype for name in SNAP_COLUMNS} == {name: again[name].dtype for name in SNAP_COLUMNS}
    # No two are closer than half the spacing on foot, and from everywhere on a street one is within the spacing.
    close = travel_times(town, table, table, cutoff_min=0.5 * spacing_m / town.meters_per_minute - 2e-6)
    assert (close.origin_id.astype(str) == close.destination_id.astype(str)).all()
    places = gpd.GeoDataFrame(
        {"id": [str(place) for place in range(len(links))]},
        geometry=shapely.line_interpolate_point(town.edge_lines, random.uniform(0, 1, len(links)), normalized=True),
        crs=town.crs,
    )
    walks = travel_times(
        town, snap(places, town, max_m=1.0), table, cutoff_min=(spacing_m + 3) / town.meters_per_minute
    )
    assert set(walks.origin_id) == set(places.id)
