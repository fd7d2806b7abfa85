"""The texts of a ``.osm.pbf`` file, looked at before the parser is: one with a zero byte inside ends the whole program.

libosmium stores tags as texts that end with a zero byte. One that holds such a byte shifts all that follow, and whoever
walks through the tags reads beyond them.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from walkshed.errors import InputError
from walkshed.inputs.osm_blobs import BLOB_MAX, blobs, fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS: Final = 1
"""Field of a block's table of texts, and of a text in it."""
SUSPECT: Final = re.compile(rb"[^\n]\x00")
EMPTY: Final = b"\n\x00"
"""How an empty text is written; every table begins with one."""


def check_texts(path: Path) -> None:
    """Refuse a street file with a zero byte in a text.

    Parameters
    ----------
    path
        ``.osm.pbf``. Whatever else is broken in it is left to the parser, and so are blobs that are packed otherwise
        than with zlib.

    Raises
    ------
    InputError
        If a text of it holds a zero byte.
    """
    for table in _tables(path):
        # Reading every text takes long; most tables show at once that no zero byte can be inside one.
        if not SUSPECT.search(table) and table.count(EMPTY) <= 1:
            continue
        try:
            broken = any(isinstance(text, bytes) and b"\0" in text for number, text in fields(table) if number == TEXTS)
        except ValueError:
            continue  # the parser refuses it
        if broken:
            raise InputError("osm_unreadable", path=path.name, detail="a zero byte inside a text")


def _tables(path: Path) -> Iterator[bytes]:
    """Yield the table of texts of every block of streets, up to the first that is broken."""
    for blob in blobs(path):
        if blob.kind != b"OSMData":
            continue
        try:
            content = zlib.decompressobj().decompress(blob.packed, BLOB_MAX) if blob.packed else blob.raw
            tables = [table for number, table in fields(content) if number == TEXTS]
        except (ValueError, zlib.error):
            return
        yield from (table for table in tables if isinstance(table, bytes))
