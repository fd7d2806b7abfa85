"""Styles that QGIS finds in a GeoPackage, so that its layers open in the report's colours and with their names."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from walkshed.reporting import palette
from walkshed.reporting.qml import Rule, by_rule, by_value, circle, fill, line, single
from walkshed.reporting.wording import named, say

if TYPE_CHECKING:
    from pathlib import Path

TABLE: Final = """CREATE TABLE layer_styles (
 id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
 f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
 owner TEXT, ui TEXT, update_time DATETIME)"""
STAMP: Final = "2000-01-01T00:00:00.000Z"
CLEAR: Final = "#00000000"
BOTH: Final = ("zh", "en")
"""One file serves readers of both languages; so do its legends."""


def add_styles(path: Path, *, homes: str, credit: str) -> None:
    """Write a style for every layer that has one into a GeoPackage, as QGIS looks for it, and whom the data is owed to.

    Parameters
    ----------
    path
        GeoPackage; styles it has already are replaced.
    homes
        Geometry type of the layer ``demand``: a style for areas draws no points.
    credit
        Sources, as the description of every layer.

    Notes
    -----
    The table ``layer_styles`` is QGIS's own convention, read by GDAL's and QGIS's GeoPackage providers:
    one default style per layer.
    """
    with closing(sqlite3.connect(path)) as database, database:
        held = {name for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}
        database.execute("DROP TABLE IF EXISTS layer_styles")
        database.execute(TABLE)
        for layer, qml in _styles(points=homes.endswith("Point")).items():
            if layer in held:
                database.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                    "VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', ?)",
                    (layer, f"walkshed {layer}", qml, STAMP),
                )
        database.execute("UPDATE gpkg_contents SET description = ?", (credit,))
        database.execute("DELETE FROM gpkg_contents WHERE table_name = 'layer_styles'")
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (STAMP,),
        )


def _styles(*, points: bool) -> dict[str, str]:
    status = {
        key: (_both(*(named("status", key, language) for language in BOTH)), circle(colour, "#ffffff", 3.2))
        for key, colour in palette.STATUS_COLOURS.items()
    }
    # QGIS writes and compares truth values as these words
    homes = {
        value: (_said(key), circle(colour, "#ffffff", 1.8) if points else fill(colour, colour))
        for value, key, colour in (
            ("true", "home_served_short", palette.SERVED), ("false", "home_unserved_short", palette.UNSERVED),
        )
    }  # fmt: skip
    whole = Rule("\"facility_id\" = ''", _said("bands"), fill(_faint(palette.BAND, 0.12), palette.NAVY))
    single_rooms = Rule(
        "\"facility_id\" <> ''", _said("facilities"), fill(CLEAR, palette.NAVY, width=0.15), shown=False
    )
    return {
        "facilities": by_value("status", status, label="name"),
        "entrances": single(circle(palette.INK, "#ffffff", 1.2)),
        "proposals": single(circle(palette.NEW, "#ffffff", 4.6), label="rank"),
        "candidates": single(circle(palette.GREY, "#ffffff", 1.4)),
        "demand": by_value("covered", homes),
        "isochrones": by_rule((whole, single_rooms)),
        "gaps": single(fill(_faint(palette.UNSERVED, 0.1), palette.GAP), label="rank"),
        "gaps_then": single(fill(CLEAR, palette.GAP)),
        "service_areas": single(fill(CLEAR, palette.NAVY)),
        "reached_streets": single(line(palette.BAND, 0.4)),
        "units": single(fill(CLEAR, palette.BORDER), label="name"),
        "failing_units": single(fill(_faint(palette.GAP, 0.18), palette.GAP)),
        "boundary": single(fill(CLEAR, palette.BORDER, width=0.7)),
    }


def _both(chinese: str, english: str) -> str:
    return f"{chinese} {english}"


def _said(key: str) -> str:
    return _both(*(say(key, language) for language in BOTH))


def _faint(colour: str, share: float) -> str:
    """Return a colour with its opacity, as ``#rrggbbaa``."""
    return f"{colour}{round(255 * share):02x}"
