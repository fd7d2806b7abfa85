"""Layers of a study from OpenStreetMap files: ``.osm.pbf`` and OSM XML, read with pyosmium, one pass per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.inputs.osm_filters import has_all
from walkshed.inputs.osm_frames import units_frame
from walkshed.inputs.osm_layers import LAYERS, Layer, points_layer, sites_layer, unit_tags
from walkshed.inputs.osm_objects import scan_objects
from walkshed.inputs.osm_source import is_osm, locate_osm, read_osm_extent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from walkshed.inputs.reads import Read

__all__ = [
    "is_osm",
    "locate_osm",
    "read_osm_backdrop",
    "read_osm_buildings",
    "read_osm_exclusions",
    "read_osm_extent",
    "read_osm_landuse",
    "read_osm_places",
    "read_osm_points",
    "read_osm_sites",
    "read_osm_units",
]


def read_osm_buildings(path: Path) -> gpd.GeoDataFrame:
    """Read the outlines of all buildings.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    geopandas.GeoDataFrame
        ``osm_id``, ``building``, ``levels`` (storeys, NaN where no tag states them), ``name``, ``building_use`` and
        the keys :data:`~walkshed.inputs.osm_filters.PURPOSE_KEYS` (text, blank where not tagged); areas in EPSG:4326,
        courtyards cut out. Buildings mapped as a mere node and building parts are left out.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return _read(path, LAYERS["buildings"])


def read_osm_landuse(path: Path) -> gpd.GeoDataFrame:
    """Read what land is used for.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    geopandas.GeoDataFrame
        ``osm_id``, ``landuse`` (of grounds such as schools the amenity), ``name``; areas in EPSG:4326.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return _read(path, LAYERS["landuse"])


def read_osm_points(path: Path, tags: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Read places by their tags, for facilities and candidates.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.
    tags
        Key -> allowed values, ``"*"`` for any; an object must satisfy every key.

    Returns
    -------
    geopandas.GeoDataFrame
        Nodes, then areas (by a point inside): ``osm_id``, ``name``, ``name_en``, ``name_zh``, ``operator``,
        ``opening_hours``, the keys of ``tags`` and ``same_as`` (see
        :func:`~walkshed.inputs.osm_frames.points_frame`); points in EPSG:4326.

    Raises
    ------
    InputError
        If ``tags`` is empty or the file cannot be read.
    """
    return _read(path, points_layer(tags))


def read_osm_sites(path: Path, kinds: Mapping[str, Sequence[Mapping[str, Sequence[str]]]]) -> gpd.GeoDataFrame:
    """Read places of several kinds in one pass, for candidates.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.
    kinds
        Kind -> choices of tags, any of which makes a place of that kind; within a choice every key must hold, as in
        :func:`read_osm_points`. :data:`~walkshed.inputs.osm_filters.SITES` holds the usual ones.

    Returns
    -------
    geopandas.GeoDataFrame
        As from :func:`read_osm_points`, and ``kind`` (the first that fits).

    Raises
    ------
    InputError
        If ``kinds`` is empty or the file cannot be read.
    """
    return _read(path, sites_layer(kinds))


def read_osm_exclusions(path: Path) -> gpd.GeoDataFrame:
    """Read land where no room can be built.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    geopandas.GeoDataFrame
        ``osm_id``, ``kind`` (a key of :data:`~walkshed.inputs.osm_filters.EXCLUSIONS`), ``name``; areas in EPSG:4326.
        What is of several kinds stands there for each.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return _read(path, LAYERS["exclusions"])


def read_osm_units(path: Path, admin_level: int) -> Read:
    """Read administrative units.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.
    admin_level
        ``admin_level=*``; in China 6 is the district (区县), 8 the subdistrict or town (街道, 乡镇) and
        10 the community (社区).

    Returns
    -------
    Read
        Table: ``unit_id`` (such as ``"relation/123"``), ``name``, ``name_en``, ``name_zh``, ``level``, ``parent_id``
        (blank), ``population`` (NaN where not tagged); areas in EPSG:4326. Rejects: units whose boundary is cut off
        by the edge of the file (``unit_incomplete``).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    wanted = unit_tags(admin_level)
    return units_frame(scan_objects(path, ("admin_level",), lambda tags: has_all(tags, wanted)), file=path.name)


def read_osm_backdrop(path: Path) -> gpd.GeoDataFrame:
    """Read water and green areas for drawing.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    geopandas.GeoDataFrame
        ``osm_id``, ``layer`` (``"green"`` or ``"water"``), ``name``; areas in EPSG:4326.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return _read(path, LAYERS["backdrop"])


def read_osm_places(path: Path) -> gpd.GeoDataFrame:
    """Read the names by which people say where something is.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    geopandas.GeoDataFrame
        ``osm_id``, ``name``, ``name_en``, ``name_zh``, ``place`` (one of
        :data:`~walkshed.inputs.osm_filters.PLACES`); points in EPSG:4326.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return _read(path, LAYERS["places"])


def _read(path: Path, layer: Layer) -> gpd.GeoDataFrame:
    return layer.frame(scan_objects(path, tuple(layer.choice), layer.accept, nodes=layer.nodes).objects)
