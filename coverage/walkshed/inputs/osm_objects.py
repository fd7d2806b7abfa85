"""Objects of OpenStreetMap with their tags and geometry, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import shapely

from walkshed.inputs.osm_source import open_osm, reading
from walkshed.progress import beat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Accept = Callable[[Mapping[str, str]], bool]

KINDS = ("node", "way", "relation")


class OsmObject(NamedTuple):
    """One thing on the map.

    Attributes
    ----------
    osm_id
        ``"node/1"``, ``"way/2"`` or ``"relation/3"``.
    tags
        All tags.
    geometry
        Point or area in EPSG:4326; ``None`` where the area could not be put together.
    """

    osm_id: str
    tags: dict[str, str]
    geometry: shapely.Geometry | None


class Scan(NamedTuple):
    """What was found: ``objects`` with geometry, and areas left ``incomplete`` because the file lacks parts of them."""

    objects: list[OsmObject]
    incomplete: list[OsmObject]


def scan_objects(path: Path, keys: tuple[str, ...], accept: Accept, *, nodes: bool = False) -> Scan:
    """Read objects by their tags.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.
    keys
        Only objects with one of these keys are looked at.
    accept
        Decides by all tags of an object.
    nodes
        Take nodes too; otherwise only areas: closed ways, and multipolygon and boundary relations with their holes.

    Returns
    -------
    Scan
        Nodes, then ways, then relations, each by id. An area drawn twice, as a relation and once more as its outer way,
        stands there once (see :func:`drop_doubled`).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    wanted = osmium.osm.AREA | osmium.osm.RELATION | (osmium.osm.NODE if nodes else osmium.osm.NOTHING)
    processor = open_osm(path).with_areas(osmium.filter.KeyFilter(*keys))
    processor = processor.with_filter(osmium.filter.EntityFilter(wanted)).with_filter(osmium.filter.KeyFilter(*keys))
    found: dict[tuple[int, int], tuple[dict[str, str], shapely.Geometry | None]] = {}
    with reading(path):
        for key, tags, geometry in _walk_through(processor, accept):
            if geometry is not None or key not in found:
                found[key] = tags, geometry
    objects = [OsmObject(f"{KINDS[kind]}/{number}", *found[kind, number]) for kind, number in sorted(found)]
    complete = [item for item in objects if item.geometry is not None]
    return Scan(drop_doubled(complete), [item for item in objects if item.geometry is None])


def _walk_through(
    processor: osmium.FileProcessor, accept: Accept
) -> Iterator[tuple[tuple[int, int], dict[str, str], shapely.Geometry | None]]:
    """Yield key, tags and geometry; a relation comes as itself, without geometry, and again when it is complete."""
    factory = osmium.geom.WKBFactory()
    for item in processor:
        beat()
        tags = dict(item.tags)
        if not accept(tags):
            continue
        if isinstance(item, osmium.osm.Node):
            if item.location.valid():
                yield (0, item.id), tags, shapely.Point(item.location.lon, item.location.lat)
        elif isinstance(item, osmium.osm.Area):
            complete = item.num_rings()[0] > 0
            area = _area(factory.create_multipolygon(item)) if complete else None
            yield (1 if item.from_way() else 2, item.orig_id()), tags, area
        elif tags.get("type") in ("multipolygon", "boundary"):
            yield (2, item.id), tags, None


def _area(wkb: str) -> shapely.Geometry:
    """Return an area of one part as a polygon, one of several as a multipolygon."""
    area = shapely.from_wkb(wkb)
    return area if shapely.get_num_geometries(area) > 1 else shapely.get_parts(area)[0]


def drop_doubled(objects: list[OsmObject]) -> list[OsmObject]:
    """Leave out ways that draw an outer ring of a relation which is in the list too.

    Mappers once tagged both the relation and its outer way; the two are one object, and the relation knows the holes.

    Parameters
    ----------
    objects
        Objects with geometry, all chosen by the same tags.
    """
    relations = np.array([item.geometry for item in objects if item.osm_id.startswith("relation/")], object)
    rings = set(_ring_keys(shapely.get_parts(relations)))
    if not rings:
        return objects
    ways = [item for item in objects if item.osm_id.startswith("way/")]
    keys = _ring_keys(np.array([item.geometry for item in ways], object))
    doubled = {way.osm_id for way, key in zip(ways, keys, strict=True) if key in rings}
    return [item for item in objects if item.osm_id not in doubled]


def _ring_keys(areas: np.ndarray) -> list[bytes]:
    """Return a key of every area's outer ring that does not depend on where the ring starts and which way it turns."""
    rings = shapely.get_exterior_ring(areas)  # None for an area of several parts, which no single way draws
    return [key or b"" for key in np.asarray(shapely.to_wkb(shapely.normalize(shapely.polygons(rings))), object)]
