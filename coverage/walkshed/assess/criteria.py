"""Which facilities and units meet the norm (达标): criteria as data, three answers, nothing counted that is unknown."""

from __future__ import annotations

import math
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.rates import ANY_HOUR, COLUMNS
from walkshed.assess.rollup import COUNTED, lowest_units
from walkshed.assess.units import NO_UNIT, membership, texts
from walkshed.errors import ContractError, InputError, Message
from walkshed.inputs.values import fold, is_blank, parse_number, text_of
from walkshed.norms import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from walkshed.norms import Criterion


OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    dict(zip(COMPARISONS, (ge, le, gt, lt, eq, ne), strict=True))
)
ORDERED: Final = (">=", "<=", ">", "<")
YES: Final = frozenset({"true", "yes", "y", "1", "是", "有", "√", "✓", "✔", "对", "具备", "满足"})
NO: Final = frozenset({"false", "no", "n", "0", "否", "无", "没有", "\u00d7", "✗", "不", "不具备", "不满足"})
RATE_COLUMNS: Final = (*COLUMNS, "unknown")


def assess_criteria(facilities: pd.DataFrame, criteria: Sequence[Criterion]) -> pd.DataFrame:
    """Hold facilities against criteria.

    Parameters
    ----------
    facilities
        With ``facility_id`` and the criteria's columns. A column that is missing is unknown for every facility.
    criteria
        The norm.

    Returns
    -------
    pandas.DataFrame
        For every facility, every criterion: ``facility_id``, ``criterion``, ``value`` (as the table has it, text) and
        ``met`` (boolean, ``<NA>`` where the cell is blank or cannot be read).

    Raises
    ------
    ContractError
        If a criterion is unusable, or two have one name; all findings at once.
    """
    check_criteria(criteria)
    require_columns(facilities, "facilities", ("facility_id",), step="read_facilities()")
    ids = facilities["facility_id"].astype(str).tolist()
    blank = [""] * len(ids)
    cells = {
        rule.name: facilities[rule.column].tolist() if rule.column in facilities.columns else blank for rule in criteria
    }
    rows = [
        (key, rule.name, _shown(cells[rule.name][row]), _meets(cells[rule.name][row], rule))
        for row, key in enumerate(ids)
        for rule in criteria
    ]
    table = pd.DataFrame(rows, columns=["facility_id", "criterion", "value", "met"])
    return table.astype({"facility_id": "str", "criterion": "str", "value": "str", "met": "boolean"})


def check_criteria(criteria: Sequence[Criterion]) -> None:
    """Make sure that criteria can be used.

    Raises
    ------
    ContractError
        With every finding.
    """
    problems = list(_problems(criteria))
    if problems:
        raise ContractError("criteria_invalid", problems=problems)


def _problems(criteria: Sequence[Criterion]) -> Iterator[Message]:
    seen: set[str] = set()
    if not criteria:
        yield Message("errors.criteria_none", {})
    for place, rule in enumerate(criteria, 1):
        where = rule.name or f"#{place}"
        if not rule.name or not rule.column:
            yield Message("errors.criterion_unnamed", {"where": where})
        if rule.name in seen:
            yield Message("errors.criterion_repeated", {"where": where})
        seen.add(rule.name)
        if rule.comparison not in COMPARISONS:
            fields = {"where": where, "comparison": rule.comparison, "choices": " ".join(COMPARISONS)}
            yield Message("errors.criterion_comparison", fields)
        number = isinstance(rule.value, int | float) and not isinstance(rule.value, bool)
        usable = isinstance(rule.value, str | bool) or (number and math.isfinite(rule.value))
        if not usable or (rule.comparison in ORDERED and not number):
            yield Message("errors.criterion_value", {"where": where, "value": repr(rule.value)})


def _shown(cell: object) -> str:
    return "" if cell is None or cell is pd.NA else text_of(cell)


def _meets(cell: object, rule: Criterion) -> bool | None:
    """Return whether a cell meets a criterion, ``None`` where it cannot be told."""
    value: object
    if isinstance(rule.value, bool):
        value = _truth(cell)
    elif isinstance(rule.value, str):
        text = _shown(cell)
        value = None if is_blank(text) else fold(text)
    else:
        value = _number(cell)
    wanted = fold(rule.value) if isinstance(rule.value, str) else rule.value
    return None if value is None else OPERATORS[rule.comparison](value, wanted)


def _truth(cell: object) -> bool | None:
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    text = fold(_shown(cell))
    return True if text in YES else False if text in NO else None


