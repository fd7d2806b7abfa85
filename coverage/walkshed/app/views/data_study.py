"""Studies to open, the open one as a file, an empty one, its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import changing, file_names, parts, state, studies, workspace
from walkshed.app.errors import box, explained
from walkshed.app.texts import in_markdown, language, safe, say
from walkshed.app.views.data_upload import next_upload, replace_allowed

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig

DONE_KEY: Final = "data_done"
EMBEDDED: Final = ("sample-district", "helsinki", "chongqing-gaoxin")


def show(config: StudyConfig) -> None:
    """Draw the section."""
    _embedded()
    left, right = st.columns(2, gap="large")
    with left:
        _save(config)
        _about(config)
    with right:
        _open()
        _empty()
        _discard(config)


def _embedded() -> None:
    """Draw one button for each embedded study."""
    parts.subheading(say("embedded_title"), say("embedded_help"))
    offered = studies.study_folders()
    names = [name for name in EMBEDDED if name in offered]
    for place, name in zip(st.columns(max(len(names), 1), gap="medium"), names, strict=False):
        about = studies.read_config(offered[name]).study
        title, note = (about.title_zh, about.note_zh) if language() == "zh" else (about.title_en, about.note_en)
        with place:
            st.button(
                in_markdown(title),
                key=f"open_{name}",
                on_click=state.open_study,
                args=(name,),
                disabled=st.session_state.study == name,
                width="stretch",
                icon=":material/folder_open:",
            )
            st.html(f'<p class="ws-small">{safe(note)}</p>')


def _save(config: StudyConfig) -> None:
    parts.subheading(say("save_title"), say("save_help"))
    st.download_button(
        say("save_button"),
        lambda: workspace.zip_bytes(config.folder),
        file_name=f"{file_names.file_name(config.study.id + '.zip')}",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        key="save_study",
    )


def _open() -> None:
    parts.subheading(say("open_title"), say("open_help"))
    file = st.file_uploader(say("open_label"), type=["zip"], key=f"open_file_{st.session_state.get('uploads', 0)}")
    if file is None:
        return
    replaced = workspace.own_study() is not None
    if replaced:
        box(say("own_replaced_by_open"), kind="warning")
    if st.button(say("open_button"), type="primary", icon=":material/folder_open:"):
        with explained():
            workspace.open_zip(file.getvalue(), file.name)
            _switch(say("opened", name=file.name))


def _empty() -> None:
    parts.subheading(say("empty_title"), say("empty_help"))
    if workspace.own_study() is not None and not st.checkbox(say("own_replace_empty"), key="own_replace_empty"):
        return
    if st.button(say("empty_button"), icon=":material/note_add:"):
        with explained():
            workspace.start_empty(language())
            _switch(say("empty_started"))


def _switch(told: str) -> None:
    """Go on with the private study that was just made."""
    state.forget_results()
    state.open_study(state.OWN)
    next_upload()
    st.session_state[DONE_KEY] = told
    st.session_state.data_section = "list"
    st.rerun()


def _about(config: StudyConfig) -> None:
    """Draw title, note and date of the study, as they stand on everything that leaves the house."""
    parts.subheading(say("about_title"), say("about_help"))
    about, key = config.study, config.digest()[:8]
    with st.form(f"about_{key}"):
        title_zh = st.text_input(say("about_title_zh"), about.title_zh, max_chars=120)
        title_en = st.text_input(say("about_title_en"), about.title_en, max_chars=120)
        date = st.text_input(say("about_date"), about.data_date, max_chars=40)
        sent = st.form_submit_button(say("about_save"))
    if sent and replace_allowed(config):
        named = replace(about, title_zh=title_zh.strip(), title_en=title_en.strip(), data_date=date.strip())
        with explained():
            changing.change_study(config, lambda own: (replace(own, study=named), {}))
            st.session_state[DONE_KEY] = say("about_saved")
            st.rerun()


def _discard(config: StudyConfig) -> None:
    if not state.is_own(config):
        return
    parts.subheading(say("discard_title"), say("discard_help"))
    sure = st.checkbox(say("discard_sure"), key="discard_sure")
    if st.button(say("discard_button"), icon=":material/delete:", disabled=not sure):
        state.forget_own()
        state.open_study(next(iter(state.offered()), ""))
        st.session_state[DONE_KEY] = say("discarded")
        st.rerun()
