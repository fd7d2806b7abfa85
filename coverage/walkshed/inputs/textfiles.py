"""CSV files and Excel workbooks."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import openpyxl
import pandas as pd

from walkshed.errors import InputError
from walkshed.inputs.archives import check_zip
from walkshed.inputs.rawtable import RawTable
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

DELIMITERS = (",", "\t", ";", "|")
CELL_MAX = 10_000_000
"""Longest cell of a CSV file in characters; the csv module's own limit of 131,072 is too small for a polygon."""
_PROBED_LINES = 20


class Line(NamedTuple):
    """One line of cells with its number in the file."""

    number: int
    cells: Sequence[object]


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Decode a text file.

    Parameters
    ----------
    content
        The file.
    name
        Its name, for messages.

    Returns
    -------
    text, encoding
        Decoded by the first of utf-8-sig, gb18030 and utf-16 (which needs a byte order mark) that fits every byte.

    Raises
    ------
    InputError
        If none fits.

    Examples
    --------
    >>> decode("名称,经度".encode("gb18030"), "rooms.csv")
    ('名称,经度', 'gb18030')
    """
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-8-sig", "gb18030", *(["utf-16"] if marked else [])):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:  # no text file holds it; it shows binary data or UTF-16 without its mark
            return text, encoding
    raise InputError("encoding_unknown", path=name, tried="utf-8-sig, gb18030, utf-16")


def read_csv(path: Path, layer: str) -> RawTable:
    """Read a text file whose cells are divided by commas, tabs, semicolons or bars.

    Raises
    ------
    InputError
        If the encoding is unknown, a quotation mark is never closed, or there is no row of data.
    """
    text, encoding = decode(path.read_bytes(), path.name)
    probe = text.splitlines()[:_PROBED_LINES]
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in probe))
    csv.field_size_limit(CELL_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines, start = [], 1
    try:
        for cells in reader:
            lines.append(Line(start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError("csv_broken", path=path.name, line=start, detail=str(error)) from error
    return _table(path, layer, lines, encoding=encoding, driver="CSV")


def read_xlsx(path: Path, layer: str) -> RawTable:
    """Read the first visible sheet of a workbook that holds a table; formulas give the values stored with them.

    Cells merged downwards all get the value of the merged cell, as a reader of the sheet understands them.

    Raises
    ------
    InputError
        If the workbook cannot be opened (damaged, encrypted, too large) or holds no row of data.
    """
    check_zip(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which no table needs
            book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # openpyxl lets through whatever a damaged part of the file provokes
        raise InputError("file_unreadable", path=path.name, detail=str(error) or type(error).__name__) from error
    try:
        sheets = [_sheet_lines(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()
    lines: list[Line] = next((sheet for sheet in sheets if _header(sheet) is not None), [])
    return _table(path, layer, lines, encoding="utf-8", driver="XLSX")


def _sheet_lines(sheet: Worksheet) -> list[Line]:
    rows = [list(cells) for cells in sheet.iter_rows(min_row=1, min_col=1, values_only=True)]
    for merged in sheet.merged_cells.ranges:
        for row in range(merged.min_row, merged.max_row):
            rows[row][merged.min_col - 1] = rows[merged.min_row - 1][merged.min_col - 1]
    return [Line(number, cells) for number, cells in enumerate(rows, start=1)]


def _filled(cells: Sequence[object]) -> int:
    return sum(text_of(cell) != "" for cell in cells)


def _header(lines: Sequence[Line]) -> int | None:
    """Return the place of the header: the first line with two filled cells, since a sheet's title fills one."""
    many = (place for place, line in enumerate(lines) if _filled(line.cells) > 1)
    any_at_all = (place for place, line in enumerate(lines) if _filled(line.cells))
    return next(many, next(any_at_all, None))


def _names(cells: Sequence[object]) -> list[str]:
    """Return unique column names; a blank one is called by its place, a repeated one gets its number."""
    width = max(place for place, cell in enumerate(cells, start=1) if text_of(cell))
    names: list[str] = []
    for place, cell in enumerate(cells[:width], start=1):
        name = base = text_of(cell) or f"column_{place}"
        repeat = 1
        while name in names:
            repeat += 1
            name = f"{base}.{repeat}"
        names.append(name)
    return names


def _table(path: Path, layer: str, lines: Sequence[Line], *, encoding: str, driver: str) -> RawTable:
    header = _header(lines)
    data = [] if header is None else [line for line in lines[header + 1 :] if _filled(line.cells)]
    if header is None or not data:
        raise InputError("table_empty", path=path.name)
    names = _names(lines[header].cells)
    width = len(names)
    padding = [""] * width
    surplus = {row: [text_of(cell) for cell in line.cells[width:]] for row, line in enumerate(data)}
    return RawTable(
        path=path,
        layer=layer,
        frame=pd.DataFrame(
            [[*line.cells[:width], *padding[len(line.cells) :]] for line in data], columns=names, dtype=object
        ),
        lines=np.array([line.number for line in data], np.int64),
        geometry=None,
        encoding=encoding,
        driver=driver,
        overlong={row: cells for row, cells in surplus.items() if any(cells)},
    )
