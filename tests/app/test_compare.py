"""Two sides are measured alike; what is gained one way is lost the other way; a plan becomes the baseline."""

from __future__ import annotations

import json
import zipfile
from html import escape
from io import BytesIO
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import baseline, comparemap, plans, rooms, side_rooms, sides, snapshots, workspace
from walkshed.app.study_files import unpack_study
from walkshed.catalogue import text
from walkshed.errors import ContractError, InputError
from walkshed.inputs.facilities import read_facilities
from walkshed.parameters import StudyConfig
from walkshed.planning import Siting
from walkshed.progress import silent
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import count, percent
from walkshed.study import load_study, run_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyResult

STUDY = "sample-district"
HOSTILE = "<img src=x onerror=window.hacked=1>'\"{{7*7}} \u202e书屋\U0001f4da :material/home: [a](b)"
MACHADO = {
    "normal": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}


@pytest.fixture(scope="module")
def sample(root: Path) -> StudyConfig:
    return StudyConfig.from_toml(root / "data" / STUDY)


@pytest.fixture(scope="module")
def result(sample: StudyConfig) -> StudyResult:
    return run_study(sample, inputs=load_study(sample))


def by_hand(result: StudyResult, placed: tuple[plans.HandRoom, ...], closed: tuple[str, ...] = ()) -> sides.Side:
    return sides._with_rooms(result, "hand", "hand", side_rooms.by_hand(result, placed), closed)


# --- sides


def test_the_current_plan_gains_whom_the_solver_says(sample: StudyConfig, result: StudyResult) -> None:
    before, after = (sides.build_side(sample, result, key, progress=silent) for key in (sides.TODAY, sides.CURRENT))
    found = sides.compare_sides(result, before, after)
    assert found.change.gained == pytest.approx(result.siting.objective)
    assert found.change.lost == 0
    head = headline_rate(result)
    assert head is not None
    assert found.total is not None
    assert found.basis == head.basis
    assert found.total["rate_before"] == pytest.approx(head.rate)
    assert found.total["rate_after"] == pytest.approx(float(result.proposals.cumulative_rate.iloc[-1]))
    assert sum(found.residents(code) for code in range(4)) == pytest.approx(result.demand.population.sum())


def test_no_change_changes_nothing(result: StudyResult, sample: StudyConfig) -> None:
    today = sides.build_side(sample, result, sides.TODAY, progress=silent)
    nothing = by_hand(result, ())
    found = sides.compare_sides(result, today, nothing)
    assert set(found.classes) <= {sides.STILL_SERVED, sides.STILL_UNSERVED}
    assert (found.change.gained, found.change.lost, found.change.person_minutes) == (0, 0, 0)
    known = found.rates["change"].dropna()
    assert len(known)
    np.testing.assert_allclose(known, 0, atol=1e-12)


def test_what_is_gained_one_way_is_lost_the_other_way(result: StudyResult) -> None:
    serving = result.facilities[result.facilities.status == "open"]
    site = result.proposals.geometry.iloc[0]
    one = by_hand(result, (plans.HandRoom(name="A", lon=site.x, lat=site.y),))
    other = by_hand(result, (), (str(serving.facility_id.iloc[0]),))
    there, back = sides.compare_sides(result, one, other), sides.compare_sides(result, other, one)
    assert there.change.gained == pytest.approx(back.change.lost)
    assert there.change.lost == pytest.approx(back.change.gained)
    assert there.change.lost > 0
    assert there.change.person_minutes == pytest.approx(-back.change.person_minutes)


def test_units_add_up_to_the_whole(result: StudyResult, sample: StudyConfig) -> None:
    before, after = (sides.build_side(sample, result, key, progress=silent) for key in (sides.TODAY, sides.CURRENT))
    found = sides.compare_sides(result, before, after)
    levels = result.inputs.units.set_index("unit_id").level
    top = found.units[found.units.unit_id.isin(levels.index[levels == "district"])]
    assert top.gained.sum() == pytest.approx(found.change.gained)
    assert (found.units.change.diff().dropna() <= 0).all()


