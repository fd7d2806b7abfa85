"""Carry out the edits of a scenario on the table of facilities."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from walkshed.errors import InputError, Message
from walkshed.network.edits import FACILITY_EDITS, AddFacility, MoveFacility, OpenFacility, check_edits, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from walkshed.network.edits import Edit, FacilityEdit


class EditedFacilities(NamedTuple):
    """The facilities after a scenario's edits.

    Attributes
    ----------
    table
    log
        What every edit did, in their order.
    """

    table: gpd.GeoDataFrame
    log: tuple[Message, ...]


def apply_facility_edits(facilities: gpd.GeoDataFrame, edits: Sequence[Edit]) -> gpd.GeoDataFrame:
    """Return the facilities after a scenario's edits; see :func:`edit_facilities`."""
    return edit_facilities(facilities, edits).table


def edit_facilities(facilities: gpd.GeoDataFrame, edits: Sequence[Edit]) -> EditedFacilities:
    """Carry out the edits of a scenario that concern facilities, one after the other.

    Parameters
    ----------
    facilities
        Table by :data:`walkshed.contracts.FACILITIES`, not snapped yet. Not changed.
    edits
        Edits of the network among them are left to :func:`walkshed.network.scenario.edit_network`.

    Returns
    -------
    EditedFacilities
        The same rows in the same order, new facilities behind them.

    Raises
    ------
    ContractError
        If an edit lacks something or is nowhere on Earth.
    InputError
        If an edit names a facility that is not there, adds one that is, or changes nothing.
    """
    check_edits(edits)
    table, log = facilities.copy(), []
    for number, edit in enumerate(edits):
        if isinstance(edit, FACILITY_EDITS):
            table, note = _carry_out(table, edit, f"scenario.edits[{number}] ({kind_of(edit)} {edit.facility_id})")
            log.append(note)
    return EditedFacilities(table, tuple(log))


def _carry_out(table: gpd.GeoDataFrame, edit: FacilityEdit, label: str) -> tuple[gpd.GeoDataFrame, Message]:
    known = table["facility_id"].tolist()
    if isinstance(edit, AddFacility):
        if edit.facility_id in known:
            raise InputError("edit_facility_exists", edit=label, facility=edit.facility_id)
        name = edit.name or edit.facility_id
        return _append(table, edit), Message("notes.edit_facility_added", {"edit": label, "name": name})
    if edit.facility_id not in known:
        near = difflib.get_close_matches(edit.facility_id, known, n=3) or known[:3]
        raise InputError("edit_facility_unknown", edit=label, facility=edit.facility_id, known=", ".join(near) or "-")
    row = table.index[known.index(edit.facility_id)]
    fields = {"edit": label, "name": table.loc[row, "name"]}
    if isinstance(edit, MoveFacility):
        before, after = table.geometry.loc[row], shapely.Point(edit.at)
        if before == after:
            raise InputError("edit_facility_same", edit=label, facility=edit.facility_id)
        table.loc[[row], "geometry"] = [after]
        return table, Message("notes.edit_facility_moved", fields)
    opens = isinstance(edit, OpenFacility)
    status = "open" if opens else "closed"
    if table.loc[row, "status"] == status:
        raise InputError("edit_facility_same", edit=label, facility=edit.facility_id)
    table.loc[row, "status"] = status
    return table, Message("notes.edit_facility_opened" if opens else "notes.edit_facility_closed", fields)


def _append(table: gpd.GeoDataFrame, edit: AddFacility) -> gpd.GeoDataFrame:
    """Return the table with one more row; columns that the edit says nothing about are blank."""
    numbered = pd.api.types.is_integer_dtype(table.index.dtype)
    row = (max(table.index, default=-1) + 1) if numbered else edit.facility_id
    longer = table.reindex([*table.index, row])
    texts = [name for name in table.columns if name != "geometry" and not pd.api.types.is_numeric_dtype(table[name])]
    longer.loc[row, texts] = ""
    stated = {
        "facility_id": edit.facility_id,
        "name": edit.name or edit.facility_id,
        "status": "open",
        "tier": edit.tier,
        "capacity": edit.capacity or np.nan,
        "opening_hours": edit.opening_hours,
    }
    for name, value in stated.items():
        if name in longer.columns:
            longer.loc[row, name] = value
    longer.loc[[row], "geometry"] = [shapely.Point(edit.at)]
    return longer
