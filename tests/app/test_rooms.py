"""Facilities edited as a table: nothing is lost, nothing is invented, positions follow the click."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import file_names, rooms, workspace
from walkshed.app.views import data_rooms
from walkshed.catalogue import text
from walkshed.inputs.facilities import read_facilities
from walkshed.parameters import StudyConfig
from walkshed.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyInputs


@pytest.fixture(scope="session")
def sample(root: Path) -> StudyConfig:
    return StudyConfig.from_toml(root / "data" / "sample-district")


@pytest.fixture(scope="session")
def sample_inputs(sample: StudyConfig) -> StudyInputs:
    return load_study(sample)


def read_back(table: pd.DataFrame, former: Any, config: StudyConfig, folder: Path) -> Any:
    """Store an edited table as the app does and read it as a study does."""
    content = rooms.rooms_csv(table, former)
    (folder / "facilities.csv").write_bytes(content)
    header = content.decode("utf-8-sig").splitlines()[0].split(",")
    source = rooms.with_rooms(config, "facilities.csv", header).facilities
    return read_facilities(folder / "facilities.csv", columns=source.columns, datum=source.datum)


def test_saving_without_a_change_changes_nothing(
    sample: StudyConfig, sample_inputs: StudyInputs, tmp_path: Path
) -> None:
    former = sample_inputs.facilities
    read = read_back(rooms.cleaned(rooms.editable(former)), former, sample, tmp_path)
    assert len(read.rejects) == 0
    again = read.table
    for column in former.columns:
        if column in {"geometry", "capacity"}:
            continue
        assert again[column].astype(str).tolist() == former[column].astype(str).tolist(), column
    np.testing.assert_array_equal(again.capacity.to_numpy(float), former.capacity.to_numpy(float))
    placed = former.geometry.notna() & ~former.geometry.is_empty
    assert (again.geometry.notna() == placed).all()
    apart = shapely.distance(again.geometry[placed].to_numpy(), former.geometry[placed].to_numpy())
    assert apart.max() < 1e-6  # degrees


def test_a_room_that_moves_loses_the_unit_of_its_former_place(
    sample: StudyConfig, sample_inputs: StudyInputs, tmp_path: Path
) -> None:
    former = sample_inputs.facilities
    row = int(np.flatnonzero(former.geometry.notna() & (former.unit_id != ""))[0])
    table = rooms.cleaned(rooms.place(rooms.editable(former), row, 108.48, 29.54))
    again = read_back(table, former, sample, tmp_path).table
    assert again.unit_id[row] == ""
    assert (again.geometry[row].x, again.geometry[row].y) == (108.48, 29.54)
    others = np.arange(len(former)) != row
    assert again.unit_id[others].tolist() == former.unit_id[others].tolist()


def test_new_rows_get_ids_of_their_own_and_blank_ones_go(sample_inputs: StudyInputs) -> None:
    former = sample_inputs.facilities
    added = pd.DataFrame(
        [
            {"name": "新书屋", "status": None, "lon": 108.47, "lat": 29.52},
            {"name": None, "lon": None, "lat": None},
            {"name": "另一处", "status": "planned", "capacity": 30, "lon": 108.46, "lat": 29.53},
        ]
    )
    table = rooms.cleaned(pd.concat([rooms.editable(former), added], ignore_index=True))
    assert len(table) == len(former) + 2
    assert table.facility_id.is_unique
    assert (table.facility_id != "").all()
    assert table.status.tolist()[-2:] == ["open", "planned"]
    assert table.facility_id.tolist()[: len(former)] == former.facility_id.tolist()


def test_a_row_without_position_and_unit_is_told(sample_inputs: StudyInputs) -> None:
    former = sample_inputs.facilities
    nowhere = former[former.geometry.isna()]
    assert len(nowhere)
    assert (nowhere.unit_id != "").all()
    added = pd.DataFrame([{"name": "<b>无处</b>", "lon": np.nan, "lat": 29.5}])
    table = rooms.cleaned(pd.concat([rooms.editable(former), added], ignore_index=True))
    assert rooms.unplaced(table, former) == ["<b>无处</b>"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip),
            st.floats(-179, 179),
            st.floats(-85, 85),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_name_survives_the_file(rows: list[tuple[str, float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["name", "lon", "lat"]).reindex(columns=list(rooms.EDITED))
    table = rooms.cleaned(frame)
    assert len(table) == len(rows)
    content = rooms.rooms_csv(table, None).decode("utf-8-sig")
    from io import StringIO  # noqa: PLC0415 - only here

    again = pd.read_csv(StringIO(content), dtype={"name": str}, keep_default_na=False)
    assert again.name.tolist() == table.name.tolist()
    np.testing.assert_allclose(again.lon.astype(float), table.lon)


def test_the_settings_name_every_column_so_that_no_other_is_taken(sample: StudyConfig, tmp_path: Path) -> None:
    frame = pd.DataFrame([{"name": "A", "lon": 108.47, "lat": 29.52}]).reindex(columns=list(rooms.EDITED))
    table = rooms.cleaned(frame)
    header = rooms.rooms_csv(table, None).decode("utf-8-sig").splitlines()[0].split(",")
    changed = rooms.with_rooms(sample, "facilities.csv", header)
    assert changed.facilities.columns["location"] == ""
    assert changed.facilities.datum == "wgs84"
    path = tmp_path / "study.toml"
    path.write_text(changed.to_toml(), encoding="utf-8")
    assert StudyConfig.from_toml(path) == changed


# --- clicks


def session(frame: pd.DataFrame, row: int | None, clicked: Any) -> dict[str, Any]:
    return {
        data_rooms.DRAFT_KEY: data_rooms._Draft("key", rooms.without_rows(), frame),
        data_rooms.ROW_KEY: row,
        data_rooms.MAP_KEY: clicked,
    }


def test_a_click_places_the_chosen_row_once(sample_inputs: StudyInputs, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = rooms.editable(sample_inputs.facilities)
    frame.loc[1, "name"] = "typed a moment ago"
    state = session(frame, 1, {"last_clicked": {"lat": 29.5212345678, "lng": 108.4712345678}})
    monkeypatch.setattr(data_rooms, "st", SimpleNamespace(session_state=state))
    data_rooms.take_click()
    draft = state[data_rooms.DRAFT_KEY]
    assert draft.start.loc[1, ["lon", "lat"]].tolist() == [108.471235, 29.521235]
    assert draft.start.loc[1, "name"] == "typed a moment ago"
    assert draft.version == 1
    data_rooms.take_click()  # the map tells its last click again
    assert draft.version == 1


@pytest.mark.parametrize(
    ("row", "clicked"), [(None, {"last_clicked": {"lat": 1.0, "lng": 1.0}}), (1, None), (1, {"last_clicked": None})]
)
def test_a_click_on_nothing_changes_nothing(
    sample_inputs: StudyInputs, monkeypatch: pytest.MonkeyPatch, row: int | None, clicked: Any
) -> None:
    state = session(rooms.editable(sample_inputs.facilities), row, clicked)
    monkeypatch.setattr(data_rooms, "st", SimpleNamespace(session_state=state))
    data_rooms.take_click()
    assert state[data_rooms.DRAFT_KEY].version == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_and_the_map_are_on_the_page(open_page: Callable[..., Any], language: str) -> None:
    page = open_page("data", lang=language, study="sample-district", data="rooms")
    assert text("app.rooms_unchanged", language) in page.html()
    assert 'role="alert"' not in page.html()
    assert "码头24小时书房" in page.map_script()
    save = next(button for button in page.app.button if button.label == text("app.rooms_save", language, count=13))
    assert save.disabled


def test_an_edited_table_becomes_the_facilities_of_the_study(sample: StudyConfig, tmp_path: Path) -> None:
    shutil.copytree(sample.folder, tmp_path / "study")
    config = workspace.read_own(tmp_path / "study")
    former = load_study(config).facilities
    table = rooms.cleaned(rooms.editable(former).iloc[2:])
    assert rooms.gone(table, former) == set(former.facility_id[:2])
    content = rooms.rooms_csv(table, former)
    name = file_names.free_name(config, "facilities.csv")
    header = content.decode("utf-8-sig").splitlines()[0].split(",")
    kept = workspace.change_study(rooms.with_rooms(config, name, header), files={name: content}, check=load_study)
    assert load_study(kept).facilities.facility_id.tolist() == former.facility_id.tolist()[2:]
