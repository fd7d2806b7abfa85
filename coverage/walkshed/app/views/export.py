"""成果 Export: look at it first, then write everything that officials hand in, and take it along."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from walkshed.app import exporting, file_names, parts, running
from walkshed.app.errors import box, explained, show_error
from walkshed.app.exporting import BOTH, PAPERS, Choice, Job
from walkshed.app.texts import LANGUAGE_KEY, say
from walkshed.app.views import export_preview
from walkshed.app.views.compare import obtain_result
from walkshed.catalogue import LANGUAGES
from walkshed.errors import WalkshedError
from walkshed.reporting.reports import FORMATS, SHEETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

CHOICE_KEY, FOR_KEY, JOB_KEY = "export_choice", "export_for", "export_job"
POLL_S: Final = 0.7
TEXTS: Final = {
    "title_zh": exporting.MAX_TITLE, "title_en": exporting.MAX_TITLE, "author_unit": exporting.MAX_UNIT,
    "approval": exporting.MAX_NUMBER, "dated": 10,
}  # fmt: skip
FORMAT_GROUPS: Final = {
    "documents": ("docx", "pdf", "xlsx", "html"),
    "maps": ("sheets", "atlas"),
    "layers": ("gpkg", "geojson", "shapefile", "kml", "geoparquet", "csv"),
    "evidence": ("pack",),
}


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_export"), config)
    with explained():
        given = obtain_result(config, "export", whole=True)
        if given.value is not None:
            with running.part("export", "body"):
                _body(config, given.value)


def _body(config: StudyConfig, result: StudyResult) -> None:
    choice = _choice(config, result)
    left, right = st.columns([1, 1.9], gap="large")
    with left:
        _texts(choice)
        _paper(choice)
    with right, explained():
        export_preview.show(config, result, _now())
    _formats(choice)
    _write(config, result)


def _choice(config: StudyConfig, result: StudyResult) -> Choice:
    """Return what is chosen; another study begins with its own texts."""
    session, about = st.session_state, (config.folder, config.study, config.report)
    if session.get(FOR_KEY) != about:
        session[FOR_KEY] = about
        session[CHOICE_KEY] = replace(exporting.first_choice(result), language=session[LANGUAGE_KEY])
        for name in (*TEXTS, "paper", "landscape", "language", *FORMATS, *SHEETS):
            session.pop(_widget(name), None)
    return _now()


def _now() -> Choice:
    choice: Choice = st.session_state[CHOICE_KEY]
    return choice


def _widget(name: str) -> str:
    return f"export_{name}_widget"


def _take(name: str) -> None:
    """Take a changed text or setting over into the choice."""
    value = st.session_state[_widget(name)]
    if value is not None:
        st.session_state[CHOICE_KEY] = replace(_now(), **{name: value})


def _take_member(field: str, name: str) -> None:
    """Take a ticked or unticked box over into the choice."""
    chosen = set(getattr(_now(), field))
    (chosen.add if st.session_state[_widget(name)] else chosen.discard)(name)
    order = FORMATS if field == "formats" else SHEETS
    parts_chosen: dict[str, Any] = {field: tuple(part for part in order if part in chosen)}
    st.session_state[CHOICE_KEY] = replace(_now(), **parts_chosen)


def _texts(choice: Choice) -> None:
    parts.subheading(say("export_texts"), say("export_texts_help"))
    for name, most in TEXTS.items():
        st.session_state[_widget(name)] = getattr(choice, name)
        st.text_input(
            say(f"export_{name}"), max_chars=most, key=_widget(name), on_change=_take, args=(name,),
            placeholder=say("export_approval_none") if name == "approval" else None,
        )  # fmt: skip


def _paper(choice: Choice) -> None:
    parts.subheading(say("export_paper_title"))
    _row("language", (*LANGUAGES, BOTH), choice.language, lambda name: say(f"export_language_{name}"))
    _row("paper", PAPERS, choice.paper, str)
    _row(
        "landscape", (True, False), choice.landscape, lambda lies: say("paper_landscape" if lies else "paper_portrait")
    )


def _row(name: str, options: tuple[object, ...], value: object, told: Callable[[object], str]) -> None:
    """Draw a row of buttons for one setting."""
    st.session_state[_widget(name)] = value
    labels = {option: told(option) for option in options}
    st.segmented_control(
        say(f"export_{name}"), options, format_func=labels.__getitem__, key=_widget(name), on_change=_take, args=(name,)
    )


def _formats(choice: Choice) -> None:
    """Draw what can be written, and which map sheets."""
    parts.subheading(say("export_formats"), say("export_formats_help"))
    for place, (group, members) in zip(st.columns([1, 1, 1.1, 1], gap="medium"), FORMAT_GROUPS.items(), strict=True):
        with place:
            st.html(f'<p class="ws-h3">{say(f"export_group_{group}")}</p>')
            for name in members:
                _tick("formats", name, name in choice.formats, say(f"format_{name}"), say(f"format_{name}_help"))
    if "sheets" in choice.formats:
        st.html(f'<p class="ws-h3">{say("export_sheets")}</p>')
        for place, name in zip(st.columns(len(SHEETS), gap="small"), SHEETS, strict=True):
            with place:
                _tick("sheets", name, name in choice.sheets, say(f"sheet_{name.replace('-', '_')}"))


def _tick(field: str, name: str, on: bool, label: str, explanation: str | None = None) -> None:  # noqa: FBT001 - the box's state
    st.session_state[_widget(name)] = on
    st.checkbox(label, key=_widget(name), help=explanation, on_change=_take_member, args=(field, name))


def _write(config: StudyConfig, result: StudyResult) -> None:
    """Draw the button that writes, the work while it goes on, and the files."""
    job: Job | None = st.session_state.get(JOB_KEY)
    if job is not None and job.state == "running":
        _working()
        return
    if st.button(say("export_start"), type="primary", icon=":material/play_arrow:", key="export_start"):
        with explained():
            begun = st.session_state[JOB_KEY] = exporting.start_job(result, _now())
            running.when_gone(begun.canceller())
            st.rerun()
    if job is not None:
        _ended(config, job)


@st.fragment(run_every=POLL_S)
def _working() -> None:
    """Draw how far the work is, every moment anew."""
    job: Job | None = st.session_state.get(JOB_KEY)
    if job is None or job.state != "running":
        st.rerun()
    step = job.steps[min(job.done, len(job.steps) - 1)]
    told = say("export_waiting", before=job.waits_for) if job.waits_for else say("export_working", what=_what(step))
    if job.stopping:
        told = say("export_stopping")
    st.progress(job.done / len(job.steps), text=say("export_count", done=job.done + 1, total=len(job.steps), told=told))
    if st.button(say("export_cancel"), icon=":material/stop_circle:", key="export_cancel", disabled=job.stopping):
        job.cancel()
        st.rerun(scope="fragment")


def _what(step: exporting.Step) -> str:
    """Return what is being written."""
    told = [say(f"format_{step.kind}")]
    if step.sheet:
        told.append(say(f"sheet_{step.sheet.replace('-', '_')}"))
    if step.language:
        told.append(say(f"export_language_{step.language}"))
    return " · ".join(told)


def _ended(config: StudyConfig, job: Job) -> None:
    """Draw what came of the last export."""
    if job.state == "cancelled":
        box(say("export_cancelled"), kind="note")
    elif isinstance(job.error, WalkshedError):
        show_error(job.error)
    elif job.state == "done":
        box(say("export_done", count=len(job.files)), kind="success")
        st.download_button(
            say("export_zip"),
            job.zip_bytes,
            file_name=file_names.file_name(f"{config.study.id}-{_now().dated}.zip"),
            mime="application/zip",
            type="primary",
            icon=":material/folder_zip:",
            on_click="ignore",
            key="export_zip",
        )
        parts.subheading(say("export_singly"))
        places = st.columns(3, gap="small")
        for number, name in enumerate(job.files):
            with places[number % len(places)]:
                st.download_button(
                    name.replace("_", r"\_"),
                    partial(job.read, name),
                    file_name=name.replace("/", "-"),
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"export_file_{name}",
                    width="stretch",
                )
