"""One reader for every kind of file, and the search for its columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from walkshed.errors import InputError
from walkshed.inputs.contents import check_content
from walkshed.inputs.limits import check_file
from walkshed.inputs.maplayers import (
    read_geojson,
    read_geopackage,
    read_kml,
    read_parquet,
    read_shapefile,
    read_zip,
)
from walkshed.inputs.rawtable import RawTable
from walkshed.inputs.synonyms import LAYER_SYNONYMS, SYNONYMS, header_key
from walkshed.inputs.textfiles import read_csv, read_xlsx
from walkshed.inputs.values import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

__all__ = ["READERS", "RawTable", "find_columns", "read_table"]

READERS: Mapping[str, Callable[[Path, str], RawTable]] = {
    ".csv": read_csv,
    ".txt": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_xlsx,
    ".xlsm": read_xlsx,
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".gpkg": read_geopackage,
    ".shp": read_shapefile,
    ".zip": read_zip,
    ".kml": read_kml,
    ".parquet": read_parquet,
    ".geoparquet": read_parquet,
}
"""File name ending -> reader."""


def read_table(path: Path | str, *, layer: str) -> RawTable:
    """Read a file's rows as they are.

    Parameters
    ----------
    path
        CSV (also ``.txt``, ``.tsv``), XLSX, GeoJSON, GeoPackage, Shapefile (``.shp`` or a ``.zip`` with one), KML or
        GeoParquet.
    layer
        What the rows are: ``"facilities"``, ``"demand"``, ``"units"``, ``"candidates"`` or ``"boundary"``.

    Returns
    -------
    RawTable
        At least one row. Rows of a text file or sheet whose every cell is blank are no rows; a title above the header
        is left out.

    Raises
    ------
    InputError
        If the file is missing, unreadable, too large (:mod:`walkshed.inputs.limits`), of an unknown format or encoding,
        not of the kind that its name says, or empty.
    """
    file = Path(path)
    check_file(file)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError("format_unknown", path=file.name, known=", ".join(READERS))
    try:
        with file.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise InputError("file_unreadable", path=file.name, detail=error.strerror or str(error)) from error
    if empty:
        raise InputError("table_empty", path=file.name)
    check_content(file)
    return reader(file, layer)


def find_columns(
    frame: pd.DataFrame,
    wanted: Iterable[str],
    mapping: Mapping[str, str] | None = None,
    *,
    layer: str = "",
    path: str = "",
) -> dict[str, str]:
    """Find the columns that hold what is wanted.

    Parameters
    ----------
    frame
        The table.
    wanted
        Our column names.
    mapping
        Our name -> their column; wins over the synonyms. An empty column means that there is none.
    layer
        Adds the synonyms of that layer (:data:`walkshed.inputs.synonyms.LAYER_SYNONYMS`).
    path
        The file's name, for messages.

    Returns
    -------
    dict
        Our name -> their column, for those that were found.

    Raises
    ------
    InputError
        If ``mapping`` names a column the table lacks or a name that is not wanted, or two columns fit a name equally
        well.
    """
    names, chosen = list(wanted), dict(mapping or {})
    seen = [str(column) for column in frame.columns]
    strange = [name for name in chosen if name not in names]
    if strange:
        raise InputError("mapping_names", path=path, names=", ".join(strange), known=", ".join(names))
    absent = [column for column in chosen.values() if column and column not in seen]
    if absent:
        raise InputError("mapping_columns", path=path, columns=", ".join(absent), seen=", ".join(seen))
    found = {name: column for name, column in chosen.items() if column}
    folded, keys = [fold(column) for column in seen], [header_key(column) for column in seen]
    for name in names:
        if name not in chosen:
            column = _by_synonym(name, _Headers(seen, folded, keys), layer, path)
            if column is not None:
                found[name] = column
    return {name: found[name] for name in names if name in found}


class _Headers(NamedTuple):
    """Headers as they stand, plain, and what is left of them when spelling does not count."""

    seen: list[str]
    folded: list[str]
    keys: list[str]


def _by_synonym(name: str, headers: _Headers, layer: str, path: str) -> str | None:
    for word in LAYER_SYNONYMS.get(layer, {}).get(name) or SYNONYMS.get(name, (name,)):
        exact = [column for column, plain in zip(headers.seen, headers.folded, strict=True) if plain == word]
        key = header_key(word)
        alike = (
            exact if len(exact) == 1 else [c for c, own in zip(headers.seen, headers.keys, strict=True) if own == key]
        )
        if len(alike) > 1:
            raise InputError("columns_ambiguous", path=path, name=name, columns=", ".join(alike))
        if alike:
            return alike[0]
    return None
