"""What an office says against what a study counts: official denominators and populations beside the counted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.assess.groups import group_column, groups_of
from walkshed.assess.units import NO_UNIT, texts
from walkshed.errors import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

COLUMNS: Final = (
    "source", "unit_id", "unit_name", "level", "basis", "group", "given", "counted", "difference", "ratio",
)  # fmt: skip
KEY: Final = ("unit_id", "basis", "group")
DECIMALS: Final = 6
SOURCES: Final = ("denominators", "units", "estimate")
"""What is held against the counted: official denominators, the units' own populations, another source of residents.
Keys of the catalogue: ``report.totals_<source>`` and ``notes.totals_<source>``."""


def totals_given(
    counted: pd.DataFrame,
    *,
    units: gpd.GeoDataFrame,
    denominators: pd.DataFrame | None = None,
    other: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put the totals that somebody gives beside those that the study counts.

    Parameters
    ----------
    counted
        Rates with counted denominators: :func:`walkshed.assess.rates.coverage_rates` and
        :func:`walkshed.assess.rates.group_rates` without any given ones, of one profile and cutoff.
    units
        Units; ``population`` and ``population_<group>`` where they say how many live there.
    denominators
        ``unit_id``, ``basis``, ``group`` and ``denominator``.
    other
        Residents of another source against those of the study, from
        :func:`walkshed.inputs.population_compare.compare_totals` (study first).

    Returns
    -------
    pandas.DataFrame
        ``source`` (:data:`SOURCES`), ``unit_id`` (``""`` the whole area, ``"(none)"`` outside all units),
        ``unit_name``, ``level``, ``basis``, ``group``, ``given``, ``counted``, ``difference`` (counted - given) and
        ``ratio`` (counted / given; NaN where nothing is given). A figure about something the study does not count, such
        as a basis it has no data for, is absent.
    """
    parts = [part for part in (_official(denominators), _own(units)) if len(part)]
    known = counted[[*KEY, "denominator"]].rename(columns={"denominator": "counted"})
    table = pd.DataFrame(columns=["source", *KEY, "given", "counted"])
    if parts:
        table = pd.concat(parts, ignore_index=True).merge(known, on=list(KEY), how="inner", validate="many_to_one")
    if other is not None and len(other):
        outside = other["part"] == "outside"
        more = pd.DataFrame(
            {
                "source": "estimate",
                "unit_id": np.where(outside, NO_UNIT, other["unit_id"]),
                "basis": "E",
                "group": other["group"],
                "given": other["second"],
                "counted": other["first"],
            }
        )
        table = pd.concat([table, more], ignore_index=True) if len(table) else more
    ids = texts(units, "unit_id")
    names, levels = (dict(zip(ids, texts(units, column), strict=True)) for column in ("name", "level"))
    table = table.astype({"given": np.float64, "counted": np.float64})
    return table.assign(
        unit_name=[names.get(key, "") for key in table["unit_id"]],
        level=[levels.get(key, "") for key in table["unit_id"]],
        difference=(table["counted"] - table["given"]).round(DECIMALS),  # sums of shares miss whole numbers by a hair
        ratio=table["counted"] / table["given"].where(table["given"] > 0),
    )[list(COLUMNS)]


def _official(denominators: pd.DataFrame | None) -> pd.DataFrame:
    if denominators is None:
        return pd.DataFrame()
    table = denominators.rename(columns={"denominator": "given"}).assign(source="denominators")
    return table.assign(**{name: texts(table, name) for name in KEY})


def _own(units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the populations that the units themselves state."""
    parts = []
    for group in ("", *groups_of(units)):
        column = group_column(group)
        if column in units:
            people = pd.to_numeric(units[column], errors="coerce").to_numpy(np.float64)
            part = pd.DataFrame({"source": "units", "unit_id": texts(units, "unit_id"), "basis": "E", "group": group})
            parts.append(part.assign(given=people)[np.isfinite(people)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def far_apart(totals: pd.DataFrame, *, differ_share: float) -> pd.DataFrame:
    """Return the rows that differ by more than a share of what is given, the largest difference first.

    Where nothing is given and something counted, they differ by more than any share.
    """
    apart = totals["difference"].abs() > differ_share * totals["given"]
    order = totals["difference"].abs().where(apart).dropna().sort_values(ascending=False, kind="stable").index
    return totals.loc[order]


def totals_notes(totals: pd.DataFrame, *, differ_share: float) -> Iterator[Message]:
    """Yield a note per source whose totals are far from the counted ones, with the largest difference."""
    for source in SOURCES:
        part = totals[totals["source"] == source]
        apart = far_apart(part, differ_share=differ_share)
        if len(apart):
            first = apart.iloc[0]
            fields = {"count": len(apart), "total": len(part), "share": differ_share, "name": first["unit_name"] or "-"}
            fields |= {"given": float(first["given"]), "counted": float(first["counted"])}
            yield Message(f"notes.totals_{source}", fields)
