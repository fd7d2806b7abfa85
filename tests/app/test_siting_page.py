"""The siting page without a browser: goals, conditions, rooms by hand, proof, why here, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app import goals, plans
from walkshed.app.views import siting_hand
from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Callable

HAN = re.compile(r"[\u4e00-\u9fff]")
TAG = re.compile(r"<[^>]*>")
SAMPLE = "sample-district"
GREY = "grayscale"


def styles(page: Any) -> str:
    return "\n".join(element.proto.body for element in page.app.get("html") if GREY in element.proto.body)


def state(page: Any, key: str) -> Any:
    return page.app.session_state[key] if key in page.app.session_state else None  # noqa: SIM401 - it has no get()


def goal(page: Any) -> goals.Goal:
    found: goals.Goal = state(page, goals.DRAFT_KEY)
    return found


def press(page: Any, key: str) -> Any:
    page.app.button(key=key).click()
    return page.run()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("aim", goals.AIMS)
def test_every_goal_is_answered_with_its_proof_in_its_own_unit(
    open_page: Callable[..., Any], aim: str, language: str
) -> None:
    page = open_page("siting", lang=language)
    if aim != "most":
        page.widget("segmented_control", "goal_aim").set_value(aim)
        page.run()
        if aim == "fairest":
            page.widget("segmented_control", "goal_fairness").set_value("worst")
            page.run()
        assert escape(text("app.goal_waits", language)) in page.html()
        assert styles(page)
        press(page, "compute_plan")
    html = page.html()
    assert escape(text("app.goal_waits", language)) not in html
    assert not styles(page)
    assert 'role="alert"' not in html
    model = {"most": "mclp", "fewest": "lscp", "fairest": "p_center", "nearest": "p_median"}[aim]
    assert escape(text(f"app.solver_{model}", language)) in html
    unit = {"most": "residents", "fewest": "rooms", "fairest": "minutes", "nearest": "person_minutes"}[aim]
    assert text(f"app.amount_{unit}", language, value="").strip() in TAG.sub(" ", html)
    if language == "en":
        assert not HAN.search(TAG.sub(" ", html))


def test_the_number_is_answered_at_once_and_holds_on_every_page(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", rooms="1")
    page.widget("slider", "new_rooms").set_value(2)
    page.run()
    assert goal(page).new_rooms == 2
    assert not styles(page)
    assert state(page, "new_rooms") == 2
    assert len(next(iter(state(page, goals.SOLVED_KEY).values())).must_build) == 0


def test_what_cannot_be_had_is_named_and_the_former_plan_stays_grey(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", study=SAMPLE)
    figure = re.findall(r'<div class="ws-value">([^<]*)', page.html())[0]
    page.widget("segmented_control", "goal_aim").set_value("fewest")
    page.run()
    page.widget("slider", "goal_share").set_value(100)
    page.run()
    html = press(page, "compute_plan").html()
    assert escape(text("app.goal_impossible", "en")) in html
    assert "cannot be served: at most" in html
    assert re.findall(r'<div class="ws-value">([^<]*)', html)[0] == figure
    assert styles(page)
    # the way back
    page.widget("slider", "goal_share").set_value(90)
    page.run()
    html = press(page, "compute_plan").html()
    assert escape(text("app.goal_impossible", "en")) not in html
    assert not styles(page)


def test_sites_that_must_and_may_not_be_built(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="zh", study=SAMPLE)
    shown = next(frame.value for frame in page.app.dataframe if "newly" in frame.value)
    first = page.app.session_state[goals.DRAFT_KEY]
    assert first.forbidden == ()
    places = next(frame.value for frame in page.app.dataframe if "id" in frame.value)
    refused = places[places["place"] == shown["place"].iloc[0]]["id"].iloc[0]
    wanted = places[~places["place"].isin(shown["place"])]["id"].iloc[0]
    page.app.session_state[goals.DRAFT_KEY] = replace(first, forbidden=(refused,), must_build=(wanted,))
    page.run()
    after = next(frame.value for frame in page.app.dataframe if "newly" in frame.value)["place"].tolist()
    assert places.set_index("id")["place"][refused] not in after
    assert places.set_index("id")["place"][wanted] in after
    assert not styles(page)  # still answered at once
    script = page.map_script()
    assert text("app.mark_must", "zh") in script
    assert text("app.mark_not", "zh") in script
    # a click on the map near a candidate names it
    page.app.session_state[siting_hand.MEANING_KEY] = "not"
    page.app.session_state[siting_hand.ACT_KEY] = {"kind": "click", "lng": 0.0, "lat": 0.0}
    assert "150" in page.run().html() or "100" in page.html()
    assert goal(page).forbidden == (refused,)


def test_rooms_by_hand_count_at_once_and_are_kept_as_a_plan(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", rooms="0")
    assert text("app.no_proposals", "en") in page.html()
    before = re.findall(r'<div class="ws-value">([^<]*)', page.html())[0]
    west, south, east, north = (24.930, 60.160, 24.960, 60.180)
    page.app.session_state[siting_hand.MEANING_KEY] = "add"
    page.app.session_state[siting_hand.ACT_KEY] = {
        "kind": "click", "lng": (west + east) / 2, "lat": south + 0.75 * (north - south),
    }  # fmt: skip
    html = page.run().html()
    after = re.findall(r'<div class="ws-value">([^<]*)', html)[0]
    assert after != before
    assert "<b>A</b>" in html
    page.app.session_state[siting_hand.ACT_KEY] = {"kind": "click", "lng": 0.0, "lat": 0.0}
    html = page.run().html()
    assert "There is no street within" in html
    assert len(state(page, "hand_rooms")) == 1
    page.app.text_input(key=siting_hand.SAVED_NAME).set_value("<b>By hand</b>")
    page.run()
    html = press(page, "save_plan").html()
    assert escape("<b>By hand</b>") in html
    kept = next(iter(state(page, plans.SESSION_KEY)["helsinki"].values()))
    assert kept.by_hand
    assert [room.name for room in kept.rooms] == ["A"]
    html = press(page, "hand_remove_A").html()
    assert re.findall(r'<div class="ws-value">([^<]*)', html)[0] == before
    html = press(page, "hand_undo").html()
    assert re.findall(r'<div class="ws-value">([^<]*)', html)[0] == after


def test_the_plan_can_be_taken_over(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", rooms="2")
    before = re.findall(r'<div class="ws-value">([^<]*)', page.html())[0]
    html = press(page, "hand_take_over").html()
    assert re.findall(r'<div class="ws-value">([^<]*)', html)[0] == before
    assert [room.letter for room in state(page, "hand_rooms")] == ["A", "B"]
    page.widget("segmented_control", "hand_basis").set_value("beside")
    assert re.findall(r'<div class="ws-value">([^<]*)', page.run().html())[0] == before  # the same places twice
    html = press(page, "hand_clear").html()
    assert re.findall(r'<div class="ws-value">([^<]*)', html)[0] == before


def test_phases_and_other_assumptions_are_told(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", study=SAMPLE)
    page.app.text_input(key="goal_phases_widget").set_value("1, 1, 1")
    page.run()
    page.widget("checkbox", "goal_robustness").check()
    page.run()
    html = press(page, "compute_plan").html()
    for key in ("phases_title", "robustness_title"):
        assert escape(text(f"app.{key}", "en")) in html
    assert "walking 10 % slower" in html
    assert "Stays chosen" in html


def test_why_here_and_the_curve(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en")
    html = page.html()
    assert "Newly serves" in html
    assert "If this site cannot be had" in html
    assert "Saturated from" in html
    assert page.app.get("arrow_vega_lite_chart") or page.app.get("vega_lite_chart")


def test_floors_and_parity_are_kept(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", study=SAMPLE)
    page.widget("segmented_control", "goal_aim").set_value("fairest")
    page.run()
    page.widget("segmented_control", "goal_fairness").set_value("groups")
    page.run()
    page.widget("multiselect", "goal_parities").set_value(["seniors"])
    page.run()
    html = press(page, "compute_plan").html()
    assert 'role="alert"' not in html
    rows = re.findall(r"<tr><td>([^<]*)</td><td class=ws-number>[^<]*</td><td class=ws-number>([0-9.]*)%", html)
    shares = {name: float(share) for name, share in rows}
    everybody = text("figures.group_everybody", "en")
    senior = text("figures.group_seniors", "en")
    assert shares[senior] >= shares[everybody]
