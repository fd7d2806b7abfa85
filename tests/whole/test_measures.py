"""Measures on real places, each recomputed another way: from the pairs of all rooms and all homes, in plain pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from walkshed.assess.barriers import find_links
from walkshed.assess.coverage import measure_coverage
from walkshed.network.edits import AddFootbridge
from walkshed.network.scenario import edit_network
from walkshed.network.ties import carry_ties
from walkshed.network.walking import weigh
from walkshed.parameters import StudyConfig
from walkshed.reach.times import travel_times
from walkshed.reporting.layers import write_layers
from walkshed.study import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult

CUTOFF = 15.0
FAR = 60.0


@pytest.fixture(params=["helsinki", "las_palmas", "haidian", "porto_alegre"])
def result(request: pytest.FixtureRequest) -> StudyResult:
    return request.getfixturevalue(request.param)


def serving(result: StudyResult) -> gpd.GeoDataFrame:
    rooms = result.facilities[result.facilities.status.isin(result.config.facilities.serving)]
    return rooms.reset_index(drop=True)


def pairs(result: StudyResult) -> pd.DataFrame:
    """Return all walks from home to room of up to an hour, with the residents of the home."""
    found = travel_times(result.network, result.demand, serving(result), cutoff_min=FAR)
    people = dict(zip(result.demand.demand_id.astype(str), result.demand.population, strict=True))
    homes, rooms = found.origin_id.astype(str), found.destination_id.astype(str)
    return pd.DataFrame({"home": homes, "room": rooms, "minutes": found.minutes, "people": homes.map(people)})


def test_the_curve_is_that_of_the_shortest_walks(result: StudyResult) -> None:
    shortest = pairs(result).groupby("home").agg(minutes=("minutes", "min"), people=("people", "first"))
    curve = result.measures.curve[result.measures.curve.group == ""]
    for row in curve.itertuples():
        assert row.served == pytest.approx(shortest.people[shortest.minutes <= row.minutes].sum(), rel=1e-9)
    assert curve.denominator.iloc[0] == pytest.approx(result.demand.population.sum())
    headline = result.rates[(result.rates.basis == "E") & (result.rates.unit_id == "")].iloc[0]
    assert curve.rate[curve.minutes == CUTOFF].iloc[0] == pytest.approx(headline.rate)


def test_catchments_are_counted_again(result: StudyResult) -> None:
    within = pairs(result).query("minutes <= @CUTOFF")
    alone = within[within.groupby("home").room.transform("size") == 1]
    found = result.measures.catchments.query("group == ''").set_index("facility_id")
    reach, own = within.groupby("room").people.sum(), alone.groupby("room").people.sum()
    for room in serving(result).facility_id.astype(str):
        assert found.reach[room] == pytest.approx(reach.get(room, 0.0), rel=1e-9)
        assert found.exclusive[room] == pytest.approx(own.get(room, 0.0), rel=1e-9)
        assert found.shared[room] == pytest.approx(found.reach[room] - found.exclusive[room], abs=1e-6)
    assert found.nearest.sum() == pytest.approx(result.demand.population[result.demand.covered].sum(), rel=1e-9)


def test_equity_is_counted_again_person_by_person(result: StudyResult) -> None:
    """The Gini coefficient as the mean difference of all pairs of residents, of homes weighed by their people."""
    known = result.demand[result.demand.minutes.notna() & (result.demand.population > 0)]
    minutes, people = known.minutes.to_numpy(), known.population.to_numpy()
    apart = sum(  # in blocks: a city has half a thousand million pairs of homes
        people[block] @ np.abs(minutes[block, None] - minutes[None, :]) @ people
        for block in np.array_split(np.arange(len(minutes)), 1 + len(minutes) // 1000)
    )
    mean = minutes @ people / people.sum()
    expected = apart / people.sum() ** 2 / (2 * mean)
    everybody = result.measures.equity.query("group == ''").iloc[0]
    assert everybody.gini == pytest.approx(expected, abs=1e-9)
    assert everybody.mean_min == pytest.approx(mean)
    assert everybody.covered_rate == pytest.approx(people[minutes <= CUTOFF].sum() / result.demand.population.sum())


def test_barrier_gaps_hold_the_barred(result: StudyResult) -> None:
    gaps = result.gaps
    assert gaps.barred.sum() == pytest.approx(result.measures.barred)
    assert (gaps.barred <= gaps.residents + 1e-6).all()
    assert (gaps.barrier == (gaps.barred > gaps.residents / 2)).all()


def test_the_range_holds_the_headline_and_moves_with_the_pace(result: StudyResult) -> None:
    rates = result.measures.range.set_index("variant").rate
    assert rates["slower"] <= rates["as_is"] <= rates["faster"]
    assert rates["snap_near"] <= rates["snap_far"] + 1e-12
    served = result.demand.population[result.demand.covered].sum() / result.demand.population.sum()
    assert rates["as_is"] == pytest.approx(served)
    profile = result.config.profiles[result.config.walking.profile]
    assert weigh(result.inputs.network, profile, result.inputs.elevation).speed_kmh == profile.speed_kmh


def test_capacity_around_every_home_is_written_and_adds_up(root: Path, tmp_path: Path) -> None:
    """Shared out among all residents in reach, capacity adds up to that of the rooms that anybody reaches."""
    sample = run_study(StudyConfig.from_toml(root / "data" / "sample-district"))
    write_layers(sample, tmp_path / "result.gpkg")
    homes = gpd.read_file(tmp_path / "result.gpkg", layer="demand")
    reached = sample.measures.catchments.query("group == '' and reach > 0").facility_id
    load = sample.measures.load.set_index("facility_id")
    assert (homes.places_per_1000 * homes.population).sum() / 1000 == pytest.approx(load.capacity[reached].sum())
    assert (load.capacity[reached] > 0).all()


def test_heights_change_the_walk_both_ways(porto_alegre: StudyResult) -> None:
    network = porto_alegre.network
    open_edges = np.isfinite(network.forward_min) & np.isfinite(network.backward_min)
    assert porto_alegre.inputs.elevation is not None
    assert np.ptp(porto_alegre.inputs.elevation.height_m[~np.isnan(porto_alegre.inputs.elevation.height_m)]) > 50
    differing = network.forward_min[open_edges] != network.backward_min[open_edges]
    assert differing.mean() > 0.5
    assert porto_alegre.demand.population.sum() == pytest.approx(812_935)


def test_named_compounds_are_told_apart(haidian: StudyResult) -> None:
    named = haidian.demand[haidian.demand.name.astype(str) != ""]
    assert len(named) >= 5
    rate = haidian.rates.query("basis == 'D' and unit_id == ''").iloc[0]
    assert rate.denominator == len(haidian.demand)
    assert rate.numerator == haidian.demand.covered.sum()


def test_on_real_streets_every_link_keeps_its_promise(helsinki: StudyResult) -> None:
    rooms = serving(helsinki)
    links = find_links(helsinki.network, rooms, helsinki.demand, cutoff_min=CUTOFF)
    assert len(links)
    was = helsinki.demand.covered
    for link in links.itertuples():
        edited = edit_network(helsinki.network, [AddFootbridge(line=tuple(link.geometry.coords), reach_m=1.0)])
        tables = [carry_ties(table, edited) for table in (rooms, helsinki.demand)]
        now = measure_coverage(edited.network, *tables, cutoff_min=CUTOFF).covered
        assert helsinki.demand.population[now & ~was].sum() == pytest.approx(link.newly_served, rel=1e-9)
