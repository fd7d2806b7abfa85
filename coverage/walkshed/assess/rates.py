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
from walkshed.assess.units import NO_UNIT, equipped, membership, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Row = tuple[str, str, str, str, float, float]

COLUMNS: Final = (
    "basis", "unit_id", "unit_name", "profile", "cutoff_min", "numerator", "denominator", "rate", "quantity",
)  # fmt: skip
RESIDENTIAL_AREAS: Final = ("landuse", "compound")
RESIDENTIAL_LAND: Final = ("landuse", "compound", "cell")


class _Count(NamedTuple):
    """What a basis counts: how much each demand row weighs in it; NaN where the row is none of its things."""

    basis: str
    quantity: str
    weight: FloatArray


def coverage_rates(
    measured: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None,
    facilities: gpd.GeoDataFrame,
    profile: str,
    cutoff_min: float,
) -> pd.DataFrame:
    """Compute the coverage rate of the whole area and of every unit on every basis that the data supports.

    - ``A``: units that have a facility, of all units, wherever their residents have to walk;
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
        Administrative units, or ``None``. Units may lie in one another (``parent_id``): what belongs to one belongs to
        all above it.
    facilities
        The serving ones, tied to a street or not. One belongs to the unit it declares, else to those it stands in.
    profile, cutoff_min
        What was measured, for the record.

    Returns
    -------
    pandas.DataFrame
        ``basis``, ``unit_id`` (``""`` the whole area; ``"(none)"`` what lies in no unit, where there is any: with the
        units that have no unit above them it adds up to the whole), ``unit_name``, ``profile``, ``cutoff_min``,
        ``numerator``, ``denominator``, ``rate`` (NaN where the denominator is 0) and ``quantity`` (units, m2, areas,
        people or buildings). By basis, then the whole area, then the units in their order. A basis that the data does
        not support is absent.

    Raises
    ------
    InputError
        If ``measured`` has not been measured.
    """
    require_columns(measured, "measured demand", ("covered", "population", "kind"), step="measure_coverage()")
    rows = [
        (basis, unit_id, name, profile, cutoff_min, part, whole, part / whole if whole else np.nan, quantity)
        for basis, quantity, unit_id, name, part, whole in (
            *_unit_rates(units, facilities),
            *_demand_rates(measured, units),
        )
    ]
    numbers = dict.fromkeys(("cutoff_min", "numerator", "denominator", "rate"), np.float64)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers)


def _unit_rates(units: gpd.GeoDataFrame | None, facilities: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield basis A: basis, quantity, unit_id, unit_name, numerator, denominator."""
    if units is None or units.empty:
        return
    has = equipped(facilities, units)
    if has is None:
        return
    yield "A", "units", "", "", float(has.sum()), float(len(has))
    for unit_id, name, one in zip(texts(units, "unit_id"), texts(units, "name"), has, strict=True):
        yield "A", "units", unit_id, name, float(one), 1.0


def _demand_rates(measured: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> Iterator[Row]:
    """Yield the bases that count demand rows, in the same form."""
    covered = measured["covered"].to_numpy(bool)
    parts = [("", "", np.arange(len(measured)))]
    if units is not None and not units.empty:
        rows, owners = membership(measured, units)
        for place, (unit_id, name) in enumerate(zip(texts(units, "unit_id"), texts(units, "name"), strict=True)):
            parts.append((unit_id, name, rows[owners == place]))
        stray = np.setdiff1d(np.arange(len(measured)), rows)
        if len(stray):
            parts.append((NO_UNIT, "", stray))
    for basis, quantity, weight in _counts(measured):
        for unit_id, name, rows in parts:
            counted = rows[~np.isnan(weight[rows])]
            yield (
                basis, quantity, unit_id, name,
                fsum(weight[counted[covered[counted]]].tolist()), fsum(weight[counted].tolist()),
            )  # fmt: skip


def _counts(measured: gpd.GeoDataFrame) -> Iterator[_Count]:
    """Yield the bases that this demand carries."""
    kind = measured["kind"]
    nothing = np.full(len(measured), np.nan)
    population = measured["population"].to_numpy(np.float64)
    area = measured["area_m2"].to_numpy(np.float64) if "area_m2" in measured.columns else nothing
    is_area = measured.geometry.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
    land = kind.isin(RESIDENTIAL_LAND).to_numpy() & is_area
    for count in (
        _Count("C", "m2", np.where(land, area, np.nan)),
        _Count("D", "areas", np.where(kind.isin(RESIDENTIAL_AREAS), 1.0, np.nan)),
        _Count("E", "people", population),
        _Count("E_buildings", "buildings", np.where(kind == "building", 1.0, np.nan)),
    ):
        if np.nansum(count.weight) > 0:
            yield count
