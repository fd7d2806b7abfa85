"""Keep everybody tied to the same place on the same street while a scenario changes the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.errors import SnapError
from walkshed.network.snap import SNAP_COLUMNS, snap

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.network.scenario import EditedNetwork


def carry_ties(table: gpd.GeoDataFrame, edited: EditedNetwork, *, retie_max_m: float = 0.0) -> gpd.GeoDataFrame:
    """Carry a table that was snapped before the edits over to the edited network.

    Everybody stays tied to the same position on the same street. Snapping anew would tie some to the new links, and a
    scenario that only adds a link could then make their walk longer.

    Parameters
    ----------
    table
        Snapped to the network that was edited; facilities with :func:`~walkshed.network.facility_edits.edit_facilities`
        done before. Not changed.
    edited
        From :func:`edit_network`.
    retie_max_m
        Rows on a street that the edits closed over its whole length are cut off, as by a building site before the door.
        With a limit above 0 they are tied to the nearest open street within so many metres; for some of them the walk
        may then be shorter than before.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows with the same legs.

    Raises
    ------
    SnapError
        If the table was not snapped.
    """
    missing = [name for name in SNAP_COLUMNS if name not in table.columns]
    if missing:
        raise SnapError("reach_not_snapped", table="carried", missing=", ".join(missing))
    edge = table["edge"].to_numpy(np.int64, copy=True)
    fraction = table["fraction"].to_numpy(np.float64, copy=True)
    for cut in edited.cuts:
        rows = np.flatnonzero(edge == cut.edge)
        bounds = np.concatenate([[0.0], cut.fraction, [1.0]])
        piece = np.searchsorted(cut.fraction, fraction[rows], side="left")
        fraction[rows] = np.clip((fraction[rows] - bounds[piece]) / np.diff(bounds)[piece], 0.0, 1.0)
        edge[rows] = cut.pieces[piece]
    network, tied = edited.network, edge >= 0
    component = np.full(len(table), -1, np.int64)
    component[tied] = network.component[network.u[edge[tied]]]
    carried = table.assign(edge=edge, fraction=fraction, component=component)
    if retie_max_m > 0:
        shut = np.isinf(network.forward_min) & np.isinf(network.backward_min)
        cut_off = np.flatnonzero(tied & shut[edge] & (fraction > 0) & (fraction < 1))
        anew = snap(carried.iloc[cut_off], network, max_m=retie_max_m)
        for name in SNAP_COLUMNS:
            values = carried[name].to_numpy(copy=True)
            values[cut_off] = anew[name].to_numpy()
            carried[name] = values
    return carried
