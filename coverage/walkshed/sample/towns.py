"""The streets of the sample district's three towns, its main roads and its bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.sample.frame import curve, noise, spine
from walkshed.sample.streets import draw_lattice
from walkshed.sample.terrain import RIVER

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from walkshed.sample.noding import Drawing

    FloatArray = NDArray[np.float64]

BANK_M: Final = 92.0
"""The riverside roads run this far from the river's middle."""
LOWER_ROWS: Final = (-BANK_M, -172.0, -258.0, -338.0)
UPPER_ROWS: Final = (-448.0, -545.0, -645.0, -750.0)
OLD_TOWN: Final = (3480.0, 6260.0)
BAND_ROWS: Final = (BANK_M, 335.0, 610.0, 885.0)
CROSS_ROADS: Final = (3500.0, 3790.0, 4080.0, 4380.0, 4680.0, 4980.0, 5270.0, 5560.0, 5850.0, 6140.0)
SUPERBLOCK: Final = (5, 7)
"""Between these cross roads, the outer two bands of the new town are one compound: no street leads through it."""
BRIDGES: Final = (3790.0, 5560.0)
STAIRS: Final = (3640.0, 3850.0, 4090.0, 4300.0, 4560.0, 4820.0, 5020.0, 5270.0, 5480.0, 5720.0, 5950.0, 6120.0)
RAMP: Final = (4350.0, 5120.0)
MARKET: Final = spine(
    [
        (4180.0, 2330.0), (4560.0, 2350.0), (5120.0, 2190.0), (5620.0, 1850.0), (6100.0, 1660.0), (6800.0, 1390.0),
        (7260.0, 950.0),
    ]
)  # fmt: skip
"""High street of the market town in the brook's valley, and the road on from there."""
MARKET_ROWS: Final = (-205.0, -105.0, 0.0, 68.0)
MARKET_TOWN: Final = (560.0, 1680.0)
WEST_ROAD: Final = [
    (2860.0, 4395.0), (2560.0, 4470.0), (2250.0, 4480.0), (1850.0, 4460.0), (1250.0, 4390.0), (650.0, 4620.0),
    (-200.0, 4840.0), (-1270.0, 5210.0),
]  # fmt: skip

ROW_NAMES: Final = {"lower": ("沿江路", "码头街", "正街", "后街"), "upper": ("文庙路", "学府路", "上山街", "松林路")}
BAND_NAMES: Final = ("滨江大道", "新城大道", "云锦路", "山前路")
CROSS_NAMES: Final = (
    "杜鹃路",
    "彩虹桥路",
    "银杏路",
    "清溪路",
    "公园路",
    "紫薇路",
    "桂花路",
    "江湾桥路",
    "香樟路",
    "北环路",
)


def draw_towns(drawing: Drawing, rng: np.random.Generator) -> None:
    """Draw all streets of the towns, the roads beyond them along the river and the valleys, and the bridges."""
    _river_roads(drawing)
    _old_town(drawing, rng, "lower", LOWER_ROWS, 96.0)
    _old_town(drawing, rng, "upper", UPPER_ROWS, 118.0)
    _climbs(drawing)
    _new_town(drawing)
    _market_town(drawing, rng)
    drawing.draw(curve(WEST_ROAD), highway="secondary", name="西山路")
    for number, s in enumerate(BRIDGES):
        line = RIVER.place(s, np.linspace(-BANK_M, BANK_M, 6))
        drawing.draw(line, ground=False, highway="primary", name=("彩虹桥", "江湾桥")[number], bridge="yes", layer="1")


def beside_river(s0: float, s1: float, o: float, *, sway: float = 7.0) -> FloatArray:
    """Return a line that follows the river ``o`` metres to its right, swaying a little."""
    s = np.linspace(s0, s1, max(2, round(abs(s1 - s0) / 35.0) + 1))
    return town_place(s, o + sway * noise(s, 0 * s + o, wave_m=260.0, seed=41))


def town_place(s: ArrayLike, o: ArrayLike) -> FloatArray:
    """Return places of the two river towns, whose outer streets come nearer to the river here and there."""
    s, o = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(o, np.float64))
    wide = 0.98 + 0.15 * noise(s, np.where(o < 0, 0.0, 5e3), wave_m=760.0, seed=46)
    beyond = np.maximum(0.0, np.abs(o) - np.where(o < 0, 450.0, 335.0))
    return RIVER.place(s, np.where(o < 0, -1.0, 1.0) * (np.abs(o) - beyond + beyond * wide))


def _river_roads(drawing: Drawing) -> None:
    lower, upper = OLD_TOWN
    for s0, s1, name in ((1000.0, lower, "南山公路"), (lower, upper, "沿江路"), (upper, 8300.0, "北山公路")):
        drawing.draw(beside_river(s0, s1, -BANK_M), highway="secondary", name=name)
    first, last = CROSS_ROADS[0], CROSS_ROADS[-1]
    for s0, s1, name in ((1000.0, first, "南滨公路"), (first, last, "滨江大道"), (last, 9500.0, "北滨公路")):
        drawing.draw(beside_river(s0, s1, BANK_M), highway="primary", name=name, sidewalk="both")


