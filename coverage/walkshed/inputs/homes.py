"""Which buildings of OpenStreetMap are taken for homes: one table, each entry with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from walkshed.coordinates import areas_m2
from walkshed.inputs.osm_filters import PURPOSE_KEYS, is_residential_use

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]

DWELLINGS = {
    "apartments": "flats, the usual housing of a city",
    "residential": "housing of a kind not told apart",
    "block": "a closed block of flats",
    "house": "one household or few",
    "detached": "a house on its own",
    "semidetached_house": "one of two joined houses",
    "semi": "the same, short form",
    "terrace": "a row of houses",
    "terraced_house": "one house of a row",
    "townhouse": "the same",
    "duplex": "two households",
    "bungalow": "a house of one storey",
    "villa": "a large house",
    "cabin": "a small house that is lived in",
    "farm": "the farmhouse; stables and barns have values of their own",
    "dormitory": "students and workers live there all year",
    "bunk_house": "the same, on work sites",
    "staff_accommodation": "the same",
    "nursing_home": "residents live there for good",
    "retirement_home": "the same",
    "houseboat": "a home on water",
    "static_caravan": "a home that no longer moves",
    "ger": "a felt tent that is lived in",
}
"""Values of ``building`` that count as homes, with the reason; every value not listed counts as no home.

Left out on purpose: ``hotel`` (guests are no residents), ``hut`` and ``shed`` (no dwellings), ``public``,
``commercial``, ``retail``, ``office`` (flats above a shop are mapped as apartments or as ``building:use``),
``construction`` (nobody lives there yet), ``ruins`` (no longer). A shop or a doctor in the ground floor of
``apartments`` does not empty the house.
"""

UNSAID = "yes"
"""``building=yes`` says only that there is a building. It counts as a home where nothing speaks against it: no tag of
:data:`~walkshed.inputs.osm_filters.PURPOSE_KEYS` (an office, shop, school, church, ... would be tagged so) and, where
land use is known, no :data:`OTHER_LAND` around it. In most cities mapped so far the greater part of the homes is
``yes``."""

OTHER_LAND = {
    "commercial": "offices",
    "retail": "shops",
    "industrial": "works and stores",
    "railway": "stations and sheds",
    "depot": "vehicles",
    "port": "cargo",
    "harbour": "the same",
    "military": "barracks are no dwellings of the study",
    "education": "teaching",
    "school": "the same",
    "kindergarten": "the same",
    "college": "teaching; its hostels are mapped as dormitory",
    "university": "the same",
    "hospital": "patients are no residents",
    "prison": "inmates do not go to reading rooms",
    "fire_station": "engines",
    "marketplace": "stalls",
    "institutional": "offices of the state",
    "civic_admin": "the same",
    "religious": "temples and churches",
    "cemetery": "chapels and sheds",
    "recreation_ground": "sports",
    "allotments": "sheds",
    "garages": "vehicles",
    "greenhouse_horticulture": "glass houses",
    "plant_nursery": "the same",
    "farmyard": "barns; the farmhouse is mapped as farm or house",
    "quarry": "works",
    "landfill": "works",
    "construction": "nobody lives there yet",
    "brownfield": "nobody lives there any more",
}
"""Land on which a ``building=yes`` is taken for what the land is used for."""


def are_homes(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame | None = None) -> pd.Series:
    """Say for every building whether it is taken for a home, by :data:`DWELLINGS`, :data:`UNSAID`, :data:`OTHER_LAND`.

    ``building:use``, where tagged, decides alone.
    """
    use = buildings["building_use"]
    by_use = use.map(is_residential_use).astype(bool)
    by_kind = buildings["building"].map(lambda kinds: not DWELLINGS.keys().isdisjoint(kinds.split(";"))).astype(bool)
    plain = (buildings[list(PURPOSE_KEYS)] == "").all(axis=1) & (buildings["building"] == UNSAID)
    if landuse is not None:
        plain &= ~_on_other_land(buildings, landuse)
    homes: pd.Series = (by_use | ((use == "") & (by_kind | plain))).rename("home")
    return homes


def _on_other_land(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> BoolArray:
    """Say for every building whether the smallest land use that holds it is one of :data:`OTHER_LAND`."""
    smallest_last = landuse.iloc[np.argsort(-areas_m2(landuse.geometry), kind="stable")]
    inside = shapely.point_on_surface(buildings.geometry.to_numpy())
    pairs = shapely.STRtree(smallest_last.geometry.to_numpy()).query(inside, predicate="intersects")
    innermost = np.full(len(buildings), -1)
    np.maximum.at(innermost, pairs[0], pairs[1])
    other = np.append(smallest_last["landuse"].isin(list(OTHER_LAND)).to_numpy(bool), [False])
    answer: BoolArray = other[innermost]
    return answer
