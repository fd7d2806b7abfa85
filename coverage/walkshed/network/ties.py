"""Keep everybody tied to the same place on the same street while a scenario changes the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from walkshed.errors import SnapError
from walkshed.network.entrances import ENTRANCES, Stops, entrance_names, nearest_stops, pack, stops_of
from walkshed.network.snap import SNAP_COLUMNS, snap

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, LongArray, WalkNetwork
    from walkshed.network.scenario import EditedNetwork


def carry_ties(table: gpd.GeoDataFrame, edited: EditedNetwork, *, retie_max_m: float = 0.0) -> gpd.GeoDataFrame:
    """Carry a table that was snapped before the edits over to the edited network.

    Everybody stays tied to the same position on the same street. Snapping anew would tie some to the new links, and a
    scenario that only adds a link could then make their walk longer. So do the entrances of a place, each by itself.

    Parameters
    ----------
    table
        Snapped to the network that was edited; facilities with :func:`~walkshed.network.facility_edits.edit_facilities`
        done before. Not changed.
    edited
        From :func:`edit_network`.
    retie_max_m
        Rows and entrances on a street that the edits closed over its whole length are cut off, as by a building site
        before the door. With a limit above 0 they are tied to the nearest open street within so many metres; for some
        of them the walk may then be shorter than before. Entrances that find none are left out.

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
    network = edited.network
    edge, fraction = _follow(table["edge"].to_numpy(np.int64), table["fraction"].to_numpy(np.float64), edited)
    carried = table.assign(edge=edge, fraction=fraction, component=_components(network, edge))
    own = np.ones(len(table), bool)
    if ENTRANCES in table.columns:
        stops = stops_of(table)
        names = entrance_names(table, stops)[stops.number >= 0]
        stops = Stops._make(column[stops.number >= 0] for column in stops)
        stops_edge, stops_fraction = _follow(stops.edge, stops.fraction, edited)
        stops = stops._replace(edge=stops_edge, fraction=stops_fraction, component=_components(network, stops_edge))
        own[stops.row] = False
        carried[ENTRANCES] = pack(stops, names, len(table))
    if retie_max_m > 0:
        cut_off = np.flatnonzero(own & _cut_off(network, edge, fraction))
        anew = snap(carried.iloc[cut_off], network, max_m=retie_max_m)
        for name in SNAP_COLUMNS:
            values = carried[name].to_numpy(copy=True)
            values[cut_off] = anew[name].to_numpy()
            carried[name] = values
        if ENTRANCES in table.columns:
            carried = _retie_entrances(carried, network, stops, names, retie_max_m)
    return carried


def _retie_entrances(
    table: gpd.GeoDataFrame, network: WalkNetwork, stops: Stops, names: np.ndarray, max_m: float
) -> gpd.GeoDataFrame:
    """Tie the entrances that are cut off to other streets, and the rows that have such to the best that is left."""
    cut_off = np.flatnonzero(_cut_off(network, stops.edge, stops.fraction))
    if not len(cut_off):
        return table
    places = gpd.GeoDataFrame(geometry=gpd.points_from_xy(stops.x[cut_off], stops.y[cut_off]), crs=network.crs)
    anew = snap(places, network, max_m=max_m)
    moved = np.zeros(len(stops.row), bool)
    moved[cut_off] = anew["moved"]
    stops = Stops._make(column.copy() for column in stops)
    for column, name in (
        (stops.edge, "edge"),
        (stops.fraction, "fraction"),
        (stops.access_m, "access_m"),
        (stops.component, "component"),
    ):
        column[cut_off] = anew[name]

    rows = np.unique(stops.row[cut_off])
    best = nearest_stops(stops)
    best = best[np.isin(stops.row[best], rows)]
    columns = {name: table[name].to_numpy(copy=True) for name in SNAP_COLUMNS}
    lost = (-1, np.nan, np.nan, -1, False, "entrances_far", False)
    for name, value in zip(SNAP_COLUMNS, lost, strict=True):
        columns[name][rows] = value
    found = stops._asdict() | {"snapped": np.ones(len(moved), bool), "why": np.full(len(moved), ""), "moved": moved}
    for name in SNAP_COLUMNS:
        columns[name][stops.row[best]] = found[name][best]
    tied = np.flatnonzero(stops.edge >= 0)
    cells = pack(Stops._make(column[tied] for column in stops), names[tied], len(table))
    return table.assign(**columns, **{ENTRANCES: cells})


def _follow(edge: LongArray, fraction: FloatArray, edited: EditedNetwork) -> tuple[LongArray, FloatArray]:
    """Return the same positions on the pieces of the edges that were cut."""
    edge, fraction = edge.copy(), fraction.copy()
    for cut in edited.cuts:
        rows = np.flatnonzero(edge == cut.edge)
        bounds = np.concatenate([[0.0], cut.fraction, [1.0]])
        piece = np.searchsorted(cut.fraction, fraction[rows], side="left")
        fraction[rows] = np.clip((fraction[rows] - bounds[piece]) / np.diff(bounds)[piece], 0.0, 1.0)
        edge[rows] = cut.pieces[piece]
    return edge, fraction


def _components(network: WalkNetwork, edge: LongArray) -> LongArray:
    component = np.full(len(edge), -1, np.int64)
    component[edge >= 0] = network.component[network.u[edge[edge >= 0]]]
    return component


def _cut_off(network: WalkNetwork, edge: LongArray, fraction: FloatArray) -> np.ndarray:
    """Say which positions lie inside a street that is closed both ways."""
    shut = np.isinf(network.forward_min) & np.isinf(network.backward_min)
    inside: np.ndarray = (edge >= 0) & shut[edge] & (fraction > 0) & (fraction < 1)
    return inside
