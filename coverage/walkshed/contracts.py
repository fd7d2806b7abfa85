"""What a valid table is: columns, ranges, ids, geometry, CRS. All findings come in one ContractError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.errors import ContractError, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

EXCHANGE_CRS = "EPSG:4326"
DEGREE_LIMITS = (180.0, 90.0)
STATUSES = ("open", "building", "planned", "closed")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind
        ``"id"`` (text, unique, never blank), ``"text"`` or ``"number"``.
    optional
        The column may be absent; where it stands, blanks are allowed.
    low
        Smallest allowed number.
    choices
        The only allowed texts.
    """

    name: str
    kind: str = "text"
    optional: bool = False
    low: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableContract:
    """A kind of table.

    Attributes
    ----------
    name
        Name in messages.
    columns
        Columns that have a meaning; others may stand beside them.
    geometry
        Allowed geometry types; ``None`` among them allows a missing geometry.
    """

    name: str
    columns: tuple[Column, ...]
    geometry: tuple[str | None, ...]


AREAS = ("Polygon", "MultiPolygon")
BOUNDARY = TableContract(name="boundary", columns=(Column(name="name", optional=True),), geometry=AREAS)
FACILITIES = TableContract(
    name="facilities",
    columns=(
        Column(name="facility_id", kind="id"),
        Column(name="name"),
        Column(name="status", choices=STATUSES),
        Column(name="tier", optional=True),
        Column(name="capacity", kind="number", optional=True, low=0),
        Column(name="opening_hours", optional=True),
        Column(name="unit_id", optional=True),
        Column(name="position_quality", optional=True),
        Column(name="source", optional=True),
    ),
    geometry=("Point", None),
)
DEMAND = TableContract(
    name="demand",
    columns=(
        Column(name="demand_id", kind="id"),
        Column(name="kind", choices=("building", "landuse", "compound", "point", "cell")),
        Column(name="name", optional=True),
        Column(name="population", kind="number", low=0),
        Column(name="area_m2", kind="number", low=0),
        Column(name="unit_id", optional=True),
    ),
    geometry=(*AREAS, "Point"),
)
UNITS = TableContract(
    name="units",
    columns=(
        Column(name="unit_id", kind="id"),
        Column(name="name"),
        Column(name="level", optional=True),
        Column(name="parent_id", optional=True),
        Column(name="population", kind="number", optional=True, low=0),
    ),
    geometry=(*AREAS, None),
)
CANDIDATES = TableContract(
    name="candidates",
    columns=(
        Column(name="candidate_id", kind="id"),
        Column(name="place"),
        Column(name="cost", kind="number", optional=True, low=0),
        Column(name="capacity", kind="number", optional=True, low=0),
        Column(name="kind", optional=True),
    ),
    geometry=("Point",),
)


def check_table(table: gpd.GeoDataFrame, contract: TableContract) -> None:
    """Hold a table against its contract.

    Parameters
    ----------
    table
        Geometry in EPSG:4326, longitude first.
    contract
        What the table must be.

    Raises
    ------
    ContractError
        With every finding, each naming the column and the first offending rows.
    """
    problems = list(_column_problems(table, contract)) + list(_geometry_problems(table, contract))
    if problems:
        raise ContractError("contract", problems=problems, table=contract.name)


def _column_problems(table: gpd.GeoDataFrame, contract: TableContract) -> Iterator[Message]:
    for column in contract.columns:
        if column.name not in table.columns:
            if not column.optional:
                yield Message(
                    "errors.contract_missing", {"column": column.name, "seen": ", ".join(map(str, table.columns))}
                )
            continue
        values = table[column.name]
        blank = values.isna() | (values.astype(str).str.strip() == "")
        if not column.optional and blank.any():
            yield _rows("errors.contract_blank", column.name, blank)
        if column.kind == "id" and values.duplicated().any():
            yield _rows("errors.contract_duplicate", column.name, values.duplicated())
        if column.kind == "number":
            numbers = pd.to_numeric(values, errors="coerce")
            wrong = (numbers.isna() & ~blank) | np.isinf(numbers)
            if column.low is not None:
                wrong |= numbers < column.low
            if wrong.any():
                yield _rows("errors.contract_number", column.name, wrong, low=column.low)
        if column.choices and not values[~blank].isin(column.choices).all():
            wrong = ~blank & ~values.isin(column.choices)
            yield _rows("errors.contract_choice", column.name, wrong, choices=", ".join(column.choices))


def _geometry_problems(table: gpd.GeoDataFrame, contract: TableContract) -> Iterator[Message]:
    if table.crs is None or table.crs.to_epsg() != 4326:  # noqa: PLR2004 - the one exchange CRS
        yield Message("errors.contract_crs", {"crs": str(table.crs)})
        return
    missing = table.geometry.isna() | table.geometry.is_empty
    if missing.any() and None not in contract.geometry:
        yield _rows("errors.contract_no_geometry", "geometry", missing)
    allowed = [kind for kind in contract.geometry if kind]
    wrong = ~missing & ~table.geometry.geom_type.isin(allowed)
    if wrong.any():
        yield _rows("errors.contract_geometry", "geometry", wrong, allowed=", ".join(allowed))
    bounds = table.geometry[~missing].bounds
    far_x, far_y = DEGREE_LIMITS
    outside = (bounds.minx < -far_x) | (bounds.maxx > far_x) | (bounds.miny < -far_y) | (bounds.maxy > far_y)
    if outside.any():
        yield _rows("errors.contract_degrees", "geometry", outside)


def _rows(key: str, column: str, mask: pd.Series, **fields: object) -> Message:
    rows = [str(label) for label in mask.index[mask]]
    shown = ", ".join(rows[:5]) + (", …" if len(rows) > 5 else "")  # noqa: PLR2004 - five say enough
    return Message(key, {"column": column, "rows": shown, "count": len(rows), **fields})
