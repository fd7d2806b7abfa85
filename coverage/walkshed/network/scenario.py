"""Carry out the edits of a scenario on a network that is built already: the same study, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pyproj import Transformer

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import InputError, Message
from walkshed.network.assemble import ELLIPSOID
from walkshed.network.edits import NETWORK_EDITS, AddFootbridge, CloseLink, OpenGate, OpenLink, check_edits, kind_of
from walkshed.network.snap_grid import TIE_M
from walkshed.network.splice import (
    Link,
    add_edge,
    close_edges,
    cut_edges,
    free_way_id,
    join_nodes,
    open_edges,
)
from walkshed.network.vicinity import crossings, positions_near, walks_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.network.edits import Edit, NetworkEdit
    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork
    from walkshed.network.splice import Cut, Spliced

GATE_DETOUR = 2.0
"""Two streets are not joined at a gate if the walk between them is more than so many times the way through it."""
NAMED = 5
"""Messages name so many streets at most."""


class EditedNetwork(NamedTuple):
    """A network after a scenario's edits.

    Attributes
    ----------
    network
    log
        What every edit did, in their order.
    cuts
        Edges that were cut, in the order of cutting; :func:`walkshed.network.ties.carry_ties` follows them.
    """

    network: WalkNetwork
    log: tuple[Message, ...]
    cuts: tuple[Cut, ...]


class _State(NamedTuple):
    """Between two edits. Minutes of closed edges are kept, so that a link can be opened again as it was."""

    network: WalkNetwork
    closed: BoolArray
    links: dict[str, int]
    cuts: tuple[Cut, ...] = ()
    log: tuple[Message, ...] = ()

    @property
    def usable(self) -> BoolArray:
        """Edges that are open in at least one direction."""
        return ~self.closed & (np.isfinite(self.network.forward_min) | np.isfinite(self.network.backward_min))

    def after(self, spliced: Spliced) -> _State:
        """Return the state after edges were cut."""
        pieces = [np.full(len(cut.fraction), self.closed[cut.edge]) for cut in spliced.cuts]
        return self._replace(
            network=spliced.network,
            closed=np.concatenate([self.closed, *pieces]).astype(bool),
            cuts=self.cuts + spliced.cuts,
        )

    def noted(self, key: str, **fields: object) -> _State:
        """Return the state with one more line in the log."""
        return self._replace(log=(*self.log, Message(f"notes.{key}", fields)))


def apply_edits(network: WalkNetwork, edits: Sequence[Edit]) -> WalkNetwork:
    """Return the network after a scenario's edits; see :func:`edit_network`."""
    return edit_network(network, edits).network


def edit_network(network: WalkNetwork, edits: Sequence[Edit]) -> EditedNetwork:
    """Carry out the edits of a scenario that concern the network, one after the other.

    Parameters
    ----------
    network
        As it was built; not changed. New links take the speed of the flat: walking rules
        (:func:`walkshed.network.walking.weigh`) come after the edits.
    edits
        Edits of facilities among them are left to :func:`walkshed.network.facility_edits.edit_facilities`.

    Returns
    -------
    EditedNetwork
        Edges keep their numbers; pieces of cut edges and new links stand behind them.

    Raises
    ------
    ContractError
        If an edit lacks something or is nowhere on Earth.
    InputError
        If an edit changes nothing: it finds no such way, no street, or nothing to close, open or join.
    """
    check_edits(edits)
    state = _State(network, np.zeros(len(network.u), bool), {})
    for number, edit in enumerate(edits):
        if isinstance(edit, NETWORK_EDITS):
            state = _carry_out(state, edit, number)
    return EditedNetwork(close_edges(state.network, state.closed), state.log, state.cuts)


def _carry_out(state: _State, edit: NetworkEdit, number: int) -> _State:
    label = f"scenario.edits[{number}] ({' '.join(filter(None, (kind_of(edit), edit.name)))})"
    match edit:
        case CloseLink():
            return _close_link(state, edit, label)
        case OpenLink():
            return _open_link(state, edit, label)
        case OpenGate():
            return _open_gate(state, edit, label)
        case AddFootbridge():
            return _add_footbridge(state, edit, label)


def _close_link(state: _State, edit: CloseLink, label: str) -> _State:
    chosen = _chosen(state, edit, label)
    if edit.line:
        return _build_wall(state, edit, chosen, label)
    closing = chosen & state.usable
    if not closing.any():
        raise InputError("edit_nothing_open", edit=label)
    metres = float(state.network.length_m[closing].sum())
    state = state._replace(closed=state.closed | closing)
    return state.noted("edit_closed", edit=label, streets=int(closing.sum()), metres=metres)


def _build_wall(state: _State, edit: CloseLink, chosen: BoolArray, label: str) -> _State:
    network = state.network
    found = crossings(network, chosen & state.usable, state.usable, _in_metres(network, edit.line))
    if len(found.along):
        raise InputError("edit_along_street", edit=label, streets=_names(network, found.along))
    if len(found.at_junction):
        raise InputError("edit_at_junction", edit=label, streets=_names(network, found.at_junction))
    if not len(found.edge):
        raise InputError("edit_crosses_nothing", edit=label)
    state = state.after(cut_edges(network, found.edge, found.fraction, sever=True))
    return state.noted("edit_cut", edit=label, places=len(found.edge), streets=_names(network, found.edge))


