"""Gates and footbridges beside rooms: what is promised is kept, and nothing that is possible serves more."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.assess.barriers import find_links
from walkshed.assess.coverage import measure_coverage
from walkshed.errors import CancelledError, InfeasibleError, InputError, SitingError
from walkshed.network.edits import AddFootbridge, CloseLink, OpenGate, OpenLink
from walkshed.network.scenario import edit_network
from walkshed.network.ties import carry_ties
from walkshed.network.walking import weigh
from walkshed.siting.links import LinkCandidate, LinkedProblem, LinkPairs, make_link_candidates
from walkshed.siting.links_build import LinkScene, build_linked_problem
from walkshed.siting.links_measure import measure_links
from walkshed.siting.links_search import LinkedChoice, linked_model
from walkshed.siting.links_solve import solve_with_links
from walkshed.siting.requirements import Requirements
from walkshed.walkers import Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from walkshed.network.edits import Edit
    from walkshed.network.model import WalkNetwork
    from walkshed.network.scenario import EditedNetwork
    from walkshed.siting.problem import SitingProblem

    MakeProblem = Callable[..., SitingProblem]
    MakeNetwork = Callable[..., WalkNetwork]
    Tie = Callable[..., gpd.GeoDataFrame]
    Place = Callable[[float, float], tuple[float, float]]


@pytest.fixture(scope="module")
def at(make_points: Callable[..., gpd.GeoDataFrame]) -> Place:
    """Return a function from metres from the corner to (lon, lat)."""

    def place(x: float, y: float) -> tuple[float, float]:
        point = make_points([(x, y)]).geometry.iloc[0]
        return float(point.x), float(point.y)

    return place


@pytest.fixture
def river(make_network: MakeNetwork, tied: Tie) -> LinkScene:
    """Return two banks 50 m apart, joined by a bridge 3 km to the east; a room on the south bank; 1,050 m are 15 min.

    Candidates stand where few live: 40 at (2900, 50), 25 at (1500, 50).
    """
    banks = [(0, 0), (600, 0), (3000, 0), (3000, 50), (600, 50), (0, 50)]
    network = make_network(banks, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], speed_kmh=4.2)
    rooms = tied(network, [(300, 0)], "facilities")
    people = [50.0, 60.0, 40.0, 80.0]
    homes = tied(network, [(100, 50), (250, 50), (2900, 50), (800, 0)], population=people)
    sites = tied(network, [(2900, 50), (1500, 50)], "candidates", cost=[2.0, 2.0])
    measured = measure_coverage(network, rooms, homes, cutoff_min=15)
    return LinkScene(network=network, candidates=sites, facilities=rooms, measured=measured, cutoff_min=15)


def test_a_footbridge_beats_a_room(river: LinkScene, at: Place) -> None:
    """The bridge serves 110 north of the river; any room there 40 at most."""
    found = find_links(river.network, river.facilities, river.measured, cutoff_min=15)
    bridge = AddFootbridge(name="at the school", line=(at(300, 0), at(300, 50)))
    links = make_link_candidates(found, edits=[bridge], edit_costs=[3.0], bridge_cost=1.0, bridge_cost_per_m=0.1)
    assert links[0].link_id == "at the school"
    assert links[1].cost == pytest.approx(1 + 0.1 * found.length_m.iloc[0], rel=1e-6)
    problem = build_linked_problem(river, links[:1])
    room = solve_with_links(problem, new_rooms=1, links_max=0)
    assert (room.chosen, room.links, room.objective, room.status) == (("c0",), (), 40, "optimal")
    link = solve_with_links(problem, budget=3.0)
    assert (link.chosen, link.links, link.objective) == ((), ("at the school",), 110)
    both = solve_with_links(problem, new_rooms=1, links_max=1)
    assert (both.chosen, both.links, both.objective, both.bound) == (("c0",), ("at the school",), 150, 150)
    for answer in (room, link, both):
        outcome = measure_links(river, problem, answer)
        assert outcome.promised == outcome.newly_served == answer.objective
        assert outcome.measured.population[outcome.measured.covered].sum() == answer.objective + 80
        assert len(outcome.log) == len(answer.links)


def test_a_room_and_the_bridge_to_it(make_network: MakeNetwork, tied: Tie, at: Place) -> None:
    """Neither the bridge nor the room serves anybody by itself: the room stands over there, where nobody lives."""
    network = make_network([(0, 0), (1000, 0), (1000, 50), (0, 50)], [(0, 1), (2, 3)], speed_kmh=6)
    rooms = tied(network, [(0, 0)], "facilities").assign(edge=-1)
    homes = tied(network, [(100, 0), (300, 0), (900, 0)], population=[5.0, 7.0, 100.0])
    sites = tied(network, [(200, 50), (950, 50), (1000, 0)], "candidates")
    measured = measure_coverage(network, rooms, homes, cutoff_min=3)
    scene = LinkScene(network=network, candidates=sites, facilities=rooms, measured=measured, cutoff_min=3)
    edits = [AddFootbridge(name="east", line=(at(900, 0), at(900, 50)))]
    edits += [AddFootbridge(name="west", line=(at(200, 0), at(200, 50)))]
    problem = build_linked_problem(scene, make_link_candidates(edits=edits))
    assert problem.alone.nnz == 0
    assert solve_with_links(problem, new_rooms=0, links_max=2).objective == 0
    forbidden = Requirements(forbidden=("c2",))
    one = solve_with_links(problem, new_rooms=1, links_max=1, requirements=forbidden)
    assert (one.chosen, one.links, one.objective) == (("c1",), ("east",), 100)
    two = solve_with_links(problem, new_rooms=2, links_max=1)
    assert (two.chosen, two.links, two.objective) == (("c0", "c2"), ("west",), 112)
    assert measure_links(scene, problem, two).newly_served == 112
    must = solve_with_links(problem, new_rooms=1, links_max=1, requirements=Requirements(must_build=("c0",)))
    assert (must.chosen, must.links, must.objective) == (("c0",), ("west",), 12)


def test_a_gated_compound(make_network: MakeNetwork, tied: Tie, at: Place) -> None:
    network = make_network([(0, 0), (500, 0), (500, 0), (900, 0)], [(0, 1), (2, 3)], speed_kmh=4.2)
    rooms = tied(network, [(300, 0)], "facilities")
    homes = tied(network, [(800, 0), (600, 0)], population=[7.0, 8.0])
    measured = measure_coverage(network, rooms, homes, cutoff_min=15)
    sites = tied(network, [(700, 0)], "candidates")
    scene = LinkScene(network=network, candidates=sites, facilities=rooms, measured=measured, cutoff_min=15)
    links = make_link_candidates(find_links(network, rooms, measured, cutoff_min=15), gate_cost=0.5)
    assert isinstance(links[0].edit, OpenGate)
    problem = build_linked_problem(scene, links)
    answer = solve_with_links(problem, budget=0.5)
    assert (answer.links, answer.objective, answer.status) == (("link-1",), 15, "optimal")
    assert measure_links(scene, problem, answer).newly_served == 15
    # The same gate twice: the second joins nothing any more.
    again = make_link_candidates(edits=[OpenGate(name=name, at=at(500, 0)) for name in ("a", "b")])
    twice = build_linked_problem(scene, again)
    answer = solve_with_links(twice, new_rooms=0, links_max=2)
    assert len(answer.links) == 1
    outcome = measure_links(scene, twice, replace(answer, links=("a", "b")))
    assert (outcome.newly_served, outcome.links, outcome.needless) == (15, ("a",), ("b",))


def test_a_closed_street_opens_and_the_way_back_counts(make_network: MakeNetwork, tied: Tie) -> None:
    """The closed street leads to the room only downstream: who may walk there depends on the direction."""
    network = make_network([(0, 0), (200, 0), (400, 0)], [(0, 1), (1, 2)], backward_min=[2.0, np.inf], speed_kmh=6)
    rooms = tied(network, [(50, 0)], "facilities")
    homes = tied(network, [(390, 0)], population=[9.0])
    for direction, served in (("to_facility", 9.0), ("from_facility", 0.0)):
        measured = measure_coverage(network, rooms, homes, cutoff_min=4, direction=direction)
        scene = LinkScene(
            network=network,
            candidates=tied(network, [(60, 0)], "candidates"),
            facilities=rooms,
            measured=measured,
            cutoff_min=4,
            direction=direction,
        )
        problem = build_linked_problem(scene, make_link_candidates(edits=[OpenLink(way_ids=(2,))]))
        answer = solve_with_links(problem, new_rooms=0, links_max=1)
        assert answer.objective == served
        assert measure_links(scene, problem, answer).newly_served == served


def test_walks_over_two_links_are_found_when_all_is_measured(make_network: MakeNetwork, tied: Tie, at: Place) -> None:
    """One link per walk is promised; with both built the home of 40 reaches the room of today over both."""
    streets = [(0, 0), (2000, 0), (0, 50), (2000, 50), (0, 100), (2000, 100)]
    network = make_network(streets, [(0, 1), (2, 3), (4, 5)], speed_kmh=6)
    rooms = tied(network, [(0, 0)], "facilities")
    homes = tied(network, [(100, 100), (0, 50), (200, 100)], population=[10.0, 20.0, 40.0])
    sites = tied(network, [(510, 50)], "candidates")
    measured = measure_coverage(network, rooms, homes, cutoff_min=5)
    scene = LinkScene(network=network, candidates=sites, facilities=rooms, measured=measured, cutoff_min=5)
    south = AddFootbridge(name="south", line=(at(100, 0), at(100, 50)))
    north = AddFootbridge(name="north", line=(at(100, 50), at(100, 100)))
    problem = build_linked_problem(scene, make_link_candidates(edits=[south, north]))
    answer = solve_with_links(problem, new_rooms=1, links_max=2)
    assert (answer.chosen, answer.links, answer.objective) == (("c0",), ("south", "north"), 30)
    outcome = measure_links(scene, problem, answer)
    assert (outcome.promised, outcome.newly_served, outcome.needless) == (30, 70, ())


def test_streets_of_a_walker_who_takes_no_stairs(make_network: MakeNetwork, tied: Tie, at: Place) -> None:
    """Edits are made on the streets not weighed yet: a bridge of stairs is of no use to a wheelchair, a ramp is."""
    raw = make_network([(0, 0), (600, 0), (600, 50), (0, 50)], [(0, 1), (2, 3)], speed_kmh=6)
    rules = Profile(speed_kmh=3.0, stairs=False)
    network = weigh(raw, rules)
    rooms, homes = tied(network, [(0, 0)], "facilities"), tied(network, [(50, 50)], population=[5.0])
    measured = measure_coverage(network, rooms, homes, cutoff_min=4)

    def edit(edits: Sequence[Edit]) -> EditedNetwork:
        edited = edit_network(raw, edits)
        return edited._replace(network=weigh(edited.network, rules))

    scene = LinkScene(
        network=network,
        candidates=tied(network, [(600, 0)], "candidates"),
        facilities=rooms,
        measured=measured,
        cutoff_min=4,
        edit=edit,
    )
    line = (at(50, 0), at(50, 50))
    ways = [AddFootbridge(name="stairs", line=line, steps=True), AddFootbridge(name="ramp", line=line)]
    problem = build_linked_problem(scene, make_link_candidates(edits=ways))
    answer = solve_with_links(problem, new_rooms=0, links_max=1)
    assert (answer.links, answer.objective) == (("ramp",), 5)
    assert measure_links(scene, problem, answer).newly_served == 5


def two_grids(make_network: MakeNetwork, random: np.random.Generator) -> WalkNetwork:
    """Return a grid of streets on either side of a river, some left out, none across."""
    nodes = [(100.0 * i, 100.0 * j + (90.0 if j > 1 else 0.0)) for j in range(4) for i in range(5)]
    edges = [(5 * j + i, 5 * j + i + 1) for j in range(4) for i in range(4) if j in (1, 2) or random.random() < 0.7]
    edges += [(5 * j + i, 5 * j + i + 5) for j in (0, 2) for i in range(5) if i in (0, 2, 4) or random.random() < 0.5]
    used = sorted({node for edge in edges for node in edge})
    number = {node: place for place, node in enumerate(used)}
    return make_network([nodes[n] for n in used], [(number[a], number[b]) for a, b in edges], speed_kmh=6)


def truth(scene: LinkScene, links: Iterable[LinkCandidate], chosen: Sequence[str]) -> float:
    """Return the newly served residents when all is built and measured, without anything of siting."""
    edited = edit_network(scene.network, [link.edit for link in links])
    built = scene.candidates[scene.candidates.candidate_id.isin(chosen)]
    rooms = pd.concat([scene.facilities, built.assign(facility_id=built.candidate_id)], ignore_index=True)
    carry = partial(carry_ties, edited=edited)
    after = measure_coverage(
        edited.network,
        carry(gpd.GeoDataFrame(rooms, crs=4326)),
        carry(scene.measured),
        cutoff_min=scene.cutoff_min,
        direction=scene.direction,
    )
    return float(after.population[after.covered & ~scene.measured.covered].sum())


@settings(deadline=None, max_examples=4)
@given(st.integers(0, 10_000), st.sampled_from(["to_facility", "from_facility"]))
def test_against_every_choice_really_built(
    make_network: MakeNetwork, tied: Tie, at: Place, seed: int, direction: str
) -> None:
    random = np.random.default_rng(seed)
    network = two_grids(make_network, random)
    spots = random.uniform((0, 0), (400, 490), (25, 2))
    people = 2.0 ** random.permutation(len(spots))
    homes = tied(network, spots.tolist(), population=people)
    rooms = tied(network, random.uniform((0, 0), (400, 100), (1, 2)).tolist(), "facilities")
    sites = tied(network, random.uniform((0, 0), (400, 490), (3, 2)).tolist(), "candidates")
    cutoff = float(random.uniform(2, 4))
    measured = measure_coverage(network, rooms, homes, cutoff_min=cutoff, direction=direction)
    scene = LinkScene(
        network=network, candidates=sites, facilities=rooms, measured=measured, cutoff_min=cutoff, direction=direction
    )
    places = [(float(x), float(np.clip(x + random.uniform(-60, 60), 0, 400))) for x in random.uniform(0, 400, 3)]
    links = make_link_candidates(edits=[AddFootbridge(line=(at(a, 100), at(b, 290))) for a, b in places])
    problem = build_linked_problem(scene, links)
    ids = list(problem.base.candidate_ids)
    known: dict[tuple[tuple[LinkCandidate, ...], tuple[str, ...]], float] = {}
    for new_rooms, links_max in ((1, 1), (2, 1), (1, 2), (2, 3)):
        answer = solve_with_links(problem, new_rooms=new_rooms, links_max=links_max)
        outcome = measure_links(scene, problem, answer)
        assert outcome.promised == answer.objective
        assert outcome.newly_served >= answer.objective  # the law: never less than was promised
        chosen = [link for link in links if link.link_id in answer.links]
        assert outcome.newly_served >= truth(scene, chosen, answer.chosen)
        if links_max == 1:
            # With one link there is nothing to combine: the choice is the best there is, and the promise the truth.
            every = [
                (some, built)
                for count in (0, 1)
                for some in combinations(links, count)
                for built in combinations(ids, min(new_rooms, len(ids)))
            ]
            for choice in every:
                known[choice] = known[choice] if choice in known else truth(scene, *choice)
            assert answer.objective == max(known[choice] for choice in every)
            assert answer.status in ("optimal", "nothing_to_gain")


linked = st.tuples(st.integers(1, 5), st.integers(0, 4), st.integers(0, 10_000))


def random_problem(make_problem: MakeProblem, rooms: int, links: int, seed: int) -> LinkedProblem:
    """Return a problem of 9 rows drawn at random, with prices."""
    random = np.random.default_rng(seed)
    served = [np.flatnonzero(random.random(9) < 0.25).tolist() for _ in range(rooms)]
    plain = make_problem(served, random.integers(0, 30, 9).tolist(), 5.0)
    base = type(plain)(
        candidate_ids=plain.candidate_ids, demand_ids=plain.demand_ids, population=plain.population,
        minutes=plain.minutes, cutoff_min=plain.cutoff_min, cost=random.integers(1, 5, rooms).astype(float),
    )  # fmt: skip
    link, candidate = (each.ravel() for each in np.meshgrid(np.arange(links), np.arange(rooms), indexing="ij"))
    edit = AddFootbridge(line=((0.0, 0.0), (0.0, 0.1)))
    costs = random.integers(1, 5, links).tolist()
    return LinkedProblem(
        base=base,
        links=tuple(LinkCandidate(link_id=f"l{n}", edit=edit, cost=float(cost)) for n, cost in enumerate(costs)),
        alone=csr_array((random.random((links, 9)) < 0.15).astype(np.int8)),
        pairs=LinkPairs(link, candidate, csr_array((random.random((len(link), 9)) < 0.2).astype(np.int8))),
    )


def best_by_trying(
    problem: LinkedProblem, *, rooms: int | None, links: int | None, budget: float | None, must: frozenset[int]
) -> float:
    base, pairs = problem.base, problem.pairs
    best = -1.0
    sites, ways = range(len(base.candidate_ids)), range(len(problem.links))
    for j in range(len(sites) + 1):
        for built in combinations(sites, j):
            for i in range(len(ways) + 1):
                for opened in combinations(ways, i):
                    money = base.cost[list(built)].sum() + problem.link_cost[list(opened)].sum()
                    if (
                        (rooms is not None and j > rooms)
                        or (links is not None and i > links)
                        or (budget is not None and money > budget)
                        or not must <= set(built)
                    ):
                        continue
                    rows = {row for site in built for row in base.rows_of(site).tolist()}
                    rows |= {row for way in opened for row in problem.alone[[way]].indices.tolist()}
                    for k in range(len(pairs.link)):
                        if pairs.link[k] in opened and pairs.candidate[k] in built:
                            rows |= set(pairs.rows[[k]].indices.tolist())
                    best = max(best, float(base.population[sorted(rows)].sum()))
    return best


@settings(deadline=None, max_examples=40)
@given(linked, st.data())
def test_rooms_and_links_against_every_choice(
    make_problem: MakeProblem, drawn: tuple[int, int, int], data: st.DataObject
) -> None:
    problem = random_problem(make_problem, *drawn)
    budget = data.draw(st.none() | st.integers(0, 12))
    limits = st.integers(0, 3) if budget is None else st.none() | st.integers(0, 3)
    rooms, links = data.draw(limits), data.draw(limits)
    must = data.draw(st.sets(st.sampled_from(range(drawn[0])), max_size=1))
    best = best_by_trying(problem, rooms=rooms, links=links, budget=budget, must=frozenset(must))
    asked = Requirements(must_build=tuple(problem.base.candidate_ids[site] for site in must))
    arguments = {"new_rooms": rooms, "links_max": links, "budget": budget, "requirements": asked}
    if best < 0:
        with pytest.raises(InfeasibleError):
            solve_with_links(problem, **arguments)
        return
    answer = solve_with_links(problem, **arguments)
    assert answer.objective == pytest.approx(best)
    assert answer.bound >= best - 1e-9
    assert answer.status in ("optimal", "nothing_to_gain")
    assert rooms is None or len(answer.chosen) <= rooms
    assert links is None or len(answer.links) <= links
    assert set(asked.must_build) <= set(answer.chosen)
    money = sum(problem.base.cost[problem.base.positions_of(answer.chosen)])
    money += sum(link.cost for link in problem.links if link.link_id in answer.links)
    assert budget is None or money <= budget
    hurried = solve_with_links(problem, **arguments, time_limit_s=1e-9)
    assert hurried.objective <= best + 1e-9 <= hurried.bound + 2e-9


def test_a_choice_counts_what_its_moves_do(make_problem: MakeProblem) -> None:
    problem = random_problem(make_problem, 5, 4, 3)
    nothing = np.zeros(0, np.int64)
    model = linked_model(problem, [], must=nothing, forbidden=nothing)
    choice, random = LinkedChoice(model), np.random.default_rng(5)
    for _ in range(100):
        thing = int(random.integers(model.things))
        choice.put(thing, built=not choice.built[thing])
        assert choice.value == pytest.approx(model.value(choice.built))
    value = choice.value
    choice.fill()
    assert choice.value == pytest.approx(model.weight.sum()) or choice.value >= value


def test_wrong_arguments(river: LinkScene, at: Place) -> None:
    bridge = AddFootbridge(name="b", line=(at(300, 0), at(300, 50)))
    with pytest.raises(SitingError, match="does not open"):
        make_link_candidates(edits=[CloseLink(way_ids=(1,))])
    with pytest.raises(SitingError, match="does not open"):
        LinkCandidate(link_id="x", edit=CloseLink(way_ids=(1,)))
    with pytest.raises(SitingError, match="more than once"):
        make_link_candidates(edits=[bridge, bridge])
    with pytest.raises(SitingError, match="2 edits"):
        make_link_candidates(edits=[bridge, AddFootbridge(line=bridge.line)], edit_costs=[1])
    with pytest.raises(SitingError, match="price"):
        make_link_candidates(edits=[bridge], edit_costs=[-1])
    with pytest.raises(InputError):
        build_linked_problem(river, make_link_candidates(edits=[OpenLink(way_ids=(1,))]))
    problem = build_linked_problem(river, make_link_candidates(edits=[bridge]))
    wrong: list[dict[str, object]] = [
        {"new_rooms": 1},
        {"new_rooms": -1, "links_max": 1},
        {"new_rooms": 1, "links_max": 0.5},
        {"budget": float("nan")},
        {"budget": 1, "time_limit_s": 0},
        {"budget": 1, "mip_gap": -1},
        {"budget": 1, "requirements": Requirements(spacing_m=10)},
    ]
    for arguments in wrong:
        with pytest.raises(SitingError):
            solve_with_links(problem, **arguments)
    with pytest.raises(SitingError, match="do not fit"):
        LinkedProblem(base=problem.base, links=(), alone=problem.alone, pairs=problem.pairs)


def test_it_can_be_stopped(make_problem: MakeProblem) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        assert (stage, done, total) == ("siting", 0, 60)
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        solve_with_links(random_problem(make_problem, 5, 4, 1), budget=5, progress=stop)
