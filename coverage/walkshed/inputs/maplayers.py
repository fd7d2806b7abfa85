"""GeoJSON, GeoPackage, Shapefile, KML and (Geo)Parquet."""

from __future__ import annotations

import codecs
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from walkshed.errors import InputError
from walkshed.inputs.archives import unpack_shapefile
from walkshed.inputs.rawtable import RawTable
from walkshed.inputs.textfiles import decode
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    with _readable(path):
        frame = _read(text.encode("utf-8"))
    return _table(path, layer, [frame], encoding=encoding, driver="GeoJSON")


def read_geopackage(path: Path, layer: str) -> RawTable:
    """Read the one layer of a GeoPackage, or among several the one that is called like ``layer``.

    Raises
    ------
    InputError
        If the file cannot be opened, or it is not clear which layer is meant.
    """
    with _readable(path):
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    names = [name for name, kind in layers if kind is not None] or [name for name, _ in layers]
    if len(names) > 1:
        names = [name for name in names if name.lower() == layer] or names
    if len(names) != 1:
        raise InputError("layers_many", path=path.name, seen=", ".join(names) or "-", wanted=layer)
    with _readable(path):
        frame = _read(path, layer=names[0])
    return _table(path, layer, [frame], encoding="utf-8", driver="GPKG")


def read_kml(path: Path, layer: str) -> RawTable:
    """Read all folders of a KML file, one after the other.

    Raises
    ------
    InputError
        If the file cannot be opened, or holds no placemark.
    """
    with _readable(path):
        frames = [_read(path, layer=str(name)) for name, _ in pyogrio.list_layers(path)]
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
    with tempfile.TemporaryDirectory(prefix="walkshed-") as folder:
        raw = read_shapefile(unpack_shapefile(path, Path(folder)), layer)
    return replace(raw, path=path)


def read_parquet(path: Path, layer: str) -> RawTable:
    """Read GeoParquet, or plain Parquet without geometry.

    Raises
    ------
    InputError
        If the file cannot be opened, or holds no row.
    """
    with _readable(path):
        try:
            frame = gpd.read_parquet(path)
        except ValueError:  # no geometry declared
            frame = pd.read_parquet(path)
    return _table(path, layer, [frame], encoding="utf-8", driver="Parquet")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the reading libraries raise into an InputError, and keep their warnings from the user."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (RuntimeError, ValueError, OSError, shapely.errors.ShapelyError) as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError("file_unreadable", path=path.name, detail=detail) from error


def _read(source: Path | bytes, **options: str) -> pd.DataFrame:
    # A geometry too broken to build becomes a missing one and is refused with its row, not with the file.
    frame: pd.DataFrame = pyogrio.read_dataframe(source, use_arrow=False, on_invalid="ignore", force_2d=True, **options)
    return frame


def _escape(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)


def _code_page(label: str) -> list[str]:
    """Return the encoding that a ``.cpg`` file names (``UTF-8``, ``GBK``, ``936``, ``CP936``, ``ANSI 936``), if any."""
    number = "".join(letter for letter in label if letter.isdigit())
    for name in (label, f"cp{number}"):
        try:
            found = codecs.lookup(name).name
        except LookupError:
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
    frame = pd.concat([_attributes(part).astype(object) for part in filled], ignore_index=True)
    geometry = pd.concat(shapes, ignore_index=True) if len(shapes) == len(filled) else None
    return RawTable(
        path=path,
        layer=layer,
        frame=frame.rename(columns={name: text_of(name) for name in frame.columns}),
        lines=np.arange(1, len(frame) + 1, dtype=np.int64),
        geometry=geometry,
        encoding=encoding,
        driver=driver,
        overlong={},
    )


def _attributes(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)) if isinstance(frame, gpd.GeoDataFrame) else frame
