"""Open and with room: the second reading by hand, and that it loses nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.availability import find_gaps_then, tell_availability, unserved_by_reason
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

METRIC = "EPSG:32650"


@pytest.fixture(scope="module")
def homes(measured: Callable[..., gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return four homes in a row and two far away: served, half full, closed, too far, cut off."""
    places = [shapely.box(x, 0, x + 20, 20) for x in (0, 50, 100, 150, 5000)]
    return measured(
        places,
        population=[10.0, 20.0, 30.0, 40.0, 50.0],
        population_seniors=[1.0, 4.0, 3.0, np.nan, 5.0],
        covered=[True, True, False, False, False],
        minutes=[5.0, 14.0, 31.0, 22.0, np.nan],
        facility_id=["f0", "f0", "f1", "f0", ""],
        reason=["", "", "closed", "too_far", "disconnected"],
        unit_id=["a", "a", "b", "b", ""],
    )


FULL = np.array([0.0, 5.0, 30.0, 0.0, 0.0])


def test_closed_goes_before_full_and_full_counts_only_those_without_room(homes: gpd.GeoDataFrame) -> None:
    told = tell_availability(homes, full=FULL)
    assert told.reason_then.tolist() == ["", "full", "closed", "too_far", "disconnected"]
    assert told.unserved_then.tolist() == [0, 5, 30, 40, 50]
    assert told.facility_then.tolist() == ["f0", "f0", "f1", "f0", ""]
    assert tell_availability(homes).reason_then.tolist() == ["", "", "closed", "too_far", "disconnected"]


def test_residents_by_reason(homes: gpd.GeoDataFrame) -> None:
    rows = unserved_by_reason(homes, tell_availability(homes, full=FULL)).set_index("reason")
    assert rows.residents.to_dict() == {"": 25, "too_far": 40, "disconnected": 50, "closed": 30, "full": 5}
    assert next(iter(rows.index)) == ""
    assert rows.share.sum() == pytest.approx(1.0)
    assert rows.population_seniors.to_dict() == {"": 4, "too_far": 0, "disconnected": 5, "closed": 3, "full": 1}


def test_gaps_hold_the_closed_and_the_full(homes: gpd.GeoDataFrame) -> None:
    gaps = find_gaps_then(homes, tell_availability(homes, full=FULL), crs=METRIC)
    assert gaps[["residents", "closed", "full", "areas", "reason"]].to_numpy().tolist() == [
        [75.0, 30.0, 5.0, 3, "too_far"],
        [50.0, 0.0, 0.0, 1, "disconnected"],
    ]
    assert gaps.population_seniors.tolist() == [4.0, 5.0]
    assert gaps.minutes.iloc[0] == 22.0
    everybody = tell_availability(homes.assign(covered=True, reason=""))
    assert find_gaps_then(homes, everybody, crs=METRIC).empty


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1e5), st.floats(0, 1e5), st.sampled_from(["", "closed", "too_far", "unmapped"])),
        min_size=1,
        max_size=20,
    )
)
def test_nobody_is_lost(rows: list[tuple[float, float, str]]) -> None:
    people, full, reason = zip(*rows, strict=True)
    table = pd.DataFrame(
        {
            "demand_id": [str(place) for place in range(len(rows))],
            "population": people,
            "covered": [why == "" for why in reason],
            "minutes": 1.0,
            "facility_id": "f0",
            "reason": reason,
        }
    )
    told = tell_availability(table, full=np.array(full))
    assert (told.unserved_then >= 0).all()
    assert (told.unserved_then <= table.population).all()
    assert ((told.reason_then == "") == ((told.unserved_then == 0) & table.covered)).all()
    assert unserved_by_reason(table, told).residents.sum() == pytest.approx(sum(people))


def test_tables_that_do_not_fit_are_refused(homes: gpd.GeoDataFrame) -> None:
    with pytest.raises(InputError):
        tell_availability(homes, full=FULL[:2])
    with pytest.raises(InputError, match="covered"):
        tell_availability(homes.drop(columns="covered"))
