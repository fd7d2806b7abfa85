"""The map layer of every room's own area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import shapely

from walkshed.reporting import palette
from walkshed.reporting.areas import own_areas
from walkshed.reporting.leaflet import CompactLayer, compact_payload
from walkshed.reporting.maplayers import COARSE, EXCHANGE, NAME_CHARACTERS, STREET_TOLERANCE_M, located
from walkshed.reporting.signs import area_key
from walkshed.reporting.wording import say, shortened

if TYPE_CHECKING:
    from walkshed.results import Survey

BAND_Z = 310
OPACITY = (0.04, 0.16)
"""Of neighbours in the list, so that areas that touch can be told apart."""


def area_group(result: Survey, language: str) -> dict[str, Any] | None:
    """Return the own area of every room, hidden until the reader asks for it; ``None`` where there are not two.

    Borders are simplified together, so that areas still touch and do not overlap.
    """
    areas = located(own_areas(result))
    if len(areas) < 2:  # noqa: PLR2004 - the area of one room is the isochrone
        return None
    metric = areas.geometry.to_crs(result.network.crs)
    thin = shapely.coverage_simplify(np.asarray(metric.array, dtype=object), STREET_TOLERANCE_M)
    drawn = gpd.GeoSeries(thin, crs=metric.crs).to_crs(EXCHANGE)
    group = folium.FeatureGroup(name=say("own_areas", language), show=False)
    CompactLayer(
        "own-areas",
        compact_payload(
            drawn,
            scale=COARSE,
            classes=np.arange(len(areas)) % len(OPACITY),
            names=[shortened(name, NAME_CHARACTERS) for name in areas["name"]],
            columns=[
                {
                    "label": say("field_nearest_residents", language),
                    "values": [round(float(value)) for value in areas["residents"]],
                }
            ],
        ),
        z=BAND_Z,
        style={"color": palette.NAVY, "weight": 1, "opacity": 0.9, "fillColor": palette.NAVY},
        looks=[{"fillOpacity": opacity} for opacity in OPACITY],
        interactive=True,
    ).add_to(group)
    key = area_key(palette.NAVY, opacity=OPACITY[1], stroke=palette.NAVY)
    row = {"key": key, "text": say("own_area", language)}
    return {"text": say("own_areas", language), "layer": group, "rows": [row]}
