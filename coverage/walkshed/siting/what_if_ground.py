"""What stands under an arrangement by hand: rooms with whom they serve, changes, people, places on streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.network.snap import SNAP_COLUMNS, snap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork
    from walkshed.reach.prepare import PreparedPlaces
    from walkshed.siting.what_if_figures import Before, People

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int32]


class Room(NamedTuple):
    """A room and the demand rows within the cutoff of it.

    Attributes
    ----------
    rows : (k,) int32
    minutes : (k,) float64
    tie
        One row of a snapped table.
    """

    rows: IntArray
    minutes: FloatArray
    tie: gpd.GeoDataFrame


class Change(NamedTuple):
    """One thing done by hand: ``what`` to the room of this id."""

    what: Literal["add", "drop", "move"]
    room_id: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What no change touches: streets, people, the question."""

    network: WalkNetwork
    homes: PreparedPlaces
    cutoff_min: float
    direction: str
    people: People
    before: Before


def place_at(
    lon: float, lat: float, network: WalkNetwork, *, max_m: float, fragment_max_m: float = 500.0
) -> gpd.GeoDataFrame:
    """Tie one point, such as a click on the map, to the streets.

    Parameters
    ----------
    lon, lat
        WGS-84 degrees.
    network, max_m, fragment_max_m
        As for :func:`walkshed.network.snap.snap`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for :meth:`WhatIf.add` and :meth:`WhatIf.move`; ``edge`` is -1 where there is no street.
    """
    point = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=EXCHANGE_CRS)
    return snap(point, network, max_m=max_m, fragment_max_m=fragment_max_m)


def own_tie(place: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return place and tie alone."""
    wanted = [*SNAP_COLUMNS, *(name for name in ("entrances",) if name in place.columns), place.geometry.name]
    own = place[wanted]
    return (own if own.geometry.name == "geometry" else own.rename_geometry("geometry")).to_crs(EXCHANGE_CRS)
