"""Nearest facility of every node, and minutes between places inside streets on hilly ground."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import dijkstra
from tests.benchmarks import peers as other
from tests.benchmarks.agreement import compare_minutes, compare_pairs, sparse
from tests.benchmarks.areas import AREAS, generated, network_of
from tests.benchmarks.engine import (
    CUTOFF_MIN,
    SPEED_KMH,
    pick_nodes,
    room_for_pairs,
    search_nodes,
    spacious_work,
    table_at_nodes,
    table_on_edges,
)
from tests.benchmarks.native import NativeSearch, native_library
from tests.benchmarks.part_bounded import networkx_is_timed, pandana_is_timed
from tests.benchmarks.streets import street_network
from tests.benchmarks.timing import Contender, interleave

from walkshed.reach.graph import graph_of
from walkshed.reach.labels import make_blocks
from walkshed.reach.prepare import prepare_places
from walkshed.reach.tables import places_of
from walkshed.reach.times import nearest, nearest_to_nodes, time_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from tests.benchmarks.ledger import Ledger
    from tests.benchmarks.timing import Timing

    from walkshed.network.model import WalkNetwork
    from walkshed.reach.graph import Graph, Places

OURS, TABLES, NATIVE = "walkshed, all nodes", "walkshed nearest, tables", "the same search in C"
PREPARED = "walkshed nearest, demand prepared"
STREETS, STREET_TABLES = "walkshed time_matrix, street to street, places prepared", "walkshed time_matrix, from tables"
NODES = "walkshed, search to nodes alone"
SCIPY = "scipy, min_only"
FACILITIES = 500
FAR_MIN = 600.0
CHECKED = 20
NEAREST_INTRO = (
    f"The nearest of {FACILITIES} facilities for every node of the network, without a limit. Ours names the "
    "facility, too; SciPy's min_only returns the minutes alone. *nearest, tables* is the public call with one "
    "demand row at every node; *demand prepared* the same with that table made ready once by `prepare_places`."
)
EDGES_INTRO = (
    "From 10,000 sites to as many places as there are nodes, both somewhere along a street, on hilly ground "
    "(Tobler's function: minutes differ with the direction), against the search from the same sites to nodes "
    "alone, without sites or places inside streets. The goal is held against the call with the places prepared "
    "once, as the graph of the search alone is; *from tables* reads, checks and files them in every call."
)


def run(ledger: Ledger) -> None:
    """Measure generated and real networks."""
    ledger.begin("Nearest facility of all nodes", NEAREST_INTRO)
    sizes = (20_000,) if ledger.quick else (100_000, 1_000_000)
    ratios = []
    for nodes in sizes:
        timings = _nearest(ledger, f"generated, {nodes:,} nodes", generated(nodes))
        ratios.append(timings[SCIPY].cpu_s / timings[OURS].cpu_s)
    for area in AREAS[:1] if ledger.quick else AREAS:
        if area.path() is None:
            ledger.note(f"{area.name} is not measured: {area.file} is absent.")
            continue
        network = network_of(area)
        timings = _nearest(ledger, f"{area.name}, {len(network.x):,} nodes", network)
        ratios.append(timings[SCIPY].cpu_s / timings[OURS].cpu_s)
    if not ledger.quick:
        told = " / ".join(f"{value:.1f}" for value in ratios)
        ledger.goal("Nearest facility: at least 2 x faster than scipy min_only", f"{told} x", met=min(ratios) >= 2)

    ledger.begin("From street to street, with slopes", EDGES_INTRO)
    ratios = [_edges(ledger, nodes, 1_000 if ledger.quick else 10_000) for nodes in sizes]
    if not ledger.quick:
        told, tables = (" / ".join(f"{value:.1f}" for value in way) for way in zip(*ratios, strict=True))
        ledger.goal(
            "Minutes from street to street with slopes: at most 3 x the node search alone",
            f"{told} x (100 thousand / 1 million nodes); from tables {tables} x",
            met=max(prepared for prepared, _ in ratios) <= 3,
        )


def _nearest(ledger: Ledger, title: str, network: WalkNetwork) -> dict[str, Timing]:
    graph = graph_of(network, reverse=False)
    libraries = other.peers_of(network, graph)
    chosen = pick_nodes(network, FACILITIES)
    facilities = table_at_nodes(network, chosen, "facility_id")
    every = table_at_nodes(network, np.arange(len(network.x)), "demand_id")
    sources = places_of(facilities, network, graph, "facilities")
    ready = prepare_places(network, every, name="demand")
    truth, label = nearest_to_nodes(graph, sources, math.inf)

    def labelled(found: Any) -> str:
        minutes, its = found
        return compare_minutes(truth, minutes) + (", same labels" if np.array_equal(its, label) else ", OTHER LABELS")

    contenders = [
        Contender(name=OURS, run=lambda: nearest_to_nodes(graph, sources, math.inf)),
        Contender(
            name=TABLES,
            run=lambda: nearest(network, facilities, every, direction="from_facility"),
            check=lambda found: compare_minutes(truth, found["minutes"].to_numpy()),
        ),
        Contender(
            name=PREPARED,
            run=lambda: nearest(network, facilities, ready, direction="from_facility"),
            check=lambda found: compare_minutes(truth, found["minutes"].to_numpy()),
        ),
    ]
    library = native_library()
    if library is None:
        ledger.note("The search in C is missing: no compiler `cc`.")
    else:
        native, room = NativeSearch(library, graph), 2 * len(truth)
        contenders.append(
            Contender(
                name=NATIVE,
                run=lambda: native.nearest(sources, make_blocks(graph, sources, math.inf, room)),
                check=labelled,
            )
        )
    contenders.append(
        Contender(
            name=SCIPY,
            run=lambda: dijkstra(libraries.scipy, indices=chosen, min_only=True),
            check=lambda found: compare_minutes(truth, found),
        )
    )
    if networkx_is_timed(ledger, libraries):
        contenders.append(
            Contender(
                name="networkx, many sources",
                run=lambda: nx.multi_source_dijkstra_path_length(libraries.networkx, chosen.tolist()),
                check=lambda found: compare_minutes(truth, _of_dict(found, len(truth))),
            )
        )
    contenders += _rustworkx(ledger, libraries, chosen, truth) + _pandana(ledger, libraries, chosen, truth)
    timings = interleave(contenders, turns=3)
    ledger.record(title, timings)
    return {timing.name: timing for timing in timings}


def _of_dict(found: dict[int, float], nodes: int) -> np.ndarray:
    minutes = np.full(nodes, np.inf)
    minutes[list(found)] = list(found.values())
    return minutes


def _rustworkx(ledger: Ledger, libraries: other.Peers, chosen: np.ndarray, truth: np.ndarray) -> list[Contender]:
    rustworkx = other.optional("rustworkx")
    if rustworkx is None:
        ledger.note("rustworkx is missing: not installed.")
        return []
    graph = libraries.rustworkx.copy()
    start = graph.add_node(len(truth))
    graph.add_edges_from([(start, node, 0.0) for node in chosen.tolist()])
    return [
        Contender(
            name="rustworkx, from one added node",
            run=lambda: rustworkx.digraph_dijkstra_shortest_path_lengths(graph, start, float),
            check=lambda found: compare_minutes(truth, _of_dict(dict(found), len(truth) + 1)[: len(truth)]),
        )
    ]


def _pandana(ledger: Ledger, libraries: other.Peers, chosen: np.ndarray, truth: np.ndarray) -> list[Contender]:
    if not pandana_is_timed(ledger, libraries):
        return []
    network = libraries.network
    far_m = FAR_MIN * network.meters_per_minute
    libraries.pandana.set_pois("facilities", far_m, 1, pd.Series(network.x[chosen]), pd.Series(network.y[chosen]))

    def minutes(found: pd.DataFrame) -> np.ndarray:
        metres = found[1].to_numpy(np.float64)
        return np.where(metres < far_m, metres / network.meters_per_minute, np.inf)

    return [
        Contender(
            name="pandana nearest_pois, prepared",
            run=lambda: libraries.pandana.nearest_pois(far_m, "facilities"),
            check=lambda found: compare_minutes(truth, minutes(found)),
        )
    ]


def _edges(ledger: Ledger, nodes: int, sites: int) -> tuple[float, float]:
    """Measure one hilly network; return how many times the node search alone it takes, prepared and from tables."""
    network = street_network(nodes, speed_kmh=SPEED_KMH, hills=True)
    rng = np.random.default_rng(3)
    edges = len(network.u)
    own_edge, own_at = np.sort(rng.integers(0, edges, sites)), rng.random(sites)
    its_edge, its_at = rng.integers(0, edges, len(network.x)), rng.random(len(network.x))
    from_table = table_on_edges(network, own_edge, own_at, "facility_id")
    to_table = table_on_edges(network, its_edge, its_at, "demand_id")
    graph = graph_of(network, reverse=False)
    sources = places_of(from_table, network, graph, "sites")
    work = spacious_work(graph, sources, CUTOFF_MIN)

    ready = prepare_places(network, to_table, name="demand")

    def matrix(places: Any) -> csr_array:
        return time_matrix(network, from_table, places, cutoff_min=CUTOFF_MIN, direction="from_facility")

    def check(found: csr_array) -> str:
        return f"{CHECKED} rows by scipy: " + compare_pairs(found[rows], truth, CUTOFF_MIN)

    rows = np.sort(rng.choice(sites, CHECKED, replace=False))
    truth = _by_scipy(network, graph, (own_edge[rows], own_at[rows]), (its_edge, its_at))
    pairs = room_for_pairs(sites, 6 * matrix(ready).nnz)
    timings = interleave(
        [
            Contender(name=STREETS, run=lambda: matrix(ready), check=check),
            Contender(name=STREET_TABLES, run=lambda: matrix(to_table), check=check),
            Contender(
                name=NODES,
                run=lambda: search_nodes(graph, sources, CUTOFF_MIN, work, pairs),
                check=lambda found: _check_nodes(found, sources, network, graph),
            ),
        ],
        turns=5,
    )
    ledger.record(f"generated hills, {nodes:,} nodes, {sites:,} sites", timings, per=(sites, "site"))
    prepared, tables, alone = (timing.cpu_s for timing in timings)
    return prepared / alone, tables / alone


def _by_scipy(
    network: WalkNetwork, graph: Graph, sites: tuple[np.ndarray, np.ndarray], places: tuple[np.ndarray, np.ndarray]
) -> csr_array:
    """Return the minutes between places inside streets: from both ends to both ends, or along the common street."""
    arcs = other.Peers(network, graph).scipy
    forward, backward = network.forward_min, network.backward_min
    edge, at = places
    found = []
    for row, (own, own_at) in enumerate(zip(*sites, strict=True)):
        u, v = int(network.u[own]), int(network.v[own])
        to_ends = dijkstra(arcs, indices=[u, v], limit=CUTOFF_MIN + 1)
        to_nodes = np.minimum(to_ends[0] + own_at * backward[own], to_ends[1] + (1 - own_at) * forward[own])
        minutes = np.minimum(
            to_nodes[network.u[edge]] + at * forward[edge], to_nodes[network.v[edge]] + (1 - at) * backward[edge]
        )
        same = edge == own
        ahead = (at[same] - own_at) * forward[own]
        minutes[same] = np.minimum(minutes[same], np.where(ahead >= 0, ahead, (own_at - at[same]) * backward[own]))
        near = np.flatnonzero(minutes <= CUTOFF_MIN)
        found.append((np.full(len(near), row), near, minutes[near]))
    rows, columns, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
    return sparse(rows, columns, minutes, (len(sites[0]), len(edge)))


def _check_nodes(found: Any, sources: Places, network: WalkNetwork, graph: Graph) -> str:
    """Compare some sources' nodes with SciPy's."""
    arcs = other.Peers(network, graph).scipy
    mine = found.matrix(len(network.x))
    apart, missing = 0.0, 0
    for row in range(0, len(sources.edge), max(1, len(sources.edge) // CHECKED)):
        edge = sources.edge[row]
        ends = dijkstra(arcs, indices=[int(graph.u[edge]), int(graph.v[edge])], limit=CUTOFF_MIN)
        minutes = np.minimum(ends[0] + sources.to_u[row], ends[1] + sources.to_v[row])
        node = mine.indices[mine.indptr[row] : mine.indptr[row + 1]]
        apart = max(apart, float(np.abs(minutes[node] - mine.data[mine.indptr[row] : mine.indptr[row + 1]]).max()))
        missing += abs(int((minutes <= CUTOFF_MIN).sum()) - len(node))
    return f"{CHECKED} sites by scipy: at most {apart * 60:.1g} s apart; {missing} in one only"
