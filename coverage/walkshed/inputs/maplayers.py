"""GeoJSON, GeoPackage, Shapefile, KML and (Geo)Parquet."""

from __future__ import annotations

import codecs
import sqlite3
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyarrow import parquet

from walkshed.errors import InputError
from walkshed.files import scratch
from walkshed.inputs.archives import unpack_shapefile
from walkshed.inputs.limits import FOLDERS_MAX, check_rows
from walkshed.inputs.rawtable import RawTable, unique_names
from walkshed.inputs.textfiles import decode
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BYTEWISE = "ISO-8859-1"
"""Maps every byte to the character of the same number, so that text read by it can be turned back into its bytes."""
KML_FURNITURE = (
    "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet",
)  # fmt: skip
"""Columns that the KML reader invents; they say nothing about the places."""


def read_geojson(path: Path, layer: str) -> RawTable:
    """Read GeoJSON; its text may be in any encoding that :func:`walkshed.inputs.textfiles.decode` knows.

    Raises
    ------
    InputError
        If it is no GeoJSON, or holds no feature.
    """
    text, encoding = decode(path.read_bytes(), path.name)
    check_rows(path, text.count('"Feature"'))
    with _readable(path):
        frame = _read(text.encode("utf-8"))
    return _table(path, layer, [frame], encoding=encoding, driver="GeoJSON")


def read_geopackage(path: Path, layer: str) -> RawTable:
    """Read the one layer of a GeoPackage, or among several the one that is called like ``layer``.

    Raises
    ------
    InputError
        If the file cannot be opened, it is not clear which layer is meant, or the file holds views: a question to a
        database may take for ever.
    """
    with _readable(path):
        _refuse_views(path)
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    names = [name for name, kind in layers if kind is not None] or [name for name, _ in layers]
    if len(names) > 1:
        names = [name for name in names if name.lower() == layer] or names
    if len(names) != 1:
        raise InputError("layers_many", path=path.name, seen=", ".join(names) or "-", wanted=layer)
    with _readable(path):
        check_rows(path, pyogrio.read_info(path, layer=names[0], force_feature_count=True)["features"])
        frame = _read(path, layer=names[0])
    return _table(path, layer, [frame], encoding="utf-8", driver="GPKG")


def read_kml(path: Path, layer: str) -> RawTable:
    """Read all folders of a KML file, one after the other.

    Raises
    ------
    InputError
        If the file cannot be opened, or holds no placemark. Links to other places are not followed.
    """
    check_rows(path, path.read_bytes().count(b"<Placemark"))
    with _readable(path):
        folders = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(folders) > FOLDERS_MAX:
            raise InputError("folders_many", path=path.name, count=len(folders), most=FOLDERS_MAX)
        frames = [_read(path, layer=name) for name in folders]
    frames = [frame.drop(columns=[name for name in KML_FURNITURE if name in frame]) for frame in frames]
    return _table(path, layer, frames, encoding="utf-8", driver="KML")


def read_shapefile(path: Path, layer: str) -> RawTable:
    """Read a shapefile, whatever the encoding of its texts.

    That is the one its ``.cpg`` names if it fits, else the first of utf-8 and gb18030 that does. UTF-8 is tried before
    GB18030 because the reverse is not safe: UTF-8 Chinese of even length is mostly valid GB18030 (nonsense), while
    GB18030 Chinese is hardly ever valid UTF-8. Field names and texts cut inside a character, as the format's fixed
    widths do, lose the rest of that character only.

    Raises
    ------
    InputError
        If a part is missing or damaged, or no encoding fits.
    """
    siblings = {file.suffix.lower(): file for file in path.parent.glob(f"{_escape(path.stem)}.*")}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in siblings]
    if missing:
        raise InputError("shapefile_parts", path=path.name, missing=", ".join(missing))
    with _readable(path):
        check_rows(path, pyogrio.read_info(path, encoding=BYTEWISE)["features"])
        frame = _read(path, encoding=BYTEWISE)
    label = siblings[".cpg"].read_text("ascii", "replace").strip() if ".cpg" in siblings else ""
    candidates = [*_code_page(label), "utf-8", "gb18030"]
    for encoding in candidates:
        try:
            frame = _recode(frame, encoding)
        except UnicodeDecodeError:
            continue
        return _table(path, layer, [frame], encoding=encoding, driver="ESRI Shapefile")
    raise InputError("encoding_unknown", path=path.name, tried=", ".join(candidates))


