"""Robustness: what stays chosen under other assumptions, and what today's plan loses against theirs."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.errors import SitingError
from walkshed.network.build import with_speed
from walkshed.siting.answer import SitingAnswer
from walkshed.siting.build import build_problem
from walkshed.siting.order import build_order
from walkshed.siting.robust import robustness
from walkshed.siting.variants import problem_variants

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork
    from walkshed.siting.problem import SitingProblem

    Tie = Callable[..., gpd.GeoDataFrame]
    Make = Callable[..., "WalkNetwork"]

ROOMS = 2


def best_of(problem: SitingProblem, chosen: tuple[int, ...] | None = None) -> SitingAnswer:
    """Return the best choice of two by trying them all, in build order."""

    def value(sites: tuple[int, ...]) -> float:
        rows = np.unique(np.concatenate([problem.rows_of(site) for site in sites]))
        return float(problem.population[rows].sum())

    sites = max(combinations(range(len(problem.candidate_ids)), ROOMS), key=value) if chosen is None else chosen
    order = [step.candidate for step in build_order(problem, sites) if step.newly_served > 0]
    return SitingAnswer(
        model="mclp", status="optimal", chosen=tuple(problem.candidate_ids[site] for site in order),
        objective=value(sites), bound=value(sites), mip_gap=0.0, seconds=0.0,
    )  # fmt: skip


@pytest.fixture
def street(make_network: Make) -> WalkNetwork:
    """4 km of street, 100 m a minute."""
    return make_network([(0, 0), (2000, 0), (4000, 0)], [(0, 1), (1, 2)])


def test_by_hand(street: WalkNetwork, tied: Tie) -> None:
    # Both c0 and c1 serve the people at 2000 m within 10 minutes; walked slower c0 alone, walked faster c1 also d0.
    homes = tied(street, [(0, 0), (2000, 0), (3500, 0)], population=[5.0, 20.0, 7.0])
    sites = tied(street, [(1080, 0), (1020, 0), (3500, 0), (0, 0)], "candidates")
    rooms = tied(street, [(9000, 0)], "facilities")
    measured = measure_coverage(street, rooms, homes, cutoff_min=10.0)
    problem = build_problem(street, sites, measured, cutoff_min=10.0)
    plan = best_of(problem, (1, 2))
    assert plan.chosen == ("c1", "c2")
    other = homes.assign(population=[50.0, 20.0, 7.0])
    variants = problem_variants(street, sites, rooms, homes, cutoff_min=10.0, other_demand=other, pace=0.06)
    assert list(variants) == ["slower", "faster", "population"]
    found = robustness(problem, plan, variants, best_of)
    assert found.sites.candidate_id.tolist() == ["c1", "c2"]
    # Slower: c0 and c2. Faster: c1 and c2. With other residents: c3 and c0, the first of equals.
    assert found.sites.chosen_share.tolist() == [1.0, 2 / 3]
    assert found.sites.same_share.tolist() == [1 / 3, 2 / 3]
    assert found.sites.away_m_slower.tolist() == pytest.approx([60.0, 0.0], abs=1e-3)
    assert found.sites.away_m_population.tolist() == pytest.approx([60.0, 2420.0], abs=1e-2)
    rows = found.variants.set_index("variant")
    assert rows.served_plan.to_dict() == {"slower": 7.0, "faster": 32.0, "population": 27.0}
    assert rows.served_best.to_dict() == {"slower": 27.0, "faster": 32.0, "population": 70.0}
    assert rows.regret.to_dict() == {"slower": 20.0, "faster": 0.0, "population": 43.0}
    assert rows.regret_share["slower"] == 20 / 27
    assert rows.missing.tolist() == [0, 0, 0]
    none = robustness(problem, plan, {}, best_of)
    assert none.variants.empty
    assert none.sites.chosen_share.isna().all()


def test_variants_that_lack_a_site_say_so(make_problem: Callable[..., SitingProblem]) -> None:
    problem = make_problem([[0], [1], [2]], [5.0, 3.0, 1.0])
    other = make_problem([[0, 1]], [5.0, 3.0, 1.0])
    plan = best_of(problem)
    assert plan.chosen == ("c0", "c1")
    found = robustness(problem, plan, {"less": other}, lambda _: best_of(other, (0,)))
    row = found.variants.iloc[0]
    assert (row.missing, row.served_plan, row.served_best, row.rooms) == (1, 8.0, 8.0, 1)
    assert found.sites.same_share.tolist() == [1.0, 0.0]  # the same id, where no place is known
    assert np.isnan(found.sites.away_m_less[1])
    nothing = replace(plan, chosen=())
    assert robustness(problem, nothing, {"less": other}, lambda _: nothing).sites.empty


def test_limits_that_make_no_sense(make_problem: Callable[..., SitingProblem], street: WalkNetwork) -> None:
    problem = make_problem([[0], [1]], [1.0, 1.0])
    with pytest.raises(SitingError, match="nearby_m = -1"):
        robustness(problem, best_of(problem), {}, best_of, near_m=-1.0)
    with pytest.raises(SitingError, match="pace = 1"):
        problem_variants(street, None, None, None, cutoff_min=5.0, pace=1.0)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), pace=st.sampled_from([0.0, 0.1, 0.3]), whole=st.booleans())
def test_laws(make_network: Make, tied: Tie, seed: int, pace: float, *, whole: bool) -> None:
    random = np.random.default_rng(seed)
    street = make_network([(0, 0), (2000, 0), (4000, 0)], [(0, 1), (1, 2)])
    homes = tied(
        street, [(x, 0) for x in random.uniform(0, 4000, 25)], population=random.integers(0, 20, 25).astype(float)
    )
    sites = tied(street, [(x, 0) for x in random.uniform(0, 4000, 6)], "candidates")
    rooms = tied(street, [(random.uniform(0, 4000), 0)], "facilities")
    measured = measure_coverage(street, rooms, homes, cutoff_min=6.0)
    problem = build_problem(street, sites, measured, cutoff_min=6.0)
    plan = best_of(problem)
    how = {"cutoff_min": 6.0, "pace": pace, "whole": whole}
    variants = problem_variants(street, sites, rooms, homes, other_demand=homes, **how)
    assert list(variants) == (["slower", "faster"] if pace else []) + ["population"]
    found = robustness(problem, plan, variants, best_of)
    rows = found.variants.set_index("variant")
    assert (rows.regret >= 0).all()  # a variant's best plan is no worse than another
    assert rows.regret["population"] == 0.0  # the same residents: nothing changes
    assert (found.sites.away_m_population == 0.0).all()
    assert found.sites.chosen_share.between(0, 1).all()
    assert (found.sites.chosen_share >= found.sites.same_share).all()
    for name, share in (("slower", 1 - pace), ("faster", 1 + pace)):
        if name in rows.index:
            built = sites[sites.candidate_id.isin(plan.chosen)].assign(facility_id=lambda table: table.candidate_id)
            both = gpd.GeoDataFrame(pd.concat([rooms, built], ignore_index=True), crs=4326)
            again = measure_coverage(with_speed(street, street.speed_kmh * share), both, homes, cutoff_min=6.0)
            assert rows.served_plan[name] == again.population[again.covered].sum()
    if pace:
        assert rows.served_best["slower"] <= rows.served_best["faster"]
