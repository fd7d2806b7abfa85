"""The user's folder of answers of OpenStreetMap: where it is, whether it takes files, and what in it is broken."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final

PARTS_OF: Final = {"node": ("lat", "lon"), "way": ("nodes",), "relation": ("members",)}
"""What every object of an answer must have beside its kind and number."""


def cache_folder() -> Path:
    """Return the user's folder for answers, by the custom of the operating system."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "walkshed" / "openstreetmap"


def takes_files(folder: Path) -> bool:
    """Say whether answers can be kept in a folder; where they cannot, they are asked for every time."""
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
    except OSError:
        return False
    return there.is_dir() and os.access(there, os.W_OK)


def drop_broken(folder: Path) -> int:
    """Delete the answers in a cache that are cut off or no answers; return how many there were."""
    dropped = 0
    for path in folder.glob("*.json"):
        try:
            whole = _is_answer(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            whole = False
        except OSError:
            continue
        if not whole:
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped


def _is_answer(answer: object) -> bool:
    """Say whether something has the shape of an answer of Overpass or of Nominatim."""
    if isinstance(answer, list):
        return all(isinstance(place, dict) and "display_name" in place for place in answer)
    elements = answer.get("elements") if isinstance(answer, dict) else None
    return isinstance(elements, list) and all(
        isinstance(item, dict)
        and {"type", "id", *PARTS_OF.get(item["type"] if isinstance(item.get("type"), str) else "", ())} <= item.keys()
        for item in elements
    )
