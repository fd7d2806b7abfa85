"""What covers the ground of the sample district: water, woods, parks and land in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.sample.blocks import COMPOUNDS, OTHERS, outline
from walkshed.sample.frame import curve, noise, spine, to_cm
from walkshed.sample.rural import HAMLETS
from walkshed.sample.terrain import BROOKS, RIVER, river_bank
from walkshed.sample.towns import town_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BROOK_HALF_M: Final = 4.0
WOODS: Final = (
    (380.0, 2600.0, 620.0),
    (950.0, 2650.0, 330.0),
    (420.0, 1250.0, 520.0),
    (1150.0, 700.0, 430.0),
    (250.0, 3900.0, 360.0),
    (650.0, 5700.0, 460.0),
    (1550.0, 3700.0, 260.0),
    (1950.0, 5250.0, 430.0),
    (2450.0, 5650.0, 330.0),
    (4550.0, 5250.0, 560.0),
    (5350.0, 5350.0, 480.0),
    (4050.0, 5650.0, 330.0),
    (5850.0, 3350.0, 480.0),
    (4750.0, 4150.0, 380.0),
    (4150.0, 3800.0, 260.0),
    (4250.0, 250.0, 520.0),
    (5200.0, 400.0, 520.0),
    (4250.0, 1300.0, 270.0),
    (6250.0, 2150.0, 300.0),
    (2050.0, 150.0, 280.0),
    (5150.0, 1150.0, 280.0),
)
"""Middle and size, metres."""
ORCHARDS: Final = ((1150.0, 2450.0, 190.0), (4800.0, 2900.0, 170.0), (3550.0, 1020.0, 130.0), (1800.0, 900.0, 150.0))
QUARTERS: Final = (
    ("码头老街片区", 3500.0, 4700.0, -100.0, -345.0), ("正街片区", 4790.0, 6230.0, -100.0, -345.0),
    ("文庙片区", 3500.0, 4870.0, -440.0, -780.0), ("松林片区", 4930.0, 6230.0, -440.0, -780.0),
)  # fmt: skip


class Area(NamedTuple):
    """An area with tags; its ring is closed, metres."""

    ring: FloatArray
    tags: dict[str, str]


def draw_ground() -> list[Area]:
    """Return the areas, from what lies lowest to what is drawn over it; the walls of compounds carry their gates."""
    areas = [Area(blob(x, y, r), {"natural": "wood"}) for x, y, r in WOODS]
    areas += [Area(blob(x, y, r), {"landuse": "orchard"}) for x, y, r in ORCHARDS]
    areas += [Area(_brook(line), {"natural": "water", "water": "stream"}) for line in BROOKS]
    end = float(RIVER.along[-1])
    river = np.vstack([river_bank(-1.0, 700.0, end), river_bank(1.0, end, 700.0)])
    areas.append(Area(np.vstack([river, river[:1]]), {"natural": "water", "water": "river", "name": "示例江"}))
    for name, s0, s1, o0, o1 in QUARTERS:
        s = np.linspace(s0, s1, 24)
        ring = np.vstack([town_place(s, o0), town_place(s[::-1], o1)])
        areas.append(Area(np.vstack([ring, ring[:1]]), {"landuse": "residential", "name": name}))
    for hamlet in HAMLETS:
        if hamlet.access != "none":
            areas.append(Area(blob(hamlet.x, hamlet.y, 150.0), {"landuse": "residential", "name": hamlet.name}))
    keys = {"civic": "office", "retail": "landuse", "park": "leisure"}
    for block in OTHERS:
        value = "government" if block.use == "civic" else block.use
        areas.append(Area(outline(block)[0], {keys.get(block.use, "amenity"): value, "name": block.name}))
    for number, (s0, s1) in enumerate(((3560.0, 3740.0), (4120.0, 4640.0), (5010.0, 5500.0), (5900.0, 6400.0))):
        s = np.linspace(s0, s1, 14)
        taper = np.minimum(1.0, np.minimum(np.arange(14), np.arange(14)[::-1]) / 2.0)
        side = 1.0 if number % 2 else -1.0
        strip = np.vstack([RIVER.place(s, side * 84.0), RIVER.place(s, side * (84.0 - 13.0 * taper))[::-1]])
        areas.append(
            Area(np.vstack([strip, strip[:1]]), {"leisure": "park", "name": ("江滩公园", "滨江绿道")[number % 2]})
        )
    for block in COMPOUNDS:
        ring, _ = outline(block)
        areas.append(Area(ring, {"landuse": "residential", "barrier": "wall", "name": block.name}))
    s0, s1, o0, o1 = COMPOUNDS[-1].frame()
    middle = town_place((s0 + s1) / 2 + 40.0, (o0 + o1) / 2 + 60.0)
    areas.append(Area(blob(float(middle[0]), float(middle[1]), 30.0), {"natural": "water", "water": "pond"}))
    return areas


def blob(x: float, y: float, radius_m: float) -> FloatArray:
    """Return the closed ring of a round area with an uneven rim."""
    t = np.linspace(-1.0, 1.0, 19)[:-1]
    east, north = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    unit = np.concatenate([np.column_stack([east, north]), np.column_stack([-east, -north])])
    around = np.column_stack([x + radius_m * unit[:, 0], y + radius_m * unit[:, 1]])
    uneven = 0.8 + 0.42 * noise(around[:, 0], around[:, 1], wave_m=0.75 * radius_m, seed=61)
    uneven = uneven + 0.2 * noise(around[:, 0], around[:, 1], wave_m=0.3 * radius_m, seed=62)
    ring = np.column_stack([x, y]) + (around - (x, y)) * uneven[:, None]
    smooth = curve(np.vstack([ring, ring[:1]]), step_m=max(8.0, radius_m / 11.0))
    return to_cm(np.vstack([smooth[:-1], smooth[:1]]))


def _brook(line: FloatArray) -> FloatArray:
    along = spine([(float(x), float(y)) for x, y in line])
    s = np.linspace(0.0, float(along.along[-1]) - 40.0, 60)
    ring = np.vstack([along.place(s, -BROOK_HALF_M), along.place(s[::-1], BROOK_HALF_M)])
    return to_cm(np.vstack([ring, ring[:1]]))