def test_a_room_of_both_sides_is_told_once(result: StudyResult) -> None:
    sites = [plans.HandRoom(name=f"R{i}", lon=p.x, lat=p.y) for i, p in enumerate(result.proposals.geometry)]
    found = sides.compare_sides(result, by_hand(result, tuple(sites[:2])), by_hand(result, tuple(sites[1:])))
    was, both, now = side_rooms.common_rooms(found)
    assert (len(was), len(both), len(now)) == (1, 1, 1)
    assert list(both["name"]) == ["R1"]


@pytest.mark.parametrize("seen", MACHADO)
def test_classes_can_be_told_apart(seen: str) -> None:
    labs = {code: _lab(MACHADO[seen] @ _linear(colour)) for code, colour in comparemap.COLOURS.items()}
    for one, other in combinations(labs, 2):
        assert np.linalg.norm(labs[one] - labs[other]) > 28, (one, other)
    pale = min(labs[sides.STILL_SERVED][0], labs[sides.STILL_UNSERVED][0])
    assert max(labs[sides.GAINED][0], labs[sides.LOST][0]) < pale - 20


def _linear(colour: str) -> Any:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(rgb: Any) -> Any:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    curve = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * curve[1] - 16, 500 * (curve[0] - curve[1]), 200 * (curve[1] - curve[2])])


# --- plans as files

plan_texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)


@settings(deadline=None, max_examples=60)
@given(
    name=plan_texts,
    placed=st.lists(
        st.builds(plans.HandRoom, name=plan_texts, lon=st.floats(-180, 180), lat=st.floats(-90, 90)),
        max_size=4,
    ),
    closed=st.lists(plan_texts, max_size=3),
    share=st.floats(0, 1),
)
def test_a_plan_comes_back_from_its_file(
    name: str, placed: list[plans.HandRoom], closed: list[str], share: float
) -> None:
    plan = plans.SavedPlan(
        plan_id="0123456789ab", name=name, saved="2026-01-01T00:00:00+00:00", profile="adult",
        siting=Siting(model="lscp", share=share, floors=({"share": share, "area": "*"},)), by_hand=True,
        rooms=tuple(placed), closed=tuple(closed),
    )  # fmt: skip
    assert plans.read_plan(plans.plan_toml(plan)) == plan


@pytest.mark.parametrize(
    "record",
    [{"rooms": [{"lon": 400.0}]}, {"siting": {"model": "magic"}}, {"cutoff_min": "soon"}, {"rooms": 3}, {"x": 1}],
)
def test_a_wrong_plan_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        plans.read_plan(tomli_w.dumps(record))


def test_a_plan_asks_its_own_question_of_the_study_as_it_is(sample: StudyConfig) -> None:
    plan = plans.SavedPlan(
        cutoff_min=10.0, profile="nobody", siting=Siting(new_rooms=7, curve_max=9), sources=("osm", "network"),
        apart_m=250.0,
    )  # fmt: skip
    asked = plans.plan_variant(sample, plan)
    assert (asked.walking.cutoff_min, asked.walking.profile) == (10.0, sample.walking.profile)
    assert (asked.siting.new_rooms, asked.siting.curve_max, asked.siting.robustness) == (7, 0, False)
    assert asked.candidates.source == sample.candidates.source  # the study has no places of OpenStreetMap
    assert asked.candidates.spacing_m == 250.0


# --- the new baseline


