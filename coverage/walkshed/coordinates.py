"""WGS-84, GCJ-02, BD-09 and CGCS2000; the metric CRS of a place; areas and distances on the ellipsoid.

GCJ-02 (Amap, Tencent) is WGS-84 plus a shift of up to 0.7 km that exists only inside a box around China; BD-09 (Baidu)
is GCJ-02 plus another one. The shifts are published formulas (Krasovsky ellipsoid, origin 105 E, 35 N); the way back
has no formula and is the fixed point of ``w -= forward(w) - given``, exact to the last bits of a double. CGCS2000
differs from WGS-84 by less than a metre and is taken as equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import CrsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    Pair = tuple[FloatArray, FloatArray]
    Shift = Callable[[FloatArray, FloatArray], Pair]

DATUMS = ("wgs84", "gcj02", "bd09", "cgcs2000")
"""Datums by name; any other is given as ``"EPSG:<number>"``."""
CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north (degrees) of the box outside which GCJ-02 and BD-09 equal WGS-84."""

_AXIS_M = 6_378_245.0
_ECCENTRICITY2 = 0.00669342162296594323
_ORIGIN_LON, _ORIGIN_LAT = 105.0, 35.0
HALF_TURN: Final = 180.0
UTM_SOUTH, UTM_NORTH = -80.0, 84.0
"""UTM zones reach so far."""
_BAIDU_PI = np.pi * 3000.0 / 180.0
_ROUNDS = 10
"""The shifts stretch by 2 % at most, so that each round wins almost two digits; ten reach the precision of a double."""


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS-84 to GCJ-02.

    Parameters
    ----------
    lon, lat
        Degrees, of any common shape; NaN stays NaN.

    Returns
    -------
    lon, lat
        Degrees in GCJ-02; unchanged outside :data:`CHINA_BOX`.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(116.404, 39.915)
    >>> round(float(lon), 6), round(float(lat), 6)
    (116.410244, 39.916404)
    """
    return _inside_box(_to_gcj02, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 back to WGS-84, exactly; parameters and box as in :func:`wgs84_to_gcj02`."""
    return _inside_box(lambda x, y: _invert(_to_gcj02, x, y), lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 to BD-09; parameters and box as in :func:`wgs84_to_gcj02`."""
    return _inside_box(_to_bd09, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift BD-09 back to GCJ-02, exactly; parameters and box as in :func:`wgs84_to_gcj02`."""
    return _inside_box(lambda x, y: _invert(_to_bd09, x, y), lon, lat)


def degrees_converter(datum: str, declared: pyproj.CRS | None = None) -> Shift:
    """Return the function that brings coordinates to WGS-84 degrees.

    Parameters
    ----------
    datum
        What the user says the coordinates are: ``"wgs84"``, ``"gcj02"``, ``"bd09"``, ``"cgcs2000"`` or ``"EPSG:n"``;
        case, hyphens and underscores of the names do not matter.
    declared
        What the file says; ``None`` when it says nothing.

    Returns
    -------
    callable
        ``(x, y) -> (lon, lat)`` on float arrays, x being east or longitude; what cannot be converted becomes inf.

    Raises
    ------
    CrsError
        If ``datum`` is unknown or contradicts ``declared``.

    Notes
    -----
    A declared CRS wins over the default ``"wgs84"``. Any other datum is taken at its word beside EPSG:4326, which many
    programs write by habit, and beside any geographic CRS for the shifted Chinese datums; it must not stand beside a
    projected one.
    """
    name = datum.strip().lower().replace("-", "").replace("_", "")
    if name.startswith("epsg:"):
        return _epsg_converter(datum, declared)
    if name not in DATUMS:
        raise CrsError("crs_datum_unknown", datum=datum, known=", ".join((*DATUMS, "EPSG:n")))
    if name == "wgs84":
        return _projection(declared) if declared is not None else _unchanged
    if declared is not None and not declared.is_geographic:
        if name == "cgcs2000" and _is_cgcs2000(declared):
            return _projection(declared)
        raise CrsError("datum_contradiction", datum=datum, declared=_crs_name(declared))
    if name == "gcj02":
        return gcj02_to_wgs84
    if name == "bd09":
        return lambda lon, lat: gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    return _unchanged


def to_wgs84(geoseries: gpd.GeoSeries, datum: str = "wgs84") -> gpd.GeoSeries:
    """Bring geometry to EPSG:4326.

    Parameters
    ----------
    geoseries
        Any geometry, missing ones included; heights are dropped. Its CRS, where it has one, counts as declared.
    datum
        See :func:`degrees_converter`.

    Returns
    -------
    geopandas.GeoSeries
        Same index, EPSG:4326, longitude first.

    Raises
    ------
    CrsError
        If ``datum`` is unknown or contradicts the declared CRS.
    """
    convert = degrees_converter(datum, geoseries.crs)
    flat = shapely.force_2d(geoseries.to_numpy())
    moved = shapely.transform(flat, lambda xy: np.column_stack(convert(xy[:, 0], xy[:, 1])))
    return gpd.GeoSeries(moved, index=geoseries.index, crs=EXCHANGE_CRS)


def metric_crs(geometry_4326: shapely.Geometry | gpd.GeoSeries) -> str:
    """Return the UTM zone of a geometry's centroid.

    Parameters
    ----------
    geometry_4326
        One geometry or a series of them, degrees, longitude first.

    Returns
    -------
    str
        ``"EPSG:326zz"`` north and ``"EPSG:327zz"`` south of the equator; the special zones of Norway are not used.

    Raises
    ------
    CrsError
        If there is no geometry, or it lies outside the range of degrees, or see :func:`check_extent`.

    Examples
    --------
    >>> metric_crs(shapely.Point(116.4, 39.9)), metric_crs(shapely.Point(-51.2, -30.0))
    ('EPSG:32650', 'EPSG:32722')
    """
    lon, lat = _centre(geometry_4326)
    check_extent(geometry_4326)
    zone = min(int((lon + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{326 if lat >= 0 else 327}{zone:02d}"


def check_extent(geometry_4326: shapely.Geometry | gpd.GeoSeries) -> None:
    """Refuse what no UTM zone can hold: both sides of the 180th meridian, or the polar caps.

    Parameters
    ----------
    geometry_4326
        One geometry or a series of them, degrees, longitude first. An area that was projected, widened and brought back
        spans the globe when it crosses the meridian, and is refused, too.

    Raises
    ------
    CrsError
        If it reaches over more than 180 degrees of longitude, or beyond 84 degrees north or 80 degrees south.
    """
    shapes = geometry_4326.to_numpy() if isinstance(geometry_4326, gpd.GeoSeries) else geometry_4326
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    if east - west > HALF_TURN:
        raise CrsError("antimeridian", west=f"{west:.4f}", east=f"{east:.4f}")
    if south < UTM_SOUTH or north > UTM_NORTH:
        raise CrsError("polar", south=f"{south:.4f}", north=f"{north:.4f}")


def areas_m2(geoseries: gpd.GeoSeries) -> FloatArray:
    """Return areas on the ellipsoid.

    Parameters
    ----------
    geoseries
        EPSG:4326; points, lines and missing geometry have area 0.

    Returns
    -------
    (N,) float64
        Square metres, measured in the Lambert azimuthal equal-area projection around the series' centroid (true to area
        everywhere, unlike UTM, whose areas are off by up to 0.2 %).
    """
    geometry = geoseries.to_numpy()
    if shapely.is_empty(geometry).all() or shapely.is_missing(geometry).all():
        return np.zeros(len(geometry))
    lon, lat = _centre(geoseries)
    local = pyproj.CRS.from_proj4(f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m")
    project = pyproj.Transformer.from_crs(EXCHANGE_CRS, local, always_xy=True).transform
    metres = shapely.transform(geometry, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
    return np.nan_to_num(np.asarray(shapely.area(metres), np.float64))


def distances_m(lon: FloatArray, lat: FloatArray, area: shapely.Geometry) -> FloatArray:
    """Return how far points lie from an area.

    Parameters
    ----------
    lon, lat : (N,) float64
        Degrees; what lies outside the range of degrees gets inf.
    area
        EPSG:4326.

    Returns
    -------
    (N,) float64
        Geodesic metres to the nearest place of the area, 0 inside it. The nearest place is looked up with longitudes
        scaled by the cosine of the area's mean latitude, so that the distance is exact to a few metres in a kilometre
        at worst. A point beyond the 180th meridian is as near as it is on the ground.
    """
    result = np.full(lon.shape, np.inf)
    shapely.prepare(area)
    possible = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)  # noqa: PLR2004 - the range of degrees
    middle = _centre(area)[0] if possible.any() else 0.0
    with np.errstate(invalid="ignore"):
        lon = lon - 360.0 * np.round((lon - middle) / 360.0)
    inside = np.zeros(lon.shape, bool)
    inside[possible] = shapely.intersects_xy(area, lon[possible], lat[possible])
    result[inside] = 0.0
    outside = possible & ~inside
    if outside.any():
        squeeze = np.array([np.cos(np.radians(_centre(area)[1])), 1.0])
        scaled = shapely.transform(area, lambda xy: xy * squeeze)
        points = shapely.points(np.column_stack([lon[outside], lat[outside]]) * squeeze)
        ends = shapely.get_coordinates(shapely.shortest_line(points, scaled)) / squeeze
        start, stop = ends[0::2], ends[1::2]
        result[outside] = pyproj.Geod(ellps="WGS84").inv(start[:, 0], start[:, 1], stop[:, 0], stop[:, 1])[2]
    return result


def _inside_box(shift: Shift, lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    west, south, east, north = CHINA_BOX
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    out_x, out_y = np.array(x), np.array(y)
    out_x[inside], out_y[inside] = shift(x[inside], y[inside])
    return out_x, out_y


def _invert(forward: Shift, lon: FloatArray, lat: FloatArray) -> Pair:
    x, y = lon, lat
    for _ in range(_ROUNDS):
        there_x, there_y = forward(x, y)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return x, y


def _to_gcj02(lon: FloatArray, lat: FloatArray) -> Pair:
    x, y = lon - _ORIGIN_LON, lat - _ORIGIN_LAT
    root = np.sqrt(np.abs(x))
    common = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    waves = 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)
    waves = waves + 160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)
    north = north + (common + waves) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    waves = 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)
    waves = waves + 150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)
    east = east + (common + waves) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel_m = _AXIS_M / np.sqrt(magic) * np.cos(phi)
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)


def _to_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _unchanged(x: FloatArray, y: FloatArray) -> Pair:
    return x, y


def _projection(source: pyproj.CRS) -> Shift:
    if source.equals(EXCHANGE_CRS, ignore_axis_order=True):
        return _unchanged
    try:
        transform = pyproj.Transformer.from_crs(source, EXCHANGE_CRS, always_xy=True).transform
    except pyproj.exceptions.ProjError as error:
        raise CrsError("crs_unusable", declared=_crs_name(source)) from error

    def convert(x: FloatArray, y: FloatArray) -> Pair:
        lon, lat = transform(x, y)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    return convert


def _epsg_converter(datum: str, declared: pyproj.CRS | None) -> Shift:
    try:
        wanted = pyproj.CRS.from_user_input(datum.strip())
    except pyproj.exceptions.CRSError as error:
        raise CrsError("crs_datum_unknown", datum=datum, known=", ".join((*DATUMS, "EPSG:n"))) from error
    fits = declared is None or any(declared.equals(crs, ignore_axis_order=True) for crs in (EXCHANGE_CRS, wanted))
    if declared is not None and not fits:
        raise CrsError("datum_contradiction", datum=datum, declared=_crs_name(declared))
    return _projection(wanted)


def _is_cgcs2000(crs: pyproj.CRS) -> bool:
    name = crs.geodetic_crs.name.lower() if crs.geodetic_crs is not None else ""
    return "cgcs2000" in name or ("china" in name and "2000" in name)


def _crs_name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return f"{crs.name} ({':'.join(authority)})" if authority else str(crs.name)


def _centre(geometry: shapely.Geometry | gpd.GeoSeries) -> tuple[float, float]:
    whole = shapely.geometrycollections(geometry.to_numpy()) if isinstance(geometry, gpd.GeoSeries) else geometry
    # Bounds, because an empty point has no coordinates to ask for.
    lon, lat = shapely.bounds(shapely.centroid(whole))[:2].tolist()
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):  # noqa: PLR2004 - the range of degrees
        raise CrsError("not_degrees_geometry", position=f"{lon:g}, {lat:g}")
    return lon, lat
