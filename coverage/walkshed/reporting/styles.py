"""Styles that QGIS finds in a GeoPackage, so that its layers open in the report's colours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from walkshed.reporting import palette

if TYPE_CHECKING:
    from pathlib import Path

TABLE: Final = """CREATE TABLE layer_styles (
 id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
 f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
 owner TEXT, ui TEXT, update_time DATETIME)"""
STAMP: Final = "2000-01-01T00:00:00Z"
CLEAR: Final = "#00000000"


def add_styles(path: Path) -> None:
    """Write a style for every layer that has one into a GeoPackage, as QGIS looks for it.

    Parameters
    ----------
    path
        GeoPackage; styles it has already are replaced.

    Notes
    -----
    The table ``layer_styles`` is QGIS's own convention, read by GDAL's and QGIS's GeoPackage providers:
    one default style per layer.
    """
    with closing(sqlite3.connect(path)) as database, database:
        held = {name for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}
        database.execute("DROP TABLE IF EXISTS layer_styles")
        database.execute(TABLE)
        for layer, qml in _styles().items():
            if layer in held:
                database.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                    "VALUES ('', '', ?, 'geom', 'walkshed', ?, '', 1, '', '', ?)",
                    (layer, qml, STAMP),
                )
        database.execute("DELETE FROM gpkg_contents WHERE table_name = 'layer_styles'")
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (STAMP,),
        )


def _styles() -> dict[str, str]:
    status = {key: _circle(colour, "#ffffff", 3.2) for key, colour in palette.STATUS_COLOURS.items()}
    homes = {"1": _fill(palette.SERVED, palette.SERVED), "0": _fill(palette.UNSERVED, palette.UNSERVED)}
    return {
        "facilities": _categories("status", status),
        "proposals": _single(_circle(palette.NEW, "#ffffff", 4.6)),
        "candidates": _single(_circle(palette.GREY, "#ffffff", 1.4)),
        "demand": _categories("covered", homes),
        "isochrones": _single(_fill(_faint(palette.BAND, 0.12), palette.NAVY)),
        "gaps": _single(_fill(_faint(palette.UNSERVED, 0.1), palette.GAP)),
        "units": _single(_fill(CLEAR, palette.BORDER)),
        "failing_units": _single(_fill(_faint(palette.GAP, 0.18), palette.GAP)),
        "boundary": _single(_fill(CLEAR, palette.BORDER, width=0.7)),
    }


def _faint(colour: str, share: float) -> str:
    """Return a colour with its opacity, as ``#rrggbbaa``."""
    return f"{colour}{round(255 * share):02x}"


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    alpha = int(colour[7:9], 16) if len(colour) > 7 else 255  # noqa: PLR2004 - #rrggbb and two more
    return f"{red},{green},{blue},{alpha}"


def _options(values: dict[str, str]) -> str:
    told = "".join(
        f'<Option name={quoteattr(key)} type="QString" value={quoteattr(value)}/>' for key, value in values.items()
    )
    return f'<Option type="Map">{told}</Option>'


def _circle(fill: str, rim: str, size_mm: float) -> str:
    values = {
        "color": _rgba(fill),
        "outline_color": _rgba(rim),
        "name": "circle",
        "size": f"{size_mm:g}",
        "size_unit": "MM",
    }
    return f'type="marker"><layer class="SimpleMarker" enabled="1">{_options(values)}</layer>'


def _fill(fill: str, rim: str, width: float = 0.26) -> str:
    values = {
        "color": _rgba(fill), "style": "solid", "outline_color": _rgba(rim), "outline_style": "solid",
        "outline_width": f"{width:g}", "outline_width_unit": "MM",
    }  # fmt: skip
    return f'type="fill"><layer class="SimpleFill" enabled="1">{_options(values)}</layer>'


def _symbols(symbols: dict[str, str]) -> str:
    told = "".join(f'<symbol name={quoteattr(name)} alpha="1" {body}</symbol>' for name, body in symbols.items())
    return f"<symbols>{told}</symbols>"


def _single(symbol: str) -> str:
    return _qml(f'<renderer-v2 type="singleSymbol">{_symbols({"0": symbol})}</renderer-v2>')


def _categories(field: str, symbols: dict[str, str]) -> str:
    rows = "".join(
        f'<category value={quoteattr(value)} label={quoteattr(value)} symbol="{place}" render="true"/>'
        for place, value in enumerate(symbols)
    )
    numbered = {str(place): body for place, body in enumerate(symbols.values())}
    return _qml(
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(field)}><categories>{rows}</categories>'
        f"{_symbols(numbered)}</renderer-v2>"
    )


def _qml(renderer: str) -> str:
    return f'<!DOCTYPE qgis><qgis version="3.34" styleCategories="Symbology">{renderer}</qgis>'
