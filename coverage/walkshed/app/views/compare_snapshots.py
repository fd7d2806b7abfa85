"""Two frozen results side by side, as ``walkshed compare`` tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import file_names, parts, snapshots
from walkshed.app.errors import box
from walkshed.app.texts import language, safe, say
from walkshed.reporting.wording import count

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from walkshed.app.snapshots import SnapshotChange
    from walkshed.reporting.snapshot import Snapshot
    from walkshed.results import StudyResult

SHOWN: Final = ("gained", "lost", "still_served", "still_unserved", "arrived", "gone")


def show(result: StudyResult) -> None:
    """Draw the section."""
    parts.subheading(say("snapshots_title"), say("snapshots_help"))
    left, right = st.columns(2, gap="large")
    with left:
        before = st.file_uploader(say("snapshot_before"), type=["zip"], key="snapshot_before")
    with right:
        after = st.file_uploader(say("snapshot_after"), type=["zip"], key="snapshot_after")
        st.html(f'<p class="ws-small">{safe(say("snapshot_after_help"))}</p>')
    st.download_button(
        say("snapshot_freeze"),
        lambda: snapshots.frozen(result),
        file_name=file_names.file_name(f"{result.config.study.id}-snapshot.zip"),
        mime="application/zip",
        icon=":material/ac_unit:",
        on_click="ignore",
        key="snapshot_freeze",
    )
    if before is None:
        box(say("snapshots_empty"), kind="note")
        return
    change = snapshots.compare_files(_read(before), _read(after) if after else _own(result), language())
    _draw(change)


def _read(file: UploadedFile) -> Snapshot:
    return snapshots.read_snapshot(file.getvalue(), file.name)


def _own(result: StudyResult) -> Snapshot:
    return snapshots.read_snapshot(snapshots.frozen(result), "snapshot.zip")


def _draw(change: SnapshotChange) -> None:
    first, *others = (line.strip().removeprefix("* ") for line in change.lines)
    parts.subheading(first)
    st.html(f'<ul class="ws-notes">{"".join(f"<li>{safe(line)}</li>" for line in others)}</ul>')
    rows = [
        (
            row["unit_name"] or say("compare_whole" if row["unit_id"] else "compare_outside"),
            *(count(float(row[name])) for name in SHOWN),
        )
        for row in change.people.to_dict("records")
    ]
    head = [say("column_unit"), *(say(f"class_{name}") for name in SHOWN)]
    parts.table(head, rows, numbers=range(1, len(head)))
    st.download_button(
        say("snapshots_book"),
        change.book,
        file_name="comparison.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        icon=":material/download:",
        on_click="ignore",
        key="snapshots_book",
    )
