"""Which positions of a layer tell its datum: places, houses, outlines; and what each is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.inputs.datum_evidence import AT_BUILDINGS, AT_STREETS, FAMILIES, OFF_BUILDINGS, ON_OUTLINES, as_if
from walkshed.inputs.shapes import is_area, is_blank_shape

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.inputs.datum_evidence import DatumEvidence, Ruler

    FloatArray = NDArray[np.float64]
    Pair = tuple[FloatArray, FloatArray]
    Held = list[tuple[shapely.STRtree, Ruler]]

MOST: Final = 2000
"""Of more positions so many are drawn."""
HOUSE_M2: Final = 2000.0
"""Areas smaller than this are houses and stand where buildings do; larger ones have outlines between buildings."""
OUTLINE_STEP_M: Final = 50.0
SHIFT_M: Final = (150.0, 1500.0)
"""Lengths of the random shifts that show what chance does."""
ALIKE: Final = 0.5
"""Areas that overlap less, as intersection over union, are not the same areas."""


class LayerPositions(NamedTuple):
    """What is compared: positions, what they should be near to, and how the fit is told."""

    lon: FloatArray
    lat: FloatArray
    held: Held
    spacing_m: float
    measure: str
    extent: shapely.Geometry
    overlaps: dict[str, float]


def shapes_of(layer: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the geometry of a table as an array."""
    return np.asarray(layer.geometry.array, dtype=object)


def positions_of(
    layer: gpd.GeoDataFrame, evidence: DatumEvidence, family: str, rng: np.random.Generator
) -> LayerPositions | None:
    """Return what of a layer is held against what, or ``None`` where there is nothing to hold it against."""
    degrees = shapes_of(layer.to_crs(EXCHANGE_CRS))
    degrees = degrees[~is_blank_shape(degrees)]
    if not len(degrees):
        return None
    metric = _moved(degrees, evidence, family, family)
    large = is_area(metric) & (shapely.area(metric) >= HOUSE_M2)
    if large.mean() > 0.5:  # noqa: PLR2004 - most
        known = _by_reference(degrees[large], evidence, family)
        if known is not None:
            return known
        if evidence.buildings is None:
            return None
        lon, lat = _along(shapely.boundary(degrees[large]), metric[large], rng)
        held = [(evidence.buildings, OFF_BUILDINGS)]
        return LayerPositions(lon, lat, held, OFF_BUILDINGS.spacing_m, "outline", evidence.extent, {})
    points = shapely.point_on_surface(degrees)
    points = points[rng.permutation(len(points))[:MOST]]
    held = [
        (tree, ruler)
        for tree, ruler in ((evidence.buildings, AT_BUILDINGS), (evidence.streets, AT_STREETS))
        if tree is not None
    ]
    if not held:
        return None
    measure = "street" if evidence.buildings is None else "building"
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    return LayerPositions(lon, lat, held, AT_BUILDINGS.spacing_m, measure, evidence.extent, {})


def _by_reference(areas: NDArray[np.object_], evidence: DatumEvidence, family: str) -> LayerPositions | None:
    """Hold the united layer against the reference's areas that mostly lie in it, if they are the same area."""
    whole = np.array([shapely.union_all(shapely.make_valid(areas))], object)
    if not len(evidence.reference):
        return None
    placed = {datum: shapely.make_valid(_moved(whole, evidence, family, datum))[0] for datum in FAMILIES}
    inside = np.zeros(len(evidence.reference), bool)
    for shape in placed.values():
        shared = shapely.area(shapely.intersection(shapely.make_valid(evidence.reference), shape))
        inside |= shared > ALIKE * shapely.area(evidence.reference)
    same = shapely.union_all(shapely.make_valid(evidence.reference[inside]))
    overlaps = {
        datum: float(shapely.intersection(shape, same).area / shapely.union(shape, same).area)
        for datum, shape in placed.items()
    }
    if max(overlaps.values()) < ALIKE:
        return None
    outline = shapely.get_parts(shapely.boundary(same))
    lon, lat = _along(shapely.boundary(whole), np.array([placed[family]], object), np.random.default_rng(0))
    extent = shapely.box(*same.bounds).buffer(SHIFT_M[1])
    held = [(shapely.STRtree(outline), ON_OUTLINES)]
    return LayerPositions(lon, lat, held, ON_OUTLINES.spacing_m, "reference", extent, overlaps)


def _moved(shapes: NDArray[np.object_], evidence: DatumEvidence, declared: str, family: str) -> NDArray[np.object_]:
    """Return shapes in degrees as they lie in metres if their file has the datum ``family``."""

    def move(xy: FloatArray) -> FloatArray:
        return np.column_stack(evidence.project(*as_if(xy[:, 0], xy[:, 1], declared=declared, family=family)))

    return np.asarray(shapely.transform(shapely.force_2d(shapes), move), object)


def _along(outlines: NDArray[np.object_], metric: NDArray[np.object_], rng: np.random.Generator) -> Pair:
    """Return positions every :data:`OUTLINE_STEP_M` along outlines in degrees."""
    steps = np.maximum(np.ceil(shapely.length(metric) / OUTLINE_STEP_M), 4.0).astype(np.int64)
    row = np.repeat(np.arange(len(outlines)), steps)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[row]
    points = shapely.line_interpolate_point(shapely.line_merge(outlines)[row], share, normalized=True)
    points = points[np.sort(rng.permutation(len(points))[: 10 * MOST])]
    return shapely.get_x(points), shapely.get_y(points)
