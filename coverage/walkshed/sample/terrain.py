"""Hills, river and brooks of the sample district."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.sample.frame import Spine, curve, distance_to, noise, smoothstep, spine

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

RIVER = spine(
    [
        (2330.0, -2200.0), (2420.0, -700.0), (2720.0, 600.0), (2800.0, 1700.0), (2640.0, 2700.0), (2720.0, 3700.0),
        (3090.0, 4700.0), (3380.0, 5700.0), (3360.0, 7000.0), (3250.0, 8400.0),
    ]
)  # fmt: skip
"""Middle of the river, from south to north, which is downstream; the town's old bank is the western one."""
BROOKS = (
    curve([(7600.0, 700.0), (6700.0, 1250.0), (5900.0, 1500.0), (5150.0, 2010.0), (4450.0, 2200.0), (3750.0, 1850.0),
           (2900.0, 1400.0)], step_m=60.0),
    curve([(-1500.0, 5250.0), (-300.0, 4800.0), (500.0, 4650.0), (1200.0, 4300.0), (1900.0, 4380.0),
           (2960.0, 4450.0)], step_m=60.0),
)  # fmt: skip
"""Two brooks, each from its spring to the river."""
BROOK_GRADIENTS = (0.022, 0.045)
RIVER_LEVEL_M = 236.0
WATER_HALF_M = 62.0
SCARP_M = 30.0
"""Height of the step between the lower and the upper old town."""
RIDGE_M = 270.0


def river_half_width(s: ArrayLike) -> FloatArray:
    """Return half the width of the river at lengths along it, metres."""
    s = np.asarray(s, np.float64)
    return WATER_HALF_M + 12.0 * noise(s, 0.0 * s, wave_m=500.0, seed=11)


def river_bank(side: float, s0: float, s1: float, *, step_m: float = 40.0) -> FloatArray:
    """Return a bank between two lengths along the river; ``side`` is -1 for the western one and 1 for the eastern."""
    s = np.linspace(s0, s1, max(2, round(abs(s1 - s0) / step_m) + 1))
    return RIVER.place(s, side * (river_half_width(s) + 4.0 * noise(s, side + 0.0 * s, wave_m=120.0, seed=12)))


def river_position(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return places as lengths along the river and metres to the east of its middle (to the right)."""
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    away, s = distance_to(RIVER.line, px, py)
    middle, right = _middle(RIVER, s)
    side = (px - middle[..., 0]) * right[..., 0] + (py - middle[..., 1]) * right[..., 1]
    return s, np.where(side < 0, -away, away)


def height_m(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """Return metres above the sea.

    Notes
    -----
    Three valleys cut into ridges; of their profiles the lowest holds, rounded where they meet. On the western bank the
    valley floor has a step, below which the lower town lies and above which the upper one.
    """
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    s, o = river_position(px, py)
    away = np.abs(o)
    west = smoothstep(-o, 0.0, 40.0)
    in_town = smoothstep(s, 2500.0, 3500.0) * smoothstep(-s, -7300.0, -6300.0)
    floor = RIVER_LEVEL_M - 0.001 * s + 5.0 * smoothstep(away, 40.0, 95.0) + 0.015 * away
    floor = floor + west * in_town * SCARP_M * smoothstep(away, 345.0, 420.0)
    foot = np.where(o < 0, 720.0, 1020.0) * in_town + 240.0 * (1.0 - in_town)
    foot = foot + 110.0 * noise(s, np.where(o < 0, 0.0, 9e3), wave_m=700.0, seed=21)
    rise = smoothstep(away, 0.0, 1.0) * np.maximum(0.0, away - foot)
    main = floor + _hillside(rise)
    height = main
    for brook, gradient in zip(BROOKS, BROOK_GRADIENTS, strict=True):
        gap, along = distance_to(brook, px, py)
        bed = RIVER_LEVEL_M + 3.0 + gradient * (_total(brook) - along)
        side_valley = bed + 0.03 * gap + _hillside(np.maximum(0.0, gap - 170.0))
        height = _smooth_min(height, side_valley, 35.0)
    rough = smoothstep(height - floor, 8.0, 160.0)
    height = height + rough * (
        55.0 * noise(px, py, wave_m=950.0, seed=31) + 20.0 * noise(px, py, wave_m=380.0, seed=32)
    )
    return height + 1.5 * noise(px, py, wave_m=260.0, seed=33) + rough * 6.0 * noise(px, py, wave_m=150.0, seed=34)


def _hillside(metres: FloatArray) -> FloatArray:
    """Return the rise of a slope that starts gently, steepens and ends on a ridge."""
    t = metres / (metres + 900.0)
    steep: FloatArray = RIDGE_M * 1.7 * t * smoothstep(metres, -60.0, 420.0)
    return steep


def _smooth_min(a: FloatArray, b: FloatArray, width: float) -> FloatArray:
    mix = np.clip(0.5 + 0.5 * (b - a) / width, 0.0, 1.0)
    lower: FloatArray = b * (1 - mix) + a * mix - width * mix * (1 - mix)
    return lower


def _middle(of: Spine, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    right = np.stack([np.interp(s, of.along, of.right[:, axis]) for axis in (0, 1)], axis=-1)
    return of.place(s, 0.0), right


def _total(line: FloatArray) -> float:
    step = np.diff(line, axis=0)
    return float(np.sum(np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2)))
