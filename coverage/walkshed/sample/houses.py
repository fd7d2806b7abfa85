"""Houses of the sample district: rows along streets, slabs inside compounds, farms around hamlets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from walkshed.sample.blocks import COMPOUNDS, OTHERS, Block, outline
from walkshed.sample.frame import at_length, lengths_along, noise, to_cm
from walkshed.sample.rural import HAMLETS, Hamlet
from walkshed.sample.terrain import BROOKS, river_half_width, river_position
from walkshed.sample.towns import LOWER_ROWS, town_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from walkshed.sample.noding import Line

    FloatArray = NDArray[np.float64]

STREET_GAP_M: Final = 4.5
HOUSE_GAP_M: Final = 2.5
ROW_PITCH_M: Final = 36.0
MARGIN_M: Final = 15.0
GARDEN_M: Final = (75.0, 110.0)
"""The superblock keeps a garden in its middle."""
GAPS: Final = 0.06


class House(NamedTuple):
    """A building: its ring (five places, metres), its tags, and the block or hamlet it belongs to."""

    ring: FloatArray
    tags: dict[str, str]
    owner: str = ""

    def middle(self) -> FloatArray:
        """Return its middle, metres."""
        centre: FloatArray = (self.ring[0] + self.ring[2]) / 2
        return centre

    def floor_m2(self) -> float:
        """Return footprint times storeys."""
        a, b, c = self.ring[0], self.ring[1], self.ring[2]
        sides = [float(np.sqrt(((q - p) ** 2).sum())) for p, q in ((a, b), (b, c))]
        return sides[0] * sides[1] * float(self.tags.get("building:levels", 1))


def place_houses(lines: Sequence[Line], rng: np.random.Generator) -> list[House]:
    """Return the houses that stand clear of streets, water, walls and each other, in the order they were tried."""
    tried = [house for block in (*COMPOUNDS, *OTHERS) for house in _in_block(block, rng)]
    halfway = np.array([line.points[len(line.points) // 2] for line in lines])
    where = np.column_stack(river_position(halfway[:, 0], halfway[:, 1])).tolist()
    tried += [
        house for line, (s, o) in zip(lines, where, strict=True) for house in _along(line, _row_along(line, s, o), rng)
    ]
    tried += [house for hamlet in HAMLETS for house in _in_hamlet(hamlet, lines, rng)]
    rings = np.array([shapely.Polygon(house.ring) for house in tried])
    free = ~_near_streets(rings, lines)
    middles = np.array([house.middle() for house in tried])
    s, o = river_position(middles[:, 0], middles[:, 1])
    free &= np.abs(o) > river_half_width(s) + 20.0
    walls = [shapely.Polygon(outline(block)[0]) for block in (*COMPOUNDS, *OTHERS)]
    names = np.array([block.name for block in (*COMPOUNDS, *OTHERS)])
    inside, wall = shapely.STRtree(walls).query(rings, predicate="intersects")
    foreign = np.array([tried[k].owner for k in inside.tolist()]) != names[wall]
    free[inside[foreign]] = False
    wet, _ = shapely.STRtree([shapely.LineString(line) for line in BROOKS]).query(
        rings, predicate="dwithin", distance=9.0
    )
    free[wet] = False
    wanted = {hamlet.name: hamlet.houses for hamlet in HAMLETS}
    kept = []
    for house in (tried[k] for k in _apart(rings, free)):
        left = wanted.get(house.owner, 1)
        if left:
            kept.append(house)
        if house.owner in wanted:
            wanted[house.owner] = max(0, left - 1)
    return kept


def _near_streets(rings: NDArray[np.object_], lines: Sequence[Line]) -> NDArray[np.bool_]:
    drawn = np.array([shapely.LineString(line.points) for line in lines])
    found, _ = shapely.STRtree(drawn).query(rings, predicate="dwithin", distance=STREET_GAP_M)
    near = np.zeros(len(rings), bool)
    near[found] = True
    return near


def _apart(rings: NDArray[np.object_], free: NDArray[np.bool_]) -> Iterator[int]:
    """Yield the houses that stand clear of every house before them."""
    one, two = shapely.STRtree(rings).query(rings, predicate="dwithin", distance=HOUSE_GAP_M)
    order = np.lexsort((two, one))
    neighbours, start = two[order], np.searchsorted(one[order], np.arange(len(rings) + 1))
    kept = np.zeros(len(rings), bool)
    for k in range(len(rings)):
        if free[k] and not kept[neighbours[start[k] : start[k + 1]]].any():
            kept[k] = True
            yield k


def _in_block(block: Block, rng: np.random.Generator) -> Iterator[House]:
    s0, s1, o0, o1 = block.frame()
    if block.use == "park":
        return
    kinds = {"residential": "apartments", "civic": "civic", "retail": "retail", "school": "school",
             "hospital": "hospital", "college": "college"}  # fmt: skip
    length, depth, pitch = block.length_m, 14.0, ROW_PITCH_M
    if block.use != "residential":
        length, depth, pitch = (26.0, 18.0, 34.0) if block.use == "retail" else (58.0, 18.0, 62.0)
    columns = max(1, int((o1 - o0 - 2 * MARGIN_M + 10.0) // (length + 10.0)))
    rows = max(1, int((s1 - s0 - 2 * MARGIN_M + 8.0) // pitch))
    wide, tall = (o1 - o0 - 2 * MARGIN_M + 10.0) / columns, (s1 - s0 - 2 * MARGIN_M + 10.0) / rows
    for row in range(rows):
        for column in range(columns):
            s, o = s0 + MARGIN_M - 5.0 + (row + 0.5) * tall, o0 + MARGIN_M - 5.0 + (column + 0.5) * wide
            off_s, off_o = abs(s - (s0 + s1) / 2), abs(o - (o0 + o1) / 2)
            garden = block.i1 > 0 and off_s < GARDEN_M[0] and off_o < GARDEN_M[1]
            if garden or rng.random() < GAPS:
                continue
            s = s + float(rng.uniform(-3.0, 3.0))
            kind, levels = kinds[block.use], block.levels or int(rng.integers(2, 6))
            if block.use == "college" and row >= rows - 2:
                kind, levels = "dormitory", 6
            if block.levels:
                levels = max(2, levels + int(rng.integers(-1, 2)) * (1 + levels // 10))
            place = town_place(s, o)
            yield House(_slab(place, town_place(s, o + 10.0) - place, length, depth),
                        {"building": kind, "building:levels": str(levels)}, block.name)  # fmt: skip


class _Row(NamedTuple):
    """How houses stand along a street: metres of their sides, how many are missing, storeys (low, and first too many).

    ``scattered`` rows have houses in some places only.
    """

    length_m: tuple[float, float]
    depth_m: tuple[float, float]
    missing: float
    levels: tuple[int, int]
    scattered: bool = False


LOWER_TOWN: Final = _Row((15.0, 34.0), (11.0, 15.0), 0.08, (2, 6))
UPPER_TOWN: Final = _Row((15.0, 34.0), (11.0, 15.0), 0.08, (3, 7))
MARKET_ROW: Final = _Row((11.0, 20.0), (9.0, 12.0), 0.08, (2, 5))
ROADSIDE: Final = _Row((11.0, 20.0), (9.0, 12.0), 0.3, (2, 3), scattered=True)
VILLAS: Final = _Row((14.0, 18.0), (10.0, 12.0), 0.1, (2, 4))
OLD_TOWN_S: Final = (3300.0, 6450.0)
OLD_TOWN_O: Final = (-940.0, -74.0)
MARKET_X: Final = (4300.0, 5950.0)
SETTLED: Final = 0.45
"""Of noise between -1 and 1: above it a road outside the towns has houses."""
SHOPS: Final = 0.05
UNCOUNTED: Final = 0.1
"""Shares of houses that are shops, and of those whose storeys nobody counted."""


def _row_along(line: Line, s: float, o: float) -> _Row | None:
    """Say how houses stand along a street whose middle lies at ``s``, ``o`` by the river; ``None`` where none do."""
    kind, name = line.tags["highway"], line.tags.get("name", "")
    if line.tags.get("access") == "private":
        return VILLAS
    if kind not in ("residential", "living_street", "tertiary", "secondary", "primary"):
        return None
    x = line.points[len(line.points) // 2][0]
    if OLD_TOWN_S[0] < s < OLD_TOWN_S[1] and OLD_TOWN_O[0] < o < OLD_TOWN_O[1]:
        return UPPER_TOWN if o < LOWER_ROWS[-1] else LOWER_TOWN
    if name == "云岭路" or (kind == "residential" and x > MARKET_X[0]):
        return MARKET_ROW
    return ROADSIDE if name in ("南山公路", "北山公路", "北滨公路", "南滨公路", "西山路") else None


def _along(line: Line, row: _Row | None, rng: np.random.Generator) -> Iterator[House]:
    """Yield houses on both sides of a street."""
    points = np.array(line.points)
    total = float(lengths_along(points)[-1])
    for side in (1.0, -1.0) if row else ():
        at = float(rng.uniform(6.0, 14.0))
        while row and at < total - 8.0:
            length, depth = float(rng.uniform(*row.length_m)), float(rng.uniform(*row.depth_m))
            here, there = at_length(points, [at, min(total, at + length)])
            ahead = there - here
            size = float(np.sqrt((ahead**2).sum()))
            at += length + float(rng.uniform(3.0, 9.0))
            kind = row
            if line.tags.get("name") == "云岭路" and not MARKET_X[0] < here[0] < MARKET_X[1]:
                kind = ROADSIDE
            settled = not kind.scattered or float(noise(here[0], here[1], wave_m=420.0, seed=71)) > SETTLED
            if not settled or size < length / 2 or rng.random() < kind.missing:
                continue
            aside = side * np.array([ahead[1], -ahead[0]]) / size
            place = (here + there) / 2 + aside * (depth / 2 + float(rng.uniform(6.0, 9.0)))
            levels, chance = int(rng.integers(*kind.levels)), float(rng.random())
            use = "retail" if chance < SHOPS else "house" if levels == kind.levels[0] else "apartments"
            tags = {"building": use, "building:levels": str(levels)}
            if chance > 1.0 - UNCOUNTED:
                del tags["building:levels"]
            yield House(_slab(place, ahead, length, depth), tags)


def _in_hamlet(hamlet: Hamlet, lines: Sequence[Line], rng: np.random.Generator) -> Iterator[House]:
    """Yield farms around a hamlet's middle, close to its lanes where it has some."""
    middle = np.array([hamlet.x, hamlet.y])
    vertices = np.vstack([np.array(line.points) for line in lines])
    vertices = vertices[((vertices - middle) ** 2).sum(axis=1) < 190.0**2]
    for _ in range(hamlet.houses * 3):
        if hamlet.access == "none":
            place = middle + rng.uniform(-70.0, 70.0, 2)
        else:
            place = vertices[int(rng.integers(0, len(vertices)))] + rng.uniform(-26.0, 26.0, 2)
        turn = float(rng.uniform(-0.5, 0.5))
        ahead = np.array([1.0 - turn * turn, 2.0 * turn])
        levels = int(rng.integers(2, 4))
        tags = {"building": "house", "building:levels": str(levels)}
        yield House(
            _slab(place, ahead, float(rng.uniform(10.0, 16.0)), float(rng.uniform(8.0, 11.0))), tags, hamlet.name
        )


def _slab(middle: FloatArray, ahead: FloatArray, length: float, depth: float) -> FloatArray:
    """Return the closed ring of a rectangle."""
    along = ahead / np.sqrt((ahead**2).sum()) * length / 2
    across = np.array([-along[1], along[0]]) * depth / length
    corners = np.array([-along - across, along - across, along + across, -along + across]) + middle
    return to_cm(np.vstack([corners, corners[:1]]))
