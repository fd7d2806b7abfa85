"""The walking network from the internet, through OSMnx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import check_extent, metric_crs
from walkshed.errors import NetworkError
from walkshed.inputs.service import NothingFoundError, ask, what
from walkshed.network.assemble import check_speed
from walkshed.network.build import network_from_osmnx
from walkshed.network.traits import NODE_TAGS, TRAIT_TAGS
from walkshed.network.walkable import tags_asked
from walkshed.progress import silent
from walkshed.walkers import PUBLIC

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.inputs.service import Service
    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress
    from walkshed.walkers import Access

SOURCE = "OpenStreetMap (Overpass)"


def fetch_network(
    boundary: gpd.GeoDataFrame,
    *,
    margin_m: float,
    access: Access = PUBLIC,
    speed_kmh: float = 4.2,
    service: Service | None = None,
    progress: Progress = silent,
) -> WalkNetwork:
    """Fetch the walking network of an area.

    Parameters
    ----------
    boundary
        Areas with a CRS.
    margin_m
        How far beyond the boundary streets are needed: at least as far as anyone walks in the study.
    access
        What differs from the rules of :mod:`walkshed.network.walkable`.
    speed_kmh
        Walking speed on the flat.
    service
        Where and how patiently to ask.
    progress
        See :func:`walkshed.inputs.service.ask`.

    Returns
    -------
    WalkNetwork
        In the UTM zone of the boundary.

    Raises
    ------
    FetchError
        If the service cannot be asked.
    NetworkError
        If there is no walkable street, or the speed is no positive number.

    Notes
    -----
    Every way with a ``highway`` tag is fetched (``osmnx.graph_from_polygon`` with a filter of its own) and judged by
    :mod:`walkshed.network.walkable`, as when a file is read; the walking filter of OSMnx would drop all cycleways and
    streets with a separate sidewalk. Squares mapped as multipolygons are not among the ways and are missing.
    """
    check_speed(speed_kmh)
    area = boundary.geometry.to_crs(EXCHANGE_CRS).union_all()
    crs = metric_crs(area)
    wide = boundary.geometry.to_crs(crs).buffer(margin_m).to_crs(EXCHANGE_CRS)
    check_extent(wide)
    asked = shapely.make_valid(wide.union_all())
    import osmnx  # noqa: PLC0415 - takes a second to load, and most studies fetch nothing

    try:
        graph = ask(
            what("fetched_streets"),
            lambda: osmnx.graph_from_polygon(
                asked,
                network_type="walk",
                simplify=False,
                retain_all=True,
                truncate_by_edge=True,
                custom_filter='["highway"]',
            ),
            service=service,
            progress=progress,
            useful_tags_way=list(dict.fromkeys([*tags_asked(access), *TRAIT_TAGS])),
            useful_tags_node=list(NODE_TAGS),
        )
    except NothingFoundError as nothing:
        raise NetworkError("network_empty", source=SOURCE) from nothing
    return network_from_osmnx(graph, crs=crs, access=access, speed_kmh=speed_kmh, source=SOURCE)
