"""What positions are held against to find their datum: streets, buildings, outlines that are known to be right.

The question is always the same: of all places where something of the layer may stand, how many are as near to a
building, a street or a known outline as they should be? How near they should be was measured on places of known datum
(:data:`AT_BUILDINGS` and the like); how near they would be by chance is measured on the spot, by moving the layer about
at random. The ratio of both is the weight of the evidence: where buildings cover all the ground, being in one says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import pyproj
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import (
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_gcj02,
)
from walkshed.inputs.shapes import is_area, is_blank_shape

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Pair = tuple[FloatArray, FloatArray]

FAMILIES: Final = ("wgs84", "gcj02", "bd09")
"""Datums that can be told apart; CGCS2000 and projected systems count as WGS-84 (less than a metre)."""
FAR_M: Final = 600.0
"""Distances are not looked for beyond; no class of :class:`Ruler` begins further out."""


class Ruler(NamedTuple):
    """How near things should be.

    Attributes
    ----------
    edges_m : (k,) float64
        Where the classes of distance begin, metres.
    share : (k + 1,) float64
        Share of right positions in each class.
    spacing_m
        Neighbours nearer than this say the same; together they count once.
    """

    edges_m: FloatArray
    share: FloatArray
    spacing_m: float


AT_BUILDINGS: Final = Ruler(
    np.array([0.001, 5.0, 12.0, 30.0, 80.0]), np.array([0.55, 0.10, 0.09, 0.12, 0.09, 0.05]), 20.0
)
"""Places of OpenStreetMap in Haidian (589 of all kinds): half stand in a building, most others beside one."""
AT_STREETS: Final = Ruler(np.array([3.0, 7.0, 15.0, 30.0, 60.0]), np.array([0.03, 0.12, 0.28, 0.33, 0.16, 0.08]), 20.0)
"""The same places: hardly one stands on a street."""
ON_OUTLINES: Final = Ruler(
    np.array([15.0, 50.0, 100.0, 200.0, 400.0]), np.array([0.40, 0.25, 0.15, 0.10, 0.06, 0.04]), 500.0
)
"""Outlines of the same unit from two publishers."""
OFF_BUILDINGS: Final = Ruler(np.array([0.001, 5.0]), np.array([0.03, 0.12, 0.85]), 100.0)
"""Outlines of compounds and units: they cut no buildings, and seldom run along one."""


class HasStreets(Protocol):
    """What is needed of :class:`walkshed.network.model.WalkNetwork`."""

    @property
    def crs(self) -> str:
        """Metre CRS."""

    @property
    def geometry_start(self) -> NDArray[np.int64]:
        """First vertex of every edge."""

    @property
    def geometry_x(self) -> FloatArray:
        """Vertices, metres."""

    @property
    def geometry_y(self) -> FloatArray:
        """Vertices, metres."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DatumEvidence:
    """What is known to be right, in one metre CRS.

    Attributes
    ----------
    crs
        Metre CRS.
    streets, buildings
        Search trees, or ``None``.
    reference
        Areas whose outlines are right.
    extent
        Where streets and buildings are known; outside it their absence says nothing.
    """

    crs: str
    streets: shapely.STRtree | None
    buildings: shapely.STRtree | None
    reference: NDArray[np.object_]
    extent: shapely.Geometry

    def project(self, lon: FloatArray, lat: FloatArray) -> Pair:
        """Return degrees (EPSG:4326) in metres."""
        x, y = pyproj.Transformer.from_crs(EXCHANGE_CRS, self.crs, always_xy=True).transform(lon, lat)
        return np.asarray(x, np.float64), np.asarray(y, np.float64)


def datum_evidence(
    *,
    crs: str,
    network: HasStreets | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    reference: gpd.GeoDataFrame | None = None,
) -> DatumEvidence:
    """Prepare what layers are held against.

    Parameters
    ----------
    crs
        Metre CRS, such as ``network.crs``.
    network
        Streets, in ``crs``.
    buildings
        Areas whose datum is sure, any CRS.
    reference
        Areas with outlines whose datum is sure, such as districts from an official map, any CRS.
    """
    lines: NDArray[np.object_] = np.empty(0, object)
    if network is not None:
        vertices = np.column_stack([network.geometry_x, network.geometry_y])
        owner = np.repeat(np.arange(len(network.geometry_start) - 1), np.diff(network.geometry_start))
        lines = np.asarray(shapely.linestrings(vertices, indices=owner), object)
    areas, known = (_areas(table, crs) for table in (buildings, reference))
    seen = [shapely.box(*shapely.total_bounds(shapes)) for shapes in (areas, lines) if len(shapes)]
    # Where both are known, both must be: a file of streets often reaches further than that of the buildings.
    extent = shapely.intersection_all(seen) if seen else shapely.Polygon()
    return DatumEvidence(
        crs=crs,
        streets=shapely.STRtree(lines) if len(lines) else None,
        buildings=shapely.STRtree(areas) if len(areas) else None,
        reference=known,
        extent=extent,
    )


def _areas(table: gpd.GeoDataFrame | None, crs: str) -> NDArray[np.object_]:
    if table is None or table.empty:
        return np.empty(0, object)
    shapes = np.asarray(table.geometry.to_crs(crs).array, dtype=object)
    return shapes[is_area(shapes) & ~is_blank_shape(shapes)]


def family_of(datum: str) -> str:
    """Return which of :data:`FAMILIES` a datum belongs to.

    Examples
    --------
    >>> family_of("GCJ-02"), family_of("cgcs2000"), family_of("EPSG:4547")
    ('gcj02', 'wgs84', 'wgs84')
    """
    name = datum.strip().lower().replace("-", "").replace("_", "")
    return name if name in FAMILIES else "wgs84"


def as_if(lon: FloatArray, lat: FloatArray, *, declared: str, family: str) -> Pair:
    """Return where positions would lie in WGS-84 if their file had another datum.

    Parameters
    ----------
    lon, lat
        WGS-84 degrees that came of reading the file as ``declared``.
    declared, family
        Of :data:`FAMILIES`.
    """
    x, y = lon, lat
    if declared != "wgs84":
        x, y = wgs84_to_gcj02(x, y)
    if declared == "bd09":
        x, y = gcj02_to_bd09(x, y)
    if family == "bd09":
        x, y = bd09_to_gcj02(x, y)
    return gcj02_to_wgs84(x, y) if family != "wgs84" else (x, y)


def distances_to(tree: shapely.STRtree, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the distance of every position to the nearest shape, metres, at most :data:`FAR_M`."""
    result = np.full(len(x), FAR_M)
    found, distance = tree.query_nearest(
        shapely.points(x, y), max_distance=FAR_M, return_distance=True, all_matches=False
    )
    result[found[0]] = distance
    return result


def independent_weights(x: FloatArray, y: FloatArray, spacing_m: float) -> FloatArray:
    """Return one over the number of positions within ``spacing_m`` of each, itself included."""
    points = np.asarray(shapely.points(x, y), object)
    found = shapely.STRtree(points).query(points, predicate="dwithin", distance=spacing_m)[0]
    return 1.0 / np.bincount(found, minlength=len(points))
