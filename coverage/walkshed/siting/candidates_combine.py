"""Candidates from several sources as one table: a list of premises, places on the map, positions along the streets."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.errors import SitingError
from walkshed.inputs.reads import Read, join_rejects, make_rejects
from walkshed.siting.candidates import make_candidates
from walkshed.siting.candidates_naming import name_candidates
from walkshed.siting.exclusions import OWN, screen_candidates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from walkshed.network.model import WalkNetwork

NEVER = ("water", OWN)
"""Listed places keep out of these too; a list may well name a hall on industrial land, which the streets leave out."""


def gather_candidates(
    network: WalkNetwork,
    boundary: gpd.GeoDataFrame,
    *,
    sources: Mapping[str, gpd.GeoDataFrame | None],
    spacing_m: float = 100.0,
    exclude: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    apart_m: float = 50.0,
    fragment_max_m: float = 500.0,
) -> Read:
    """Return all candidates of a study: those of lists, of the map and along the streets.

    Parameters
    ----------
    network, boundary
        Streets, and where along them rooms may be built.
    sources
        Name of the source (``"file"``, ``"osm"``, ``"network"``) -> candidates tied to ``network``, or ``None`` for
        those along the streets. Of two that are one place the one of the source before stays, so what the user lists
        should go first.
    spacing_m
        Distance of candidates along the streets.
    exclude
        From :func:`walkshed.siting.exclusions.exclusion_areas`. Candidates along the streets keep out of all of
        it, listed ones out of water and the user's own areas.
    places
        Named points or areas, to say what a candidate is near.
    apart_m
        As for :func:`combine_candidates`.
    fragment_max_m
        As for :func:`walkshed.siting.candidates.make_candidates`.

    Returns
    -------
    Read
        ``table`` as from :func:`combine_candidates`, named by
        :func:`walkshed.siting.candidates_naming.name_candidates`; rejects of all steps.

    Raises
    ------
    SitingError
        If a length is unusable, or there is no source.
    InputError
        If a list was not tied to the streets.
    """
    never = None if exclude is None else exclude[exclude["kind"].isin(NEVER)]
    tables, rejects = {}, []
    for source, listed in sources.items():
        if listed is None:
            tables[source] = make_candidates(
                network, boundary, spacing_m=spacing_m, exclude=exclude, places=places, fragment_max_m=fragment_max_m
            )
        else:
            screened = screen_candidates(listed, exclude=never, source=source)
            tables[source] = name_candidates(screened.table, network, places=places)
            rejects.append(screened.rejects)
    both = combine_candidates(tables, crs=network.crs, apart_m=apart_m)
    return Read(both.table, join_rejects([*rejects, both.rejects]))


def combine_candidates(tables: Mapping[str, gpd.GeoDataFrame], *, crs: str, apart_m: float = 50.0) -> Read:
    """Join candidates of several sources, each place once.

    Parameters
    ----------
    tables
        Name of the source -> candidates; of two that are one place the one of the source before stays. All tied to the
        streets, or none.
    crs
        Metre CRS to measure distances in: ``network.crs``.
    apart_m
        Candidates of different sources no farther apart than this, metres as the crow flies, are one place. What one
        source tells apart stays apart.

    Returns
    -------
    Read
        ``table``: the rows of all sources in order, with ``source``. Ids stay as they are; one that a source before has
        given already becomes ``<source>:<id>``. Rejects: what was left out (``candidate_doubled``; ``detail`` tells
        which one stays and how far it is).

    Raises
    ------
    SitingError
        If ``apart_m`` is no distance, or only some of the tables are tied to the streets.
    InputError
        If a table has no ids.
    """
    if not (isfinite(apart_m) and apart_m >= 0):
        raise SitingError("apart_unusable", value=apart_m)
    for source, table in tables.items():
        require_columns(table, source, ("candidate_id", "place"), step="name_candidates()")
    tied = Counter("edge" in table.columns for table in tables.values())
    if len(tied) > 1:
        loose = next(source for source, table in tables.items() if "edge" not in table.columns)
        raise SitingError("sources_untied", source=loose)
    kept: list[gpd.GeoDataFrame] = []
    rejects = []
    taken: set[str] = set()
    places_m, ids = np.zeros((0, 2)), np.zeros(0, object)
    for source, table in tables.items():
        points = table.geometry.to_crs(crs)
        own_m = np.column_stack([points.x.to_numpy(np.float64), points.y.to_numpy(np.float64)])
        given = np.array(texts(table, "candidate_id"), object)
        away, nearest = _nearest(own_m, places_m)
        doubled = away <= apart_m
        rejects.append(
            make_rejects(
                "candidates",
                source,
                lines=[None] * int(doubled.sum()),
                row_ids=given[doubled].tolist(),
                reasons=["candidate_doubled"] * int(doubled.sum()),
                details=[
                    f"kept={ids[other]}; distance_m={metres:.0f}"
                    for other, metres in zip(nearest[doubled], away[doubled].tolist(), strict=True)
                ],
            )
        )
        own = np.array([f"{source}:{key}" if key in taken else key for key in given[~doubled].tolist()], object)
        taken.update(own.tolist())
        kept.append(table[~doubled].assign(candidate_id=own, source=source))
        places_m, ids = np.concatenate([places_m, own_m[~doubled]]), np.concatenate([ids, own])
    filled = [table for table in kept if len(table)] or kept[:1]
    if not filled:
        raise SitingError("sources_missing")
    whole = pd.concat(filled, ignore_index=True)
    return Read(gpd.GeoDataFrame(whole, geometry="geometry", crs=filled[0].crs), join_rejects(rejects))


def _nearest(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every point how far the nearest of the others is and which it is; ``inf`` where there is none."""
    if not len(points) or not len(others):
        return np.full(len(points), np.inf), np.zeros(len(points), np.int64)
    away, which = cKDTree(others).query(points)
    return np.asarray(away), np.asarray(which, np.int64)
