"""A network as one ``.npz`` file: plain arrays, no code in it, opened again in milliseconds."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from walkshed.errors import InputError, NetworkError, WalkshedError
from walkshed.files import replacing
from walkshed.inputs.archives import BAD_MEMBER, check_zip
from walkshed.inputs.limits import check_file
from walkshed.network.model import WalkNetwork

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "walkshed_network"
VERSION = 3
SCALARS = {"crs": "U", "speed_kmh": "f", "source": "U"}
KINDS = {
    "node_id": "i", "x": "f", "y": "f", "u": "i", "v": "i", "length_m": "f", "forward_min": "f", "backward_min": "f",
    "way_id": "i", "steps": "b", "name_code": "i", "names": "U", "geometry_start": "i", "geometry_x": "f",
    "geometry_y": "f", "incline": "f", "off_ground": "b", "crossings": "f", "signals": "f", "underground": "b",
}  # fmt: skip
"""Kinds of the arrays in the file, as numpy names them."""


def write_network(network: WalkNetwork, path: Path) -> Path:
    """Write a network.

    The file appears under its name only when it is complete; an older one stays untouched until then.

    Parameters
    ----------
    network
        What to write.
    path
        File to write, by custom ending in ``.npz``; its folder must exist.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    NetworkError
        If the file cannot be written.
    """
    arrays: dict[str, Any] = {field.name: np.asarray(getattr(network, field.name)) for field in fields(network)}
    arrays |= {"names": np.array(network.names, str), MARKER: np.array(VERSION)}
    try:
        with replacing(path) as draft, draft.open("xb") as stream:
            np.savez(stream, **arrays)
    except OSError as error:
        raise NetworkError("network_not_written", path=str(path), detail=error.strerror or str(error)) from error
    return path


def load_network(path: Path) -> WalkNetwork:
    """Open a network written by :func:`write_network`.

    Parameters
    ----------
    path
        ``.npz`` file.

    Raises
    ------
    InputError
        If the file is missing.
    NetworkError
        If it is no such file, of another version, cut off or altered.
    """
    check_file(path, missing="network_missing")
    try:
        with path.open("rb") as stream:
            if stream.read(2) == b"PK":
                _check_packed(path)
            stream.seek(0)
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile) or MARKER not in archive:
                raise NetworkError("network_foreign", path=path.name)
            version = int(archive[MARKER])
            if version != VERSION:
                raise NetworkError("network_version", path=path.name, version=version, known=VERSION)
            arrays: dict[str, Any] = {field.name: archive[field.name] for field in fields(WalkNetwork)}
    except WalkshedError:
        raise
    except (*BAD_MEMBER, KeyError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise NetworkError("network_broken", path=path.name, detail=str(error)) from error
    if not _is_whole(arrays):
        raise NetworkError("network_broken", path=path.name, detail="-")
    scalars = {name: arrays.pop(name).item() for name in SCALARS}
    names = tuple(arrays.pop("names").tolist())
    return WalkNetwork(**arrays, **scalars, names=names)


def _is_whole(arrays: dict[str, Any]) -> bool:
    """Check what :class:`WalkNetwork` takes for granted: kinds of arrays, vertices per edge, names."""
    kinds = {**{name: (0, kind) for name, kind in SCALARS.items()}, **{name: (1, kind) for name, kind in KINDS.items()}}
    if any((arrays[name].ndim, arrays[name].dtype.kind) != kind for name, kind in kinds.items()):
        return False
    start, code = arrays["geometry_start"], arrays["name_code"]
    if len(start) == 0 or start[0] != 0 or start[-1] != len(arrays["geometry_x"]):
        return False
    if (np.diff(start) <= 1).any():  # a line has two ends
        return False
    finite = all(np.isfinite(arrays[name]).all() for name in ("x", "y", "geometry_x", "geometry_y"))
    if not (finite and _is_metric(str(arrays["crs"].item()))):
        return False
    speed = float(arrays["speed_kmh"].item())
    return bool(np.isfinite(speed) and speed > 0 and ((code >= -1) & (code < len(arrays["names"]))).all())


def _check_packed(path: Path) -> None:
    """Look at the sizes of the arrays before one is unpacked: they may be anything."""
    try:
        check_zip(path)
    except InputError as error:
        if error.message.key != "errors.file_unreadable":
            raise
        raise NetworkError("network_broken", path=path.name, detail=error.message.fields["detail"]) from error


def _is_metric(crs: str) -> bool:
    try:
        return CRS.from_user_input(crs).is_projected
    except CRSError:
        return False
