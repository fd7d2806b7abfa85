"""A study's layers for other programs: GeoJSON, KML, Shapefile, GeoParquet and CSV."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyogrio
import shapely

from walkshed.errors import InputError
from walkshed.files import replacing, scratch, unwritable, write_whole, zip_into
from walkshed.progress import beat
from walkshed.reporting.layers import GEOMETRY_TYPES, layer_tables
from walkshed.reporting.tables import FORMULA_STARTS
from walkshed.reporting.wording import credits_of, title

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    import geopandas as gpd

    from walkshed.results import StudyResult

FORMATS: Final = ("geojson", "kml", "shapefile", "geoparquet", "csv")
NAME_MAX: Final = 10
"""Characters (ASCII) of a field name in a DBF file."""
TEXT_MAX: Final = 80
"""Characters of a text that a DBF field of 254 bytes holds in UTF-8, three bytes each."""
DICTIONARY: Final = "fields.csv"
README: Final = "README.txt"
STAMP: Final = (2000, 1, 1, 0, 0, 0)
SHAPE_KINDS: Final = {"Point": "point", "LineString": "line", "Polygon": "area"}
KML_LAYERS: Final = ("facilities", "isochrones", "gaps", "proposals", "units", "boundary")
"""What is looked at in a globe; thousands of homes are not."""


def write_gis(result: StudyResult, folder: str | PathLike[str], *, kind: str) -> tuple[Path, ...]:
    """Write the layers in one format.

    Parameters
    ----------
    result
        The study's result.
    folder
        Made when absent; files of the same names are replaced, each at once.
    kind
        ``"geojson"`` (a file per layer, RFC 7946), ``"kml"`` (one file: rooms, isochrones, gaps, proposals, units,
        boundary), ``"shapefile"`` (one zip: a shapefile per layer and geometry type, ASCII field names with a
        dictionary, UTF-8), ``"geoparquet"`` (a file per layer) or ``"csv"`` (a file per layer, the geometry as WKT,
        UTF-8 with a mark so that Excel opens it).

    Returns
    -------
    tuple of Path
        Files written. A layer without rows is left out. Title and sources stand inside the files where the format has
        a place for them, otherwise in ``README.txt`` beside them.

    Raises
    ------
    InputError
        If the format is unknown or the folder cannot be written to.
    """
    writers: dict[str, Callable[[dict[str, gpd.GeoDataFrame], Path, str], tuple[Path, ...]]] = {
        "geojson": _geojson, "kml": _kml, "shapefile": _shapefile, "geoparquet": _geoparquet, "csv": _csv,
    }  # fmt: skip
    if kind not in writers:
        raise InputError("gis_unknown", kind=kind, known=", ".join(FORMATS))
    tables = {layer: table for layer, table in layer_tables(result).items() if len(table)}
    told = f"{title(result, 'en')} / {title(result, 'zh')}. {credits_of(result, 'en')}"
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return writers[kind](tables, target, told)
    except OSError as error:
        raise unwritable(target, error) from error


def _geojson(tables: dict[str, gpd.GeoDataFrame], folder: Path, told: str) -> tuple[Path, ...]:
    written = []
    for layer, table in tables.items():
        beat()
        path = folder / f"{layer}.geojson"
        with replacing(path) as draft:
            pyogrio.write_dataframe(
                table,
                draft,
                driver="GeoJSON",
                RFC7946="YES",
                WRITE_NAME="YES",
                DESCRIPTION=told,
                COORDINATE_PRECISION="7",
            )
            _must_end(draft, b"}")
        written.append(path)
    return tuple(written)


def _kml(tables: dict[str, gpd.GeoDataFrame], folder: Path, told: str) -> tuple[Path, ...]:
    path = folder / "result.kml"
    with replacing(path) as draft:
        for layer in KML_LAYERS:
            if layer not in tables:
                continue
            table = tables[layer]
            named = table.assign(Name=_names(table)) if "name" not in table else table.rename(columns={"name": "Name"})
            pyogrio.write_dataframe(named, draft, layer=layer, driver="LIBKML", append=draft.exists(), DESCRIPTION=told)
        _must_end(draft, b"</kml>")
    return (path,)


def _must_end(draft: Path, end: bytes) -> None:
    """Look whether a text file is whole: GDAL says nothing when the disk is full as it closes one.

    Raises
    ------
    OSError
        If it is not.
    """
    if not draft.exists():
        return
    with draft.open("rb") as stream:
        stream.seek(-min(draft.stat().st_size, 64), 2)
        if not stream.read().rstrip().endswith(end):
            raise OSError(draft.name)


def _names(table: gpd.GeoDataFrame) -> list[str]:
    """Return what to call a feature that has no name: its place, or its id."""
    for column in ("place", "unit_name", *(str(name) for name in table.columns if str(name).endswith("_id"))):
        if column in table:
            return ["" if pd.isna(value) else str(value) for value in table[column]]
    return [""] * len(table)


def _geoparquet(tables: dict[str, gpd.GeoDataFrame], folder: Path, told: str) -> tuple[Path, ...]:
    written = [_sources(folder, told)]
    for layer, table in tables.items():
        beat()
        path = folder / f"{layer}.parquet"
        with replacing(path) as draft:
            table.to_parquet(draft, index=False)
        written.append(path)
    return tuple(written)


def _csv(tables: dict[str, gpd.GeoDataFrame], folder: Path, told: str) -> tuple[Path, ...]:
    written = [_sources(folder, told)]
    for layer, table in tables.items():
        beat()
        path = folder / f"{layer}.csv"
        plain = pd.DataFrame(table.drop(columns="geometry"))
        for name in plain.columns:
            if not (pd.api.types.is_numeric_dtype(plain[name]) or pd.api.types.is_bool_dtype(plain[name])):
                plain[name] = plain[name].map(_harmless)
        plain["wkt"] = shapely.to_wkt(table.geometry.array, rounding_precision=7)
        with replacing(path) as draft:
            plain.to_csv(draft, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        written.append(path)
    return tuple(written)


def _sources(folder: Path, told: str) -> Path:
    """Write whom the data is owed to beside files that have no place for it."""
    path = folder / README
    write_whole(path, told + "\n")
    return path


def _harmless(value: object) -> object:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _shapefile(tables: dict[str, gpd.GeoDataFrame], folder: Path, told: str) -> tuple[Path, ...]:
    path = folder / "shapefiles.zip"
    with scratch("layers") as made, replacing(path) as draft:
        rows = [("file", "field", "name")]
        for layer, table in tables.items():
            beat()
            fields = short_names([str(name) for name in table.columns if name != "geometry"])
            for kind, part in _by_kind(table, layer):
                name = f"{layer}_{kind}" if kind else layer
                rows += [(name, short, long) for long, short in fields.items()]
                pyogrio.write_dataframe(
                    _short_texts(part.rename(columns=fields)), made / f"{name}.shp", driver="ESRI Shapefile",
                    encoding="UTF-8",
                )  # fmt: skip
                _must_be_whole(made / f"{name}.shp")
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        (made / DICTIONARY).write_text(text.getvalue(), encoding="utf-8-sig")
        (made / README).write_text(told + "\n", encoding="utf-8")
        with zip_into(draft) as archive:
            for file in sorted(made.iterdir()):
                archive.writestr(zipfile.ZipInfo(file.name, STAMP), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return (path,)


def short_names(names: list[str]) -> dict[str, str]:
    """Return an ASCII name of at most ten characters for every field, all different.

    Examples
    --------
    >>> short_names(["cumulative_served", "cumulative_rate", "人口"])
    {'cumulative_served': 'cumulative', 'cumulative_rate': 'cumulati_2', '人口': 'field'}
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        base = re.sub(r"\W+", "", name, flags=re.ASCII)[:NAME_MAX].strip("_") or "field"
        short, number = base, 2
        while short.lower() in taken:
            tail = f"_{number}"
            short, number = base[: NAME_MAX - len(tail)] + tail, number + 1
        taken.add(short.lower())
        found[name] = short
    return found


