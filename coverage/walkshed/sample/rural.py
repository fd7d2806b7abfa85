"""Hamlets in the hills and their roads: the easiest way over the terrain down to a road that is there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from walkshed.sample.frame import at_length, curve, even_steps, lengths_along, noise
from walkshed.sample.terrain import height_m, river_position

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.sample.noding import Drawing

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WEST_M, EAST_M = -1_300.0, 7_300.0
CELL_M = 40.0
MOVES = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2), (3, 1), (1, 3), (3, -1), (1, -3))
EASY_GRADIENT = 0.07
"""A road at this gradient is twice as dear as a level one of the same length."""
WET = 40.0
RIVER_M = 85.0
STAIRS_GRADIENT = 0.2
FOOT_M = 1_050.0
"""So far a footpath leads from a hamlet straight down to a town."""


class Hamlet(NamedTuple):
    """A hamlet: its middle (metres), its houses, and how one comes there."""

    name: str
    x: float
    y: float
    houses: int
    access: str = "road"


HAMLETS: Final = (
    Hamlet("槐树湾", 850.0, 4420.0, 26),
    Hamlet("碾子坪", 300.0, 4850.0, 16),
    Hamlet("石笋沟", 1150.0, 5250.0, 15),
    Hamlet("云台寨", 700.0, 3450.0, 18),
    Hamlet("茶园坡", 1350.0, 2950.0, 20),
    Hamlet("白鹤岩", 900.0, 2050.0, 18),
    Hamlet("杉树垭", 1500.0, 1250.0, 16),
    Hamlet("青杠林", 1700.0, 450.0, 14),
    Hamlet("渡口村", 2330.0, 900.0, 24),
    Hamlet("对门山", 4350.0, 3150.0, 18),
    Hamlet("松林坳", 4950.0, 3650.0, 16),
    Hamlet("鹰嘴岩", 4300.0, 4500.0, 18),
    Hamlet("北岸新村", 3560.0, 4680.0, 30),
    Hamlet("西岸新村", 2900.0, 5150.0, 34),
    Hamlet("黄葛堡", 5300.0, 4700.0, 14),
    Hamlet("水井湾", 5350.0, 2850.0, 18),
    Hamlet("大坪上", 4650.0, 1100.0, 18),
    Hamlet("核桃坝", 3700.0, 700.0, 20),
    Hamlet("竹林沟", 5750.0, 900.0, 16),
    Hamlet("半边街", 3300.0, 300.0, 16),
    Hamlet("断桥坪", 5450.0, 3900.0, 20, "loose"),
    Hamlet("孤岩", 2000.0, 5560.0, 7, "none"),
)
"""``loose``: the paths of the hamlet are drawn, the link to the road is missing on the map; ``none``: nothing is."""


def draw_rural(drawing: Drawing, town: FloatArray) -> None:
    """Draw the roads to the hamlets, lanes inside them, and footpaths down to the next road.

    Parameters
    ----------
    drawing
        Holds the roads there are; they are what a hamlet's road leads to.
    town
        (n, 2) metres; near these places the country's roads keep out.
    """
    reached = np.vstack(
        [
            np.array(line.points)
            for line in drawing.lines
            if line.tags["highway"] in ("primary", "secondary", "tertiary")
        ]
    )
    ways = _Ways(reached, town)
    for number, hamlet in enumerate(HAMLETS):
        middle = np.array([hamlet.x, hamlet.y])
        if hamlet.access == "road":
            line = ways.to_road(middle)
            drawing.draw(line, highway="unclassified" if number % 3 else "service")
            _lanes(drawing, middle, line)
            _footpath(drawing, ways, middle, line)
        elif hamlet.access == "loose":
            _loose(drawing, middle)


class _Ways:
    """The easiest way from anywhere to a road."""

    def __init__(self, roads: FloatArray, town: FloatArray) -> None:
        self.count = round((EAST_M - WEST_M) / CELL_M) + 1
        axis = WEST_M + CELL_M * np.arange(self.count)
        self.x, self.y = (grid.ravel() for grid in np.meshgrid(axis, axis))
        self.height = height_m(self.x, self.y)
        _, o = river_position(self.x, self.y)
        self.dear = np.where(np.abs(o) < RIVER_M, WET, 1.0)
        self.dear[self._cells(town)] = 6.0
        self.town = town
        self.joined: dict[int, FloatArray] = {}
        start = np.unique(self._cells(roads))
        self.distance, self.before, _ = dijkstra(
            self._graph(), directed=False, indices=start, min_only=True, return_predecessors=True
        )

    def to_road(self, place: FloatArray) -> FloatArray:
        """Return a smooth line from a place to the nearest road, in metres."""
        at = int(self._cells(place[None])[0])
        cells = [at]
        while self.before[cells[-1]] >= 0 and cells[-1] not in self.joined:
            cells.append(int(self.before[cells[-1]]))
        path = np.column_stack([self.x[cells], self.y[cells]])
        path[0], path[-1] = place, self.joined.get(cells[-1], path[-1])
        inner = even_steps(path, 95.0) if len(path) > 2 else path  # noqa: PLR2004 - two ends and something between
        for _ in range(2):
            inner[1:-1] = 0.25 * inner[:-2] + 0.5 * inner[1:-1] + 0.25 * inner[2:]
        line = curve(inner, step_m=32.0)
        for cell in cells[:-1]:
            near = ((line - (self.x[cell], self.y[cell])) ** 2).sum(axis=1)
            self.joined.setdefault(cell, line[int(np.argmin(near))])
        return line

    def _cells(self, places: FloatArray) -> LongArray:
        index = np.clip(np.round((places - WEST_M) / CELL_M), 0, self.count - 1).astype(np.int64)
        cells: LongArray = index[:, 1] * self.count + index[:, 0]
        return cells

    def _graph(self) -> csr_array:
        number = np.arange(self.count * self.count, dtype=np.int32).reshape(self.count, self.count)
        us, vs, costs = [], [], []
        for dx, dy in MOVES:
            rows = slice(0, self.count - dy) if dy >= 0 else slice(-dy, self.count)
            other = slice(dy, self.count) if dy >= 0 else slice(0, self.count + dy)
            u, v = number[rows, : self.count - dx].ravel(), number[other, dx:].ravel()
            length = CELL_M * float(np.sqrt(dx * dx + dy * dy))
            gradient = np.abs(self.height[u] - self.height[v]) / length
            us.append(u)
            vs.append(v)
            costs.append(length * (1.0 + (gradient / EASY_GRADIENT) ** 2) * (self.dear[u] + self.dear[v]) / 2)
        size = len(self.x)
        return coo_array((np.concatenate(costs), (np.concatenate(us), np.concatenate(vs))), shape=(size, size)).tocsr()


def _lanes(drawing: Drawing, middle: FloatArray, road: FloatArray) -> None:
    """Draw two lanes of a hamlet, one aslant its road and one on from its end."""
    ahead = road[min(3, len(road) - 1)] - road[0]
    ahead = ahead / np.sqrt(ahead[0] ** 2 + ahead[1] ** 2)
    aside = np.array([ahead[1], -ahead[0]])
    for turn in (1.0, -1.0):
        foot = middle + 55.0 * ahead * (turn > 0)
        reach = foot + turn * aside * 120.0 - 35.0 * ahead
        bend = foot + turn * aside * 60.0 + 12.0 * ahead
        drawing.draw(curve(np.vstack([foot, bend, reach]), step_m=25.0), highway="residential" if turn > 0 else "track")
    on = [middle, middle - 70.0 * ahead + 18.0 * aside, middle - 130.0 * ahead - 10.0 * aside]
    drawing.draw(curve(np.vstack(on)), highway="track")


def _footpath(drawing: Drawing, ways: _Ways, middle: FloatArray, road: FloatArray) -> None:
    """Draw a footpath that cuts off the bends of a hamlet's road, with stairs where it is steep."""
    total = float(lengths_along(road)[-1])
    goal = at_length(road, [min(total, 1100.0) - 20.0])[0]
    gaps = np.sqrt(((ways.town - middle) ** 2).sum(axis=1))
    to_town = int(np.argmin(gaps))
    if float(gaps[to_town]) < min(FOOT_M, 0.7 * total):
        goal = ways.town[to_town]
    straight = float(np.sqrt(((goal - middle) ** 2).sum()))
    if total < 420.0 or straight > max(0.8 * min(total, 1100.0), FOOT_M):  # noqa: PLR2004 - the road is short itself
        return
    t = np.linspace(0.0, 1.0, max(6, round(straight / 60.0)))[:, None]
    line = middle + t * (goal - middle)
    side = np.array([goal[1] - middle[1], middle[0] - goal[0]]) / straight
    sway = 14.0 + 38.0 * noise(line[:, :1], line[:, 1:], wave_m=170.0, seed=45)
    line = curve(line + side * sway * 4 * t * (1 - t), step_m=30.0)
    height = height_m(line[:, 0], line[:, 1])
    steep = np.abs(np.diff(height)) / 30.0 > STAIRS_GRADIENT
    cuts = [0, *(np.flatnonzero(np.diff(steep)) + 1).tolist(), len(line) - 1]
    for a, b in pairwise(cuts):
        up = "up" if height[b] > height[a] else "down"
        if steep[a]:
            drawing.draw(line[a : b + 1], highway="steps", incline=up, surface="stone")
        else:
            drawing.draw(line[a : b + 1], highway="path")


def _loose(drawing: Drawing, middle: FloatArray) -> None:
    """Draw a hamlet's lanes that nothing joins to the rest."""
    x, y = middle
    drawing.draw(
        curve([(x - 260, y - 40), (x - 120, y + 15), (x, y), (x + 130, y + 45), (x + 280, y + 20)]), highway="track"
    )
    drawing.draw(curve([(x, y), (x + 25, y - 110), (x - 10, y - 210)]), highway="residential")
    drawing.draw(curve([(x - 120, y + 15), (x - 90, y + 110), (x - 140, y + 190)]), highway="path")
