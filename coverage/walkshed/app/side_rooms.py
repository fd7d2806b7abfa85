"""The new rooms of a side of a comparison: a solver's or somebody's own, tied to the study's streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np

from walkshed.app.texts import say
from walkshed.contracts import EXCHANGE_CRS
from walkshed.inputs.units import assign_units
from walkshed.network.snap import SNAP_COLUMNS
from walkshed.study.streets import edit_inputs, streets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.app.plans import HandRoom
    from walkshed.app.sides import Comparison
    from walkshed.results import StudyResult


PLACES_KEY_DECIMALS: Final = 6
NEW_PREFIX: Final = "plan-"


def proposed(answered: StudyResult, result: StudyResult) -> gpd.GeoDataFrame:
    """Return the rooms that a result proposes, tied to the streets of another one of the same study."""
    listed = answered.proposals
    sites = answered.candidates.set_index("candidate_id").loc[listed["candidate_id"]].reset_index()
    rooms = room_table(
        [f"{NEW_PREFIX}{key}" for key in listed["candidate_id"]],
        [str(place) for place in listed["place"]],
        [str(unit) for unit in listed["unit_id"]],
        list(sites.geometry),
    )
    if answered.network is result.network:
        return rooms.assign(**{name: sites[name].to_numpy() for name in SNAP_COLUMNS})
    return _tied(result, rooms)


def by_hand(result: StudyResult, placed: Sequence[HandRoom]) -> gpd.GeoDataFrame:
    """Return rooms that somebody put on the map, tied to the streets."""
    points = gpd.points_from_xy([room.lon for room in placed], [room.lat for room in placed])
    names = [room.name or say("room_by_hand", number=number) for number, room in enumerate(placed, start=1)]
    ids = [f"{NEW_PREFIX}hand-{number}" for number in range(1, len(placed) + 1)]
    rooms = room_table(ids, names, [""] * len(ids), list(points))
    return _tied(result, assign_units(rooms, result.inputs.units))


def _tied(result: StudyResult, rooms: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Tie rooms to the streets of a result."""
    if rooms.empty:
        return rooms
    config, inputs = result.config, result.inputs
    return streets_of(config, inputs, edited=edit_inputs(config, inputs)).tie(rooms)


def room_table(ids: list[str], names: list[str], units: list[str], points: list[object]) -> gpd.GeoDataFrame:
    """Return rooms as a table: ids, names, units, points in EPSG:4326."""
    return gpd.GeoDataFrame({"facility_id": ids, "name": names, "unit_id": units}, geometry=points, crs=EXCHANGE_CRS)


def common_rooms(comparison: Comparison) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the new rooms of the first side alone, of both, and of the second side alone, told by their place."""
    was, now = comparison.before.rooms, comparison.after.rooms
    old, new = (_places(rooms) for rooms in (was, now))
    shared = set(old) & set(new)
    keep_old, keep_new = (np.array([place in shared for place in places], bool) for places in (old, new))
    return was[~keep_old], now[keep_new], now[~keep_new]


def _places(rooms: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    return [(round(point.x, PLACES_KEY_DECIMALS), round(point.y, PLACES_KEY_DECIMALS)) for point in rooms.geometry]
