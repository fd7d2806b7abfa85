"""Blocks of the sample district's new town: gated compounds with their lanes and gates, and what is no compound."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.sample.frame import curve
from walkshed.sample.towns import BAND_ROWS, CROSS_ROADS, town_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.sample.noding import Drawing

    FloatArray = NDArray[np.float64]

INSET_M: Final = 21.0
"""From the middle of the street to the wall."""
RING_M: Final = 8.0
"""From the wall to the lane inside it."""
QUARTERS: Final = (0.0, 0.25, 0.5, 0.75)
SIDES: Final = "SENW"
SIDE_NAMES: Final = "南东北西"


class Block(NamedTuple):
    """A block between cross roads ``i0`` and ``i1`` and rows ``b0`` and ``b1``.

    Attributes
    ----------
    gates
        Sides with a gate, as letters out of :data:`SIDES` (W faces the river); small letters are locked gates.
    levels
        Storeys of its houses; 0 for what is no compound.
    length_m
        Of its houses.
    """

    name: str
    i0: int
    b0: int
    gates: str = ""
    levels: int = 0
    length_m: float = 50.0
    i1: int = 0
    b1: int = 0
    use: str = "residential"

    def frame(self, inset_m: float = INSET_M) -> tuple[float, float, float, float]:
        """Return its first and last length along the river and its first and last metre beside it."""
        s0, s1 = CROSS_ROADS[self.i0], CROSS_ROADS[self.i1 or self.i0 + 1]
        o0, o1 = BAND_ROWS[self.b0], BAND_ROWS[self.b1 or self.b0 + 1]
        return s0 + inset_m, s1 - inset_m, o0 + inset_m, o1 - inset_m


COMPOUNDS: Final = (
    Block("滨江花园", 0, 0, "EN", 15, 38.0),
    Block("水岸名居", 1, 0, "Ws", 24, 34.0),
    Block("江景苑", 3, 0, "EW", 21, 36.0),
    Block("澜庭", 5, 0, "NS", 26, 32.0),
    Block("金沙湾", 7, 0, "E", 18, 38.0),
    Block("北湾家园", 8, 0, "SE", 8, 46.0),
    Block("紫金苑", 0, 1, "NW", 11, 44.0),
    Block("银杏小区", 2, 1, "EW", 7, 48.0),
    Block("清溪雅居", 3, 1, "W", 16, 38.0),
    Block("公园里", 4, 1, "We", 18, 38.0),
    Block("桂苑", 7, 1, "SEW", 11, 44.0),
    Block("南山小区", 0, 2, "W", 7, 48.0),
    Block("幸福家园", 1, 2, "NW", 7, 50.0),
    Block("翠屏苑", 3, 2, "Es", 11, 42.0),
    Block("和平里", 7, 2, "WN", 7, 50.0),
    Block("北郡", 8, 2, "S", 15, 38.0),
    Block("江湾国际", 5, 1, "Ew", 10, 42.0, 7, 3),
)
OTHERS: Final = (
    Block("区政务中心", 2, 0, use="civic"),
    Block("滨江公园", 4, 0, use="park"),
    Block("江湾商业街", 6, 0, use="retail"),
    Block("示例第一中学", 1, 1, use="school"),
    Block("北环市场", 8, 1, use="retail"),
    Block("示例区医院", 2, 2, use="hospital"),
    Block("示例师范学院", 4, 2, use="college"),
)
STATED: Final = {"江湾国际": 3005}
"""Households that are told; those of the others follow from their floor area."""


class Gate(NamedTuple):
    """A gate of a compound."""

    compound: str
    side: str
    locked: bool
    place: tuple[float, float]

    def name(self) -> str:
        """Return what the gate is called, by the side it is on; the river's side is the west."""
        return SIDE_NAMES[SIDES.index(self.side)] + "门"