def _number(cell: object) -> float | None:
    try:
        number = parse_number(cell if isinstance(cell, int | float | np.number) else _shown(cell))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def summarise_criteria(assessed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per facility from :func:`assess_criteria`.

    Returns
    -------
    pandas.DataFrame
        ``facility_id``, ``met_all`` (boolean: False where any criterion fails, ``<NA>`` where none fails and one is
        unknown), ``failing`` and ``unknown`` (names of criteria, joined by ``", "``), in the order of the facilities.
    """
    rows = []
    for key, group in assessed.groupby("facility_id", sort=False):
        met = group["met"]
        failing = group.loc[(met == False).fillna(value=False).astype(bool), "criterion"]  # noqa: E712 - three answers
        unknown = group.loc[met.isna(), "criterion"]
        verdict = False if len(failing) else None if len(unknown) else True
        rows.append((key, verdict, ", ".join(failing), ", ".join(unknown)))
    table = pd.DataFrame(rows, columns=["facility_id", "met_all", "failing", "unknown"])
    return table.astype({"facility_id": "str", "met_all": "boolean", "failing": "str", "unknown": "str"})


def criteria_rates(
    summary: pd.DataFrame,
    facilities: pd.DataFrame,
    *,
    units: pd.DataFrame | None,
    profile: str = "",
    cutoff_min: float = math.nan,
) -> pd.DataFrame:
    """Compute the rate on basis B: what meets all criteria, of all.

    - ``B`` counts facilities;
    - ``B_units`` counts the lowest units of the tree, as basis A does: one meets the norm when a facility of its own
      does.

    Parameters
    ----------
    summary
        From :func:`summarise_criteria`.
    facilities
        The facilities that were assessed; ``unit_id`` names the unit of each.
    units
        Administrative units, or ``None``. A facility of a unit is one of every unit above it.
    profile, cutoff_min
        For the record; criteria do not depend on them.

    Returns
    -------
    pandas.DataFrame
        Rows as :func:`walkshed.assess.rates.coverage_rates` returns them, with one more column ``unknown``: how many of
        the denominator neither meet nor fail. They do not count as meeting it, so that ``rate`` is the least and
        ``(numerator + unknown) / denominator`` the most that can be true.

    Raises
    ------
    InputError
        If the two tables are not about the same facilities.
    """
    ids = facilities["facility_id"].astype(str).tolist()
    if ids != summary["facility_id"].tolist():
        raise InputError("criteria_other_rows", assessed=len(summary), facilities=len(ids))
    met = (summary["met_all"] == True).fillna(value=False).to_numpy(bool)  # noqa: E712 - three answers
    unknown = summary["met_all"].isna().to_numpy(bool)
    counts: list[tuple[str, str, float, float, float, str]] = [
        ("B", "", float(met.sum()), float(len(ids)), float(unknown.sum()), "facilities")
    ]
    if units is not None and len(units):
        rows, owners = membership(facilities, units)
        ids_of_units = texts(units, "unit_id")
        has, may = np.zeros(len(units), bool), np.zeros(len(units), bool)
        for place, unit_id in enumerate(ids_of_units):
            mine = rows[owners == place]
            has[place], may[place] = met[mine].any(), unknown[mine].any()
            part = (float(met[mine].sum()), float(len(mine)), float(unknown[mine].sum()))
            counts.append(("B", unit_id, *part, "facilities"))
        stray = np.setdiff1d(np.arange(len(ids)), rows)
        if len(stray):
            part = (float(met[stray].sum()), float(len(stray)), float(unknown[stray].sum()))
            counts.append(("B", NO_UNIT, *part, "facilities"))
        lowest, (lower, upper) = lowest_units(units), membership(units, units)
        may &= ~has
        for unit_id, inside in (
            ("", lowest),
            *((unit_id, lowest & np.isin(np.arange(len(units)), lower[upper == place]))
              for place, unit_id in enumerate(ids_of_units)),
        ):  # fmt: skip
            part = (float((has & inside).sum()), float(inside.sum()), float((may & inside).sum()))
            counts.append(("B_units", unit_id, *part, "units"))
    return rate_table(counts, units=units, profile=profile, cutoff_min=cutoff_min)


def rate_table(
    counts: Sequence[tuple[str, str, float, float, float, str]],
    *,
    units: pd.DataFrame | None,
    profile: str,
    cutoff_min: float,
) -> pd.DataFrame:
    """Return rows of rates from (basis, unit_id, numerator, denominator, unknown, quantity)."""
    ids = [] if units is None else texts(units, "unit_id")
    names = {} if units is None else dict(zip(ids, texts(units, "name"), strict=True))
    levels = {} if units is None else dict(zip(ids, texts(units, "level"), strict=True))
    same: dict[str, object] = {
        "profile": profile, "cutoff_min": cutoff_min, "group": "", "tier": "", "hour": ANY_HOUR, "counted_level": "",
        "denominator_source": COUNTED, "flag": "",
    }  # fmt: skip
    rows = [
        {
            "basis": basis, "unit_id": unit, "unit_name": names.get(unit, ""), "level": levels.get(unit, ""),
            "numerator": part, "denominator": whole, "rate": part / whole if whole else np.nan, "quantity": quantity,
            "unknown": unknown, **same,
        }
        for basis, unit, part, whole, unknown, quantity in counts
    ]  # fmt: skip
    numbers = dict.fromkeys(("cutoff_min", "numerator", "denominator", "rate", "unknown"), np.float64)
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS)).astype(numbers)


def failing_rows(assessed: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """List what fails or is unknown, for the people who have to mend it.

    Returns
    -------
    pandas.DataFrame
        The rows of :func:`assess_criteria` that are not met, with the facility's ``name``, ``unit_id`` and ``status``
        behind its id; ``met`` tells failing (False) from unknown (``<NA>``).
    """
    known = pd.DataFrame(
        {
            "facility_id": facilities["facility_id"].astype(str),
            "name": texts(facilities, "name"),
            "unit_id": texts(facilities, "unit_id"),
            "status": texts(facilities, "status"),
        }
    )
    open_rows = assessed[~(assessed["met"] == True).fillna(value=False).astype(bool)]  # noqa: E712 - three answers
    listed = open_rows.merge(known, on="facility_id", how="left", validate="many_to_one")
    return listed[["facility_id", "name", "unit_id", "status", "criterion", "value", "met"]].reset_index(drop=True)
