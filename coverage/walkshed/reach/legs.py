"""The straight legs between places and their streets: where they lie, and how far one gets on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.errors import SnapError
from walkshed.network.compiled import kernel
from walkshed.network.snap import metric_positions, position_on_edge
from walkshed.reach.parts import Lines

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.network.entrances import Stops
    from walkshed.network.model import FloatArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Places

LEG_TOLERANCE_M = 1.0
"""A leg may be so much longer or shorter than the table says."""


def legs_of(table: gpd.GeoDataFrame, network: WalkNetwork, stops: Stops, chosen: LongArray, name: str) -> FloatArray:
    """Return where the legs of stops lie, once it is sure that they are as long as the table says.

    Parameters
    ----------
    table
        From :func:`walkshed.network.snap.snap`, with geometry.
    network
        Streets.
    stops, chosen
        Where the table's rows meet the streets, and of which of them legs are asked for: tied ones.
    name
        What messages call the table.

    Returns
    -------
    (n, 4) float64
        x, y of the place's point (or of its entrance), then x, y of its position on the street; metres in the
        network's CRS.

    Raises
    ------
    SnapError
        If a leg is longer or shorter: the table was snapped to another network.
    """
    legs = np.empty((len(chosen), 4))
    legs[:, 0], legs[:, 1] = stops.x[chosen], stops.y[chosen]
    own = stops.number[chosen] < 0  # no entrance: the leg starts at the row's own point
    legs[own, :2] = np.column_stack(metric_positions(table.geometry.iloc[stops.row[chosen[own]]], network))
    legs[:, 2], legs[:, 3] = position_on_edge(network, stops.edge[chosen], stops.fraction[chosen])
    metres = np.hypot(legs[:, 0] - legs[:, 2], legs[:, 1] - legs[:, 3])
    wrong = np.flatnonzero(~(np.abs(metres - stops.access_m[chosen]) <= LEG_TOLERANCE_M))
    if len(wrong):
        first = table.index[stops.row[chosen[wrong].min()]]
        raise SnapError("reach_other_network", table=name, count=len(wrong), row=first)
    return legs


def clip_legs(places: Places, legs: FloatArray, cutoff: float) -> Lines:
    """Return the legs of places as lines from the point on, as far as the minutes allow.

    Parameters
    ----------
    places
        Those with a leg of no length are left out.
    legs : (n, 4) float64
        See :func:`legs_of`.
    cutoff
        Minutes.
    """
    return Lines(*_clip_legs(places.access, legs, cutoff))


@kernel
def _clip_legs(access: FloatArray, legs: FloatArray, cutoff: float) -> tuple[LongArray, FloatArray, FloatArray]:
    x, y = np.empty(2 * len(access)), np.empty(2 * len(access))
    count = 0
    for i in range(len(access)):
        if access[i] > 0.0:
            share = min(cutoff / access[i], 1.0)
            x[count], y[count] = legs[i, 0], legs[i, 1]
            x[count + 1] = legs[i, 0] + share * (legs[i, 2] - legs[i, 0])
            y[count + 1] = legs[i, 1] + share * (legs[i, 3] - legs[i, 1])
            count += 2
    return np.arange(0, count + 1, 2), x[:count], y[:count]
