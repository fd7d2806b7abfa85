"""A file of the user's own for one layer: columns, datum, a look at it, and into the private study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import streamlit as st

from walkshed.app import changing, checklist, controls, file_names, parts, state, upload_settings, uploads, workspace
from walkshed.app.errors import box, explained
from walkshed.app.texts import in_markdown, language, safe, say, term
from walkshed.app.upload_look import SEEN_KEY, on_disk, read, told
from walkshed.app.uploads import LAYERS, Choices, Columns
from walkshed.app.views.data_list import MAX_PREVIEW, PREVIEW_PX, layer_name, rejects
from walkshed.app.views.data_map import draw_table
from walkshed.coordinates import DATUMS
from walkshed.errors import InputError, WalkshedError
from walkshed.inputs.population_raster import HOLDS
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import percent

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

DONE_KEY = "data_done"
SHOWN_ROWS: Final = 200


def show(config: StudyConfig, result: StudyResult | None) -> None:
    """Draw the section."""
    layer = _choose_layer(config)
    file = st.file_uploader(
        say("file_label", layer=in_markdown(term("layer", layer)), endings=say("list_comma").join(_endings(layer))),
        type=list(LAYERS[layer].endings),
        key=f"file_{layer}_{st.session_state.get('uploads', 0)}",
    )
    st.html(f'<p class="ws-small">{safe(say(f"about_{layer}"))}</p>')
    if file is None:
        return
    columns = _columns(file, layer)
    if isinstance(columns, str):
        box(columns)
        return
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        choices = _choices(file, layer, columns)
    with right:
        if choices is not None:
            _preview(file, layer, choices, config, result)


def _choose_layer(config: StudyConfig) -> str:
    """Draw the choice of layer, with the way to take out one that a study can do without."""
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    with left:
        controls.pick("upload_layer", list(LAYERS), label=say("upload_layer"), format_func=layer_name)
    layer: str = st.session_state.upload_layer
    state_now = {item.layer: item.state for item in checklist.checklist(config, None)}[layer]
    removable = LAYERS[layer].optional and state_now in {checklist.PRESENT, checklist.ONLINE}
    with right:
        if removable and st.button(say("take_out", layer=in_markdown(term("layer", layer))), icon=":material/delete:"):
            with explained():
                changing.change_study(config, lambda own: (upload_settings.without_layer(own, layer), {}))
                st.session_state[DONE_KEY] = say("taken_out", layer=term("layer", layer))
                st.rerun()
    return layer


def _endings(layer: str) -> list[str]:
    shown = {"pbf": ".osm.pbf", "zip": say("ending_zip"), "json": ""}
    return [name for ending in LAYERS[layer].endings if (name := shown.get(ending, f".{ending}"))]


def _columns(file: UploadedFile, layer: str) -> Columns | str | None:
    """Return a file's columns, ``None`` where there are none to map, or what is wrong with it."""
    if not LAYERS[layer].reads:
        return None
    known: dict[str, Columns | str] = st.session_state.setdefault("upload_columns", {})
    key = f"{layer}/{file.file_id}/{language()}"
    if key not in known:
        known.clear()
        with on_disk(file) as path:
            try:
                known[key] = uploads.columns_of(path, layer)
            except WalkshedError as error:
                known[key] = told(error, path)
    return known[key]


def _choices(file: UploadedFile, layer: str, columns: Columns | None) -> Choices | None:
    """Draw datum and columns; return what was chosen, ``None`` while something needed is not."""
    kind, datum, holds, onto_homes = LAYERS[layer], "wgs84", "", True
    if kind.datum:
        controls.pick(f"datum_{layer}", list(DATUMS), label=say("datum"), format_func=lambda name: say(f"datum_{name}"))
        datum = st.session_state[f"datum_{layer}"]
        st.html(f'<p class="ws-small">{safe(say("datum_help"))}</p>')
    if layer == "raster":
        counted = {name: say(f"holds_{name or 'find'}") for name in ("", *HOLDS)}
        holds = st.selectbox(say("raster_holds"), list(counted), format_func=counted.__getitem__)
        ways = {True: say("raster_homes"), False: say("raster_cells")}
        onto_homes = st.radio(say("raster_use"), list(ways), format_func=ways.__getitem__)
    if columns is None:
        return Choices(datum=datum, holds=holds or "", onto_homes=bool(onto_homes))
    parts.subheading(say("mapping_title"), say("mapping_help", count=columns.rows))
    chosen = _mapping(file, layer, columns)
    lacking = uploads.lacking(layer, columns, chosen)
    if lacking:
        named = [say("list_or").join(_field_name(layer, name) for name in need) for need in lacking]
        box(say("mapping_lacks", columns=say("list_semicolon").join(named)), kind="warning")
        return None
    return Choices(datum=datum, columns=uploads.mapping_of(columns, chosen))


def _mapping(file: UploadedFile, layer: str, columns: Columns) -> dict[str, str]:
    """Draw a box per column of ours, with the file's column that the reader would take."""
    chosen = {}
    places = st.columns(2, gap="small")
    names = {"": say("no_column")} | {column: column for column in columns.seen}  # now, in the language of this run
    for i, name in enumerate(columns.fields):
        proposed = columns.proposed.get(name, "")
        options = list(names)
        label = _field_name(layer, name) + (say("needed_mark") if uploads.is_needed(layer, columns, name) else "")
        with places[i % 2]:
            picked = st.selectbox(
                in_markdown(label),
                options,
                index=options.index(proposed),
                format_func=names.__getitem__,
                key=f"map_{layer}_{name}_{file.file_id}",
                help=say("several_fit") if name in columns.doubtful else None,
            )
        chosen[name] = picked or ""
    return chosen


