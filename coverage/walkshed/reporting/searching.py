"""What can be found by name on the offline page: rooms, proposals, gaps, units, named places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from walkshed.reporting.maplayers import located
from walkshed.reporting.wording import plain, say, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.results import StudyResult

NAME_CHARACTERS: Final = 80
PLACES_MAX: Final = 3000
"""Named places beyond these are left out, so that the page stays small."""


def search_entries(result: StudyResult, language: str) -> list[dict[str, object]]:
    """Return name, kind and bounds of what has a name, rooms first.

    Parameters
    ----------
    result
        The study's result.
    language
        Of the kinds.
    """
    entries: list[dict[str, object]] = []
    for table, column, kind in (
        (result.facilities, "name", "search_facility"),
        (result.proposals, "place", "search_proposal"),
        (result.gaps.assign(label=list(_gap_labels(result, language))), "label", "search_gap"),
        (result.inputs.units, "name", "search_unit"),
        (result.inputs.places.head(PLACES_MAX), "name", "search_place"),
    ):
        entries += _entries(located(table), column, say(kind, language))
    return entries


def _gap_labels(result: StudyResult, language: str) -> Iterator[str]:
    for rank, unit, place in zip(result.gaps["rank"], result.gaps["unit_name"], result.gaps["place"], strict=True):
        where = say("place_separator", language).join(part for part in (plain(unit), plain(place)) if part)
        yield say("search_gap_name", language, rank=rank, place=where)


def _entries(table: gpd.GeoDataFrame, column: str, kind: str) -> list[dict[str, object]]:
    return [
        {"name": shortened(name, NAME_CHARACTERS), "kind": kind, "bounds": tuple(bounds)}
        for name, bounds in zip(table[column], table.geometry.bounds.to_numpy(), strict=True)
        if plain(name)
    ]
