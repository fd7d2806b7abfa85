"""What a study is made of and what it found out, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from walkshed.errors import Message
    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.siting.solve import SitingAnswer


@dataclass(frozen=True, kw_only=True)
class InputRecord:
    """One input of a study, for the record.

    Attributes
    ----------
    layer
        ``"boundary"``, ``"network"``, ``"facilities"``, ``"demand"``, ``"units"`` or ``"candidates"``.
    source
        File name or service.
    sha256
        Of the file; empty where there is none.
    count
        Rows accepted; edges for the network.
    rejected
        Rows rejected.
    """

    layer: str
    source: str
    sha256: str
    count: int
    rejected: int


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyInputs:
    """Valid tables and the network of a study; how the study is computed from them is not in here.

    Attributes
    ----------
    boundary, units, facilities, demand
        Tables by :mod:`walkshed.contracts`, EPSG:4326. Demand lies inside the boundary, facilities may lie beyond it.
    network
        At the speed of the headline profile.
    backdrop
        Water and green areas for drawing.
    places
        Named places, to say where something is.
    candidates
        Places of the user's own; ``None`` where they are generated along the streets.
    rejects
        Every row that was not used, with its reason.
    records
        Where everything came from.
    """

    boundary: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    network: WalkNetwork
    backdrop: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame | None
    rejects: pd.DataFrame
    records: tuple[InputRecord, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResult:
    """Everything a study found out. Geometry in EPSG:4326; the tables are not to be changed.

    Attributes
    ----------
    config, inputs
        What it was computed from.
    facilities
        All facilities, snapped.
    demand
        Residents with minutes, nearest facility, covered and reason, at the headline profile and cutoff.
    isochrones
        Per serving facility and cutoff, and merged (``facility_id`` empty) per cutoff.
    rates
        Every basis the data supports, by unit, profile and cutoff.
    gaps
        Contiguous unserved residents, most residents first.
    candidates, siting, proposals
        Where rooms could stand, the solver's answer, the rooms proposed in build order.
    disagreement
        Share of residents on whom the drawn isochrone and the routed minutes disagree.
    notes
        What a reader must know.
    seconds
        Wall time per stage.
    """

    config: StudyConfig
    inputs: StudyInputs
    facilities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame
    rates: pd.DataFrame
    gaps: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    proposals: gpd.GeoDataFrame
    siting: SitingAnswer
    disagreement: float
    notes: tuple[Message, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
