"""Geometry as matplotlib artists: thousands of shapes as one path each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from walkshed.progress import beat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry


def draw_areas(axes: Axes, shapes: Iterable[BaseGeometry | None], **style: Any) -> None:  # noqa: ANN401 - matplotlib's own
    """Draw the areas among shapes as one path, holes left open."""
    parts = [part for part in _parts(shapes) if part.geom_type == "Polygon"]
    if not parts:
        return
    turned = shapely.orient_polygons(np.array(parts, dtype=object))
    rings = shapely.get_rings(turned)
    vertices, owner = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(vertices), Path.LINETO, np.uint8)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    last = np.append(first[1:], len(owner)) - 1
    codes[first], codes[last] = Path.MOVETO, Path.CLOSEPOLY
    # add_patch would work out the limits of every curve, and the limits are set
    axes.add_artist(PathPatch(Path(vertices, codes), **style))


def draw_lines(axes: Axes, shapes: Iterable[BaseGeometry | None], **style: Any) -> None:  # noqa: ANN401 - as above
    """Draw lines, and the rings of areas as lines."""
    lines: list[Any] = []
    for part in _parts(shapes):
        lines += [part] if part.geom_type == "LineString" else list(shapely.get_rings(part))
    axes.add_collection(LineCollection([shapely.get_coordinates(line) for line in lines], **style))


def draw_points(axes: Axes, shapes: Iterable[BaseGeometry | None], **style: Any) -> None:  # noqa: ANN401 - as above
    """Draw the points among shapes."""
    points = [part for part in _parts(shapes) if part.geom_type == "Point"]
    if points:
        x, y = shapely.get_coordinates(points).T
        axes.scatter(x, y, **style)


def _parts(shapes: Iterable[BaseGeometry | None]) -> list[BaseGeometry]:
    beat()
    present = np.array([shape for shape in shapes if shape is not None and not shape.is_empty], dtype=object)
    return [part for part in shapely.get_parts(present) if not part.is_empty] if len(present) else []
