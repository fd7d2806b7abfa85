"""Change a built network in place of building it anew: cut edges exactly, add links, close, join.

Edges keep their numbers: of a cut edge the piece at ``u`` keeps it, the others come behind the last edge. What was tied
to an edge can so be carried over.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from walkshed.network.snap_grid import TIE_M
from walkshed.network.traits import NO_TRAITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import BoolArray, FloatArray, IntArray, LongArray, WalkNetwork

QUANTA_PER_MINUTE = 2.0**30
"""Pieces of an edge take whole multiples of this, as in the search, so that their sum is the edge's time exactly."""

SHARED_BY_LENGTH = ("crossings", "signals")
"""Columns of edges whose value is shared by the pieces; any other is the same for all."""


class Cut(NamedTuple):
    """An edge that was cut.

    Attributes
    ----------
    edge
        Its number.
    fraction : (k,) float64
        Where, ascending, as shares of its drawn length.
    pieces : (k + 1,) int64
        Numbers of the pieces, from ``u`` to ``v``; the first is ``edge``.
    """

    edge: int
    fraction: FloatArray
    pieces: LongArray


class Spliced(NamedTuple):
    """What :func:`cut_edges` returns.

    Attributes
    ----------
    network
    cuts
        Edges that were cut; a position at an edge's end cuts nothing.
    near, far : (n,) int32
        Nodes at the positions: the end of the piece before, the beginning of the piece behind. The same unless severed.
    """

    network: WalkNetwork
    cuts: tuple[Cut, ...]
    near: IntArray
    far: IntArray


class Link(NamedTuple):
    """A new edge, open both ways at the speed of the flat.

    Attributes
    ----------
    xy : (k, 2) float64
        Its drawn line, metres in the network's CRS.
    length_m
        Metres on the ground.
    way_id
    name
        Street name, may be blank.
    steps
        It is stairs.
    off_ground
        It is a bridge.
    """

    xy: FloatArray
    length_m: float
    way_id: int
    name: str
    steps: bool
    off_ground: bool


class _Pieces(NamedTuple):
    """Pieces of one edge: a column of new values per name, and the drawn lines."""

    columns: dict[str, NDArray[Any]]
    lines: list[FloatArray]
    nodes: FloatArray


def edge_columns(network: WalkNetwork) -> tuple[str, ...]:
    """Return the names of the arrays with one value per edge that are no ends, lengths or minutes."""
    kept = ("way_id", "steps", "name_code", *NO_TRAITS)
    return tuple(item.name for item in fields(network) if item.name in kept)


def cut_edges(network: WalkNetwork, edge: LongArray, fraction: FloatArray, *, sever: bool = False) -> Spliced:
    """Cut edges at exact positions.

    Parameters
    ----------
    network
        Not changed.
    edge : (n,) int64
    fraction : (n,) float64
        Shares of the edges' drawn lengths from ``u``. Nearer than a micrometre to an end (or another position) means
        that end (or that position).
    sever
        Do not join the pieces.

    Returns
    -------
    Spliced
        Lengths and minutes of an edge are shared by drawn length. The times of all walks stay the same, unless severed.
    """
    near, far = np.empty(len(edge), np.int32), np.empty(len(edge), np.int32)
    cuts: list[Cut] = []
    made: list[tuple[int, _Pieces]] = []
    nodes, edges = len(network.node_id), len(network.u)
    for e in np.unique(edge).tolist():
        rows = np.flatnonzero(edge == e)
        along, xy = _drawn(network, e)
        inner, which = _distinct(fraction[rows], along[-1])
        begin = nodes + np.arange(len(inner)) * (2 if sever else 1)
        behind = begin + (1 if sever else 0)
        near[rows] = np.concatenate([[network.u[e]], begin, [network.v[e]]])[which]
        far[rows] = np.concatenate([[network.u[e]], behind, [network.v[e]]])[which]
        if not len(inner):
            continue
        pieces = _pieces(network, e, inner, along, xy)
        pieces.columns["u"] = np.concatenate([[network.u[e]], behind])
        pieces.columns["v"] = np.concatenate([begin, [network.v[e]]])
        if sever:
            pieces = pieces._replace(nodes=np.repeat(pieces.nodes, 2, axis=0))
        made.append((e, pieces))
        cuts.append(Cut(e, inner, np.concatenate([[e], edges + np.arange(len(inner))])))
        nodes += len(pieces.nodes)
        edges += len(inner)
    return Spliced(_put_in(network, made), tuple(cuts), near, far)


