"""All districts on one page that works without the internet, coloured by the share of residents served."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import folium
import numpy as np

from walkshed.batch.table import FIELDS, measured_alike, totals_of
from walkshed.files import write_whole
from walkshed.reporting import palette
from walkshed.reporting.columns import Kind
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, OfflineMap, Panel, Search, steady_ids
from walkshed.reporting.payload import compact_payload
from walkshed.reporting.signs import area_key
from walkshed.reporting.wording import count, people, percent, say, shortened

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

EDGES: Final = (0.2, 0.4, 0.6, 0.8)
COLOURS: Final = ("#B5460F", "#E8915B", "#E6D9A8", "#8DB9DB", "#2C6DA4")
"""From few served to many: hue and lightness tell them apart, also for the colour-blind (tests/batch)."""
UNKNOWN: Final = len(COLOURS)
SCALE: Final = 100_000
RADIUS: Final = 6.0
CREDIT_CHARACTERS: Final = 240
NAME_CHARACTERS: Final = 60


def write_national_map(table: gpd.GeoDataFrame, path: Path, *, credit: str, language: str) -> None:
    """Write the map as one HTML file; at least one district must not have failed.

    Parameters
    ----------
    table
        See :func:`walkshed.batch.table.national_table`.
    path
        File.
    credit
        Whom the data is owed to.
    language
        ``"zh"`` or ``"en"``.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_whole(path, national_map(table, credit=credit, language=language).page.render())


def national_map(table: gpd.GeoDataFrame, *, credit: str, language: str) -> OfflineMap:
    """Draw all districts: outlines and a point each, which is seen however far away one looks."""
    done = table[table["state"] == "done"]
    west, south, east, north = (float(value) for value in done.total_bounds)
    drawn = OfflineMap(
        [(south + north) / 2, (west + east) / 2],
        language=language,
        attribution=shortened(credit, CREDIT_CHARACTERS),
        zoom_position="bottomright",
        zoom_start=5,
        max_zoom=16,
        min_zoom=1,
    )
    drawn.page.title = escape(say("batch_title", language))
    FitArea((west, south, east, north), reserve=True).add_to(drawn)
    group = _districts(done, language)
    group.add_to(drawn)
    _panel(table, language).add_to(drawn)
    entries = [
        {"name": shortened(name, NAME_CHARACTERS), "kind": say("batch_district", language), "bounds": shape.bounds}
        for name, shape in zip(done["name"], done.geometry, strict=True)
    ]
    Search(entries, label=say("batch_search", language), none=say("search_none", language)).add_to(drawn)
    codes = rate_classes(done["rate"])
    rows = [
        {
            "key": area_key(_colour(code)),
            "text": say("batch_class", language, name=name, count=int((codes == code).sum())),
        }
        for code, name in enumerate(_class_names(language))
        if code < UNKNOWN or (codes == code).any()
    ]
    Legend(
        say("legend_layers", language), [{"text": say("batch_legend", language), "layer": group, "rows": rows}]
    ).add_to(drawn)
    steady_ids(drawn)
    return drawn


def rate_classes(rates: pd.Series) -> NDArray[np.int64]:
    """Return the class of every rate: 0 (below 20 %) to 4 (80 % and more), 5 where there is none."""
    values = rates.to_numpy(float)
    classes: NDArray[np.int64] = np.where(np.isnan(values), UNKNOWN, np.searchsorted(EDGES, values, side="right"))
    return classes


def _class_names(language: str) -> list[str]:
    edges = [0.0, *EDGES, 1.0]
    names = [f"{low:.0%}\N{EN DASH}{high:.0%}" for low, high in pairwise(edges)]
    return [*names, say("batch_no_rate", language)]


def _colour(code: int) -> str:
    return (*COLOURS, palette.GREY)[code]


def _districts(done: gpd.GeoDataFrame, language: str) -> folium.FeatureGroup:
    group = folium.FeatureGroup(name=say("batch_legend", language))
    codes = rate_classes(done["rate"])
    looks = [{"color": palette.BORDER, "fillColor": _colour(code)} for code in range(UNKNOWN + 1)]
    CompactLayer(
        "districts",
        compact_payload(done.geometry, scale=SCALE, classes=codes),
        z=400,
        style={"weight": 0.8, "fillOpacity": 0.75},
        looks=looks,
    ).add_to(group)
    columns = [
        {
            "label": say(f"field_batch_{name}", language),
            "values": [_shown(value, kind) for value in done[name]],
        }
        for name, (kind, _) in FIELDS.items()
    ]
    names = [shortened(name, NAME_CHARACTERS) for name in done["name"]]
    points = done.geometry.representative_point()
    CompactLayer(
        "district-points",
        compact_payload(points, scale=SCALE, classes=codes, names=names, columns=columns),
        z=420,
        style={"weight": 1.2, "color": "#FFFFFF", "fillOpacity": 1},
        looks=[{"fillColor": _colour(code)} for code in range(UNKNOWN + 1)],
        radius=RADIUS,
        interactive=True,
    ).add_to(group)
    return group


def _shown(value: float, kind: Kind) -> str | None:
    if np.isnan(value):
        return None
    return percent(value) if kind is Kind.PERCENT else count(value) if kind is Kind.WHOLE else f"{value:g}"


def _panel(table: pd.DataFrame, language: str) -> Panel:
    totals, failed = totals_of(table), table[table["state"] == "failed"]
    notes = [say("batch_definition", language)]
    if not measured_alike(table):
        notes.append(say("batch_unlike", language))
    if len(failed):
        notes.append(say("batch_without_failed", language, count=len(failed)))
    notes += [f"{name}: {why}" for name, why in zip(failed["name"], failed[f"error_{language}"], strict=True)]
    told = say("batch_districts", language, done=len(table) - len(failed), failed=len(failed))
    figures = [
        {
            "value": percent(totals["rate"]),
            "label": say("field_batch_rate", language),
            "detail": say(
                "batch_rate",
                language,
                rate=percent(totals["rate"]),
                served=count(totals["served"]),
                residents=count(totals["residents"]),
            ),
            "color": palette.NAVY,
        },
        {
            "value": people(totals["unserved"], language),
            "label": say("field_batch_unserved", language),
            "detail": told,
            "color": "#C24A14",
        },
    ]
    return Panel(
        say("batch_title", language),
        subtitle=told,
        figures=figures,
        notes_title=say("notes_title", language, count=len(notes)),
        notes=notes,
        footer=say("internal", language),
    )
