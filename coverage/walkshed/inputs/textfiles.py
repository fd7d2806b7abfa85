"""CSV files and Excel workbooks."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.worksheet._reader import WorkSheetParser

from walkshed.errors import InputError
from walkshed.inputs.archives import check_zip
from walkshed.inputs.contents import check_members
from walkshed.inputs.limits import Gauge, check_rows, limit
from walkshed.inputs.rawtable import RawTable, unique_names
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DELIMITERS = (",", "\t", ";", "|")
CELL_MAX = 10_000_000
"""Longest cell of a CSV file in characters; the csv module's own limit of 131,072 is too small for a polygon."""
_BLANK = "".join(DELIMITERS).encode() + b"\r\n"
"""A line of these alone is no row."""
_PROBED, _PROBED_LINES = 2_000_000, 20
"""Characters and lines in which the delimiter is looked for."""


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
        If the encoding is unknown, a quotation mark is never closed, or there is no row of data, or too many.
    """
    _refuse_long(path)
    content = path.read_bytes()
    text, encoding = decode(content, path.name)
    probe = text[:_PROBED].splitlines()[:_PROBED_LINES]
    del text  # read once more below, a line at a time
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in probe))
    csv.field_size_limit(CELL_MAX)
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    lines, start, gauge = [], 1, Gauge(path)
    try:
        for cells in reader:
            if any(cells):
                gauge.add(cells)
                lines.append(Line(start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError("csv_broken", path=path.name, line=start, detail=str(error)) from error
    return _table(path, layer, lines, encoding=encoding, driver="CSV")


def _refuse_long(path: Path) -> None:
    """Refuse a file of too many rows before it is in memory, as far as a line is a row: where nothing is quoted."""
    most, rows = limit("WALKSHED_MAX_ROWS"), 0
    with path.open("rb") as stream:
        if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return
        stream.seek(0)
        while lines := stream.readlines(1 << 20):
            if any(b'"' in line for line in lines):
                return
            rows += sum(bool(line.strip(_BLANK)) for line in lines)
            if rows > most + 1:  # the header is none
                raise InputError("rows_too_many", path=path.name, limit=most, setting="WALKSHED_MAX_ROWS")


def read_xlsx(path: Path, layer: str) -> RawTable:
    """Read the first visible sheet of a workbook that holds a table; formulas give the values stored with them.

    Cells merged downwards all get the value of the merged cell, as a reader of the sheet understands them. Rows that
    are only formatted are passed over.

    Raises
    ------
    InputError
        If the workbook cannot be opened (damaged, encrypted, too large) or holds no row of data.
    """
    check_zip(path)
    check_members(path)
    lines: list[Line] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which no table needs
            book = openpyxl.load_workbook(path, data_only=True, read_only=True)
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible" and _header(lines) is None:
                        lines = _sheet_lines(sheet, Gauge(path))
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl lets through whatever a damaged part of the file provokes
        raise InputError("file_unreadable", path=path.name, detail=str(error) or type(error).__name__) from error
    return _table(path, layer, lines, encoding="utf-8", driver="XLSX")


def _sheet_lines(sheet: Any, gauge: Gauge) -> list[Line]:  # noqa: ANN401 - a sheet of openpyxl that its stubs do not know
    """Return the rows of a sheet that hold anything, with what merged cells give to the rows below."""
    rows: dict[int, list[object]] = {}
    book = sheet.parent
    with sheet._get_source() as source:  # noqa: SLF001 - the public way keeps every formatted cell in memory
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001 - as above
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001 - as above
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001 - as above
        )
        for number, cells in parser.parse():
            filled = {cell["column"]: cell["value"] for cell in cells if cell["value"] is not None}
            if filled:
                rows[number] = [filled.get(column) for column in range(1, max(filled) + 1)]
                gauge.add(rows[number])
    last = max(rows, default=0)
    for merged in parser.merged_cells.mergeCell if parser.merged_cells else ():
        column, top = merged.min_col, rows.get(merged.min_row, [])
        value = top[column - 1] if column <= len(top) else None
        for number in range(merged.min_row + 1, min(merged.max_row, last) + 1) if value is not None else ():
            if number not in rows:
                gauge.add([value])
            row = rows.setdefault(number, [])
            row += [None] * (column - len(row))
            row[column - 1] = value
    return [Line(number, rows[number]) for number in sorted(rows)]


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
    return unique_names(text_of(cell) or f"column_{place}" for place, cell in enumerate(cells[:width], start=1))


def _table(path: Path, layer: str, lines: Sequence[Line], *, encoding: str, driver: str) -> RawTable:
    header = _header(lines)
    data = [] if header is None else [line for line in lines[header + 1 :] if _filled(line.cells)]
    if header is None or not data:
        raise InputError("table_empty", path=path.name)
    names = _names(lines[header].cells)
    width = len(names)
    check_rows(path, len(data), width)
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
