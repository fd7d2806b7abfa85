"""The walking network as plain, immutable arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from walkshed.errors import NetworkError
from walkshed.network.traits import NO_TRAITS

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    IntArray = NDArray[np.int32]
    LongArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

METERS_PER_MINUTE_PER_KMH = 1000.0 / 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkNetwork:
    """Streets and paths on which one walks.

    N nodes, E edges, P vertices of geometry. Edges are undirected pieces of street between two nodes with walking
    minutes for each direction; ``inf`` closes one. Node numbers are array positions and never leave the program;
    ``node_id`` and ``way_id`` are the ids of the source.

    Attributes
    ----------
    crs
        Projected metre CRS of all coordinates, for example ``"EPSG:32635"``.
    node_id : (N,) int64
    x, y : (N,) float64
        Metres in ``crs``.
    u, v : (E,) int32
        End nodes.
    length_m : (E,) float64
        Length along the edge, metres on the ground.
    forward_min, backward_min : (E,) float64
        Minutes from ``u`` to ``v`` and from ``v`` to ``u`` for the walker of ``speed_kmh``.
    way_id : (E,) int64
    steps : (E,) bool
    name_code : (E,) int32
        Position in ``names``; -1 for a nameless street.
    names : tuple of str
    geometry_start : (E + 1,) int64
        Edge e has the vertices ``geometry_start[e]:geometry_start[e + 1]``, from ``u`` to ``v``.
    geometry_x, geometry_y : (P,) float64
    incline, off_ground, crossings, signals, underground : (E,)
        What is tagged about the edges; see :class:`walkshed.network.traits.EdgeTraits`. Empty where nothing is.
    speed_kmh
        Speed on the flat, also charged on the legs between a point and the network.
    source
        Where the streets came from, as told to readers.
    """

    crs: str
    node_id: LongArray
    x: FloatArray
    y: FloatArray
    u: IntArray
    v: IntArray
    length_m: FloatArray
    forward_min: FloatArray
    backward_min: FloatArray
    way_id: LongArray
    steps: BoolArray
    name_code: IntArray
    names: tuple[str, ...]
    geometry_start: LongArray
    geometry_x: FloatArray
    geometry_y: FloatArray
    speed_kmh: float
    incline: FloatArray = field(default_factory=lambda: np.empty(0))
    off_ground: BoolArray = field(default_factory=lambda: np.empty(0, bool))
    crossings: FloatArray = field(default_factory=lambda: np.empty(0))
    signals: FloatArray = field(default_factory=lambda: np.empty(0))
    underground: BoolArray = field(default_factory=lambda: np.empty(0, bool))
    source: str = field(default="")

    def __post_init__(self) -> None:
        """Check shapes and ranges, then freeze the arrays."""
        nodes, edges, vertices = len(self.node_id), len(self.u), len(self.geometry_x)
        for name, nothing in NO_TRAITS.items():
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(edges, nothing))
        sizes = {
            "x": nodes, "y": nodes, "v": edges, "length_m": edges, "forward_min": edges, "backward_min": edges,
            "way_id": edges, "steps": edges, "name_code": edges, "geometry_start": edges + 1, "geometry_y": vertices,
            **dict.fromkeys(NO_TRAITS, edges),
        }  # fmt: skip
        wrong = [name for name, size in sizes.items() if len(getattr(self, name)) != size]
        if wrong:
            raise NetworkError("network_sizes", arrays=", ".join(wrong), nodes=nodes, edges=edges)
        if edges == 0:
            raise NetworkError("network_empty", source=self.source or "?")
        if min(self.u.min(), self.v.min()) < 0 or max(self.u.max(), self.v.max()) >= nodes:
            raise NetworkError("network_ends", nodes=nodes)
        bad = ~(self.length_m > 0) | ~(self.forward_min > 0) | ~(self.backward_min > 0) | ~np.isfinite(self.length_m)
        if bad.any():
            raise NetworkError("network_values", edge=int(np.flatnonzero(bad)[0]), count=int(bad.sum()))
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def meters_per_minute(self) -> float:
        """Walking speed on the flat in metres per minute."""
        return self.speed_kmh * METERS_PER_MINUTE_PER_KMH

    @cached_property
    def arcs(self) -> tuple[LongArray, IntArray, IntArray]:
        """Both directions of every edge by start node: ``indptr`` (N + 1,), ``head`` (2 E,) and ``edge`` (2 E,).

        Arc j of node n leads to ``head[j]`` over ``edge[j]``, forward where ``u[edge[j]] == n``. A loop has two arcs.
        """
        nodes, edges = len(self.node_id), len(self.u)
        tail = np.concatenate([self.u, self.v])
        head = np.concatenate([self.v, self.u])
        edge = np.tile(np.arange(edges, dtype=np.int32), 2)
        order = np.lexsort((edge, head, tail))
        indptr = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(tail, minlength=nodes), out=indptr[1:])
        return indptr, head[order].astype(np.int32), edge[order].astype(np.int32)

    @cached_property
    def component(self) -> IntArray:
        """Component of every node, (N,) int32; 0 is the one with the most metres of street, then 1, and so on.

        A street closed both ways (``inf`` minutes in both directions) joins nothing.
        """
        nodes = len(self.node_id)
        passable = np.isfinite(self.forward_min) | np.isfinite(self.backward_min)
        links = coo_array((np.ones(int(passable.sum())), (self.u[passable], self.v[passable])), shape=(nodes, nodes))
        count, label = connected_components(links, directed=False)
        metres = np.bincount(label[self.u], self.length_m, minlength=count)
        rank = np.empty(count, np.int32)
        rank[np.lexsort((np.arange(count), -metres))] = np.arange(count, dtype=np.int32)
        return rank[label]

    @cached_property
    def edge_component(self) -> IntArray:
        """Component of every edge, (E,) int32."""
        return self.component[self.u]

    @cached_property
    def component_length_m(self) -> FloatArray:
        """Metres of street in every component, (C,) float64."""
        return np.bincount(self.component[self.u], self.length_m).astype(np.float64)

    @cached_property
    def edge_lines(self) -> NDArray[Any]:
        """Edge geometry as shapely LineStrings, (E,) object, from ``u`` to ``v``, in ``crs``."""
        owner = np.repeat(np.arange(len(self.u)), np.diff(self.geometry_start))
        lines = shapely.linestrings(np.column_stack([self.geometry_x, self.geometry_y]), indices=owner)
        return np.atleast_1d(np.asarray(lines, dtype=object))

    @cached_property
    def extent(self) -> BaseGeometry:
        """Convex hull of all nodes in ``crs``; what lies near its rim may lack streets beyond it."""
        return shapely.MultiPoint(np.column_stack([self.x, self.y])).convex_hull

    def edge_name(self, edge: int) -> str:
        """Return the street name of an edge, or an empty text."""
        code = int(self.name_code[edge])
        return self.names[code] if code >= 0 else ""
