"""Tables of a study's further measures: what every room contributes, missing links, groups, hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.app.parts import bars, table
from walkshed.app.texts import language, say
from walkshed.reporting.list_sheets import level_name, reason_name
from walkshed.reporting.norm_sheets import hour_name
from walkshed.reporting.palette import UNSERVED
from walkshed.reporting.wording import DASH, count, group_name, named, percent
from walkshed.reporting.wording import say as report

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.results import Survey

SHOWN = 8


def service(result: Survey) -> None:
    """Draw what every serving room contributes, the one that most residents depend on first."""
    found = result.measures.catchments
    rooms = found[found["group"] == ""].merge(result.measures.load, on="facility_id").nlargest(SHOWN, "exclusive")
    names = dict(zip(result.facilities["facility_id"].astype(str), result.facilities["name"], strict=True))
    rows = [
        (
            str(names.get(row["facility_id"], "")) or row["facility_id"],
            count(row["reach"]),
            count(row["exclusive"]),
            percent(row["use"]) if row["use"] == row["use"] else DASH,
        )
        for row in rooms.to_dict("records")
    ]
    head = [say("column_room"), say("column_reach"), say("column_exclusive"), say("column_use")]
    table(head, rows, numbers=(1, 2, 3))


def links(result: Survey) -> None:
    """Draw the links and gates whose opening would serve most."""
    found = result.measures.links.head(SHOWN)
    nameless = say("nameless_street")
    rows = [
        (
            named("link", row["kind"], language()),
            say("link_between", start=row["from_place"] or nameless, end=row["to_place"] or nameless),
            f"{row['length_m']:.0f}",
            count(row["newly_served"]),
        )
        for row in found.to_dict("records")
    ]
    head = [say("column_kind"), say("column_between"), say("column_length"), say("column_newly")]
    table(head, rows, numbers=(2, 3))


def groups(result: Survey) -> None:
    """Draw how groups of residents fare beside everybody."""
    rows = [
        (
            group_name(row["group"], language()),
            percent(row["covered_rate"]),
            f"{row['median_min']:.1f}",
            f"{row['gini']:.2f}",
        )
        for row in result.measures.equity.to_dict("records")
        if row["population"] > 0
    ]
    table([say("column_group"), say("column_rate"), say("column_median"), say("column_gini")], rows, numbers=(1, 2, 3))


def hours(hourly: pd.DataFrame) -> None:
    """Draw the best and the worst hour of the week and what never closes."""
    ranked = hourly.sort_values("rate", kind="stable").to_dict("records")
    rows = [
        (
            say(key),
            hour_name(int(row["hour"]), language()),
            percent(float(row["rate"])),
            str(int(row["open_facilities"])),
        )
        for key, row in (("hour_best", ranked[-1]), ("hour_worst", ranked[0]))
    ]
    head = [say("column_figure"), say("column_hour"), say("column_rate"), say("column_open")]
    table(head, rows, numbers=(2, 3))


def hour_told(result: Survey) -> str:
    """Return the hour that the second reading is about, or that it asks for none."""
    return hour_name(result.config.hours.hour, language()) or report("any_hour", language())


def reasons_then(unserved: pd.DataFrame) -> None:
    """Draw why residents find no open room with room for them."""
    rows = [
        (reason_name(row["reason"], language()), row["residents"], f"{count(row['residents'])} {say('people')}")
        for row in unserved.to_dict("records")
        if row["reason"]
    ]
    bars(rows, color=UNSERVED)


def gaps_then(gaps: pd.DataFrame) -> None:
    """Draw the largest gaps of the second reading."""
    rows = [
        (
            str(row["place"] or row["unit_name"] or DASH),
            count(row["residents"]),
            named("reason", row["reason"], language()),
            count(row["closed"]),
            count(row["full"]),
        )
        for row in gaps.head(SHOWN).to_dict("records")
    ]
    head = [say(f"column_{name}") for name in ("place", "unserved", "reason", "closed", "full")]
    table(head, rows, numbers=(1, 3, 4))


def failing_units(failing: pd.DataFrame) -> None:
    """Draw the units below the target, the lowest rate first."""
    rows = [
        (row["unit_name"], level_name(row["level"], language()), percent(row["rate"]), count(row["missing"]))
        for row in failing.to_dict("records")
    ]
    table([say(f"column_{name}") for name in ("unit", "level", "rate", "missing")], rows, numbers=(2, 3))


def names(checked: pd.DataFrame) -> None:
    """Draw the names of a document against the facilities."""
    rows = [
        (
            row["given"] or DASH,
            report(f"verdict_{row['verdict']}", language()),
            report(f"how_{row['how']}", language()),
            row["name"] or DASH,
            named("status", row["status"], language()) or DASH,
        )
        for row in checked.to_dict("records")
    ]
    table([say(f"column_{name}") for name in ("given_name", "verdict", "how", "name", "status")], rows)


def totals(compared: pd.DataFrame) -> None:
    """Draw the totals that somebody gives beside those that the study counts, of all residents or things."""
    rows = [
        (
            report(f"totals_{row['source']}", language()),
            row["unit_name"] or report("whole_area", language()),
            named("basis", row["basis"], language()),
            count(row["given"]),
            count(row["counted"]),
            percent(row["ratio"]),
        )
        for row in compared[compared["group"] == ""].to_dict("records")
    ]
    head = [say(f"column_{name}") for name in ("totals_source", "unit", "basis", "given", "counted", "ratio")]
    table(head, rows, numbers=(3, 4, 5))
