"""Tables of places made ready for searches: read, checked and filed once, used any number of times."""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.errors import SnapError
from walkshed.network.entrances import ENTRANCES, entrance_names
from walkshed.reach.graph import file_by_node, graph_of, sort_by_edge, tie
from walkshed.reach.tables import ID_COLUMNS, checked_stops, ids_of

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from walkshed.network.entrances import Stops
    from walkshed.network.model import IntArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Filed, Places
    from walkshed.reach.pairs import Desk


@dataclass(frozen=True, eq=False, repr=False)
class PreparedPlaces:
    """The rows of a snapped table, ready to be searched from or to; made by :func:`prepare_places`.

    Searches take it in place of the table, and give the same results, bit for bit. It is the table as it was: what
    changes in the table afterwards does not change it. What searches need besides is made when first asked for, once
    for either direction of walking, and kept.

    Attributes
    ----------
    network
        The streets to which the places are tied; no other network takes them.
    stops
        Where the rows meet the streets.
    tied
        How many stops are tied to a street.
    rows
        Rows of the table.
    kept
        Whether it outlives one search. If not, ``table`` is the caller's own, and nothing is made for later.
    table
        Ids and entrances.
    """

    network: WalkNetwork
    stops: Stops
    tied: int
    rows: int
    kept: bool
    table: pd.DataFrame
    _made: dict[tuple[str, bool], Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows, tied or not."""
        return self.rows

    def __repr__(self) -> str:
        """Tell how many places there are."""
        return f"<PreparedPlaces: {self.rows} rows, {self.tied} stops on streets>"

    @property
    def has_entrances(self) -> bool:
        """Whether the table says by which entrances one enters."""
        return ENTRANCES in self.table.columns

    def ids(self, name: str) -> pd.Index:
        """Return the ids of the rows; messages call the table ``name``.

        Raises
        ------
        InputError
            As :func:`walkshed.reach.tables.ids_of`.
        """
        key = ("ids", False)
        if key not in self._made:
            self._made[key] = ids_of(self.table, name)
        ids: pd.Index = self._made[key]
        return ids

    def entrance_names(self) -> NDArray[Any]:
        """Return the name of the entrance at every stop, ``""`` for rows themselves; (n,) object."""
        return entrance_names(self.table, self.stops)

    def places(self, *, reverse: bool) -> Places:
        """Return the tied stops as places on a direction's graph, their ``row`` counting stops."""
        key = ("places", reverse)
        if key not in self._made:
            graph, stops = graph_of(self.network, reverse=reverse), self.stops
            self._made[key] = tie(self.network, graph, stops.edge, stops.fraction, stops.access_m)
        places: Places = self._made[key]
        return places

    def filed(self, *, reverse: bool) -> Filed:
        """Return the tied stops by node, their ``row`` that of the table."""
        key = ("filed", reverse)
        if key not in self._made:
            graph, stops = graph_of(self.network, reverse=reverse), self.stops
            self._made[key] = file_by_node(self.network, graph, stops.row, stops.edge, stops.fraction, stops.access_m)
        filed: Filed = self._made[key]
        return filed

    def beside(self, edges: LongArray, *, reverse: bool) -> Places:
        """Return the stops on any of these edges (ascending) as places, their ``row`` that of the table."""
        graph, stops = graph_of(self.network, reverse=reverse), self.stops
        if self.kept:
            stop, start = self._by_edge()
            edges = edges[np.diff(edges, prepend=-1) > 0]
            size = start[edges + 1] - start[edges]
            skipped = np.repeat(start[edges] - (np.cumsum(size) - size), size)
            chosen = stop[skipped + np.arange(len(skipped))]
        else:
            searched = np.zeros(len(graph.u) + 1, bool)  # the last for edge -1
            searched[edges] = True
            chosen = np.flatnonzero(searched[stops.edge])
        places = tie(self.network, graph, stops.edge[chosen], stops.fraction[chosen], stops.access_m[chosen])
        return places._replace(row=stops.row[chosen[places.row]])

    def desks(self, *, reverse: bool) -> SimpleQueue[Desk]:
        """Return what earlier searches to these places worked with, as far as it is not in use."""
        desks: SimpleQueue[Desk] = self._made.setdefault(("desks", reverse), SimpleQueue())
        return desks

    def _by_edge(self) -> tuple[LongArray, IntArray]:
        """Return the tied stops by edge, and where those of every edge start, (E + 1,)."""
        key = ("by_edge", False)
        if key not in self._made:
            edges = len(self.network.u)
            start = np.zeros(edges + 1, np.int32)
            np.cumsum(np.bincount(self.stops.edge[self.stops.edge >= 0], minlength=edges), out=start[1:])
            self._made[key] = sort_by_edge(self.stops.edge, edges), start
        made: tuple[LongArray, IntArray] = self._made[key]
        return made


def prepare_places(network: WalkNetwork, table: pd.DataFrame, *, name: str = "places") -> PreparedPlaces:
    """Read, check and file a table of places once, for searches that use it again and again.

    :func:`~walkshed.reach.times.time_matrix`, :func:`~walkshed.reach.times.travel_times` and
    :func:`~walkshed.reach.times.nearest` take the result in place of the table. They spend more time on a table of many
    rows than on searching from a few sites. It holds about 100 bytes a row for either direction of walking, and 24
    bytes for every thread.

    Parameters
    ----------
    network
        Streets.
    table
        From :func:`walkshed.network.snap.snap`. Copied as far as needed: changing it later changes nothing here.
    name
        What messages call the table.

    Returns
    -------
    PreparedPlaces
        For this network only.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network.

    Examples
    --------
    >>> places = prepare_places(network, homes)  # doctest: +SKIP
    >>> today = time_matrix(network, rooms, places, cutoff_min=15)  # doctest: +SKIP
    >>> later = time_matrix(network, more_rooms, places, cutoff_min=15)  # doctest: +SKIP
    """
    stops, tied = checked_stops(table, network, name)
    columns = [column for column in (*ID_COLUMNS, ENTRANCES) if column in table.columns]
    own = table.iloc[:0] if not set(columns) & set(ID_COLUMNS) else pd.DataFrame(table[columns]).copy()
    if ENTRANCES in columns and own.empty:
        own = pd.DataFrame(table[columns]).copy()
    frozen = stops._replace(
        edge=stops.edge.copy(), fraction=stops.fraction.copy(), access_m=stops.access_m.copy(),
        component=stops.component.copy(),
    )  # fmt: skip
    for column in frozen:
        column.flags.writeable = False
    return PreparedPlaces(network, frozen, tied, len(table), kept=True, table=own)


def places_for(network: WalkNetwork, table: pd.DataFrame | PreparedPlaces, name: str) -> PreparedPlaces:
    """Return the places of a table that is needed for one search, or those prepared for this network.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network; or if it was prepared for another.
    """
    if not isinstance(table, PreparedPlaces):
        stops, tied = checked_stops(table, network, name)
        return PreparedPlaces(network, stops, tied, len(table), kept=False, table=table)
    if table.network is not network:
        raise SnapError("reach_prepared_elsewhere", table=name, rows=len(table))
    return table