def read_zip(path: Path, layer: str) -> RawTable:
    """Read the one shapefile that a zip file holds; see :func:`read_shapefile`.

    Raises
    ------
    InputError
        If the zip holds no shapefile or several, or a part is missing or damaged.
    """
    with scratch("zip") as folder:
        raw = read_shapefile(unpack_shapefile(path, folder), layer)
    return replace(raw, path=path)


def read_parquet(path: Path, layer: str) -> RawTable:
    """Read GeoParquet, or plain Parquet without geometry.

    Raises
    ------
    InputError
        If the file cannot be opened, or holds no row.
    """
    try:
        told = parquet.read_metadata(path)
        check_rows(path, told.num_rows, told.num_columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A geometry that is declared counts: without it, rows would be placed by whatever columns stand beside it.
            frame = gpd.read_parquet(path) if b"geo" in (told.metadata or {}) else pd.read_parquet(path)
        frame = frame.reset_index(drop=frame.index.names == [None])
        return _table(path, layer, [frame], encoding="utf-8", driver="Parquet")
    except InputError:
        raise
    except Exception as error:  # what a file's own description of itself provokes when it lies is listed nowhere
        raise InputError("file_unreadable", path=path.name, detail=_said(error)) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the reading libraries raise into an InputError, and keep their warnings from the user.

    A NameError is pyogrio's own for a CRS that cannot be written down.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except (RuntimeError, ValueError, OSError, shapely.errors.ShapelyError, sqlite3.Error, NameError) as error:
        raise InputError("file_unreadable", path=path.name, detail=_said(error)) from error


def _said(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error).strip() else type(error).__name__


def _refuse_views(path: Path) -> None:
    """Refuse a database with views before GDAL asks them anything."""
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        views = [str(name) for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'view' LIMIT 9")]
    finally:
        base.close()
    if views:
        raise InputError("layer_view", path=path.name, layer=", ".join(views))


def _read(source: Path | bytes, **options: str) -> pd.DataFrame:
    # A geometry too broken to build becomes a missing one and is refused with its row, not with the file.
    frame: pd.DataFrame = pyogrio.read_dataframe(source, use_arrow=False, on_invalid="ignore", force_2d=True, **options)
    if not frame.columns.is_unique:  # from the end, where the geometry stands, which keeps its name
        frame.columns = pd.Index(unique_names(map(str, frame.columns[::-1]))[::-1])
    return frame


def _escape(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)


def _code_page(label: str) -> list[str]:
    """Return the encoding that a ``.cpg`` file names (``UTF-8``, ``GBK``, ``936``, ``CP936``, ``ANSI 936``), if any."""
    number = "".join(letter for letter in label if letter.isdigit())
    for name in (label, f"cp{number}"):
        try:
            found = codecs.lookup(name).name
        except (LookupError, ValueError):  # ValueError: a name with a character that no name has
            continue
        return ["gb18030" if found in {"gb2312", "gbk", "cp936"} else found]
    return []


def _recode(frame: pd.DataFrame, encoding: str) -> pd.DataFrame:
    def recode(text: object) -> object:
        if not isinstance(text, str):
            return text
        # Not "final": a character cut at the end is dropped, anything else that does not fit is an error.
        return codecs.getincrementaldecoder(encoding)().decode(text.encode(BYTEWISE), final=False)

    result = frame.copy()
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    for name in frame.columns:
        if name != geometry and not pd.api.types.is_numeric_dtype(frame[name]):
            result[name] = pd.Series([recode(value) for value in frame[name]], index=frame.index, dtype=object)
    return result.rename(columns={name: recode(name) for name in frame.columns if name != geometry})


def _table(path: Path, layer: str, frames: Sequence[pd.DataFrame], *, encoding: str, driver: str) -> RawTable:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        raise InputError("table_empty", path=path.name)
    shapes = [frame.geometry for frame in filled if isinstance(frame, gpd.GeoDataFrame)]
    check_rows(path, sum(map(len, filled)), max(frame.shape[1] for frame in filled))
    frame = pd.concat([_attributes(part).astype(object) for part in filled], ignore_index=True)
    geometry = pd.concat(shapes, ignore_index=True) if len(shapes) == len(filled) else None
    return RawTable(
        path=path,
        layer=layer,
        frame=frame.set_axis(unique_names(text_of(name) for name in frame.columns), axis=1),
        lines=np.arange(1, len(frame) + 1, dtype=np.int64),
        geometry=geometry,
        encoding=encoding,
        driver=driver,
        overlong={},
    )


def _attributes(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)) if isinstance(frame, gpd.GeoDataFrame) else frame
