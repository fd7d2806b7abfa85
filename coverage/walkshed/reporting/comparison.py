"""Two frozen results side by side: lines of text and a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from walkshed.assess.change import WHOLE
from walkshed.catalogue import text
from walkshed.reporting.columns import Column, Kind, Sheet, numbers, texts
from walkshed.reporting.sheets import rates_before_and_after
from walkshed.reporting.snapshot import compare_snapshots
from walkshed.reporting.tables import write_book
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from os import PathLike

    from walkshed.reporting.snapshot import Snapshot

CLASSES = ("gained", "lost", "still_served", "still_unserved", "arrived", "arrived_served", "gone", "gone_served")


def comparison_lines(before: Snapshot, after: Snapshot, language: str) -> list[str]:
    """Return what changed between two snapshots as lines of text."""
    people, rates = compare_snapshots(before, after)
    whole = people[people["unit_id"] == WHOLE].iloc[0]
    lines = [text("headline.compared", language, before=_name(before, language), after=_name(after, language))]
    profile, cutoff = after.summary["walking"]["profile"], after.summary["walking"]["cutoff_min"]
    head = rates[(rates.unit_id == "") & (rates.profile == profile) & (rates.cutoff_min == cutoff)]
    lines += [
        "  "
        + text(
            "headline.compared_rate",
            language,
            basis=text(f"figures.basis_{row.basis}", language),
            before=row.rate_before,
            after=row.rate_after,
        )
        for row in head.itertuples()
        if row.rate_before == row.rate_before and row.rate_after == row.rate_after
    ]
    told = {name: float(whole[name]) for name in CLASSES}
    lines.append("  " + text("headline.compared_people", language, **told))
    return lines + ["  * " + line for line in _differences(before, after, language)]


def write_comparison(before: Snapshot, after: Snapshot, path: str | PathLike[str], *, language: str) -> None:
    """Write residents by unit and rates side by side as a workbook.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    people, rates = compare_snapshots(before, after)
    names = {row["unit_id"]: row["unit_name"] for row in (*before.summary["rates"], *after.summary["rates"])}
    names |= {WHOLE: say("whole_area", language), "": say("outside_units", language)}
    by_unit = Sheet(
        "changes",
        (
            texts("unit", (names.get(key, key) for key in people["unit_id"]), language),
            *(numbers(f"change_{name}", people[name], language, Kind.WHOLE) for name in CLASSES),
        ),
        frozen=1,
    )
    facts = [
        (say("item_before", language), _name(before, language)),
        (say("item_after", language), _name(after, language)),
    ]
    facts += [(say("item_note", language), line) for line in _differences(before, after, language)]
    about = Sheet(
        "definitions",
        (
            Column(say("field_item", language), Kind.TEXT, [item for item, _ in facts]),
            Column(say("field_content", language), Kind.LONG, [content for _, content in facts]),
        ),
    )
    sheets = (by_unit, rates_before_and_after(rates, language), about)
    write_book(sheets, path, title=comparison_lines(before, after, language)[0], language=language)


def _name(snapshot: Snapshot, language: str) -> str:
    title = snapshot.summary["study"]["title"][language]
    frozen = snapshot.summary.get("frozen") or "-"
    return f"{title} ({frozen})"


def _differences(before: Snapshot, after: Snapshot, language: str) -> list[str]:
    """Return what else is not the same: settings and input files, so that nobody takes them for progress."""
    lines = []
    if before.summary["study"]["config_sha256"] != after.summary["study"]["config_sha256"]:
        lines.append(text("headline.compared_settings", language))
    old, new = (_inputs(snapshot) for snapshot in (before, after))
    changed = [layer for layer in dict.fromkeys((*old, *new)) if old.get(layer) != new.get(layer)]
    return lines + [
        text("headline.compared_input", language, layer=say(f"layer_{layer}", language)) for layer in changed
    ]


def _inputs(snapshot: Snapshot) -> dict[str, Any]:
    return {row["layer"]: (row["source"], row["sha256"]) for row in snapshot.summary["inputs"]}
