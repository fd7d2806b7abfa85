"""The plane in which the sample district is drawn, its noise and its curves.

Everything the generator computes is made of sums, products, quotients and square roots, which every machine rounds
alike; sines, powers of ``e`` and overlays of polygons are not, and are left out, so that the files are the same bytes
wherever they are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

SIZE_M = 6_000.0
"""The district lies about in the square from (0, 0) to (SIZE_M, SIZE_M), metres east and north."""
CENTRE = (108.47, 29.53)
"""Longitude and latitude (WGS-84) of the middle of the square: mountains at Chongqing's latitude."""
METRES_PER_DEGREE = (96_937.0, 110_845.0)
"""Of longitude and latitude at :data:`CENTRE`, on the WGS-84 ellipsoid."""
DEGREE_DIGITS = 7
"""Centimetres."""


def to_degrees(xy: ArrayLike, *, centre: tuple[float, float] = CENTRE) -> FloatArray:
    """Return longitude and latitude of places of the plane, rounded to :data:`DEGREE_DIGITS`; (n, 2) float64.

    ``centre`` is the middle of the square; elsewhere than at :data:`CENTRE` lengths are a little off.
    """
    plane = np.asarray(xy, np.float64)
    degrees = np.array(centre) + (plane - SIZE_M / 2) / np.array(METRES_PER_DEGREE)
    rounded: FloatArray = np.round(degrees, DEGREE_DIGITS)
    return rounded


def to_cm(xy: FloatArray) -> FloatArray:
    """Return metres rounded to centimetres, so that places which are the same have the same numbers."""
    rounded: FloatArray = np.round(xy, 2)
    return rounded


def smoothstep(value: ArrayLike, low: float, high: float) -> FloatArray:
    """Return 0 below ``low``, 1 above ``high`` and a smooth rise between them."""
    t = np.clip((np.asarray(value, np.float64) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def noise(x: ArrayLike, y: ArrayLike, *, wave_m: float, seed: int) -> FloatArray:
    """Return smooth noise between -1 and 1.

    Parameters
    ----------
    x, y
        Places of the plane, metres.
    wave_m
        Distance of the random values between which the noise runs smoothly.
    seed
        Another seed gives other noise.
    """
    column, row = np.asarray(x, np.float64) / wave_m, np.asarray(y, np.float64) / wave_m
    left, low = np.floor(column), np.floor(row)
    across, up = smoothstep(column - left, 0.0, 1.0), smoothstep(row - low, 0.0, 1.0)
    i, j = left.astype(np.int64), low.astype(np.int64)
    south = _random(i, j, seed) * (1.0 - across) + _random(i + 1, j, seed) * across
    north = _random(i, j + 1, seed) * (1.0 - across) + _random(i + 1, j + 1, seed) * across
    mixed: FloatArray = south * (1.0 - up) + north * up
    return mixed


def _random(i: NDArray[np.int64], j: NDArray[np.int64], seed: int) -> FloatArray:
    """Return a number between -1 and 1 for every cell, by mixing its bits (the finisher of splitmix64)."""
    with np.errstate(over="ignore"):
        bits = i.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + j.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        bits = bits + np.uint64(seed) * np.uint64(0x165667B19E3779F9)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits = bits ^ (bits >> np.uint64(31))
    share: FloatArray = (bits >> np.uint64(11)).astype(np.float64) / float(1 << 52) - 1.0
    return share


def curve(points: Sequence[tuple[float, float]] | FloatArray, *, step_m: float = 30.0) -> FloatArray:
    """Return a smooth line through points (Catmull-Rom), in even steps of about ``step_m``; (n, 2) float64."""
    knots = np.asarray(points, np.float64)
    before, after = 2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2]
    p = np.vstack([before, knots, after])
    t = np.linspace(0.0, 1.0, 25)[:-1, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return even_steps(np.vstack([*parts, knots[-1:]]), step_m)


def lengths_along(line: FloatArray) -> FloatArray:
    """Return the length of a line up to each of its vertices, metres."""
    step = np.diff(line, axis=0)
    return np.concatenate([[0.0], np.cumsum(np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2))])


def at_length(line: FloatArray, length: ArrayLike) -> FloatArray:
    """Return the places of a line at these lengths from its start; (n, 2) float64."""
    at, along = np.atleast_1d(np.asarray(length, np.float64)), lengths_along(line)
    return np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)])


def even_steps(line: FloatArray, step_m: float) -> FloatArray:
    """Return a line with vertices at even steps; both ends stay."""
    total = float(lengths_along(line)[-1])
    count = max(1, round(total / step_m))
    return at_length(line, np.linspace(0.0, total, count + 1))


class Spine(NamedTuple):
    """A line with places beside it: ``s`` metres along and ``o`` metres to its right.

    Attributes
    ----------
    line : (n, 2) float64
    along : (n,) float64
        Length up to every vertex.
    right : (n, 2) float64
        Unit vectors to the right.
    """

    line: FloatArray
    along: FloatArray
    right: FloatArray

    def place(self, s: ArrayLike, o: ArrayLike) -> FloatArray:
        """Return places of the plane; (n, 2) float64."""
        s, o = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(o, np.float64))
        columns = [
            np.interp(s, self.along, self.line[:, axis]) + o * np.interp(s, self.along, self.right[:, axis])
            for axis in (0, 1)
        ]
        return np.stack(columns, axis=-1)


def spine(points: Sequence[tuple[float, float]]) -> Spine:
    """Return the spine through points."""
    line = curve(points, step_m=40.0)
    ahead = np.vstack([line[1:2] - line[:1], line[2:] - line[:-2], line[-1:] - line[-2:-1]])
    ahead /= np.sqrt(ahead[:, :1] ** 2 + ahead[:, 1:] ** 2)
    return Spine(line, lengths_along(line), np.column_stack([ahead[:, 1], -ahead[:, 0]]))


def distance_to(line: FloatArray, x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return how far places lie from a line, and how far along it the nearest place of the line lies, metres."""
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    along = lengths_along(line)
    best, where = np.full(px.shape, np.inf), np.zeros(px.shape)
    for k in range(len(line) - 1):
        ax, ay = line[k]
        dx, dy = line[k + 1] - line[k]
        square = dx * dx + dy * dy
        t = np.clip(((px - ax) * dx + (py - ay) * dy) / square, 0.0, 1.0)
        gap = np.sqrt((px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2)
        nearer = gap < best
        best = np.where(nearer, gap, best)
        where = np.where(nearer, along[k] + t * (along[k + 1] - along[k]), where)
    return best, where