def outline(block: Block) -> tuple[FloatArray, list[Gate]]:
    """Return the ring of a block's wall, closed, metres, and the gates on it; every gate is a vertex of the ring."""
    s0, s1, o0, o1 = block.frame()
    s, o = (s0 + s1) / 2, (o0 + o1) / 2
    corners = {"S": ((s0, o0), (s0, o), (s0, o1)), "E": ((s0, o1), (s, o1), (s1, o1)),
               "N": ((s1, o1), (s1, o), (s1, o0)), "W": ((s1, o0), (s, o0), (s0, o0))}  # fmt: skip
    ring, gates = [], []
    for side in SIDES:
        start, middle, end = (np.array(place) for place in corners[side])
        half = np.linspace(0.0, 1.0, 5)[:-1, None]
        path = np.vstack([start + half * (middle - start), middle + half * (end - middle)])
        places = np.round(town_place(path[:, 0], path[:, 1]), 2)
        ring.append(places)
        if side in block.gates.upper():
            spot = places[len(half)]
            gates.append(Gate(block.name, side, side not in block.gates, (float(spot[0]), float(spot[1]))))
    whole = np.vstack(ring)
    return np.vstack([whole, whole[:1]]), gates


def draw_lanes(drawing: Drawing, block: Block) -> None:
    """Draw a compound's lanes: one each way through its middle, led out where there is a gate, and paths between."""
    s0, s1, o0, o1 = block.frame()
    s, o = (s0 + s1) / 2, (o0 + o1) / 2
    _, gates = outline(block)
    out = {gate.side: gate.place for gate in gates}
    ends = {"S": (s0 + RING_M, o), "N": (s1 - RING_M, o), "W": (s, o0 + RING_M), "E": (s, o1 - RING_M)}
    streets = {"S": (s0 - INSET_M, o), "N": (s1 + INSET_M, o), "W": (s, o0 - INSET_M), "E": (s, o1 + INSET_M)}
    for a, b in (("S", "N"), ("W", "E")):
        t = np.linspace(0.0, 1.0, max(7, round((s1 - s0 + o1 - o0) / 60.0)))[:, None]
        path = np.array(ends[a]) + t * (np.array(ends[b]) - np.array(ends[a]))
        line = town_place(path[:, 0], path[:, 1])
        if a in out:
            line = np.vstack([town_place(*streets[a])[None], [out[a]], line])
        if b in out:
            line = np.vstack([line, [out[b]], town_place(*streets[b])[None]])
        name = f"{block.name}中轴路" if block.name in STATED else ""
        drawing.draw(line, highway="service", service="driveway", name=name)
    for share in (0.22, 0.78) if s1 - s0 < 400.0 else (0.12, 0.3, 0.7, 0.88):  # noqa: PLR2004 - the superblock
        across = np.linspace(o0 + RING_M, o1 - RING_M, 7)
        drawing.draw(town_place(s0 + share * (s1 - s0), across), highway="footway")
    ring = [(s0, o0), (s0, o1), (s1, o1), (s1, o0), (s0, o0)]
    inner = np.array([(max(s0 + RING_M, min(s1 - RING_M, a)), max(o0 + RING_M, min(o1 - RING_M, b))) for a, b in ring])
    corners = [start + t * (end - start) for start, end in pairwise(inner) for t in QUARTERS]
    loop = np.vstack([*corners, inner[-1:]])
    drawing.draw(town_place(loop[:, 0], loop[:, 1]), joins=False, highway="service", service="driveway")
    _mark_gates(drawing, gates)


def draw_yards(drawing: Drawing, block: Block) -> None:
    """Draw a footway each way through a block that is no compound, open to everybody."""
    s0, s1, o0, o1 = block.frame(0.0)
    s, o = np.linspace(s0, s1, 9), np.linspace(o0, o1, 9)
    winding = np.array([0.0, 0.0, 8.0, 14.0, 10.0, -4.0, -12.0, 0.0, 0.0]) * (2.0 if block.use == "park" else 0.4)
    kind = "pedestrian" if block.use == "retail" else "footway"
    drawing.draw(curve(town_place(s, (o0 + o1) / 2 + winding), step_m=14.0), highway=kind)
    drawing.draw(curve(town_place((s0 + s1) / 2 + winding, o), step_m=14.0), highway=kind)


def _mark_gates(drawing: Drawing, gates: list[Gate]) -> None:
    for gate in gates:
        shut = {"locked": "yes", "access": "private"} if gate.locked else {"foot": "yes"}
        drawing.mark(gate.place, barrier="gate", name=gate.compound + gate.name(), **shut)