def _old_town(
    drawing: Drawing, rng: np.random.Generator, part: str, offsets: tuple[float, ...], block_m: float
) -> None:
    """Draw crooked blocks along the river; rows run along it and are drawn in one go where nothing is missing."""
    s0, s1 = OLD_TOWN
    rows = len(offsets)
    columns = round((s1 - s0) / block_m) + 1
    drawn = draw_lattice(rng, columns, rows, jitter=0.22, dropped=0.17, diagonals=0.02)
    s = s0 + drawn.column * (s1 - s0) / (columns - 1)
    o = np.interp(drawn.row, np.arange(rows), offsets)
    o[0 if part == "lower" else -1] = offsets[0 if part == "lower" else -1]
    places = town_place(s, o).reshape(-1, 2)
    along = {(int(a), int(b)) for a, b in zip(drawn.u, drawn.v, strict=True) if b == a + 1}
    for row in range(1 if part == "lower" else 0, rows):
        run = [row * columns]
        main = row == (2 if part == "lower" else 0)
        for node in range(row * columns, (row + 1) * columns - 1):
            if main or (node, node + 1) in along:
                run.append(node + 1)
            else:
                _street(drawing, places[run], ROW_NAMES[part][row], main=main)
                run = [node + 1]
        _street(drawing, places[run], ROW_NAMES[part][row], main=main)
    lanes = [(int(a), int(b)) for a, b in zip(drawn.u, drawn.v, strict=True) if b != a + 1]
    for a, b in lanes:
        bend = (places[a] + places[b]) / 2 + rng.uniform(-9.0, 9.0, 2)
        _street(
            drawing,
            np.vstack([places[a], bend, places[b]]),
            "",
            kind=("residential", "living_street", "residential")[a % 3],
        )


def _street(drawing: Drawing, places: FloatArray, name: str, *, main: bool = False, kind: str = "residential") -> None:
    if len(places) > 1:
        line = curve(places, step_m=28.0)
        drawing.draw(line, highway="tertiary" if main else kind, name=name, sidewalk="both" if main else "")


def _climbs(drawing: Drawing) -> None:
    """Draw what leads from the lower to the upper old town: stairs, a ramp aslant the scarp, a road at each end."""
    low, high = LOWER_ROWS[-1], UPPER_ROWS[0]
    for number, s in enumerate(STAIRS):
        o = np.linspace(low, high, 6)
        line = RIVER.place(s + 10.0 * noise(o, 0 * o + s, wave_m=45.0, seed=42), o)
        names = {1: "文庙梯道", 4: "十八梯巷", 7: "石梯坎", 9: "望江梯道"}
        drawing.draw(line, highway="steps", incline="up", name=names.get(number, ""), surface="stone")
    t = np.linspace(0.0, 1.0, 24)
    ramp = RIVER.place(RAMP[0] + t * (RAMP[1] - RAMP[0]), low - 12.0 + t * (high - low + 24.0))
    drawing.draw(ramp, highway="tertiary", name="盘山路", sidewalk="right")
    for s, name in zip(OLD_TOWN, ("南门路", "北门路"), strict=True):
        o = np.linspace(-BANK_M, UPPER_ROWS[-1], 16)
        drawing.draw(
            town_place(s + 24.0 * noise(o, 0 * o + s, wave_m=220.0, seed=43), o), highway="tertiary", name=name
        )


def _new_town(drawing: Drawing) -> None:
    first, last = CROSS_ROADS[0], CROSS_ROADS[-1]
    for number, beside in enumerate(BAND_ROWS[1:], start=1):
        cut = [(first, last)]
        if number == 2:  # noqa: PLR2004 - the row between the superblock's two bands
            cut = [(first, CROSS_ROADS[SUPERBLOCK[0]]), (CROSS_ROADS[SUPERBLOCK[1]], last)]
        for s0, s1 in cut:
            kind = "secondary" if number == 1 else "tertiary"
            drawing.draw(beside_river(s0, s1, beside), highway=kind, name=BAND_NAMES[number], sidewalk="both")
    for number, s in enumerate(CROSS_ROADS):
        inside = SUPERBLOCK[0] < number < SUPERBLOCK[1]
        o = np.linspace(BAND_ROWS[0], BAND_ROWS[1] if inside else BAND_ROWS[-1], 8 if inside else 22)
        line = town_place(s + 10.0 * noise(o, 0 * o + s, wave_m=300.0, seed=44), o)
        kind = "secondary" if s in BRIDGES else "tertiary"
        drawing.draw(line, highway=kind, name=CROSS_NAMES[number], sidewalk="both")
    to_market = np.vstack([town_place([CROSS_ROADS[2]], [BAND_ROWS[-1]]), [(4000.0, 2390.0), (4180.0, 2330.0)]])
    drawing.draw(curve(to_market), highway="secondary", name="云岭路")


def _market_town(drawing: Drawing, rng: np.random.Generator) -> None:
    drawing.draw(MARKET.line, highway="secondary", name="云岭路")
    s0, s1 = MARKET_TOWN
    columns = 11
    drawn = draw_lattice(rng, columns, len(MARKET_ROWS), jitter=0.22, dropped=0.2, diagonals=0.03)
    s = s0 + drawn.column * (s1 - s0) / (columns - 1)
    o = np.interp(drawn.row, np.arange(len(MARKET_ROWS)), MARKET_ROWS)
    o[2] = MARKET_ROWS[2]
    places = MARKET.place(s, o).reshape(-1, 2)
    for a, b in zip(drawn.u.tolist(), drawn.v.tolist(), strict=True):
        if not 2 * columns <= a < b < 3 * columns:
            bend = (places[a] + places[b]) / 2 + rng.uniform(-8.0, 8.0, 2)
            line = curve(np.vstack([places[a], bend, places[b]]), step_m=28.0)
            drawing.draw(line, highway="residential", name="老场街" if b == a + 1 and a < columns else "")
