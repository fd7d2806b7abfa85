"""Chapters 1 and 2 of a report: what the study is about, and what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.document.cells import Cells, counts, table_of, words
from walkshed.reporting.document.tree import Bullets, Chapter, Figures, Illustration, Paragraph
from walkshed.reporting.document.words import tell
from walkshed.reporting.keyfigures import headline_rate, key_figures
from walkshed.reporting.webmap import reader_notes
from walkshed.reporting.wording import count, named, people, percent, plain, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from walkshed.reporting.document.tree import Block
    from walkshed.results import StudyResult

ROOMS_LISTED = 30
"""Rooms in the chapter; all of them stand in the annex."""


def overview(result: StudyResult, language: str) -> Chapter:
    """Return the conclusions on one page: key figures, what they mean, what is proposed."""
    walking = result.config.walking
    blocks: list[Block] = [Figures(figures=tuple(key_figures(result, language)))]
    rate = headline_rate(result)
    total = float(result.demand["population"].sum())
    serving = int(_serving(result).sum())
    if rate is not None:
        blocks.append(
            Paragraph(
                text=tell(
                    "overview_now",
                    language,
                    rooms=serving,
                    minutes=walking.cutoff_min,
                    profile=named("profile", walking.profile, language),
                    rate=percent(float(rate["rate"])),
                    numerator=count(float(rate["numerator"])),
                    denominator=count(float(rate["denominator"])),
                    quantity=named("quantity", rate["quantity"], language),
                    basis=named("basis", rate["basis"], language),
                )
            )
        )
    if len(result.gaps):
        first = result.gaps.sort_values("rank").iloc[0]
        blocks.append(
            Paragraph(
                text=tell(
                    "overview_gaps",
                    language,
                    gaps=len(result.gaps),
                    residents=people(float(result.gaps["residents"].sum()), language),
                    place=place_of(first["unit_name"], first["place"], language),
                    first=people(float(first["residents"]), language),
                )
            )
        )
    if len(result.proposals) and total > 0:
        plan = result.proposals
        blocks.append(
            Paragraph(
                text=tell(
                    "overview_plan",
                    language,
                    count=len(plan),
                    gained=people(float(plan["newly_served"].sum()), language),
                    after=percent(float(plan["cumulative_rate"].iloc[-1])),
                    places=say("list_separator", language).join(plain(place) for place in plan["place"]),
                )
            )
        )
    blocks.append(Illustration(picture="now", caption=tell("picture_now", language, minutes=walking.cutoff_min)))
    return Chapter(key="overview", title=tell("chapter_overview", language), blocks=tuple(blocks))


def existing(result: StudyResult, language: str) -> Chapter:
    """Return the rooms there are, how residents were counted, and what the data lacks."""
    rooms, config = result.facilities, result.config
    by_status = rooms["status"].value_counts()
    told = say("list_separator", language).join(
        tell("status_count", language, status=named("status", status, language), count=int(by_status[status]))
        for status in sorted(by_status.index)
    )
    blocks: list[Block] = [
        Paragraph(
            text=tell(
                "existing_rooms",
                language,
                count=len(rooms),
                by_status=told,
                serving=int(_serving(result).sum()),
                unlocated=int((rooms["why"] == "no_position").sum()),
            )
        ),
        Paragraph(
            text=tell(
                "existing_residents",
                language,
                residents=people(float(result.demand["population"].sum()), language),
                rows=count(len(result.demand)),
                speed=config.speed_kmh(),
                profile=named("profile", config.walking.profile, language),
            )
        ),
        table_of("rooms", tell("table_rooms", language), room_cells(result, language, limit=ROOMS_LISTED)),
    ]
    if len(rooms) > ROOMS_LISTED:
        more = len(rooms) - ROOMS_LISTED
        blocks.append(Paragraph(text=tell("rows_more", language, count=more), small=True))
    notes = tuple(reader_notes(result, language))
    if notes:
        blocks += [Paragraph(text=tell("existing_notes", language)), Bullets(items=notes)]
    return Chapter(key="existing", title=tell("chapter_existing", language), blocks=tuple(blocks))


def room_cells(result: StudyResult, language: str, *, limit: int | None = None) -> Iterator[Cells]:
    """Return the columns of the table of rooms."""
    rooms = result.facilities.head(limit) if limit else result.facilities
    units = dict(zip(result.inputs.units["unit_id"], result.inputs.units["name"], strict=True))
    served = result.demand[result.demand["covered"].astype(bool)]
    nearest = served.groupby(served["facility_id"].astype(str))["population"].sum()
    serving = _serving(result).to_numpy()[: len(rooms)]
    yield words("name", rooms["name"], language, 2.4)
    yield words("status", (named("status", value, language) for value in rooms["status"]), language, 1.4)
    if units and "unit_id" in rooms:
        yield words("unit", (units.get(key, "") for key in rooms["unit_id"]), language, 1.3)
    if "opening_hours" in rooms and rooms["opening_hours"].map(plain).any():
        yield words("opening_hours", rooms["opening_hours"], language, 2.7)
    values = (
        nearest.get(str(key), 0.0) if counted else float("nan")
        for key, counted in zip(rooms["facility_id"], serving, strict=True)
    )
    yield counts("nearest_residents", values, language, 1.3)


def place_of(unit: object, place: object, language: str) -> str:
    """Return where something is: its unit, then its place."""
    parts = [part for part in (plain(unit), plain(place)) if part]
    return say("place_separator", language).join(parts) if parts else "—"


def _serving(result: StudyResult) -> pd.Series[bool]:
    rooms = result.facilities
    counted: pd.Series[bool] = rooms["status"].isin(result.config.facilities.serving) & rooms["snapped"].astype(bool)
    return counted