@pytest.mark.parametrize("status", baseline.STATUSES)
def test_accepted_rooms_are_facilities_that_read_back(
    sample: StudyConfig, result: StudyResult, tmp_path: Path, status: str
) -> None:
    closed = str(result.facilities.facility_id.iloc[0])
    site = result.proposals.geometry.iloc[0]
    side = by_hand(result, (plans.HandRoom(name=HOSTILE, lon=site.x, lat=site.y),), (closed,))
    table = baseline.merged_rooms(result, side, status=status)
    content = rooms.rooms_csv(table, result.inputs.facilities)
    (tmp_path / "facilities.csv").write_bytes(content)
    header = content.decode("utf-8-sig").splitlines()[0].split(",")
    source = rooms.with_rooms(sample, "facilities.csv", header).facilities
    read = read_facilities(tmp_path / "facilities.csv", columns=source.columns, datum=source.datum)
    assert len(read.rejects) == 0
    new = read.table[~read.table.facility_id.isin(result.inputs.facilities.facility_id)]
    assert new.status.tolist() == [status]
    assert "onerror" in new.name.iloc[0]
    assert new.geometry.iloc[0].distance(site) < 1e-5
    assert read.table.set_index("facility_id").status[closed] == "closed"


def test_two_rooms_of_one_id_stay_two(result: StudyResult) -> None:
    taken = {"plan-K-08"}
    assert baseline._free("plan-K-08", taken) == "plan-K-08-2"
    assert baseline._free("plan-K-08", taken) == "plan-K-08-3"
    side = by_hand(result, ())
    assert len(baseline.merged_rooms(result, side, status="open")) == len(result.inputs.facilities)


# --- the page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_tells_both_sides(open_page: Callable[..., Any], result: StudyResult, language: str) -> None:
    page = open_page("compare", study=STUDY, lang=language)
    html = page.html()
    assert 'role="alert"' not in html
    head = headline_rate(result)
    assert head is not None
    after = float(result.proposals.cumulative_rate.iloc[-1])
    assert f"{percent(float(head.rate))} → {percent(after)}" in html
    assert count(result.siting.objective) in html
    assert escape(text("app.class_still_unserved", language)) in html
    script = page.map_script()
    for colour in comparemap.COLOURS.values():
        assert colour in script
    shown = next(frame.value for frame in page.app.dataframe if "gained" in frame.value)
    assert shown["gained"].max() == pytest.approx(round(result.siting.objective))


def test_the_same_on_both_sides_is_said(open_page: Callable[..., Any]) -> None:
    page = open_page("compare", study="helsinki", lang="en", to="today")
    assert escape(text("app.compare_same", "en")) in page.html()


def test_an_unknown_side_in_the_address_is_left(open_page: Callable[..., Any]) -> None:
    page = open_page("compare", study="helsinki", lang="en", **{"from": "plan:../../x", "to": "<b>"})
    assert 'role="alert"' not in page.html()


def test_a_plan_is_kept_compared_and_deleted(open_page: Callable[..., Any]) -> None:
    page = open_page("compare", study="helsinki", lang="en")
    app = page.app
    keep = next(button for button in app.button if button.label == text("app.save_plan_button", "en"))
    keep.click()
    page.run()
    assert escape(text("errors.plan_nameless", "en")) in page.html()
    name = next(field for field in app.text_input if field.label == text("app.plan_name", "en"))
    name.set_value(HOSTILE)
    next(button for button in app.button if button.label == text("app.save_plan_button", "en")).click()
    html = page.run().html()
    told = " ".join(HOSTILE.split())
    assert escape(text("app.plan_saved", "en", name=told), quote=True) in html
    assert f"<td>{escape(told, quote=True)}</td>" in html
    assert "<img" not in html
    chosen = next(key for key in page.widget("selectbox", "compare_after").options if "onerror" in key)
    page.widget("selectbox", "compare_after").set_value(chosen)
    html = page.run().html()
    assert 'role="alert"' not in html
    assert "<img src=x" not in page.map_script()
    assert app.session_state["compare_after"].startswith(sides.SAVED)
    app.button[[button.label for button in app.button].index(text("app.delete_plan_button", "en"))].click()
    assert escape(text("app.saved_none", "en")) in page.run().html()


