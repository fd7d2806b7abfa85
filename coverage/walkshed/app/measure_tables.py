"""Tables of a study's further measures: what every room contributes, missing links, groups, hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.app.parts import table
from walkshed.app.texts import language, say
from walkshed.reporting.norm_sheets import hour_name
from walkshed.reporting.wording import DASH, count, group_name, named, percent

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.results import StudyResult

SHOWN = 8


def service(result: StudyResult) -> None:
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


def links(result: StudyResult) -> None:
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


def groups(result: StudyResult) -> None:
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
