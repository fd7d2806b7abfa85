"""Long work as a bar on the page."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app.texts import language, say
from walkshed.app.turns import JOINED, TURN
from walkshed.catalogue import has, text
from walkshed.progress import beating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.delta_generator import DeltaGenerator

    from walkshed.progress import Progress

ORDER: Final = (
    "load_units", "load_boundary", "load_network", "load_facilities", "load_demand", "load_candidates",
    "load_backdrop", "before", "snap", "minutes", "isochrones", "rates", "gaps", "measures", "notes", "candidates",
    "siting",
)  # fmt: skip


WAITING: Final = (TURN, JOINED)
STOPPED_KEY: Final = "progress_stopped"


@contextmanager
def progress_bar(*, stop: bool = False) -> Iterator[Progress]:
    """Show a bar while the block reports progress; nothing appears when it reports none.

    With ``stop`` there is a button beside it. Whoever presses it ends the run of the page at the next report: the
    block is left by an exception of Streamlit's own, so that what it changed has to be put back in a ``finally`` or
    ``except BaseException``.
    """
    place = st.empty()
    bar: DeltaGenerator | None = None

    def report(stage: str, done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            with place.container():
                left, right = st.columns([5, 1], vertical_alignment="center")
                bar = left.empty()
                if stop:
                    right.button(
                        say("stop"), key=f"stop_progress_{secrets.token_hex(4)}", on_click=_note_stop, width="stretch"
                    )
        stage_name = text(f"progress.{stage}", language()) if has(f"progress.{stage}") else stage
        inside = min(done / total, 1.0) if total > 0 else 0.0
        share = (ORDER.index(stage) + inside) / len(ORDER) if stage in ORDER else float(stage not in WAITING)
        bar.progress(share, text=say("working", stage=stage_name))

    try:
        with beating(report) as heard:
            yield heard
    finally:
        place.empty()


def _note_stop() -> None:
    st.session_state[STOPPED_KEY] = True


def told_stop() -> bool:
    """Say, once, whether the reader has stopped what the last run of the page was about."""
    return bool(st.session_state.pop(STOPPED_KEY, False))
