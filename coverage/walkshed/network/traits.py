"""What the tags of a street say about walking it beyond its length: incline, bridges and tunnels, crossings to wait at.

What a walker makes of it is decided in :mod:`walkshed.network.walking`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.walkable import gate_is_shut
from walkshed.walkers import PUBLIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork
    from walkshed.network.walkable import Tags
    from walkshed.walkers import Access

    ByteArray = NDArray[np.int8]

TRAIT_TAGS = (
    "highway", "incline", "bridge", "tunnel", "footway", "path", "cycleway", "crossing", "crossing:signals",
    "layer", "level", "location",
)  # fmt: skip
"""The tags of ways that this module asks for."""

NODE_TAGS = ("highway", "crossing", "crossing:signals", "barrier", "access", "foot", "locked")
"""The tags of nodes that are asked for, here and by :func:`walkshed.network.walkable.gate_is_shut`."""

NO_CROSSING, CROSSING, CROSSING_SIGNALS, ROAD_SIGNALS, SHUT_GATE = range(5)
"""Marks of a vertex: nothing; a crossing; one with signals; a road's signals (``highway=traffic_signals``); a gate that
cannot be passed."""

NO_BRIDGE = ("no", "boardwalk")
"""Values of ``bridge`` that follow the ground all the same."""

NO_TUNNEL = ("no", "building_passage", "culvert")
"""Values of ``tunnel`` that follow the ground: a passage through a house, and a street over a pipe."""

FOOTPATHS = ("footway", "path", "pedestrian", "steps", "cycleway", "bridleway", "corridor", "platform")
"""``highway`` values of ways that cross roads; whoever walks another one follows the road."""

STEEPEST_TAG = 1.0
"""A tag beyond 100 % is taken for a slip of the pen."""

_LEVEL = re.compile(r"(?:(?<![\d.])-)?\d+(?:\.\d+)?")
_INCLINE = re.compile(r"[~<>≈]?\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))\s*(?P<unit>%|°|)")


class EdgeTraits(NamedTuple):
    """What is tagged about E edges.

    Attributes
    ----------
    incline : (E,) float64
        Rise from ``u`` to ``v`` as a share of the length (0.08 is 8 %); ``inf`` and ``-inf`` say that it rises or falls
        but not how much; NaN where nothing is tagged.
    off_ground : (E,) bool
        Bridges and tunnels.
    crossings, signals : (E,) float64
        Number of crossings of a road on the edge, without and with signals. One that lies at the edge's end counts
        half, the other half belongs to the edge behind it.
    underground : (E,) bool
        Below the ground: nobody's door opens there. See :func:`way_traits`.
    """

    incline: FloatArray
    off_ground: BoolArray
    crossings: FloatArray
    signals: FloatArray
    underground: BoolArray


NO_TRAITS = {"incline": math.nan, "off_ground": False, "crossings": 0.0, "signals": 0.0, "underground": False}
"""The traits of an edge of which nothing is tagged."""


class WayTraits(NamedTuple):
    """What the tags of one way say.

    Attributes
    ----------
    incline
        As in :class:`EdgeTraits`, in the order of the way's nodes.
    off_ground
        A bridge or a tunnel.
    footpath
        One of :data:`FOOTPATHS`.
    crossing
        The way itself is a crossing: :data:`NO_CROSSING`, :data:`CROSSING` or :data:`CROSSING_SIGNALS`.
    underground
        Below the ground.
    """

    incline: float = math.nan
    off_ground: bool = False
    footpath: bool = False
    crossing: int = NO_CROSSING
    underground: bool = False

    def turned(self) -> WayTraits:
        """Return the traits seen from the way's other end."""
        return self if math.isnan(self.incline) else self._replace(incline=-self.incline)


def traits_of(network: WalkNetwork) -> EdgeTraits:
    """Return the traits of a network's edges; where it keeps none, nothing is tagged."""
    edges = len(network.u)
    return EdgeTraits(*(getattr(network, name, np.full(edges, nothing)) for name, nothing in NO_TRAITS.items()))


def way_traits(tags: Tags) -> WayTraits:
    """Return what the tags of a way say.

    A way is underground where it is a tunnel on a layer below 0, or all its levels lie below 0, or ``location`` says
    so. A tunnel on no layer may be an arcade through a house; a way on a layer below 0 may just pass under a bridge.

    Examples
    --------
    >>> way_traits({"highway": "steps", "incline": "up", "bridge": "yes"})
    WayTraits(incline=inf, off_ground=True, footpath=True, crossing=0, underground=False)
    >>> way_traits({"highway": "service", "tunnel": "yes", "layer": "-3"}).underground
    True
    """
    bridge, tunnel = tags.get("bridge") or "no", tags.get("tunnel") or "no"
    crosses = "crossing" in (tags.get("footway"), tags.get("path"), tags.get("cycleway"))
    return WayTraits(
        incline=parse_incline(tags.get("incline") or ""),
        off_ground=bridge not in NO_BRIDGE or tunnel not in NO_TUNNEL,
        footpath=tags.get("highway") in FOOTPATHS,
        crossing=_crossing(tags) if crosses else NO_CROSSING,
        underground=(
            tags.get("location") == "underground"
            or (tunnel not in NO_TUNNEL and _highest(tags.get("layer")) < 0)
            or _highest(tags.get("level")) < 0
        ),
    )