def _open_link(state: _State, edit: OpenLink, label: str) -> _State:
    chosen = _chosen(state, edit, label)
    again = chosen & state.closed
    shut = chosen & (np.isinf(state.network.forward_min) | np.isinf(state.network.backward_min)) & ~again
    if not (again | shut).any():
        raise InputError("edit_nothing_closed", edit=label)
    metres = float(state.network.length_m[again | shut].sum())
    state = state._replace(closed=state.closed & ~again, network=open_edges(state.network, shut))
    return state.noted("edit_opened", edit=label, streets=int((again | shut).sum()), metres=metres)


def _open_gate(state: _State, edit: OpenGate, label: str) -> _State:
    network = state.network
    gate = _in_metres(network, (edit.at,))
    near = positions_near(network, state.usable, gate[0], edit.reach_m)
    if not len(near.edge):
        raise InputError("edit_no_street", edit=label, reach=edit.reach_m, place=_shown(edit.at))
    through = near.distance_m[0] + near.distance_m
    walk = walks_m(network, state.usable, near, limit_m=2 * GATE_DETOUR * edit.reach_m)
    apart = np.flatnonzero(walk > GATE_DETOUR * through + TIE_M)
    if not len(apart):
        raise InputError("edit_joined_already", edit=label, reach=edit.reach_m, place=_shown(edit.at))
    pair = np.array([0, apart[0]])
    streets = _names(network, near.edge[pair])
    spliced = cut_edges(network, near.edge[pair], near.fraction[pair])
    a, b = spliced.near.tolist()
    state, network = state.after(spliced), spliced.network
    if np.hypot(network.x[a] - network.x[b], network.y[a] - network.y[b]) > TIE_M:
        state = _add_link(state, edit, (a, b), gate, label)
        return state.noted("edit_gate", edit=label, streets=streets, metres=float(state.network.length_m[-1]))
    state = state._replace(network=join_nodes(network, min(a, b), max(a, b)))
    return state.noted("edit_gate", edit=label, streets=streets, metres=0.0)


def _add_footbridge(state: _State, edit: AddFootbridge, label: str) -> _State:
    network = state.network
    line = _in_metres(network, edit.line)
    edge, fraction = np.empty(2, np.int64), np.empty(2)
    for i in (0, -1):
        near = positions_near(network, state.usable, line[i], edit.reach_m)
        if not len(near.edge):
            raise InputError("edit_no_street", edit=label, reach=edit.reach_m, place=_shown(edit.line[i]))
        edge[i], fraction[i] = near.edge[0], near.fraction[0]
    spliced = cut_edges(network, edge, fraction)
    a, b = spliced.near.tolist()
    if a == b:
        raise InputError("edit_no_length", edit=label, street=_names(network, edge[:1]))
    state = _add_link(state.after(spliced), edit, (a, b), line, label)
    metres = float(state.network.length_m[-1])
    return state.noted("edit_bridge", edit=label, streets=_names(network, edge), metres=metres)


def _add_link(
    state: _State, edit: OpenGate | AddFootbridge, ends: tuple[int, int], line: FloatArray, label: str
) -> _State:
    """Add an edge between two nodes along a line in metres."""
    if edit.name in state.links:
        raise InputError("edit_name_taken", edit=label, name=edit.name)
    network = state.network
    xy = np.array([[network.x[node], network.y[node]] for node in ends])
    xy = np.vstack([xy[:1], line, xy[1:]])
    moved = np.hypot(*np.diff(xy, axis=0).T) > TIE_M
    xy = np.vstack([xy[:-1][moved], xy[-1:]])
    to_degrees = Transformer.from_crs(network.crs, EXCHANGE_CRS, always_xy=True)
    link = Link(
        xy=xy,
        length_m=ELLIPSOID.line_length(*to_degrees.transform(xy[:, 0], xy[:, 1])),
        way_id=free_way_id(network),
        name=edit.name,
        steps=isinstance(edit, AddFootbridge) and edit.steps,
        off_ground=isinstance(edit, AddFootbridge),
    )
    network = add_edge(network, *ends, link)
    links = state.links | ({edit.name: link.way_id} if edit.name else {})
    return state._replace(network=network, closed=np.append(state.closed, False), links=links)


def _chosen(state: _State, edit: CloseLink | OpenLink, label: str) -> BoolArray:
    """Return the edges of the ways and links an edit names; all edges where it names none."""
    unknown = [name for name in edit.links if name not in state.links]
    if unknown:
        known = ", ".join(state.links) or "-"
        raise InputError("edit_link_unknown", edit=label, names=", ".join(unknown), known=known)
    ways = [*edit.way_ids, *(state.links[name] for name in edit.links)]
    absent = [way for way in ways if not (state.network.way_id == way).any()]
    if absent:
        raise InputError("edit_way_absent", edit=label, ways=", ".join(map(str, absent)))
    return np.isin(state.network.way_id, ways) if ways else np.ones(len(state.network.u), bool)


def _in_metres(network: WalkNetwork, places: Sequence[tuple[float, ...]]) -> FloatArray:
    """Return places given as (lon, lat) in the network's CRS, (n, 2)."""
    lon_lat = np.array(places, float)
    x, y = Transformer.from_crs(EXCHANGE_CRS, network.crs, always_xy=True).transform(lon_lat[:, 0], lon_lat[:, 1])
    return np.column_stack([x, y])


def _names(network: WalkNetwork, edges: LongArray) -> str:
    """Return the names of the first few streets, each once; a nameless one by the number of its way."""
    named = dict.fromkeys(network.edge_name(edge) or f"#{network.way_id[edge]}" for edge in edges.tolist())
    return ", ".join([*named][:NAMED]) + (", …" if len(named) > NAMED else "")


def _shown(place: tuple[float, ...]) -> str:
    return ", ".join(f"{degrees:.6f}" for degrees in place)
