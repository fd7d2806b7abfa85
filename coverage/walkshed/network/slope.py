"""Heights along streets from an elevation raster, and what their gradients do to walking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from walkshed.errors import InputError, Message
from walkshed.network.elevation import raster_heights
from walkshed.network.snap_grid import metres_along
from walkshed.network.traits import traits_of

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork
    from walkshed.network.traits import EdgeTraits

STEEPEST_STREET = 0.4
"""No street is steeper than 40 %; where a raster says so it is wrong, or a bridge is not tagged."""


STRETCH_STEPS = 4
"""A hundred metres at the usual steps."""


class Elevation(NamedTuple):
    """Heights at even steps along every edge.

    Attributes
    ----------
    start : (E + 1,) int64
        Edge e has the heights ``start[e]:start[e + 1]``, from ``u`` to ``v``; two at least.
    height_m : (S,) float64
        NaN where the raster says nothing.
    """

    start: LongArray
    height_m: FloatArray


class Gradients(NamedTuple):
    """Gradients of equally long steps along every edge.

    Attributes
    ----------
    start : (E + 1,) int64
        Edge e has the steps ``start[e]:start[e + 1]``; one at least.
    gradient : (K,) float64
        Rise from ``u`` to ``v`` as a share of the length; 0 where nothing is known.
    """

    start: LongArray
    gradient: FloatArray

    def overall(self) -> FloatArray:
        """Return the rise from ``u`` to ``v`` as a share of the length, (E,) float64."""
        return np.add.reduceat(self.gradient, self.start[:-1]) / np.diff(self.start)

    def steepest(self) -> FloatArray:
        """Return the gradient of the steepest stretch of every edge, without sign, (E,) float64.

        A stretch is :data:`STRETCH_STEPS` steps, or all of a shorter edge: a single step is too short for the heights
        of common rasters, whose errors of a few metres would make most streets steep.
        """
        steps = np.diff(self.start)
        stretch = np.repeat(np.minimum(steps, STRETCH_STEPS), steps)
        last = np.minimum(np.arange(len(stretch)) + stretch, np.repeat(self.start[1:], steps))
        climbed = np.concatenate([[0.0], np.cumsum(self.gradient)])
        return np.maximum.reduceat(np.abs(climbed[last] - climbed[last - stretch]) / stretch, self.start[:-1])


def sample_elevation(
    network: WalkNetwork, raster_path: Path, *, step_m: float = 25.0, traits: EdgeTraits | None = None
) -> Elevation:
    """Read the heights along every edge from a raster.

    Parameters
    ----------
    network
        Not changed.
    raster_path
        Any raster of heights that GDAL reads, with its CRS; see :func:`walkshed.network.elevation.raster_heights`.
    step_m
        Longest step between two heights, metres. Steps of an edge are equally long.
    traits
        What is tagged about the edges; by default what the network keeps.

    Returns
    -------
    Elevation
        Bridges and tunnels do not follow the ground: their heights run evenly from one end to the other, also where
        they consist of several edges.

    Raises
    ------
    InputError
        If the file is missing or no raster, or it shows no place of the network, or the step is no number of metres.
    CrsError
        If the raster has no CRS.
    """
    if not (np.isfinite(step_m) and step_m > 0):
        raise InputError("elevation_step", step=step_m)
    traits = traits or traits_of(network)
    start, x, y = _positions(network, step_m)
    height = raster_heights(raster_path, x, y, network.crs)
    if np.isnan(height).all():
        raise InputError("elevation_elsewhere", path=raster_path.name)
    if traits.off_ground.any():
        _lift(network, traits.off_ground, start, height)
    return Elevation(start, height)


def elevation_note(network: WalkNetwork, elevation: Elevation) -> Message | None:
    """Return a note on the streets without heights, which count as flat; ``None`` where there are none."""
    missing = 1.0 - known_share(network, elevation)
    if missing <= 0:
        return None
    return Message("notes.elevation_missing", {"share": missing, "km": missing * network.length_m.sum() / 1000.0})


def known_share(network: WalkNetwork, elevation: Elevation) -> float:
    """Return the share of the metres of street whose height is known."""
    rise = _rises(elevation)
    steps = np.diff(elevation.start) - 1
    known = np.add.reduceat(np.isfinite(rise), np.concatenate([[0], np.cumsum(steps)[:-1]]))
    return float(network.length_m @ (known / steps) / network.length_m.sum())


def edge_gradients(network: WalkNetwork, elevation: Elevation | None, traits: EdgeTraits | None = None) -> Gradients:
    """Return the gradients along every edge, from its tags before the raster.

    Parameters
    ----------
    network
        Not changed.
    elevation
        Heights from :func:`sample_elevation`; without, only tags count.
    traits
        What is tagged about the edges; by default what the network keeps.

    Returns
    -------
    Gradients
        A tagged number holds along the whole edge. Where only ``up`` or ``down`` is tagged, the raster tells how much;
        if it tells the opposite it cannot be right there, and the edge is flat. Nothing is steeper than
        :data:`STEEPEST_STREET` unless it is tagged.

    Raises
    ------
    InputError
        If the heights belong to another network.
    """
    traits = traits or traits_of(network)
    edges = len(network.u)
    if elevation is None:
        elevation = Elevation(np.arange(0, 2 * edges + 1, 2), np.full(2 * edges, np.nan))
    elif len(elevation.start) != edges + 1:
        raise InputError("elevation_other_network", heights=len(elevation.start) - 1, edges=edges)
    steps = np.diff(elevation.start) - 1
    start = np.concatenate([[0], np.cumsum(steps)])
    length = np.repeat(network.length_m / steps, steps)
    gradient = np.clip(np.nan_to_num(_rises(elevation) / length), -STEEPEST_STREET, STEEPEST_STREET)

    overall = np.add.reduceat(gradient, start[:-1])
    contradicted = np.isinf(traits.incline) & (np.sign(overall) != np.sign(traits.incline))
    gradient[np.repeat(contradicted, steps)] = 0.0
    tagged = np.repeat(traits.incline, steps)
    return Gradients(start, np.where(np.isfinite(tagged), tagged, gradient))


def tobler_factor(gradient: FloatArray) -> FloatArray:
    """Return the walking speed on a slope as a multiple of that on the flat.

    Parameters
    ----------
    gradient
        Rise in the direction of walking as a share of the distance.

    Notes
    -----
    W. Tobler, "Three presentations on geographical analysis and modeling" (1993): 6 exp(-3.5 |gradient + 0.05|) km/h,
    here divided by its value on the flat, 5.04 km/h. Fastest on a gentle descent of 5 %: 1.19.

    Examples
    --------
    >>> [round(float(factor), 3) for factor in tobler_factor(np.array([-0.05, 0.0, 0.1]))]
    [1.191, 1.0, 0.705]
    """
    return np.asarray(np.exp(-3.5 * (np.abs(gradient + 0.05) - 0.05)))


FASTEST_SLOPE = float(tobler_factor(np.array(-0.05)))
"""How much faster than on the flat anybody walks anywhere."""


def slope_factors(gradients: Gradients) -> tuple[FloatArray, FloatArray]:
    """Return by how much the slope prolongs the walk over every edge, from ``u`` to ``v`` and back; 1 on the flat."""
    begin, count = gradients.start[:-1], np.diff(gradients.start)
    up, down = (np.add.reduceat(1.0 / tobler_factor(sign * gradients.gradient), begin) / count for sign in (1.0, -1.0))
    return up, down


def _rises(elevation: Elevation) -> FloatArray:
    """Return the rises of all steps, (K,) float64."""
    inside = np.ones(len(elevation.height_m) - 1, bool)
    inside[elevation.start[1:-1] - 1] = False
    return np.diff(elevation.height_m)[inside]


def _positions(network: WalkNetwork, step_m: float) -> tuple[LongArray, FloatArray, FloatArray]:
    """Return where the heights of every edge are read: even steps along its drawn line, both ends included."""
    along = metres_along(network)
    drawn = along[network.geometry_start[1:] - 1]
    steps = np.maximum(np.ceil(network.length_m / step_m), 1).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(steps + 1)])
    number = np.arange(start[-1]) - np.repeat(start[:-1], steps + 1)
    # all edges one behind the other on one axis, a metre apart, so that one interpolation does for all
    shift = np.concatenate([[0.0], np.cumsum(drawn + 1.0)[:-1]])
    axis = along + np.repeat(shift, np.diff(network.geometry_start))
    at = np.repeat(shift, steps + 1) + number * np.repeat(drawn / steps, steps + 1)
    return start, np.interp(at, axis, network.geometry_x), np.interp(at, axis, network.geometry_y)


def _lift(network: WalkNetwork, off_ground: BoolArray, start: LongArray, height: FloatArray) -> None:
    """Replace the heights on bridges and tunnels by straight lines between their ends, in place."""
    at_node = np.full(len(network.node_id), np.nan)
    at_node[network.u], at_node[network.v] = height[start[:-1]], height[start[1:] - 1]
    at_node = _deck_heights(network, off_ground, at_node)
    for e in np.flatnonzero(off_ground):
        height[start[e] : start[e + 1]] = np.linspace(
            at_node[network.u[e]], at_node[network.v[e]], start[e + 1] - start[e]
        )


def _deck_heights(network: WalkNetwork, off_ground: BoolArray, at_node: FloatArray) -> FloatArray:
    """Return the heights of nodes, those between the ends of bridges and tunnels lifted off the ground.

    A bridge ends where a street on the ground begins. Stairs do not count as such, because they lead up to the middle
    of a bridge, unless the bridge has nothing but stairs. Along a chain of edges the height is linear, and where decks
    fork it is the average that this makes of all ends: the solution of Laplace's equation on the graph of the decks.
    """
    nodes = len(at_node)
    u, v = network.u[off_ground], network.v[off_ground]
    on_deck, on_street, on_ground = (np.zeros(nodes, bool) for _ in range(3))
    on_deck[u] = on_deck[v] = True
    for mask, edges in ((on_street, ~off_ground & ~network.steps), (on_ground, ~off_ground)):
        mask[network.u[edges]] = mask[network.v[edges]] = True
    known = np.isfinite(at_node)
    _, deck = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(nodes, nodes)), directed=False)
    ends = on_deck & on_street & known
    ends |= on_deck & on_ground & known & ~np.isin(deck, deck[ends])

    free = on_deck & ~ends & np.isin(deck, deck[ends])
    at_node = np.where(on_deck & ~ends, np.nan, at_node)
    if free.any():
        weight = 1.0 / network.length_m[off_ground]
        links = coo_array(
            (np.concatenate([weight, weight]), (np.concatenate([u, v]), np.concatenate([v, u]))), shape=(nodes, nodes)
        ).tocsr()
        inner = links[free][:, free]
        total = np.asarray(links[free].sum(axis=1)).ravel()
        balance = coo_array((total, (np.arange(len(total)), np.arange(len(total)))), shape=inner.shape) - inner
        at_node[free] = np.atleast_1d(spsolve(balance.tocsc(), links[free][:, ends] @ at_node[ends]))
    return at_node
