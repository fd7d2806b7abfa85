"""The only orchestration: from a configuration to a frozen result."""

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
        ``"network"``, ``"facilities"``, ``"demand"``, ``"boundary"``, ``"units"`` or ``"candidates"``.
    source
        File name or service.
    sha256
        Of the file; empty where there is none.
    count
        Rows accepted.
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
    """Valid tables and the network of a study; does not depend on how the study is computed from them."""

    boundary: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    network: WalkNetwork
    backdrop: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame | None
    rejects: pd.DataFrame
    records: tuple[InputRecord, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResult:
    """Everything a study found out. All geometry in EPSG:4326; tables are not to be changed."""

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