def _highest(levels: str | None) -> float:
    """Return the highest of the levels in ``"-1"``, ``"-2;-1"`` or ``"-1-0"``; 0 where it cannot be read."""
    found = [float(number) for number in _LEVEL.findall(levels or "")]
    return max(found, default=0.0)


def vertex_mark(tags: Tags, *, access: Access = PUBLIC) -> int:
    """Return the mark of a node of OpenStreetMap.

    Parameters
    ----------
    tags
        Of the node.
    access
        Decides which gates are shut; see :func:`walkshed.network.walkable.gate_is_shut`.

    Examples
    --------
    >>> vertex_mark({"highway": "crossing", "crossing": "traffic_signals"}) == CROSSING_SIGNALS
    True
    """
    if gate_is_shut(tags, access=access):
        return SHUT_GATE
    kind = tags.get("highway")
    if kind == "traffic_signals":
        return ROAD_SIGNALS
    return _crossing(tags) if kind == "crossing" else NO_CROSSING


def _crossing(tags: Tags) -> int:
    signals = tags.get("crossing") == "traffic_signals" or tags.get("crossing:signals") == "yes"
    return CROSSING_SIGNALS if signals else CROSSING


def parse_incline(text: str) -> float:
    """Return the rise along a way as a share of its length.

    Parameters
    ----------
    text
        Value of the tag ``incline``: a percentage (what a bare number means, too), degrees, ``up`` or ``down``.

    Returns
    -------
    float
        ``inf`` for up, ``-inf`` for down, NaN for everything that is none of these or beyond 100 %.

    Examples
    --------
    >>> parse_incline("8 %"), parse_incline("down"), round(parse_incline("-5°"), 4), parse_incline("steep")
    (0.08, -inf, -0.0875, nan)
    """
    if not text:
        return math.nan
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace(",", ".").strip().lower()
    if plain in ("up", "down"):
        return math.inf if plain == "up" else -math.inf
    found = _INCLINE.fullmatch(plain)
    if found is None:
        return math.nan
    number = float(found["number"])
    if found["unit"] == "°":
        steep = abs(number) > math.degrees(math.atan(STEEPEST_TAG))
        return math.nan if steep else math.tan(math.radians(number))
    return number / 100.0 if abs(number) <= 100.0 * STEEPEST_TAG else math.nan


def count_crossings(
    *,
    mark: ByteArray,
    start: LongArray,
    line: LongArray,
    length_m: FloatArray,
    footpath: BoolArray,
    crossing: ByteArray,
) -> tuple[FloatArray, FloatArray]:
    """Count the crossings on every edge.

    Parameters
    ----------
    mark : (P,) int8
        Mark of every vertex of the edges.
    start : (E + 1,) int64
        Edge e has the vertices ``start[e]:start[e + 1]``.
    line : (E,) int64
        Way of every edge, as a position in ``footpath`` and ``crossing``.
    length_m : (E,) float64
    footpath : (L,) bool
    crossing : (L,) int8
        See :class:`WayTraits`.

    Returns
    -------
    crossings, signals : (E,) float64
        See :class:`EdgeTraits`.

    Notes
    -----
    A marked vertex inside a footpath is one crossing; at an edge's end it is half a one on each side, so that whoever
    walks on meets all of it and whoever turns into the road half. A footpath that is a crossing by its own tags and has
    no marked vertex is one crossing, shared over its edges by length.

    Along roads only the signals of the road count, and inside an edge half: there they stand at the stop lines, on
    either side of the junction, so that whoever walks through it passes two.
    """
    on_path = footpath[line]
    middle = np.where(on_path, 1.0, 0.5)
    share = np.repeat(middle, np.diff(start))
    share[start[:-1]] = share[start[1:] - 1] = 0.5
    signalled = np.add.reduceat(share * np.isin(mark, (CROSSING_SIGNALS, ROAD_SIGNALS)), start[:-1])
    by_road = np.add.reduceat(share * (mark == ROAD_SIGNALS), start[:-1])
    crossings = np.where(on_path, np.add.reduceat(share * (mark == CROSSING), start[:-1]), 0.0)
    signals = np.where(on_path, signalled, by_road)

    marked = np.bincount(line, crossings + signals, minlength=len(footpath)) > 0
    metres = np.bincount(line, length_m, minlength=len(footpath))
    own = np.where(marked, NO_CROSSING, crossing)[line]
    part = length_m / metres[line]
    return crossings + part * (own == CROSSING), signals + part * (own == CROSSING_SIGNALS)
