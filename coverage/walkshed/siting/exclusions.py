"""Where no room can be built: water, works, barracks, tracks, graves, and what the user rules out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import SitingError
from walkshed.inputs.osm import read_osm_exclusions
from walkshed.inputs.osm_filters import EXCLUSIONS
from walkshed.inputs.reads import Read, make_rejects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KINDS: Final = ("water", "industrial", "military", "railway", "cemetery")
"""What is left out unless something else is asked for."""
OWN: Final = "own"
COLUMNS: Final = ("kind", "name", "geometry")


def exclusion_areas(
    source: Path | str | gpd.GeoDataFrame | None,
    *,
    kinds: Sequence[str] = KINDS,
    own: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return the areas in which no room can be built.

    Parameters
    ----------
    source
        ``.osm.pbf`` or OSM XML, or a table of areas with ``kind`` (as from
        :func:`walkshed.inputs.osm.read_osm_exclusions`) or ``layer`` (the backdrop, which knows water only), any CRS.
    kinds
        Which of :data:`walkshed.inputs.osm_filters.EXCLUSIONS`; none takes ``own`` alone.
    own
        Areas of the user's own, any CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        ``kind`` (``"own"`` for the user's), ``name``, areas in EPSG:4326.

    Raises
    ------
    SitingError
        If a kind is unknown.
    InputError
        If the file cannot be read, or the table says no kinds.
    """
    unknown = [kind for kind in kinds if kind not in EXCLUSIONS]
    if unknown:
        raise SitingError("exclusions_unknown", kinds=", ".join(unknown), known=", ".join(EXCLUSIONS))
    found = read_osm_exclusions(Path(source)) if isinstance(source, Path | str) else source
    parts = [] if found is None or not kinds else [_of_kinds(found, kinds)]
    if own is not None:
        parts.append(_areas(own, [OWN] * len(own)))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=EXCHANGE_CRS)


def _of_kinds(table: gpd.GeoDataFrame, kinds: Sequence[str]) -> gpd.GeoDataFrame:
    column = "layer" if "kind" not in table.columns and "layer" in table.columns else "kind"
    require_columns(table, "exclusions", (column,), step="read_osm_exclusions()")
    chosen = table[table[column].isin(list(kinds))]
    return _areas(chosen, texts(chosen, column))


def _areas(table: gpd.GeoDataFrame, kinds: Sequence[str]) -> gpd.GeoDataFrame:
    shapes = table.geometry.to_crs(EXCHANGE_CRS).array
    return gpd.GeoDataFrame({"kind": list(kinds), "name": texts(table, "name")}, geometry=shapes, crs=EXCHANGE_CRS)


def screen_candidates(
    candidates: gpd.GeoDataFrame, *, exclude: gpd.GeoDataFrame | None = None, source: str = ""
) -> Read:
    """Leave out candidates that stand where no room can be built, or too far from any street.

    Parameters
    ----------
    candidates
        Tied to the streets by :func:`walkshed.network.snap.snap`.
    exclude
        From :func:`exclusion_areas`.
    source
        Where they are from, for the record.

    Returns
    -------
    Read
        The others in their order, and the rejects: ``candidate_far`` (no street within the limit of tying),
        ``candidate_in_water`` and ``candidate_excluded`` (``detail`` tells kind and name of the area).

    Raises
    ------
    InputError
        If a table was not through the step before.
    """
    require_columns(candidates, "candidates", ("candidate_id", "edge"), step="snap()")
    reason = np.where(candidates["edge"].to_numpy(np.int64) >= 0, "", "candidate_far").astype(object)
    detail = np.full(len(candidates), "", object)
    if exclude is not None and len(exclude):
        require_columns(exclude, "exclusions", ("kind",), step="exclusion_areas()")
        hit = _first_area(candidates.geometry, exclude)
        inside = (hit >= 0) & (reason == "")
        kinds, names = np.array(texts(exclude, "kind"), object), np.array(texts(exclude, "name"), object)
        reason[inside] = np.where(kinds[hit[inside]] == "water", "candidate_in_water", "candidate_excluded")
        detail[inside] = [f"kind={kinds[area]}; name={names[area]}" for area in hit[inside]]
    gone = reason != ""
    rejects = make_rejects(
        "candidates",
        source,
        lines=[None] * int(gone.sum()),
        row_ids=np.array(texts(candidates, "candidate_id"), object)[gone].tolist(),
        reasons=reason[gone].tolist(),
        details=detail[gone].tolist(),
    )
    return Read(candidates[~gone].reset_index(drop=True), rejects)


def _first_area(points: gpd.GeoSeries, areas: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the first area in which each point lies, -1 none."""
    tree = shapely.STRtree(np.asarray(areas.geometry.to_crs(points.crs).array, dtype=object))
    found = np.full(len(points), len(areas), np.int64)
    point, area = tree.query(np.asarray(points.array, dtype=object), predicate="intersects")
    np.minimum.at(found, point, area)
    return np.where(found < len(areas), found, -1)
