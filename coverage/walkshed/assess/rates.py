"""Coverage rates on every basis the data supports, always with numerator and denominator.

"Coverage" means different things in different plans, and the figures differ widely. Each basis is defined in the
catalogue (``figures.basis_*``); none is computed from data that does not carry it.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.groups import group_column, groups_of
from walkshed.assess.rollup import COUNTED, flagged, lowest_units, roll_up, with_denominators
from walkshed.assess.units import NO_UNIT, equipped, membership, texts
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Row = tuple[str, str, str, float, float]

COLUMNS: Final = (
    "basis", "unit_id", "unit_name", "profile", "cutoff_min", "numerator", "denominator", "rate", "quantity", "group",
    "tier", "hour", "level", "counted_level", "denominator_source", "flag",
)  # fmt: skip
RESIDENTIAL_AREAS: Final = ("landuse", "compound")
RESIDENTIAL_LAND: Final = ("landuse", "compound", "cell")
ANY_HOUR: Final = -1


class _Count(NamedTuple):
    """What a basis counts: how much each demand row weighs in it; NaN where the row is none of its things."""

    basis: str
    quantity: str
    weight: FloatArray


class _About(NamedTuple):
    """What all rows of a table of rates have in common."""

    profile: str
    cutoff_min: float
    group: str = ""
    tier: str = ""
    counted_level: str = ""


def coverage_rates(
    measured: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None,
    facilities: gpd.GeoDataFrame,
    profile: str,
    cutoff_min: float,
    denominators: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute the coverage rate of the whole area and of every unit on every basis that the data supports.

    - ``A``: units that have a facility, of all units, wherever their residents have to walk. Counted are the lowest
      units of the tree; :func:`level_rates` counts those of every level;
    - ``C``: m2 of residential land that is served, of all (rows of kind landuse, compound or cell that are areas);
    - ``D``: residential areas that are served, of all (kinds landuse and compound);
    - ``E``: residents who are served, of all;
    - ``E_buildings``: buildings that are served, of all.

    A row of demand is served or not as a whole.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`; ``unit_id`` names each row's unit.
    units
        Administrative units, or ``None``. Units may lie in one another (``parent_id``, see
        :func:`walkshed.inputs.unit_tree.unit_tree`): what belongs to one belongs to all above it.
    facilities
        The serving ones, tied to a street or not. One belongs to the unit it declares, else to those it stands in.
    profile, cutoff_min
        What was measured, for the record.
    denominators
        Official denominators that replace the counted ones, see :func:`walkshed.assess.rollup.with_denominators`.

    Returns
    -------
    pandas.DataFrame
        ``basis``, ``unit_id`` (``""`` the whole area; ``"(none)"`` what lies in no unit, where there is any: with the
        units that have no unit above them it adds up to the whole), ``unit_name``, ``profile``, ``cutoff_min``,
        ``numerator``, ``denominator``, ``rate`` (NaN where the denominator is 0), ``quantity`` (units, m2, areas,
        people or buildings), ``group`` and ``tier`` (``""`` all), ``hour`` (-1 any), ``level`` (of the unit),
        ``counted_level`` (``""``), ``denominator_source`` (``"counted"``, ``"given"`` or ``"mixed"``) and ``flag``
        (``"above_one"`` for a rate above 100 %, which only a given denominator makes). By basis, then the whole area,
        then the units in their order. A basis that the data does not support is absent.

    Raises
    ------
    InputError
        If ``measured`` has not been measured, or ``denominators`` does not fit the units.
    """
    require_columns(measured, "measured demand", ("covered", "population", "kind"), step="measure_coverage()")
    lowest = np.zeros(0, bool) if units is None else lowest_units(units)
    rows = [*_unit_rates(units, facilities, lowest), *_demand_rates(measured, units, _counts(measured))]
    return _table(rows, units, _About(profile, cutoff_min), denominators)


