"""Facilities open, close, move and are added as a scenario says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from walkshed.catalogue import has
from walkshed.contracts import FACILITIES, check_table
from walkshed.errors import ContractError, InputError
from walkshed.network.edits import AddFacility, CloseFacility, CloseLink, MoveFacility, OpenFacility
from walkshed.network.facility_edits import apply_facility_edits, edit_facilities

if TYPE_CHECKING:
    from walkshed.network.edits import Edit


@pytest.fixture
def rooms() -> gpd.GeoDataFrame:
    """Return a valid table with every column, one position unknown, and an extra column of numbers."""
    table = gpd.GeoDataFrame(
        {
            "facility_id": ["r1", "r2", "r3"],
            "name": ["One", "Two", "Three"],
            "status": ["open", "planned", "open"],
            "tier": ["", "town", ""],
            "capacity": [20.0, math.nan, 8.0],
            "opening_hours": ["", "24/7", ""],
            "unit_id": ["u1", "u1", "u2"],
            "position_quality": ["", "", ""],
            "source": ["", "", ""],
            "floors": [1, 2, 3],
        },
        geometry=[shapely.Point(116.3, 40.0), shapely.Point(116.31, 40.0), None],
        crs=4326,
    )
    check_table(table, FACILITIES)
    return table


def test_facilities_open_close_move_and_are_added(rooms: gpd.GeoDataFrame) -> None:
    kept = rooms.copy()
    edits: list[Edit] = [
        OpenFacility(facility_id="r2"),
        CloseFacility(facility_id="r1"),
        MoveFacility(facility_id="r3", at=(116.32, 40.01)),
        AddFacility(facility_id="r4", name="Four", at=(116.33, 40.02), tier="village", capacity=12),
        AddFacility(facility_id="r5", at=(116.34, 40.02)),
        CloseLink(way_ids=(1,)),
    ]
    table, log = edit_facilities(rooms, edits)
    check_table(table, FACILITIES)
    assert table["facility_id"].tolist() == ["r1", "r2", "r3", "r4", "r5"]
    assert table["status"].tolist() == ["closed", "open", "open", "open", "open"]
    assert table["name"].tolist() == ["One", "Two", "Three", "Four", "r5"]
    assert table["tier"].tolist() == ["", "town", "", "village", ""]
    assert table["unit_id"].tolist() == ["u1", "u1", "u2", "", ""]
    assert table["capacity"].tolist() == pytest.approx([20, math.nan, 8, 12, math.nan], nan_ok=True)
    assert table["floors"].tolist() == pytest.approx([1, 2, 3, math.nan, math.nan], nan_ok=True)
    assert table.geometry.iloc[2:].tolist() == [
        shapely.Point(116.32, 40.01),
        shapely.Point(116.33, 40.02),
        shapely.Point(116.34, 40.02),
    ]
    assert table.index.tolist() == [0, 1, 2, 3, 4]
    assert table.crs == rooms.crs
    assert [message.key for message in log] == [
        f"notes.edit_facility_{what}" for what in ("opened", "closed", "moved", "added", "added")
    ]
    assert all(has(message.key) for message in log)
    assert "Four" in log[3].text("zh")
    pd.testing.assert_frame_equal(rooms, kept)


def test_an_own_index_and_few_columns_are_kept(rooms: gpd.GeoDataFrame) -> None:
    few = rooms[["facility_id", "name", "status", "geometry"]].set_axis(["a", "b", "c"])
    table = apply_facility_edits(few, [AddFacility(facility_id="r9", at=(116.3, 40.0), tier="town")])
    assert table.columns.tolist() == few.columns.tolist()
    assert table.index.tolist() == ["a", "b", "c", "r9"]
    none = apply_facility_edits(rooms.iloc[:0], [AddFacility(facility_id="r9", at=(116.3, 40.0))])
    assert none["facility_id"].tolist() == ["r9"]
    check_table(none, FACILITIES)


def test_facility_edits_that_change_nothing_say_so(rooms: gpd.GeoDataFrame) -> None:
    cases: list[tuple[Edit, str]] = [
        (AddFacility(facility_id="r1", at=(116.3, 40.0)), "'r1' already"),
        (CloseFacility(facility_id="R1"), r"no facility 'R1' \(there are, for example: r1"),
        (MoveFacility(facility_id="zz", at=(0, 0)), "no facility 'zz'"),
        (OpenFacility(facility_id="r1"), "that way already"),
        (CloseFacility(facility_id="r9"), "no facility"),
        (MoveFacility(facility_id="r1", at=(116.3, 40.0)), "that way already"),
    ]
    for edit, message in cases:
        with pytest.raises(InputError, match=message):
            apply_facility_edits(rooms, [edit])
    with pytest.raises(InputError, match="that way already"):
        apply_facility_edits(rooms, [CloseFacility(facility_id="r1"), CloseFacility(facility_id="r1")])
    with pytest.raises(InputError, match="for example: -"):
        apply_facility_edits(rooms.iloc[:0], [CloseFacility(facility_id="r1")])


def test_facility_edits_made_in_a_program_are_checked_too(rooms: gpd.GeoDataFrame) -> None:
    with pytest.raises(ContractError, match="facility_id"):
        apply_facility_edits(rooms, [AddFacility(at=(116.3, 40.0))])
