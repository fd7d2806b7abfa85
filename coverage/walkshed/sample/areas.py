# ruff: noqa: RUF001 - Chinese names with Chinese punctuation
"""Communities and towns of the sample district: areas that share their borders and tile it without gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.sample.frame import noise
from walkshed.sample.terrain import RIVER
from walkshed.sample.towns import town_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

DISTRICT: Final = ("999901", "虚构示例区")
"""No province has the number 99."""
TOWNS: Final = (("001", "临江街道（虚构）"), ("002", "新城街道（虚构）"), ("100", "云岭镇（虚构）"))
CORNERS: Final = {
    "sw": (380.0, 350.0),
    "w1": (60.0, 1700.0),
    "w2": (-90.0, 3150.0),
    "w3": (-40.0, 4450.0),
    "nw": (260.0, 5550.0),
    "n1": (1750.0, 6010.0),
    "t": (4350.0, 5900.0),
    "ne": (5800.0, 5750.0),
    "e1": (6120.0, 4200.0),
    "q": (6160.0, 2550.0),
    "p": (5050.0, 2680.0),
    "qs": (6080.0, 1150.0),
    "s": (4500.0, 1560.0),
    "se": (5850.0, 180.0),
    "s1": (4200.0, -60.0),
}
"""Corners away from the towns, metres."""
LINES_O: Final = {"r": 0.0, "l": -395.0, "v": -880.0, "m": 335.0, "n": 985.0}
"""Borders along the river, by the metres beside it: corner ``r3450`` lies 3,450 m along the river in its middle."""


class Community(NamedTuple):
    """A community.

    Attributes
    ----------
    town
        Position in :data:`TOWNS`.
    corners
        Names of the corners of its area, round about.
    density
        How many people live on a floor area for one where one is the mean: the register differs from the estimate.
    seniors, children, students
        Shares of its population.
    """

    town: int
    name: str
    corners: str
    density: float
    seniors: float
    children: float
    students: float


COMMUNITIES: Final = (
    Community(0, "码头社区", "r3450 r4680 r4750 l4750 l3450", 1.12, 0.29, 0.10, 0.04),
    Community(0, "正街社区", "r4750 r5560 r6350 l6350 l4900 l4750", 1.06, 0.27, 0.11, 0.05),
    Community(0, "文庙社区", "l3450 l4750 l4900 v4900 w2 w1 v3450", 0.98, 0.24, 0.13, 0.08),
    Community(0, "松林社区", "l4900 l6350 r6350 r8500 n1 nw w3 w2 v4900", 0.95, 0.25, 0.13, 0.05),
    Community(0, "南门社区", "r2150 r3450 l3450 v3450 w1 sw", 0.91, 0.30, 0.10, 0.02),
    Community(1, "滨江社区", "r3450 r4680 m4680 m3450", 0.96, 0.15, 0.17, 0.06),
    Community(1, "清溪社区", "m3450 m4680 n4680 n3450", 1.08, 0.17, 0.18, 0.09),
    Community(1, "江湾社区", "r4680 r4750 r5560 n5560 n4680 m4680", 0.88, 0.11, 0.21, 0.12),
    Community(1, "北湾社区", "r5560 r6350 r8500 t n6350 n5560", 1.02, 0.18, 0.16, 0.05),
    Community(2, "场口社区", "n3450 n4680 p q qs s", 1.04, 0.26, 0.14, 0.05),
    Community(2, "对门山社区", "n4680 n5560 n6350 t ne e1 q p", 0.86, 0.36, 0.09, 0.02),
    Community(2, "核桃坝社区", "r2150 r3450 m3450 n3450 s qs se s1", 0.84, 0.35, 0.09, 0.02),
)  # fmt: skip


def unit_ids() -> list[str]:
    """Return the codes of the communities: 6 digits of the district, 3 of the town, 3 of the community."""
    found: list[str] = []
    for community in COMMUNITIES:
        number = 1 + sum(1 for other in found if other[6:9] == TOWNS[community.town][0])
        found.append(f"{DISTRICT[0]}{TOWNS[community.town][0]}{number:03d}")
    return found


def community_ring(community: Community) -> FloatArray:
    """Return the closed ring of a community's area, metres."""
    return _ring(_border(community.corners.split()))


def merged_ring(communities: Sequence[Community]) -> FloatArray:
    """Return the closed ring around communities that lie together: the pieces of border that only one of them has."""
    pieces = [piece for community in communities for piece in _border(community.corners.split())]
    outer = {a: b for a, b in pieces if (b, a) not in pieces}
    start = next(iter(outer))
    chain = [(start, outer[start])]
    while chain[-1][1] != start:
        chain.append((chain[-1][1], outer[chain[-1][1]]))
    if len(chain) != len(outer):
        message = "communities do not lie together"
        raise ValueError(message)
    return _ring(chain)


def _border(corners: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pieces of a border, counter-clockwise."""
    places = np.array([_corner(name) for name in corners])
    ahead = np.roll(places, -1, axis=0)
    turning = float((places[:, 0] * ahead[:, 1] - ahead[:, 0] * places[:, 1]).sum())
    ordered = list(corners) if turning > 0 else list(corners)[::-1]
    return list(zip(ordered, [*ordered[1:], ordered[0]], strict=True))


def _ring(pieces: Sequence[tuple[str, str]]) -> FloatArray:
    parts = [_arc(a, b) for a, b in pieces]
    return np.vstack([*(part[:-1] for part in parts), parts[0][:1]])


def _arc(a: str, b: str) -> FloatArray:
    """Return the line between two corners; the same both ways round."""
    if a > b:
        return _arc(b, a)[::-1]
    if a in CORNERS or b in CORNERS or a[0] != b[0]:
        start, end = _corner(a), _corner(b)
        length = float(np.sqrt(((end - start) ** 2).sum()))
        t = np.linspace(0.0, 1.0, max(2, round(length / 55.0)))[:, None]
        side = np.array([end[1] - start[1], start[0] - end[0]]) / length
        path = start + t * (end - start)
        sway = noise(path[:, 0], path[:, 1], wave_m=330.0, seed=51) + 0.5 * noise(
            path[:, 0], path[:, 1], wave_m=120.0, seed=52
        )
        aside = min(0.09 * length, 110.0) * 4.0 * t[:, 0] * (1.0 - t[:, 0]) * sway
        return np.round(path + side * aside[:, None], 2)
    s = np.linspace(float(a[1:]), float(b[1:]), max(2, round(abs(float(b[1:]) - float(a[1:])) / 50.0)))
    return np.round(_beside(a[0], s), 2)


def _corner(name: str) -> FloatArray:
    if name in CORNERS:
        return np.array(CORNERS[name])
    place: FloatArray = np.round(_beside(name[0], np.array([float(name[1:])]))[0], 2)
    return place


def _beside(letter: str, s: FloatArray) -> FloatArray:
    return RIVER.place(s, 0.0) if letter == "r" else town_place(s, LINES_O[letter] + 0.0 * s)