def level_rates(
    *,
    units: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    profile: str,
    cutoff_min: float,
    denominators: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute basis A level by level: towns that have a facility of all towns, communities of all communities.

    Parameters
    ----------
    units, facilities, profile, cutoff_min, denominators
        As for :func:`coverage_rates`; ``level`` of the units says what they are. A facility of a community is one of
        its town too, but not the other way round.

    Returns
    -------
    pandas.DataFrame
        As :func:`coverage_rates`, basis A only, with the level that is counted in ``counted_level``: one row for the
        whole area and one for every unit that holds units of this level, itself included.
    """
    has = equipped(facilities, units)
    parts = []
    for level in dict.fromkeys(texts(units, "level")):
        chosen = np.array(texts(units, "level"), object) == level
        if level and has is not None:
            rows = [row for row in _unit_rates(units, facilities, chosen) if row[4] > 0]
            parts.append(_table(rows, units, _About(profile, cutoff_min, counted_level=level), denominators))
    return pd.concat(parts, ignore_index=True) if parts else _table([], units, _About(profile, cutoff_min), None)


def group_rates(
    measured: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None,
    profile: str,
    cutoff_min: float,
    groups: Sequence[str] | None = None,
    denominators: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute basis E for groups of residents.

    Parameters
    ----------
    measured
        As for :func:`coverage_rates`, with a column ``population_<group>`` per group; a blank cell is nobody.
    units, profile, cutoff_min, denominators
        As for :func:`coverage_rates`; given denominators count where they name the group.
    groups
        Which groups; ``None`` all that the table counts.

    Returns
    -------
    pandas.DataFrame
        As :func:`coverage_rates`, with the group in ``group``; by group, then the whole area, then the units. A group
        of nobody is absent.

    Raises
    ------
    InputError
        If ``measured`` has not been measured or does not count a group.
    """
    chosen = groups_of(measured) if groups is None else tuple(groups)
    columns = tuple(group_column(group) for group in chosen)
    require_columns(measured, "measured demand", ("covered", *columns), step="measure_coverage()")
    parts = []
    for group, column in zip(chosen, columns, strict=True):
        people = np.nan_to_num(measured[column].to_numpy(np.float64))
        if people.sum() > 0:
            rows = list(_demand_rates(measured, units, [_Count("E", "people", people)]))
            parts.append(_table(rows, units, _About(profile, cutoff_min, group=group), denominators))
    return pd.concat(parts, ignore_index=True) if parts else _table([], units, _About(profile, cutoff_min), None)


def tier_rates(
    by_tier: Mapping[str, gpd.GeoDataFrame],
    *,
    units: gpd.GeoDataFrame | None,
    facilities: gpd.GeoDataFrame,
    profile: str,
    cutoff_min: float,
    denominators: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute the rates of every tier by itself: who is served by a facility of that tier, which units have one.

    Parameters
    ----------
    by_tier
        Tier -> residents measured with the facilities of that tier only, see
        :func:`walkshed.assess.tiers.measure_tiers`.
    units, facilities, profile, cutoff_min, denominators
        As for :func:`coverage_rates`; of ``facilities`` those of each tier count.

    Returns
    -------
    pandas.DataFrame
        As :func:`coverage_rates`, with the tier in ``tier``, tier by tier.

    Raises
    ------
    InputError
        If a table has not been measured, or ``facilities`` lacks a tier that was measured.
    """
    tiers = np.array(texts(facilities, "tier"), object)
    strange = [tier for tier in by_tier if tier not in set(tiers) or not tier]
    if strange:
        raise InputError("tier_unknown", tiers=", ".join(strange), known=", ".join(sorted(set(tiers) - {""})))
    lowest = np.zeros(0, bool) if units is None else lowest_units(units)
    parts = []
    for tier, measured in by_tier.items():
        require_columns(measured, "measured demand", ("covered", "population", "kind"), step="measure_coverage()")
        rows = [
            *_unit_rates(units, facilities[tiers == tier], lowest),
            *_demand_rates(measured, units, _counts(measured)),
        ]
        parts.append(_table(rows, units, _About(profile, cutoff_min, tier=tier), denominators))
    return pd.concat(parts, ignore_index=True) if parts else _table([], units, _About(profile, cutoff_min), None)


def _table(
    rows: Sequence[Row], units: pd.DataFrame | None, about: _About, denominators: pd.DataFrame | None
) -> pd.DataFrame:
    """Return rates from basis, quantity, unit_id, numerator and denominator."""
    ids = [] if units is None else texts(units, "unit_id")
    names = {} if units is None else dict(zip(ids, texts(units, "name"), strict=True))
    levels = {} if units is None else dict(zip(ids, texts(units, "level"), strict=True))
    cells = [
        (
            basis, unit_id, names.get(unit_id, ""), about.profile, about.cutoff_min, part, whole, np.nan, quantity,
            about.group, about.tier, ANY_HOUR, levels.get(unit_id, ""), about.counted_level, COUNTED, "",
        )
        for basis, quantity, unit_id, part, whole in rows
    ]  # fmt: skip
    numbers = dict.fromkeys(("cutoff_min", "numerator", "denominator", "rate"), np.float64)
    table = pd.DataFrame(cells, columns=list(COLUMNS)).astype({**numbers, "hour": np.int64})
    if denominators is None or denominators.empty:
        return flagged(table)
    return with_denominators(table, denominators, units=units)


def _unit_rates(
    units: gpd.GeoDataFrame | None, facilities: gpd.GeoDataFrame, counted: NDArray[np.bool_]
) -> Iterator[Row]:
    """Yield basis A over the ``counted`` units, (u,) bool, for the whole area and every unit."""
    if units is None or units.empty:
        return
    has = equipped(facilities, units)
    if has is None:
        return
    yield "A", "units", "", float((has & counted).sum()), float(counted.sum())
    totals = roll_up(np.column_stack([has & counted, counted]).astype(np.float64), units)
    for unit_id, (part, whole) in zip(texts(units, "unit_id"), totals.tolist(), strict=True):
        yield "A", "units", unit_id, part, whole


def _demand_rates(
    measured: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None, counts: Sequence[_Count]
) -> Iterator[Row]:
    """Yield the bases that count demand rows."""
    covered = measured["covered"].to_numpy(bool)
    parts = [("", np.arange(len(measured)))]
    if units is not None and not units.empty:
        rows, owners = membership(measured, units)
        order = np.argsort(owners, kind="stable")
        ends = np.searchsorted(owners[order], np.arange(len(units) + 1))
        parts += [
            (unit_id, rows[order[ends[place] : ends[place + 1]]])
            for place, unit_id in enumerate(texts(units, "unit_id"))
        ]
        stray = np.setdiff1d(np.arange(len(measured)), rows)
        if len(stray):
            parts.append((NO_UNIT, stray))
    for basis, quantity, weight in counts:
        for unit_id, rows in parts:
            counted = rows[~np.isnan(weight[rows])]
            yield (
                basis, quantity, unit_id,
                fsum(weight[counted[covered[counted]]].tolist()), fsum(weight[counted].tolist()),
            )  # fmt: skip


def _counts(measured: gpd.GeoDataFrame) -> list[_Count]:
    """Return the bases that this demand carries."""
    kind = measured["kind"]
    nothing = np.full(len(measured), np.nan)
    population = measured["population"].to_numpy(np.float64)
    area = measured["area_m2"].to_numpy(np.float64) if "area_m2" in measured.columns else nothing
    is_area = measured.geometry.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
    land = kind.isin(RESIDENTIAL_LAND).to_numpy() & is_area
    counts = (
        _Count("C", "m2", np.where(land, area, np.nan)),
        _Count("D", "areas", np.where(kind.isin(RESIDENTIAL_AREAS), 1.0, np.nan)),
        _Count("E", "people", population),
        _Count("E_buildings", "buildings", np.where(kind == "building", 1.0, np.nan)),
    )
    return [count for count in counts if np.nansum(count.weight) > 0]