def add_edge(network: WalkNetwork, u: int, v: int, link: Link) -> WalkNetwork:
    """Return the network with one more edge from node ``u`` to node ``v``."""
    names = network.names if not link.name or link.name in network.names else (*network.names, link.name)
    values: dict[str, Any] = NO_TRAITS | {
        "way_id": link.way_id,
        "steps": link.steps,
        "name_code": names.index(link.name) if link.name else -1,
        "off_ground": link.off_ground,
    }
    columns: dict[str, Any] = {name: _with_one_more(network, name, values[name]) for name in edge_columns(network)}
    minutes = link.length_m / network.meters_per_minute
    ends = {"u": u, "v": v, "length_m": link.length_m, "forward_min": minutes, "backward_min": minutes}
    columns |= {name: _with_one_more(network, name, value) for name, value in ends.items()}
    return replace(
        network,
        **columns,
        names=names,
        geometry_start=_with_one_more(network, "geometry_start", network.geometry_start[-1] + len(link.xy)),
        geometry_x=np.concatenate([network.geometry_x, link.xy[:, 0]]),
        geometry_y=np.concatenate([network.geometry_y, link.xy[:, 1]]),
    )


def _with_one_more(network: WalkNetwork, name: str, value: float) -> NDArray[Any]:
    column: NDArray[Any] = getattr(network, name)
    return np.concatenate([column, np.array([value], column.dtype)])


def close_edges(network: WalkNetwork, closed: BoolArray) -> WalkNetwork:
    """Return the network with some edges closed both ways."""
    forward, backward = (np.where(closed, np.inf, minutes) for minutes in (network.forward_min, network.backward_min))
    return replace(network, forward_min=forward, backward_min=backward)


def open_edges(network: WalkNetwork, opened: BoolArray) -> WalkNetwork:
    """Return the network with the closed directions of some edges open at the speed of the flat."""
    flat = network.length_m / network.meters_per_minute
    forward, backward = (
        np.where(opened & np.isinf(minutes), flat, minutes) for minutes in (network.forward_min, network.backward_min)
    )
    return replace(network, forward_min=forward, backward_min=backward)


def join_nodes(network: WalkNetwork, kept: int, dropped: int) -> WalkNetwork:
    """Return the network with two nodes at the same place made one; nodes behind the dropped one move up by one."""
    u, v = (np.where(end == dropped, kept, end) for end in (network.u, network.v))
    rest = np.arange(len(network.node_id)) != dropped
    return replace(
        network,
        node_id=network.node_id[rest],
        x=network.x[rest],
        y=network.y[rest],
        u=(u - (u > dropped)).astype(np.int32),
        v=(v - (v > dropped)).astype(np.int32),
    )


def free_way_id(network: WalkNetwork) -> int:
    """Return a way id that no way of the network has; below -1, which stands for an unknown way."""
    return min(int(network.way_id.min()), -1) - 1


def _drawn(network: WalkNetwork, edge: int) -> tuple[FloatArray, FloatArray]:
    """Return the metres along an edge's drawn line at its vertices, and the vertices, (k,) and (k, 2)."""
    part = slice(network.geometry_start[edge], network.geometry_start[edge + 1])
    xy = np.column_stack([network.geometry_x[part], network.geometry_y[part]])
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]), xy