def test_an_accepted_plan_is_the_new_baseline_and_survives_a_reload(
    open_page: Callable[..., Any], result: StudyResult
) -> None:
    page = open_page("compare", study=STUDY, lang="en")
    app = page.app
    next(field for field in app.text_input if field.label == text("app.plan_name", "en")).set_value("Three rooms")
    next(button for button in app.button if button.label == text("app.save_plan_button", "en")).click()
    page.run()
    app.radio(key="accept_status").set_value("open")
    page.run()
    label = text("app.accept_button", "en", count=len(result.proposals))
    next(button for button in app.button if button.label == label).click()
    html = page.run().html()
    assert 'role="alert"' not in html
    after = percent(float(result.proposals.cumulative_rate.iloc[-1]))
    told = text("app.accepted", "en", name=text("app.side_current", "en"), count=len(result.proposals), closed=0)
    assert escape(told) in html
    assert f"{after} now" in html
    token = app.session_state[workspace.TOKEN_KEY]
    folder = workspace.folder_of(token)
    assert folder is not None
    config = StudyConfig.from_toml(folder)
    table = read_facilities(
        config.resolve(config.facilities.path), columns=config.facilities.columns, datum=config.facilities.datum
    ).table
    assert set(result.proposals.place) <= set(table.name)
    with zipfile.ZipFile(BytesIO(workspace.zip_bytes(folder))) as packed:
        assert len([name for name in packed.namelist() if name.startswith(f"{plans.FOLDER}/")]) == 1
    copied = workspace.folder_of(workspace.make_study(lambda into: unpacked(workspace.zip_bytes(folder), into)))
    assert copied is not None
    assert len(list((copied / plans.FOLDER).glob("*.toml"))) == 1
    (folder / plans.FOLDER / "junk.toml").write_text("x = ", encoding="utf-8")
    (folder / plans.FOLDER / "0123456789ab.toml").write_text("rooms = 3", encoding="utf-8")
    again = open_page("compare", study="~own", own=token, lang="en")
    assert "<td>Three rooms</td>" in again.html()
    assert 'role="alert"' not in again.html()


def unpacked(content: bytes, into: Path) -> None:
    archive = into.parent / "saved.zip"
    archive.write_bytes(content)
    unpack_study(archive, into)


# --- snapshots


def test_a_result_compared_with_itself_has_not_changed(result: StudyResult) -> None:
    same = snapshots.read_snapshot(snapshots.frozen(result), "a.zip")
    found = snapshots.compare_files(same, same, "zh")
    whole = found.people[found.people.unit_id == "*"].iloc[0]
    assert (whole.gained, whole.lost, whole.arrived, whole.gone) == (0, 0, 0, 0)
    assert zipfile.is_zipfile(BytesIO(found.book))
    assert len(found.lines) >= 2


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"PK\x03\x04" + bytes(60)])
def test_what_is_no_snapshot_is_refused_without_a_path(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        snapshots.read_snapshot(content, "../../<b>.zip")
    assert "/tmp" not in caught.value.text("en")  # noqa: S108 - what must not be told


def test_a_made_up_snapshot_is_refused(result: StudyResult) -> None:
    good = zipfile.ZipFile(BytesIO(snapshots.frozen(result)))
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in good.namelist():
            archive.writestr(name, json.dumps({"study": 1}) if name == "summary.json" else good.read(name))
    made = snapshots.read_snapshot(content.getvalue(), "made.zip")
    with pytest.raises(InputError):
        snapshots.compare_files(made, made, "en")


def test_the_page_of_snapshots_says_what_to_do(open_page: Callable[..., Any]) -> None:
    page = open_page("compare", study="helsinki", lang="en")
    page.widget("segmented_control", "compare_section").set_value("snapshots")
    assert escape(text("app.snapshots_empty", "en")) in page.run().html()
