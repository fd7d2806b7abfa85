"""All districts as one table: figures, totals, and which failed and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.files import replacing
from walkshed.inputs.reject_files import safe_cell
from walkshed.inputs.values import text_of
from walkshed.reporting.columns import Column, Kind, Sheet, numbers, texts
from walkshed.reporting.tables import write_book
from walkshed.reporting.wording import count, named, percent, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from walkshed.batch.district import Outcome

FIELDS: Final[dict[str, tuple[Kind, bool]]] = {
    "residents": (Kind.WHOLE, True), "served": (Kind.WHOLE, True), "unserved": (Kind.WHOLE, True),
    "rate": (Kind.PERCENT, False), "rooms": (Kind.WHOLE, True), "serving_rooms": (Kind.WHOLE, True),
    "gaps": (Kind.WHOLE, True), "new_rooms": (Kind.WHOLE, True), "newly_served": (Kind.WHOLE, True),
    "rate_after": (Kind.PERCENT, False), "rejected": (Kind.WHOLE, True), "cutoff": (Kind.NUMBER, False),
    "speed": (Kind.NUMBER, False),
}  # fmt: skip
"""Columns of figures: how they are written, and whether they add up."""
TEXTS: Final = ("profile", "data_date")
LEAST: Final = 0.5
"""Fewer residents than this are none: there is no rate."""


def national_table(studies: pd.DataFrame, outcomes: Sequence[Outcome]) -> gpd.GeoDataFrame:
    """Return one row per district, in the order of the list.

    Parameters
    ----------
    studies
        See :class:`walkshed.batch.studies.Studies`.
    outcomes
        One per row.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of ``studies``; ``state`` (``"done"`` or ``"failed"``), ``reused``, ``error_en``, ``error_zh``; the
        figures of :func:`figures_of`, NaN where it failed; and the outline of the study area, EPSG:4326.
    """
    rows, outlines = [], []
    for outcome in outcomes:
        found, error = outcome.district, outcome.error or {"en": "", "zh": ""}
        state = {
            "state": "failed" if found is None else "done",
            "reused": outcome.reused,
            "error_en": error["en"],
            "error_zh": error["zh"],
        }
        rows.append(state | ({} if found is None else figures_of(found.summary)))
        outlines.append(None if found is None else shapely.from_wkt(found.outline))
    figures = pd.DataFrame(rows, columns=[*("state", "reused", "error_en", "error_zh"), *FIELDS, *TEXTS])
    figures = figures.astype(dict.fromkeys(FIELDS, float) | dict.fromkeys(TEXTS, object)).fillna(
        dict.fromkeys(TEXTS, "")
    )
    joined = pd.concat([studies.reset_index(drop=True), figures], axis=1)
    return gpd.GeoDataFrame(joined, geometry=gpd.GeoSeries(outlines, index=joined.index, crs=EXCHANGE_CRS))


def figures_of(summary: dict[str, Any]) -> dict[str, object]:
    """Return a district's figures from its summary.

    ``rate`` is the share of residents who walk to a serving room within the study's cutoff.
    """
    people = float(summary["residents"]["population"])
    unserved = math.fsum(summary["residents"]["unserved_by_reason"].values())
    rooms, walking, proposals = summary["facilities"], summary["walking"], summary["proposals"]
    served = people - unserved
    newly = math.fsum(row["newly_served"] or 0.0 for row in proposals)
    known = people >= LEAST
    return {
        "residents": people,
        "served": served,
        "unserved": unserved,
        "rate": served / people if known else math.nan,
        "rooms": rooms["count"],
        "serving_rooms": sum(rooms["by_status"].get(status, 0) for status in rooms["serving_statuses"]),
        "gaps": len(summary["gaps"]),
        "new_rooms": len(proposals),
        "newly_served": newly,
        "rate_after": (served + newly) / people if known else math.nan,
        "rejected": summary["rejects"]["count"],
        "cutoff": walking["cutoff_min"],
        "speed": walking["speed_kmh"],
        "profile": walking["profile"],
        "data_date": summary["study"]["data_date"],
    }


def totals_of(table: pd.DataFrame) -> dict[str, float]:
    """Return the totals over all districts that did not fail, and the rates of the totals."""
    done = table[table["state"] == "done"]
    totals = {name: math.fsum(done[name]) for name, (_, summed) in FIELDS.items() if summed}
    people = totals["residents"]
    known = people >= LEAST
    totals["rate"] = totals["served"] / people if known else math.nan
    totals["rate_after"] = (totals["served"] + totals["newly_served"]) / people if known else math.nan
    return totals


def measured_alike(table: pd.DataFrame) -> bool:
    """Say whether all districts were measured by the same walker, speed and cutoff, so that their rates compare."""
    done = table[table["state"] == "done"]
    return len(done.drop_duplicates(["profile", "speed", "cutoff"])) <= 1


def own_columns(table: pd.DataFrame) -> list[str]:
    """Return the further columns of the list of studies."""
    return list(table.columns)[list(table.columns).index("line") + 1 : list(table.columns).index("state")]


def national_sheet(table: pd.DataFrame, language: str) -> Sheet:
    """Return the sheet of all districts."""
    states = [say(f"batch_{state}", language) for state in table["state"]]
    columns = [
        texts("district_id", table["district_id"], language),
        texts("name", table["name"], language),
        *(Column(name, Kind.TEXT, [text_of(value) for value in table[name]]) for name in own_columns(table)),
        texts("batch_state", states, language),
    ]
    columns += [
        numbers(f"batch_{name}", table[name], language, kind, total=add) for name, (kind, add) in FIELDS.items()
    ]
    profiles = [named("profile", value, language) for value in table["profile"]]
    columns += [
        texts("batch_profile", profiles, language),
        texts("batch_data_date", table["data_date"], language),
        Column(say("field_batch_error", language), Kind.LONG, list(table[f"error_{language}"])),
    ]
    return Sheet("national", tuple(columns), frozen=2)


def reserved_headers() -> set[str]:
    """Return the headers of the national table in both languages, and the names of its columns."""
    keys = ("district_id", "name", "batch_state", *(f"batch_{name}" for name in (*FIELDS, *TEXTS)), "batch_error")
    told = {say(f"field_{key}", language) for key in keys for language in ("zh", "en")}
    return told | {*FIELDS, *TEXTS, "state", "reused", "error_en", "error_zh", "geometry"}


def total_lines(table: pd.DataFrame, language: str) -> Iterator[tuple[str, str]]:
    """Yield what there is to say about all districts: item and content."""
    totals, failed = totals_of(table), table[table["state"] == "failed"]
    done = len(table) - len(failed)
    yield say("batch_item_districts", language), say("batch_districts", language, done=done, failed=len(failed))
    yield (
        say("batch_item_rate", language),
        say(
            "batch_rate",
            language,
            rate=percent(totals["rate"]),
            served=count(totals["served"]),
            residents=count(totals["residents"]),
        ),
    )
    yield say("item_definition", language), say("batch_definition", language)
    if not measured_alike(table):
        yield say("item_note", language), say("batch_unlike", language)
    if len(failed):
        yield say("item_note", language), say("batch_without_failed", language, count=len(failed))
    for name, why in zip(failed["name"], failed[f"error_{language}"], strict=True):
        yield say("batch_failed", language), f"{name}: {why}"


def write_table(table: pd.DataFrame, folder: Path, *, credit: str, language: str) -> list[Path]:
    """Write the national table as ``national.csv`` (with a row of totals) and ``national.xlsx``.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    sheet = national_sheet(table, language)
    facts = [*total_lines(table, language), (say("item_study", language), say("sources", language, names=credit))]
    about = Sheet(
        "definitions",
        (
            Column(say("field_item", language), Kind.TEXT, [item for item, _ in facts]),
            Column(say("field_content", language), Kind.LONG, [content for _, content in facts]),
        ),
    )
    book = folder / "national.xlsx"
    write_book((sheet, about), book, title=say("batch_title", language), language=language)
    plain = folder / "national.csv"
    with replacing(plain) as draft:
        told = _with_totals(sheet, table, language).to_csv(index=False, lineterminator="\r\n")
        draft.write_bytes(told.encode("utf-8-sig"))
    return [book, plain]


def _with_totals(sheet: Sheet, table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Return the sheet as texts, with the totals as its last row; figures stand behind id, name, own columns, state."""
    totals, before = totals_of(table), 3 + len(own_columns(table))
    sums = [_cell(totals[name]) if name in totals else "" for name in FIELDS]
    last = ["", say("total", language), *[""] * (before - 2), *sums]
    last += [""] * (len(sheet.columns) - len(last))
    columns = [[*map(_cell, column.values), sums] for column, sums in zip(sheet.columns, last, strict=True)]
    told = pd.DataFrame(dict(enumerate(columns)), dtype=str)
    return told.set_axis([safe_cell(column.header) for column in sheet.columns], axis=1)


def _cell(value: str | float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return safe_cell(" ".join(value.split())) if isinstance(value, str) else text_of(round(value, 6))