def _distinct(fraction: FloatArray, drawn_m: float) -> tuple[FloatArray, LongArray]:
    """Return the distinct positions inside an edge, and the number of every given one: 0 is ``u``, 1 the first."""
    order = np.argsort(fraction, kind="stable")
    inner: list[float] = []
    which = np.zeros(len(fraction), np.int64)
    at_end = []
    for i in order.tolist():
        metres = float(fraction[i]) * drawn_m
        if metres <= TIE_M:
            continue
        if metres >= drawn_m - TIE_M:
            at_end.append(i)
            continue
        if not inner or metres > inner[-1] * drawn_m + TIE_M:
            inner.append(float(fraction[i]))
        which[i] = len(inner)
    which[at_end] = len(inner) + 1
    return np.array(inner), which


def _pieces(network: WalkNetwork, edge: int, inner: FloatArray, along: FloatArray, xy: FloatArray) -> _Pieces:
    bounds = np.concatenate([[0.0], inner, [1.0]])
    share = np.diff(bounds)
    at = inner * along[-1]
    places = np.column_stack([np.interp(at, along, xy[:, 0]), np.interp(at, along, xy[:, 1])])
    ends = np.vstack([xy[:1], places, xy[-1:]])
    lines = []
    for i, (low, high) in enumerate(zip(bounds[:-1] * along[-1], bounds[1:] * along[-1], strict=True)):
        inside = (along > low) & (along < high)
        lines.append(np.vstack([ends[i : i + 1], xy[inside], ends[i + 1 : i + 2]]))
    columns: dict[str, NDArray[Any]] = {
        name: np.repeat(getattr(network, name)[edge : edge + 1], len(share)) for name in edge_columns(network)
    }
    for name in SHARED_BY_LENGTH:
        if name in columns:
            columns[name] = columns[name] * share
    columns["length_m"] = network.length_m[edge] * share
    columns["forward_min"] = _share_minutes(float(network.forward_min[edge]), bounds)
    columns["backward_min"] = _share_minutes(float(network.backward_min[edge]), bounds)
    return _Pieces(columns, lines, places)


def _share_minutes(minutes: float, bounds: FloatArray) -> FloatArray:
    """Share minutes by position so that the pieces add up to them without any rounding."""
    if np.isinf(minutes):
        return np.full(len(bounds) - 1, np.inf)
    steps = np.rint(bounds[1:-1] * minutes * QUANTA_PER_MINUTE)
    steps = np.maximum.accumulate(np.maximum(steps, 1.0) - np.arange(len(steps))) + np.arange(len(steps))
    reached = np.concatenate([[0.0], steps / QUANTA_PER_MINUTE, [minutes]])
    return np.maximum(np.diff(reached), 1.0 / QUANTA_PER_MINUTE)


def _put_in(network: WalkNetwork, made: list[tuple[int, _Pieces]]) -> WalkNetwork:
    """Return the network with the pieces of some edges, ascending, in place of these."""
    if not made:
        return network
    first = np.array([e for e, _ in made])
    columns: dict[str, Any] = {}
    for name in made[0][1].columns:
        old = getattr(network, name)
        new = old.copy()
        new[first] = [pieces.columns[name][0] for _, pieces in made]
        columns[name] = np.concatenate([new, *(pieces.columns[name][1:] for _, pieces in made)]).astype(old.dtype)
    xy = np.column_stack([network.geometry_x, network.geometry_y])
    parts, done = [], 0
    size = np.diff(network.geometry_start)
    for e, pieces in made:
        parts += [xy[done : network.geometry_start[e]], pieces.lines[0]]
        done = int(network.geometry_start[e + 1])
        size[e] = len(pieces.lines[0])
    behind = [line for _, pieces in made for line in pieces.lines[1:]]
    drawn = np.vstack([*parts, xy[done:], *behind])
    size = np.concatenate([size, [len(line) for line in behind]])
    places = np.vstack([pieces.nodes for _, pieces in made])
    fresh = min(int(network.node_id.min()), 0) - 1 - np.arange(len(places))
    return replace(
        network,
        **columns,
        node_id=np.concatenate([network.node_id, fresh]),
        x=np.concatenate([network.x, places[:, 0]]),
        y=np.concatenate([network.y, places[:, 1]]),
        geometry_start=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        geometry_x=drawn[:, 0].copy(),
        geometry_y=drawn[:, 1].copy(),
    )
