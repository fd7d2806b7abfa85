"""Files that a map fetches by address, kept as long as anything in the server still names them, and a while longer.

Whoever draws a map holds an :class:`Address`. Two sessions that show the same hold addresses of one file. When the last
address is gone, with the result that it was made for, a browser may still be on its way: the file goes some time later.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import weakref
from collections import Counter, deque
from threading import Lock
from typing import TYPE_CHECKING, Final

from walkshed.app.assets import address, layer_folder
from walkshed.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

HASH_CHARACTERS: Final = 16
KEPT_S: Final = 7_200.0
"""A file that nobody names any more is kept so long: a browser may have been told of it and be on its way."""
_SALT: Final = secrets.token_bytes(16)
"""Of this process: without it nobody can tell from a private study's files under which address its shapes stand."""
_guard: Final = Lock()
_named: Final[Counter[Path]] = Counter()
_left: Final[dict[Path, float]] = {}
_gone: Final[deque[tuple[Path, float]]] = deque()
"""Addresses that have ended, and when: Python notes it at any moment, so that it must wait for no lock."""


class Address(str):
    """Where a browser fetches a file; while this very object is held, the file stays."""

    __slots__ = ("__weakref__",)


def publish(name: str, content: bytes) -> Address:
    """Write what the map fetches once, and return its address; equal content has one address.

    Parameters
    ----------
    name
        Start of the file's name.
    content
        Of the file.
    """
    file = f"{name}-{hashlib.sha256(_SALT + content).hexdigest()[:HASH_CHARACTERS]}.json"
    path = layer_folder() / file
    where = Address(address("layers", from_map=True) + file)
    sweep()
    with _guard:
        _named[path] += 1
        _left.pop(path, None)
        weakref.finalize(where, lambda: _gone.append((path, time.monotonic()))).atexit = False
        if not path.exists():
            write_whole(path, content, durable=False)
    return where


def sweep() -> None:
    """Delete the files that nobody has named for :data:`KEPT_S` seconds."""
    with _guard:
        while _gone:
            path, since = _gone.popleft()
            _named[path] -= 1
            if _named[path] <= 0:
                del _named[path]
                _left[path] = since
        oldest = time.monotonic() - KEPT_S
        for path in [path for path, since in _left.items() if since <= oldest]:
            del _left[path]
            path.unlink(missing_ok=True)
