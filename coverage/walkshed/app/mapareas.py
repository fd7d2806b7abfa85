"""Areas and signs that a study's result puts on the map and no click changes: drawn once, sent once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from walkshed.app import state
from walkshed.app.mapsent import Sent, as_sent, drawn_once
from walkshed.reporting import palette
from walkshed.reporting.arealayer import area_group
from walkshed.reporting.leaflet import CompactLayer, MarkerLayer, compact_payload
from walkshed.reporting.maplayers import COARSE, band_group, gap_group, located, room_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd

    from walkshed.results import StudyResult, Survey

    Layer = CompactLayer | MarkerLayer

MAX_GAP_LABELS: Final = 6
MAX_CANDIDATES: Final = 2_500
"""More candidates than these are drawn thinned out."""
THIN_M: Final = 3.0
"""Corners of areas that matter less than so many metres are left out."""


def standing(result: Survey, kinds: Iterable[str], spoken: str) -> Iterator[Sent]:
    """Return the layers of these kinds, ready to be sent.

    Parameters
    ----------
    result
        The study's.
    kinds
        Of ``isochrones``, ``gaps``, ``own_areas``, ``candidates``, ``rooms``.
    spoken
        Language of the labels.
    """
    public = not state.is_own(result.config) and result.config.residents.source == "osm"
    for kind in kinds:
        yield from drawn_once(result, (kind, spoken), partial(_made, result, kind, spoken, public=public))


def _made(result: Survey, kind: str, spoken: str, *, public: bool) -> tuple[Sent, ...]:
    return as_sent(_layers(result, kind, spoken), public=public)


def _layers(result: Survey, kind: str, spoken: str) -> Iterator[Layer]:
    if kind == "isochrones":
        yield from _children(band_group(replace(result, isochrones=_bands(result)), spoken))
    elif kind == "gaps":
        yield from _gaps(result, spoken)
    elif kind == "own_areas":
        yield from _children(area_group(result, spoken))
    elif kind == "candidates":
        yield _candidates(result)  # type: ignore[arg-type]  # asked for on the siting page alone
    else:
        group = room_group(result, spoken)
        if group is not None:
            yield group["layer"]


def _children(group: dict[str, object] | None) -> Iterator[Layer]:
    if group is not None:
        yield from group["layer"]._children.values()  # type: ignore[attr-defined]  # noqa: SLF001 - branca has no other way


def _bands(result: Survey) -> gpd.GeoDataFrame:
    """Return the merged isochrones up to the limit."""
    shapes = result.isochrones
    within = (shapes.cutoff_min <= result.config.walking.cutoff_min) & (shapes.facility_id == "")
    return thinned(shapes[within], result.network.crs)


def _gaps(result: Survey, spoken: str) -> Iterator[Layer]:
    """Return all gaps, but labels of the largest only: dozens of labels would hide the homes."""
    gaps = thinned(result.gaps, result.network.crs)
    every = gap_group(replace(result, gaps=gaps), spoken)
    largest = gap_group(replace(result, gaps=gaps.iloc[:MAX_GAP_LABELS]), spoken)
    for source, kind in ((every, CompactLayer), (largest, MarkerLayer)):
        yield from (layer for layer in _children(source) if isinstance(layer, kind))


def _candidates(result: StudyResult) -> Layer:
    table = located(result.candidates)
    step = -(-len(table) // MAX_CANDIDATES) or 1
    return CompactLayer(
        "candidates",
        compact_payload(table.geometry.iloc[::step], scale=COARSE),
        z=445,
        style={"color": "#FFFFFF", "weight": 0.8, "fillColor": palette.INK, "fillOpacity": 0.75},
        radius=2.6,
    )


def thinned(shapes: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return areas with no more corners than can be seen.

    Parameters
    ----------
    shapes
        Areas.
    crs
        In metres.
    """
    return shapes.set_geometry(shapes.geometry.to_crs(crs).simplify(THIN_M).to_crs(shapes.crs))
