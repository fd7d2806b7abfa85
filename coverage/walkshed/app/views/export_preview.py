"""What an export will look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from walkshed.app import controls, parts, previews, running
from walkshed.app.exporting import BOTH
from walkshed.app.texts import language, safe, say
from walkshed.reporting.reports import SHEETS

if TYPE_CHECKING:
    from walkshed.app.exporting import Choice
    from walkshed.app.previews import Rows
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

KIND_KEY, SHEET_KEY, PAGE_KEY, BOOK_KEY = "export_preview", "export_preview_sheet", "export_page", "export_book"


def show(config: StudyConfig, result: StudyResult, choice: Choice) -> None:
    """Draw the preview of one of the outputs."""
    parts.subheading(say("export_preview"), say("export_preview_help"))
    if st.session_state.get(KIND_KEY) not in previews.KINDS:
        st.session_state[KIND_KEY] = previews.KINDS[0]
    controls.choose(
        KIND_KEY, previews.KINDS, label=say("export_preview_kind"), format_func=lambda kind: say(f"preview_{kind}")
    )
    kind = st.session_state[KIND_KEY]
    if kind == "sheet":
        controls.pick(
            SHEET_KEY, list(SHEETS), label=say("export_sheets"),
            format_func=lambda name: say(f"sheet_{name.replace('-', '_')}"),
        )  # fmt: skip
    spoken = language() if choice.language == BOTH else choice.language
    given = previews.obtain(
        config, result, choice, kind=kind, language=spoken, sheet=st.session_state.get(SHEET_KEY, "")
    )
    if given.value is None:
        st.html(f'<p class="ws-small">{safe(say(f"preview_{kind}_working"))}</p>')
        return
    with running.part(previews.PLACE, kind):
        if kind == "sheet":
            st.image(given.value, width="stretch")
        elif kind == "pages":
            _pages(given.value)
        else:
            _book(given.value)


def _pages(pages: tuple[bytes, ...]) -> None:
    firsts = list(range(0, len(pages), 2))
    controls.pick(
        PAGE_KEY, firsts, label=say("preview_page"),
        format_func=lambda first: say(
            "preview_pages_of", first=first + 1, last=min(first + 2, len(pages)), count=len(pages)
        ),
    )  # fmt: skip
    first = st.session_state[PAGE_KEY]
    for place, page in zip(st.columns(2, gap="small"), pages[first : first + 2], strict=False):
        with place:
            st.image(page, width="stretch")


def _book(sheets: dict[str, Rows]) -> None:
    controls.pick(BOOK_KEY, list(sheets), label=say("preview_book_sheet"), format_func=str)
    head, *rows = sheets[st.session_state[BOOK_KEY]] or [[]]
    columns = [str(name) for name in head]
    cells = [["" if value is None else _shown(value) for value in row] for row in rows]
    frame = pd.DataFrame(cells, columns=pd.Index(columns))
    st.dataframe(frame, hide_index=True)
    st.html(f'<p class="ws-small">{safe(say("preview_rows_first", count=previews.FIRST_ROWS))}</p>')


def _shown(value: object) -> str:
    """Return a cell as text."""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
