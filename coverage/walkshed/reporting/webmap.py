"""The study on one interactive page that works without the internet."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from walkshed.files import write_whole
from walkshed.reporting import palette
from walkshed.reporting.arealayer import area_group
from walkshed.reporting.homelayer import home_group
from walkshed.reporting.keyfigures import approval_line, key_figures
from walkshed.reporting.leaflet import FitArea, Legend, OfflineMap, Panel, Search, steady_ids
from walkshed.reporting.maplayers import (
    band_group,
    base_group,
    gap_group,
    proposal_group,
    room_group,
    unit_group,
)
from walkshed.reporting.searching import search_entries
from walkshed.reporting.wording import credits_of, named, percent, say, title

if TYPE_CHECKING:
    from os import PathLike

    from walkshed.results import StudyResult

ROLE_COLOURS: Final = {"rate": palette.NAVY, "unserved": "#C24A14", "gain": palette.NEW}
"""Of the key figures; the orange is darker than on the map, to be read as text."""


def webmap(result: StudyResult, *, language: str = "zh", assets_url: str | None = None) -> OfflineMap:
    """Draw a study as an interactive map.

    Parameters
    ----------
    result
        The study's result.
    language
        ``"zh"`` or ``"en"``.
    assets_url
        Where an app serves Leaflet; by default the page carries everything inside (:class:`OfflineMap`).

    Returns
    -------
    OfflineMap
        A folium map: backdrop, streets, isochrones, homes by class, gaps, rooms, proposals; title with the key
        figures, and a legend that switches the layers. Equal results give equal pages.
    """
    west, south, east, north = (float(value) for value in result.inputs.boundary.total_bounds)
    drawn = OfflineMap(
        [(south + north) / 2, (west + east) / 2],
        language=language,
        assets_url=assets_url,
        attribution=credits_of(result, language),
        zoom_position="bottomright",
        zoom_start=13,
        max_zoom=19,
        min_zoom=8,
    )
    drawn.page.title = escape(title(result, language))
    FitArea((west, south, east, north), reserve=True).add_to(drawn)
    groups = [
        group
        for group in (
            room_group(result, language),
            proposal_group(result, language),
            home_group(result, language),
            gap_group(result, language),
            band_group(result, language),
            area_group(result, language),
            unit_group(result, language),
            base_group(result, language),
        )
        if group is not None
    ]
    for group in reversed(groups):
        group["layer"].add_to(drawn)
    Panel(
        title(result, language),
        subtitle=subtitle(result, language),
        figures=[
            {"value": figure.value, "label": figure.label, "detail": figure.detail, "color": ROLE_COLOURS[figure.role]}
            for figure in key_figures(result, language)
        ],
        notes_title=say("notes_title", language, count=len(result.notes) + 1),
        notes=reader_notes(result, language),
        footer=approval_line(result, language),
    ).add_to(drawn)
    Search(search_entries(result, language), label=say("search", language), none=say("search_none", language)).add_to(
        drawn
    )
    Legend(say("legend_layers", language), groups).add_to(drawn)
    steady_ids(drawn)
    return drawn


def write_webmap(result: StudyResult, path: str | PathLike[str], *, language: str = "zh") -> None:
    """Write :func:`webmap` as one HTML file, at once or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    written = webmap(result, language=language).page.render()
    write_whole(Path(path), written)


def subtitle(result: StudyResult, language: str) -> str:
    """Return how walking was measured, in one line."""
    walking = result.config.walking
    return say(
        "subtitle",
        language,
        profile=named("profile", walking.profile, language),
        speed=result.config.speed_kmh(),
        direction=say(f"direction_{walking.direction}", language),
    )


def reader_notes(result: StudyResult, language: str) -> list[str]:
    """Return what a reader must know, last how far the drawn isochrones are from the routed minutes."""
    notes = [note.text(language) for note in result.notes]
    return [*notes, say("disagreement", language, share=percent(result.disagreement, 2))]
