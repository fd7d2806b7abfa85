"""Groups of residents in tables: seniors, children, and whatever else a district counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EVERYBODY = ""
PREFIX = "population_"


def groups_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the groups that a table counts beside everybody, in the order of its columns."""
    names = (str(column) for column in table.columns)
    return tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX) and name != PREFIX)


def group_column(group: str) -> str:
    """Return the column of a group, ``"population"`` for everybody (``""``)."""
    return f"{PREFIX}{group}" if group else "population"