def _field_name(layer: str, name: str) -> str:
    """Return what readers call one of our columns; a column of a group keeps its name."""
    own = f"{layer}_{name}"
    if own in {"entrances_name", "gates_name"}:
        return say("field_entrance_name")
    if name.startswith(("population_", "denominator_")):
        return name
    return say(f"field_{name}")


def _preview(file: UploadedFile, layer: str, choices: Choices, config: StudyConfig, result: StudyResult | None) -> None:
    """Draw what was found, and the way into the study."""
    seen = read(file, layer, choices, config, result)
    if seen.found is None:
        box(seen.error)
        return
    found = seen.found
    box(
        say("file_read", name=file.name, layer=term("layer", layer), count=found.rows, rejected=len(found.rejects)),
        kind="success" if not len(found.rejects) else "warning",
    )
    if seen.doubt is not None:
        box(seen.doubt.text(language()), kind="warning")
    gone = upload_settings.dropped_with(config, layer)
    if gone:
        named = say("list_comma").join(term("layer", name) for name in gone)
        box(say("goes_too", layers=named), kind="warning")
    if replace_allowed(config) and st.button(
        say("use_file", count=found.rows), type="primary", icon=":material/check:", key=f"use_{layer}"
    ):
        _use(file, layer, choices, config, result)
    if isinstance(found.table, gpd.GeoDataFrame):
        draw_table(found.table, key=f"map_{layer}_{file.file_id}_{choices.datum}", result=result)
    if found.table is not None and layer != "network":
        _rows(found.table)
    rejects(found.rejects, name="upload_rejects", title=say("upload_rejects_title"))


def replace_allowed(config: StudyConfig) -> bool:
    """Draw the question whether a private study may be replaced by a copy of the one that is open, where there is one.

    Returns
    -------
    bool
        Nothing is in the way.
    """
    if workspace.own_study() is None or state.is_own(config):
        return True
    box(say("own_exists"), kind="warning")
    return st.checkbox(say("own_replace"), key="own_replace")


def _rows(table: pd.DataFrame) -> None:
    """Draw the first rows with our columns' names."""
    shown: Any = table.iloc[:SHOWN_ROWS]
    if isinstance(shown, gpd.GeoDataFrame):
        points = shown.geometry.representative_point()
        frame = shown.drop(columns=shown.geometry.name).astype("string").fillna("")
        frame["longitude"], frame["latitude"] = points.x.round(6), points.y.round(6)
    else:
        frame = shown.astype("string").fillna("")
    if "status" in frame:
        frame["status"] = [term("status", status) for status in frame.status]
    if "kind" in frame:
        frame["kind"] = [term("kind", kind) for kind in frame.kind]
    frame = frame.loc[:, ~(frame == "").all()]
    ours = {"facility_id", "name", "status", "opening_hours", "unit_id", "longitude", "latitude"}
    named = {name: say(f"column_{name}") for name in frame.columns if name in ours}
    named |= {
        name: say(f"field_{name}") for name in frame.columns if name in {"population", "capacity", "tier", "kind"}
    }
    st.dataframe(
        frame.rename(columns=named), hide_index=True, height=PREVIEW_PX if len(frame) > MAX_PREVIEW else "auto"
    )
    if len(table) > SHOWN_ROWS:
        st.html(f'<p class="ws-small">{safe(say("preview_rows", count=SHOWN_ROWS))}</p>')


def _use(file: UploadedFile, layer: str, choices: Choices, config: StudyConfig, result: StudyResult | None) -> None:
    """Write the file into the private study and recompute it."""

    def make(own: StudyConfig) -> tuple[StudyConfig, dict[str, bytes]]:
        name = file_names.free_name(own, file.name)
        return upload_settings.with_layer(own, layer, name, choices), {name: file.getvalue()}

    before = headline(result)
    with explained():
        changed = changing.change_study(config, make)
        told = say("file_used", layer=term("layer", layer), name=file.name)
        st.session_state[DONE_KEY] = " ".join(filter(None, (told, changed_rate(before, changed))))
        next_upload()
        st.rerun()


def next_upload() -> None:
    """Empty the file box, by a new key."""
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1
    for key in (SEEN_KEY, "upload_columns"):
        st.session_state.pop(key, None)


def headline(result: StudyResult | None) -> str:
    """Return the headline rate as text, ``""`` where there is none."""
    head = None if result is None else headline_rate(result)
    return "" if head is None else percent(float(head.rate))


def changed_rate(before: str, config: StudyConfig) -> str:
    """Return what became of the headline rate; ``""`` where the study cannot be computed yet."""
    try:
        after = headline(state.current_result(config))
    except InputError:  # it lacks layers
        return ""
    if not before or not after:
        return ""
    walking = state.settled(config).walking
    return say(
        "rate_changed",
        minutes=f"{walking.cutoff_min:g}",
        who=term("profile", walking.profile),
        before=before,
        after=after,
    )
