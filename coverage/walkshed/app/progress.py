"""Long work as a bar on the page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app.texts import language, say
from walkshed.catalogue import has, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.progress import Progress

ORDER: Final = (
    "load_units", "load_boundary", "load_network", "load_facilities", "load_demand", "load_candidates",
    "load_backdrop", "before", "snap", "minutes", "isochrones", "rates", "gaps", "measures", "notes", "candidates",
    "siting",
)  # fmt: skip


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar while the block reports progress; nothing appears when it reports none."""
    place = st.empty()

    def report(stage: str, done: int, total: int) -> None:
        del done, total  # the stages are many and short: their order says more than the count inside one
        stage_name = text(f"progress.{stage}", language()) if has(f"progress.{stage}") else stage
        share = (ORDER.index(stage) + 1) / len(ORDER) if stage in ORDER else 1.0
        place.progress(share, text=say("working", stage=stage_name))

    try:
        yield report
    finally:
        place.empty()
