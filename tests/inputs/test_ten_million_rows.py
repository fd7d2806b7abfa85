"""Ten million real rows: one sentence, and long before they are in memory."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from walkshed.errors import InputError
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 10_000_000


def refused(path: Path) -> int:
    """Return how many bytes Python held at most while the file was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"more than 2,?500,?000 rows\. .*WALKSHED_MAX_ROWS") as caught:
            read_facilities(path)
        assert "\n" not in caught.value.text("en")
        assert caught.value.text("zh") != caught.value.text("en")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_million_lines_are_refused_while_they_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rooms.csv"
    some = "馆,1,2\n".encode() * 100_000
    with path.open("wb") as stream:
        stream.write(b"name,lon,lat\n")
        for _ in range(ROWS // 100_000):
            stream.write(some)
    assert refused(path) < path.stat().st_size / 2
    path.unlink()


def test_ten_million_rows_of_parquet_are_refused_by_its_foot(tmp_path: Path) -> None:
    path = tmp_path / "rooms.parquet"
    places = np.zeros(ROWS, np.float32)
    parquet.write_table(pa.table({"name": pa.array(np.zeros(ROWS, np.int8)), "lon": places, "lat": places}), path)
    assert parquet.read_metadata(path).num_rows == ROWS
    assert refused(path) < 1_000_000


def test_lines_are_not_taken_for_rows_where_they_are_none(
    write_text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKSHED_MAX_ROWS", "3")
    blank = "name,lon,lat\n" + "\n,,\r\n" * 10 + "a,1,1\nb,2,2\n\nc,3,3\n\n"
    quoted = 'name,lon,lat\n"a\n\nx\ny\nz",1,1\nb,2,2\n'
    assert len(read_table(write_text("blank.csv", blank), layer="facilities").lines) == 3
    assert len(read_table(write_text("quoted.csv", quoted), layer="facilities").lines) == 2
    assert len(read_table(write_text("wide.csv", blank, "utf-16"), layer="facilities").lines) == 3
    for text in (blank + "d,4,4\n", quoted + "c,3,3\nd,4,4\n"):
        with pytest.raises(InputError, match="more than 3 rows"):
            read_table(write_text("long.csv", text), layer="facilities")
