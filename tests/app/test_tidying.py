"""Garbage is collected once in a while."""

from __future__ import annotations

import gc
import time
import weakref
from typing import TYPE_CHECKING

from streamlit import config

from walkshed.app import tidying

if TYPE_CHECKING:
    import pytest


class Ring:
    """Something that only the collector can end."""

    def __init__(self) -> None:
        self.me = self


def test_the_server_collects_what_only_the_collector_can_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "EVERY_S", 0.01)
    monkeypatch.setattr(tidying, "BUSY", 0)
    tidying.begin.clear()
    thread = tidying.begin()
    assert tidying.begin() is thread
    gc.disable()
    try:
        gone = weakref.ref(Ring())
        assert gone() is not None
        until = time.monotonic() + 60
        while gone() is not None:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        gc.enable()


def test_streamlit_leaves_it_to_us() -> None:
    assert config.get_option("runner.postScriptGC") is False