def _must_be_whole(path: Path) -> None:
    """Hold a shapefile's parts against the lengths in their heads, for the reason of :func:`_must_end`.

    Raises
    ------
    OSError
        If one is too short.
    """
    for part in (path, path.with_suffix(".shx")):
        if part.exists():  # a table without geometry has none
            with part.open("rb") as stream:
                head = stream.read(28)
            if 2 * int.from_bytes(head[24:28], "big") != part.stat().st_size:
                raise OSError(part.name)
    table = path.with_suffix(".dbf")
    with table.open("rb") as stream:
        head = stream.read(12)
    records, start, width = (int.from_bytes(head[i:j], "little") for i, j in ((4, 8), (8, 10), (10, 12)))
    if table.stat().st_size < start + records * width:
        raise OSError(table.name)


def _by_kind(table: gpd.GeoDataFrame, layer: str) -> list[tuple[str, gpd.GeoDataFrame]]:
    """Return the parts of a layer that hold one geometry type each; rows without geometry go with the first."""
    if GEOMETRY_TYPES[layer] is not None:
        return [("", table)]
    single = table.geometry.geom_type.str.removeprefix("Multi")
    kinds = [kind for kind in SHAPE_KINDS if (single == kind).any()]
    if len(kinds) < 2:  # noqa: PLR2004 - one type, one file
        return [("", table)]
    return [
        (SHAPE_KINDS[kind], table[(single == kind) | (single.isna() & (place == 0))])
        for place, kind in enumerate(kinds)
    ]


def _short_texts(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut texts where a DBF field would cut them in the middle of a character; booleans become 0 and 1."""
    changed = {}
    for name in table.columns.drop("geometry"):
        values = table[name]
        if pd.api.types.is_bool_dtype(values):
            changed[name] = values.astype("int32")
        elif not pd.api.types.is_numeric_dtype(values):
            changed[name] = values.map(lambda value: value[:TEXT_MAX] if isinstance(value, str) else value)
    return table.assign(**changed)
