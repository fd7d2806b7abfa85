"""Instances whose optimum others published: what is reached, what is proven, and how long that takes."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from tests.benchmarks.areas import DATA
from tests.benchmarks.siting_timing import timed

from walkshed.errors import WalkshedError
from walkshed.siting.problem import SitingProblem
from walkshed.siting.solve import solve_lscp, solve_mclp, solve_p_center, solve_p_median

if TYPE_CHECKING:
    from tests.benchmarks.siting_report import Page

FOLDER = DATA / "siting"
SJC = ("SJC324", "SJC402", "SJC500", "SJC708", "SJC818")
RADIUS_M = 800.0
CENTER_LIMIT_S = 10.0
COLUMNS = ("instance", "rooms", "published", "ours", "gap", "status", "proof", "CPU (wall)")
SAME = 1e-9


def run_cover(page: Page) -> None:
    """Solve Sao Jose dos Campos and San Francisco to proven optimality."""
    page.begin(
        "Published covering problems",
        "São José dos Campos (every point demand and candidate, 800 m as the crow flies) and the San Francisco tables "
        "of spopt (16 stores, 205 tracts, 5 km where a radius is asked for); everything to proven optimality.",
        *COLUMNS,
    )
    if not FOLDER.is_dir():
        page.note("The published instances are not on this machine.")
        return
    with (FOLDER / "mclp" / "sjc_optima_highs.csv").open(encoding="utf-8", newline="") as stream:
        published = [(row["instance"], int(row["p"]), float(row["optimal_cover"])) for row in csv.DictReader(stream)]
    proven, slowest = 0, 0.0
    for name in SJC:
        problem = san_jose(name)
        asked = [(rooms, value) for each, rooms, value in published if each == name]
        for rooms, value in asked[-2:] if page.quick else asked:
            result = timed(solve_mclp, problem, new_rooms=rooms, time_limit_s=120.0)
            answer = result.answer
            proven += answer.status == "optimal" and answer.objective == value
            slowest = max(slowest, result.cpu_s)
            page.row(
                name, str(rooms), f"{value:,.0f}", f"{answer.objective:,.0f}", result.gap, answer.status, result.proof,
                result.time,
            )  # fmt: skip
    count = len(page.tables[-1].rows)
    page.goal(
        "São José dos Campos: every optimum proven, in seconds each", f"{proven} of {count}, slowest {slowest:.1f} s",
        met=proven == count,
    )  # fmt: skip
    _san_francisco(page)


def _san_francisco(page: Page) -> None:
    near, whole = san_francisco(5000.0), san_francisco(None)
    right = 0
    for name, solver, problem, asked, value in (
        ("San Francisco, MCLP", solve_mclp, near, {"new_rooms": 4}, 875_247.0),
        ("San Francisco, LSCP", solve_lscp, near, {"share": 1.0}, 8.0),
        ("San Francisco, p-median", solve_p_median, whole, {"new_rooms": 4}, 2_848_268_129.7145),
        ("San Francisco, p-center", solve_p_center, whole, {"new_rooms": 4}, 7_403.063811),
    ):
        result = timed(solver, problem, **asked)
        answer = result.answer
        right += answer.status == "optimal" and abs(answer.objective - value) <= SAME * value
        page.row(
            name, str(asked.get("new_rooms", "-")), f"{value:,.2f}", f"{answer.objective:,.2f}", result.gap,
            answer.status, result.proof, result.time,
        )  # fmt: skip
    page.goal("San Francisco: four published optima proven", f"{right} of 4", met=right == 4)


def run_median(page: Page) -> None:
    """Solve the p-median problems of the OR-Library, and the same as p-center problems."""
    page.begin(
        "pmed1 to pmed40",
        f"OR-Library, every node demand and candidate; limit {page.limit_s:.0f} s each, optimality asked for. The last "
        f"columns ask for the p-center of the same graph, limit {CENTER_LIMIT_S:.0f} s each.",
        *COLUMNS, "p-center", "gap", "CPU (wall)",
    )  # fmt: skip
    if not FOLDER.is_dir():
        page.note("The published instances are not on this machine.")
        return
    lines = (FOLDER / "pmed" / "pmedopt.txt").read_text(encoding="ascii").split()[2:]
    published = dict(zip(lines[::2], map(float, lines[1::2]), strict=True))
    reached = proven = centers = 0
    names = [f"pmed{number}" for number in (range(1, 6) if page.quick else range(1, 41))]
    for name in names:
        problem, rooms = graph_problem(name)
        result = timed(solve_p_median, problem, new_rooms=rooms, time_limit_s=page.limit_s)
        answer = result.answer
        reached += abs(answer.objective - published[name]) <= SAME * published[name]
        proven += answer.status == "optimal"
        try:
            center = timed(solve_p_center, problem, new_rooms=rooms, time_limit_s=CENTER_LIMIT_S)
        except WalkshedError as error:
            page.note(f"{name}: p-center: {error}")
            cells = ("-", "-", "-")
        else:
            centers += center.answer.status == "optimal"
            cells = (f"{center.answer.objective:g}", center.gap, center.time)
        page.row(
            name, str(rooms), f"{published[name]:g}", f"{answer.objective:g}", result.gap, answer.status, result.proof,
            result.time, *cells,
        )  # fmt: skip
    page.goal(
        "pmed1 to pmed40: every optimum reached, as many as possible proven",
        f"{reached} reached, {proven} proven of {len(names)}; p-center: {centers} proven",
        met=None if page.quick else reached == len(names),
    )


def san_jose(name: str) -> SitingProblem:
    """Return an SJC instance."""
    lines = (FOLDER / "mclp" / f"{name}.txt").read_text(encoding="ascii").splitlines()[1:]
    x, y, demand = np.array([line.split()[:3] for line in lines if line.strip()], float).T
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= RADIUS_M
    ids = tuple(str(place) for place in range(len(x)))
    return SitingProblem(
        candidate_ids=ids, demand_ids=ids, population=demand, minutes=csr_array(near), cutoff_min=RADIUS_M
    )


def san_francisco(radius_m: float | None) -> SitingProblem:
    """Return the problem of spopt's tables, in metres; all pairs, the cutoff at ``radius_m`` or beyond all of them."""
    path = FOLDER / "spopt-san-francisco" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    table = pd.read_csv(path)
    distance = table.pivot_table(index="name", columns="DestinationName", values="distance", aggfunc="first")
    people = table.groupby("DestinationName").demand.first()
    metres = distance.to_numpy(float)
    return SitingProblem(
        candidate_ids=tuple(map(str, distance.index)),
        demand_ids=tuple(map(str, distance.columns)),
        population=people[distance.columns].to_numpy(float),
        minutes=_all_pairs(metres),
        cutoff_min=float(metres.max()) if radius_m is None else radius_m,
    )


def graph_problem(name: str) -> tuple[SitingProblem, int]:
    """Return a problem of the OR-Library and its number of rooms; of duplicate edges the last counts."""
    numbers = np.array((FOLDER / "pmed" / f"{name}.txt").read_text(encoding="ascii").split(), np.int64)
    nodes, _, rooms = numbers[:3].tolist()
    length = {(min(u, v), max(u, v)): cost for u, v, cost in numbers[3:].reshape(-1, 3).tolist()}
    ends = np.array(list(length)) - 1
    graph = csr_array((np.array(list(length.values()), float), ends.T), shape=(nodes, nodes))
    ids = tuple(str(node) for node in range(1, nodes + 1))
    walks = shortest_path(graph, directed=False)
    problem = SitingProblem(
        candidate_ids=ids, demand_ids=ids, population=np.ones(nodes), minutes=_all_pairs(walks),
        cutoff_min=float(walks.max()),
    )  # fmt: skip
    return problem, rooms


def _all_pairs(walks: np.ndarray) -> csr_array:
    """Return all pairs, those of length 0 stored too."""
    sites, rows = walks.shape
    return csr_array(
        (walks.ravel(), np.tile(np.arange(rows), sites), np.arange(0, sites * rows + 1, rows)), walks.shape
    )
