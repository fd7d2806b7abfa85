"""Zip files from strangers: looked at before they are opened, unpacked by our names, never by theirs."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from walkshed.errors import InputError
from walkshed.inputs.limits import limit

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS_MAX = 20_000
BAD_MEMBER = (zipfile.BadZipFile, RuntimeError, OSError, EOFError, UnicodeDecodeError, zlib.error, struct.error)
"""What zipfile raises for a member that is damaged, cut off, misnamed, encrypted or packed in a way it does not know
(the last two are kinds of RuntimeError)."""
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def check_zip(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of a zip file without unpacking it.

    Raises
    ------
    InputError
        If it is no zip file, or would unpack to more than ``WALKSHED_MAX_UNPACKED_MB``
        (:data:`walkshed.inputs.limits.LIMITS`) or to more files than :data:`MEMBERS_MAX`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (*BAD_MEMBER, ValueError) as error:
        raise InputError("file_unreadable", path=path.name, detail=str(error)) from error
    size = sum(member.file_size for member in members)
    most = limit("WALKSHED_MAX_UNPACKED_MB")
    if size > most * 1_000_000:
        raise InputError("zip_too_large", path=path.name, size_mb=size // 1_000_000, max_mb=most)
    if len(members) > MEMBERS_MAX:
        raise InputError("zip_members", path=path.name, count=len(members), most=MEMBERS_MAX)
    return members


def unpack_shapefile(path: Path, folder: Path) -> Path:
    """Unpack the one shapefile of a zip file.

    Parameters
    ----------
    path
        The zip file.
    folder
        Existing folder that takes the parts, named ``layer.*``: the names inside the zip, in whatever encoding and with
        whatever path, are not used.

    Returns
    -------
    Path
        The ``.shp`` file.

    Raises
    ------
    InputError
        If the zip holds no shapefile or several, a link in place of a file, or cannot be unpacked (damaged, encrypted).
    """
    parts = {}
    for member in check_zip(path):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        hidden = name.name.startswith(".") or "__MACOSX" in name.parts
        if name.suffix.lower() in SHAPEFILE_PARTS and not hidden:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise InputError("zip_link", path=path.name, member=member.filename)
            parts[str(name.with_suffix("")), name.suffix.lower()] = member
    layers = sorted({stem for stem, suffix in parts if suffix == ".shp"})
    if len(layers) != 1:
        raise InputError("zip_layers", path=path.name, count=len(layers), seen=", ".join(layers) or "-")
    try:
        with zipfile.ZipFile(path) as archive:
            for (stem, suffix), member in parts.items():
                if stem == layers[0]:
                    with archive.open(member) as packed, (folder / f"layer{suffix}").open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked)
    except BAD_MEMBER as error:
        raise InputError("file_unreadable", path=path.name, detail=str(error)) from error
    return folder / "layer.shp"
