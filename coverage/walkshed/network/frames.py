"""A network's streets as a table that can be drawn and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork


def network_edges(network: WalkNetwork) -> gpd.GeoDataFrame:
    """Return the edges of a network, one row each.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    geopandas.GeoDataFrame
        In the network's metre CRS: ``way_id``, ``from_node`` and ``to_node`` (ids of the source), ``name`` (blank for
        a nameless street), ``length_m``, ``forward_min`` and ``backward_min`` (``inf`` where one cannot walk),
        ``steps`` and the line from the first node to the second.

    Examples
    --------
    >>> import walkshed as ws
    >>> inputs = ws.load_study(ws.StudyConfig.from_toml("data/helsinki"))
    >>> streets = ws.network_edges(inputs.network)
    >>> len(streets) == len(inputs.network.length_m), str(streets.crs)
    (True, 'EPSG:32635')
    """
    names = np.array(["", *network.names], dtype=object)
    table = {
        "way_id": network.way_id,
        "from_node": network.node_id[network.u],
        "to_node": network.node_id[network.v],
        "name": names[network.name_code + 1],
        "length_m": network.length_m,
        "forward_min": network.forward_min,
        "backward_min": network.backward_min,
        "steps": network.steps,
    }
    return gpd.GeoDataFrame(table, geometry=list(network.edge_lines), crs=network.crs)
