"""Features as plain values for a compact layer, inside a page or in a file that an app serves."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from walkshed.files import write_whole
from walkshed.progress import beat
from walkshed.reporting.encode import encode_classes, encode_geometry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

HASH_CHARACTERS: Final = 16


def compact_payload(
    geometries: Iterable[BaseGeometry | None],
    *,
    scale: int = 1_000_000,
    classes: NDArray[np.integer] | None = None,
    names: Sequence[str] | None = None,
    columns: Sequence[Mapping[str, object]] = (),
) -> dict[str, object]:
    """Prepare features for a :class:`CompactLayer`.

    Parameters
    ----------
    geometries
        In EPSG:4326; points, lines and areas may be mixed, ``None`` draws nothing.
    scale
        Steps per degree.
    classes
        Class of every feature, 0 to 9.
    names
        Name of every feature, shown in bold on hovering.
    columns
        What else is shown: ``label``, ``values`` (one per feature: number, text or ``None``), optional ``unit`` and
        ``decimals``, and optional ``texts`` when the values are positions in them.

    Returns
    -------
    dict
        Plain values for JSON.
    """
    beat()
    payload: dict[str, object] = {"scale": scale, "geometry": encode_geometry(geometries, scale=scale)}
    if classes is not None:
        payload["classes"] = encode_classes(classes)
    if names is not None and any(names):
        payload["names"] = list(names)
    if columns:
        payload["columns"] = [dict(column) for column in columns]
    return payload


def publish_payload(payload: Mapping[str, object], folder: Path, name: str) -> str:
    """Write a payload once where an app serves files.

    Parameters
    ----------
    payload
        From :func:`compact_payload`. What lies there can be fetched without a login: give no sensitive attribute.
    folder
        Served folder, made when absent.
    name
        Start of the file's name.

    Returns
    -------
    str
        The file's name; it carries a hash of the content, so that equal content is written and fetched once.
    """
    content = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, durable=False)
    return path.name
