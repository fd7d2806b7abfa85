"""比较 Compare: today, a scenario and plans side by side; a plan becomes the new baseline; two frozen results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import controls, goals, handmade, parts, plans, running, sides, state
from walkshed.app.comparemap import draw_comparison
from walkshed.app.errors import box, explained
from walkshed.app.parts import Card
from walkshed.app.progress import progress_bar
from walkshed.app.texts import safe, say, term
from walkshed.app.views import compare_accept, compare_snapshots, compare_tables
from walkshed.reporting.wording import count, percent
from walkshed.study.variants import input_digest

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.app.running import Obtained
    from walkshed.app.sides import Comparison
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

SECTIONS: Final = ("plans", "snapshots")
BEFORE_KEY, AFTER_KEY = "compare_before", "compare_after"


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_compare"), config)
    compare_accept.carry_out(config)
    if st.session_state.get("compare_section") not in SECTIONS:
        st.session_state.compare_section = SECTIONS[0]
    controls.choose("compare_section", SECTIONS, label=say("sections"), format_func=lambda name: say(f"section_{name}"))
    done = st.session_state.pop(compare_accept.DONE_KEY, "")
    if done:
        box(done, kind="success")
    if st.session_state.compare_section == "plans":
        _plans(config)
    else:
        with explained():
            compare_snapshots.show(state.current_result(config))


@st.fragment
def _plans(config: StudyConfig) -> None:
    """Draw what follows the controls; a click redraws no more than this."""
    with explained():
        given = obtain_result(config, "compare")
        if given.value is not None:
            with running.part("compare", "body"):
                _body(config, given.value)
        state.remember()


def obtain_result(config: StudyConfig, place: str, *, whole: bool = False) -> Obtained[StudyResult]:
    """Return the result of the session's choices for a place of the app; see :func:`walkshed.app.running.obtain`.

    ``whole`` asks for the curve and the robustness, too, which take long: see :func:`walkshed.app.goals.in_full`.
    """
    variant = state.settled(config)
    variant = goals.in_full(config, variant) if whole else variant
    wanted = f"{input_digest(config)}/{variant.digest()}"
    work = state.result_work(config, variant)
    return running.obtain(place, wanted=wanted, work=work, belongs=st.session_state.study)


def _body(config: StudyConfig, result: StudyResult) -> None:
    offered = sides.offered_sides(config, scenario=result.before is not None)
    _defaults(offered, result)
    heads = st.columns([1, 1, 1.2], gap="medium")
    for place, key, label in zip(heads, (BEFORE_KEY, AFTER_KEY), ("compare_from", "compare_to"), strict=False):
        with place:
            controls.pick(key, list(offered), label=say(label), format_func=offered.__getitem__)
    with heads[2]:
        _question(config)
    with progress_bar() as progress:
        before, after = (
            sides.side_of(config, result, st.session_state[key], progress=progress) for key in (BEFORE_KEY, AFTER_KEY)
        )
    comparison = sides.compare_sides(result, before, after)
    if before.key == after.key:
        box(say("compare_same"), kind="note")
    _key_figures(comparison)
    left, right = st.columns([2.85, 1], gap="medium")
    with right:
        _classes(comparison)
        compare_tables.rooms(result, comparison)
    with left:
        draw_comparison(
            result, comparison, focus=controls.chosen_row(compare_tables.UNIT_KEY, _areas(result, comparison))
        )
    compare_tables.show(result, comparison)
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        _save(config, result)
        _saved(config)
    with right:
        compare_accept.show(config, result, after)


def _areas(result: StudyResult, comparison: Comparison) -> gpd.GeoDataFrame:
    """Return the units in the order of their table, with their areas."""
    units = result.inputs.units
    if comparison.units.empty:
        return units
    return units.set_index("unit_id").reindex(comparison.units["unit_id"]).reset_index()


def _defaults(offered: dict[str, str], result: StudyResult) -> None:
    """Begin with today against the current plan; where nothing is proposed, against the scenario."""
    session = st.session_state
    if session.get(BEFORE_KEY) not in offered:
        session[BEFORE_KEY] = sides.TODAY
    if session.get(AFTER_KEY) not in offered:
        plain = result.before is not None and result.proposals.empty
        session[AFTER_KEY] = sides.SCENARIO if plain else sides.CURRENT


def _question(config: StudyConfig) -> None:
    """Draw at which minutes and for whom both sides are measured."""
    controls.choose(
        "cutoff_min", sorted(config.walking.cutoffs_min), label=say("cutoff"), format_func=lambda value: f"{value:g}"
    )
    controls.choose("profile", state.profiles(config), label=say("profile"), format_func=parts.profile_button)


def _key_figures(comparison: Comparison) -> None:
    total, change = comparison.total, comparison.change
    cards = []
    if total is not None:
        cards.append(
            Card(
                label=say("rate_label", minutes=f"{total['cutoff_min']:g}", who=term("profile", total["profile"])),
                value=f"{percent(float(total['rate_before']))} → {percent(float(total['rate_after']))}",
                lines=(
                    say("basis_line", basis=term("basis", comparison.basis)),
                    say(
                        "compare_fraction",
                        before=count(float(total["numerator_before"])),
                        after=count(float(total["numerator_after"])),
                        denominator=parts.counted(float(total["denominator"]), str(total["quantity"])),
                    ),
                    say("rate_points", points=f"{100 * float(total['change']):+.1f}"),
                ),
                kind="gain" if float(total["change"]) > 0 else "plain",
            )
        )
    cards += [
        Card(
            label=say("class_gained"),
            value=count(change.gained),
            unit=say("people"),
            lines=(say("compare_gained_line"),),
            kind="gain",
        ),
        Card(
            label=say("class_lost"),
            value=count(change.lost),
            unit=say("people"),
            lines=(say("compare_lost_line"),),
            kind="alarm" if change.lost > 0 else "plain",
        ),
        Card(
            label=say("minutes_saved_label"),
            value=count(change.person_minutes),
            unit=say("person_minutes"),
            lines=(
                say("nearer_line", nearer=count(change.nearer)),
                say("farther_line", farther=count(change.farther)),
            ),
        ),
    ]
    parts.cards(cards)


def _classes(comparison: Comparison) -> None:
    """Draw all residents by what becomes of them."""
    parts.subheading(say("classes_title"), say("classes_help"))
    rows = [
        (say(name), comparison.residents(code), f"{count(comparison.residents(code))} {say('people')}", colour)
        for code, name, colour in compare_tables.class_rows()
    ]
    every = sum(row[1] for row in rows)
    for label, residents, told, colour in rows:
        parts.bars([(label, residents, told)], color=colour, full=every or 1.0)


def _save(config: StudyConfig, result: StudyResult) -> None:
    """Draw the box that keeps the current plan under a name."""
    parts.subheading(say("save_plan_title"), say("save_plan_help", count=len(result.proposals)))
    with st.form("compare_save_plan", clear_on_submit=True, border=False):
        left, right = st.columns([1.6, 1], gap="small", vertical_alignment="bottom")
        with left:
            name = st.text_input(say("plan_name"), max_chars=plans.MAX_NAME, placeholder=say("plan_name_hint"))
        with right:
            sent = st.form_submit_button(say("save_plan_button"), icon=":material/bookmark_add:")
    if sent:
        with explained():
            kept = plans.save_plan(
                state.settled(config), name, rooms=handmade.for_keeping(result), closed=result.siting.closed
            )
            st.session_state[compare_accept.DONE_KEY] = say("plan_saved", name=kept.name)
            st.rerun()


def _saved(config: StudyConfig) -> None:
    """Draw the plans that were kept."""
    parts.subheading(say("saved_title"), say("saved_help" if state.is_own(config) else "saved_help_public"))
    every = plans.list_plans(config)
    if not every:
        st.html(f'<p class="ws-small">{safe(say("saved_none"))}</p>')
        return
    compare_tables.saved_plans(every)
    names = {plan.plan_id: plan.name for plan in every}
    left, right = st.columns([1.6, 1], gap="small", vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(say("delete_plan_which"), list(names), format_func=names.__getitem__, key="plan_delete")
    with right:
        if st.button(say("delete_plan_button"), icon=":material/delete:"):
            plans.delete_plan(config, chosen)
            st.session_state[compare_accept.DONE_KEY] = say("plan_deleted", name=names[chosen])
            st.rerun()
