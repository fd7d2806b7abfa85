"""Python's garbage is collected now and then, by a thread of the server's own.

Streamlit does it after every run of a page, and what a page shows that looks several times a second how far a
computation is are such runs. With a study in memory each took a quarter of a second, in which nothing else could run
(``runner.postScriptGC`` in ``.streamlit/config.toml`` switches it off). Python's own rule remains as well.
"""

from __future__ import annotations

import gc
import time
from threading import Thread
from typing import Final

import streamlit as st

EVERY_S: Final = 30.0
BUSY: Final = 50
"""So many small collections of Python's own since the last look mean that somebody has used the app."""


@st.cache_resource(show_spinner=False)
def begin() -> Thread:
    """Start the thread, once for the server."""
    thread = Thread(target=_tidy, name="walkshed-tidy", daemon=True)
    thread.start()
    return thread


def _tidy() -> None:
    before = _small_collections()
    while True:
        time.sleep(EVERY_S)
        if _small_collections() - before >= BUSY:
            gc.collect()
            before = _small_collections()


def _small_collections() -> int:
    return int(gc.get_stats()[0]["collections"])
