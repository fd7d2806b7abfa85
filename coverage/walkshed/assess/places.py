"""What parts of a town are called: the names of its streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork


def street_places(network: WalkNetwork) -> gpd.GeoDataFrame:
    """Return every named piece of street, to call gaps and candidates by.

    Returns
    -------
    geopandas.GeoDataFrame
        ``name`` and line geometry in ``network.crs``, one row per named edge, in the order of the edges.
    """
    named = np.flatnonzero(network.name_code >= 0)
    names = [network.names[code] for code in network.name_code[named]]
    return gpd.GeoDataFrame({"name": names}, geometry=network.edge_lines[named], crs=network.crs)
