"""What if: add, move or drop one room by hand, and read the figures again at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.assess.walks import times_or_search
from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import SitingError
from walkshed.network.snap import SNAP_COLUMNS
from walkshed.reach.prepare import prepare_places
from walkshed.reach.times import time_matrix
from walkshed.siting.what_if_figures import Figures, begin_figures, people_of, tell_figures
from walkshed.siting.what_if_ground import Change, Ground, Room, own_tie, place_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int32]
    BoolArray = NDArray[np.bool_]

__all__ = ["Change", "Room", "WhatIf", "begin_what_if", "place_at"]

NEW_PREFIX = "new-"
ROOM_ID = "facility_id"


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatIf:
    """Rooms as somebody arranged them by hand; never changed, every step gives another.

    Make one with :func:`begin_what_if`.

    Attributes
    ----------
    ground
        What no change touches.
    rooms
        Rooms by their ids, in order.
    within : (N,) int32
        Rooms within the cutoff, by demand row.
    nearest_min : (N,) float64
        Walk to the nearest of them, minutes; ``inf`` without any.
    changes
        What was done so far.
    """

    ground: Ground
    rooms: Mapping[str, Room]
    within: IntArray
    nearest_min: FloatArray
    changes: tuple[Change, ...] = ()

    @cached_property
    def figures(self) -> Figures:
        """Who is served now, against how it began."""
        return tell_figures(self.ground.people, self.ground.before, self.served, self.nearest_min)

    @property
    def served(self) -> BoolArray:
        """(N,) rows with a room within the cutoff."""
        served: BoolArray = self.within > 0
        return served

    @property
    def newly_served(self) -> BoolArray:
        """(N,) rows that are served now and were not when it began."""
        newly: BoolArray = self.served & ~self.ground.before.rows
        return newly

    @property
    def lost(self) -> BoolArray:
        """(N,) rows that were served when it began and are not now."""
        lost: BoolArray = self.ground.before.rows & ~self.served
        return lost

    @property
    def facilities(self) -> gpd.GeoDataFrame:
        """The rooms as a snapped table, ready for :func:`walkshed.assess.coverage.measure_coverage`."""
        if not self.rooms:
            return gpd.GeoDataFrame({ROOM_ID: [], **{name: [] for name in SNAP_COLUMNS}}, geometry=[], crs=EXCHANGE_CRS)
        table = pd.concat([room.tie for room in self.rooms.values()], ignore_index=True)
        return gpd.GeoDataFrame(table.assign(**{ROOM_ID: list(self.rooms)}), crs=EXCHANGE_CRS)

    def add(self, place: gpd.GeoDataFrame, *, room_id: str = "") -> WhatIf:
        """Add a room.

        Parameters
        ----------
        place
            One row of a snapped table: see :func:`place_at`.
        room_id
            Its id; blank takes the row's ``candidate_id`` or ``facility_id``, else ``new-1``, ``new-2``, ...

        Raises
        ------
        SitingError
            If there is a room of this id, or the place is not one row tied to a street.
        SnapError
            If it is tied to other streets.
        """
        key = room_id or next((texts(place, name)[0] for name in ("candidate_id", ROOM_ID) if name in place), "")
        number = 1
        while not key:
            key = "" if f"{NEW_PREFIX}{number}" in self.rooms else f"{NEW_PREFIX}{number}"
            number += 1
        if key in self.rooms:
            raise SitingError("room_there", room=key)
        room = self._search(place)
        counted = _more(self.within.copy(), self.nearest_min.copy(), room)
        return self._with({**self.rooms, key: room}, *counted, Change("add", key))

    def drop(self, room_id: str) -> WhatIf:
        """Take a room away, one that was there or one that was added.

        Raises
        ------
        SitingError
            If there is no room of this id.
        """
        gone = self._room(room_id)
        left = {key: room for key, room in self.rooms.items() if key != room_id}
        return self._with(left, *self._less(gone, left), Change("drop", room_id))

    def move(self, room_id: str, place: gpd.GeoDataFrame) -> WhatIf:
        """Move a room to another place; it keeps its id.

        Raises
        ------
        SitingError, SnapError
            As :meth:`drop` and :meth:`add`.
        """
        old, new = self._room(room_id), self._search(place)
        left = {key: room for key, room in self.rooms.items() if key != room_id}
        moved = {key: new if key == room_id else room for key, room in self.rooms.items()}
        return self._with(moved, *_more(*self._less(old, left), new), Change("move", room_id))

    def _room(self, room_id: str) -> Room:
        if room_id not in self.rooms:
            raise SitingError("room_not_there", room=room_id, known=", ".join(list(self.rooms)[:5]) or "-")
        return self.rooms[room_id]

    def _search(self, place: gpd.GeoDataFrame) -> Room:
        """Return the room that would stand at a place."""
        require_columns(place, "place", SNAP_COLUMNS, step="snap()")
        if len(place) != 1 or place["edge"].iloc[0] < 0:
            raise SitingError("place_unusable", rows=len(place))
        at = self.ground
        times = time_matrix(at.network, place, at.homes, cutoff_min=at.cutoff_min, direction=at.direction)
        return Room(times.indices, times.data, own_tie(place))

    def _less(self, gone: Room, left: Mapping[str, Room]) -> tuple[IntArray, FloatArray]:
        within, nearest = self.within.copy(), self.nearest_min.copy()
        within[gone.rows] -= 1
        bereft = np.zeros(len(nearest), bool)
        bereft[gone.rows] = nearest[gone.rows] == gone.minutes
        nearest[bereft] = np.inf
        for room in left.values():
            again = bereft[room.rows]
            rows = room.rows[again]
            nearest[rows] = np.minimum(nearest[rows], room.minutes[again])
        return within, nearest

    def _with(self, rooms: dict[str, Room], within: IntArray, nearest: FloatArray, change: Change) -> WhatIf:
        for array in (within, nearest):
            array.flags.writeable = False
        return replace(self, rooms=rooms, within=within, nearest_min=nearest, changes=(*self.changes, change))


def begin_what_if(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    units: pd.DataFrame | None = None,
    walks: Walks | None = None,
) -> WhatIf:
    """Begin with the rooms there are.

    Parameters
    ----------
    network
        Streets.
    facilities
        The serving ones, tied to the streets, with ``facility_id``.
    demand
        Residents, tied to the streets, measured or not; groups (``population_<group>``) and ``unit_id`` are counted.
    cutoff_min
        Longest walk that counts as served, minutes.
    direction
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    units
        With ``unit_id``, ``name`` and ``parent_id``, to count the units above those of ``demand`` too.
    walks
        Those between these tables, where they were searched before.

    Returns
    -------
    WhatIf
        Holds the residents ready to be searched: the first call pays for it, every change after it is one search.

    Raises
    ------
    SitingError
        If two facilities have the same id.
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a column is missing, or the cutoff or the direction is unusable.
    """
    require_columns(facilities, "facilities", (ROOM_ID, *SNAP_COLUMNS), step="snap()")
    require_columns(demand, "demand", ("demand_id", "population"), step="read_demand()")
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    ids = texts(facilities, ROOM_ID)
    if len(set(ids)) < len(ids):
        raise SitingError("room_there", room=next(key for key in ids if ids.count(key) > 1))
    within = np.bincount(times.indices, minlength=len(demand)).astype(np.int32)
    nearest = np.full(len(demand), np.inf)
    np.minimum.at(nearest, times.indices, times.data)
    for array in (within, nearest):
        array.flags.writeable = False
    bounds = times.indptr.tolist()
    rooms = {
        key: Room(
            times.indices[bounds[row] : bounds[row + 1]].astype(np.int32),
            times.data[bounds[row] : bounds[row + 1]].astype(np.float64),
            own_tie(facilities.iloc[[row]]),
        )
        for row, key in enumerate(ids)
    }
    people = people_of(demand, units)
    ground = Ground(
        network=network,
        homes=prepare_places(network, demand, name="demand"),
        cutoff_min=cutoff_min,
        direction=direction,
        people=people,
        before=begin_figures(people, within > 0),
    )
    return WhatIf(ground=ground, rooms=rooms, within=within, nearest_min=nearest)


def _more(within: IntArray, nearest: FloatArray, room: Room) -> tuple[IntArray, FloatArray]:
    """Count one room more, in place."""
    within[room.rows] += 1
    nearest[room.rows] = np.minimum(nearest[room.rows], room.minutes)
    return within, nearest
