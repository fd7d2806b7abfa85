"""Members of zip files that cannot be unpacked: packed in an unknown way, encrypted, damaged."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from walkshed.app.study_files import unpack_study
from walkshed.errors import NetworkError, WalkshedError
from walkshed.inputs.tables import read_table
from walkshed.network.store import MARKER, load_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def rewrite(path: Path, field: int, value: int) -> None:
    """Set a two-byte field of every member's headers; ``field`` counts from the flags: 0 flags, 2 way of packing."""
    content = bytearray(path.read_bytes())
    for mark, place in ((LOCAL, 6), (CENTRAL, 8)):
        at = content.find(mark)
        while at >= 0:
            struct.pack_into("<H", content, at + place + field, value)
            at = content.find(mark, at + 4)
    path.write_bytes(content)


def shapefile(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for ending in (".shp", ".shx", ".dbf"):
            archive.writestr(f"rooms{ending}", b"\x00\x00\x27\x0a" + bytes(200))


def study(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("west/study.toml", "[study]\nid = 'west'\n" * 20)


def workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>" * 20)


def network(path: Path) -> None:
    np.savez_compressed(path, **{MARKER: np.array(3), "x": np.zeros(100)})


def unpack(path: Path) -> None:
    folder = path.parent / "unpacked"
    folder.mkdir()
    unpack_study(path, folder)


CASES: dict[str, tuple[Callable[[Path], None], Callable[[Path], object]]] = {
    "rooms.zip": (shapefile, lambda path: read_table(path, layer="facilities")),
    "rooms.xlsx": (workbook, lambda path: read_table(path, layer="facilities")),
    "study.zip": (study, unpack),
    "net.npz": (network, load_network),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [(2, 97, "compression"), (2, 99, "compression"), (0, 1, "encrypted|password")],
    ids=["unknown", "encrypted by another program", "encrypted"],
)
def test_members_that_cannot_be_unpacked_are_told(
    tmp_path: Path, name: str, field: int, value: int, words: str
) -> None:
    write, read = CASES[name]
    path = tmp_path / name
    write(path)
    rewrite(path, field, value)
    with pytest.raises(WalkshedError) as caught:
        read(path)
    assert name.split(".", maxsplit=1)[0] in caught.value.text("en")  # of a study, the member is named
    assert caught.value.text("zh") != caught.value.text("en")
    if not isinstance(caught.value, NetworkError):  # which says "damaged", and not how
        assert any(word in caught.value.text("en") for word in words.split("|"))


@pytest.mark.parametrize("name", CASES)
def test_a_member_whose_own_name_is_no_text_is_told(tmp_path: Path, name: str) -> None:
    """A zip file names every member twice; the name beside the content may be anything."""
    write, read = CASES[name]
    path = tmp_path / name
    write(path)
    rewrite(path, 0, 0x800)  # names are UTF-8
    content = bytearray(path.read_bytes())
    at = content.find(LOCAL)
    while at >= 0:
        content[at + 30] = 0xE7
        at = content.find(LOCAL, at + 4)
    path.write_bytes(content)
    with pytest.raises(WalkshedError):
        read(path)
