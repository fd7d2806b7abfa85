"""Bounded searches: the minutes from many origins to every node within a quarter of an hour."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.benchmarks import peers as other
from tests.benchmarks.agreement import compare_pairs
from tests.benchmarks.areas import AREAS, generated, network_of
from tests.benchmarks.bounded_goals import (
    DENSE,
    KERNEL,
    NATIVE,
    NETWORKX,
    OURS,
    PAIRS,
    PANDANA,
    PARALLEL,
    PIECES,
    READY,
    RUSTWORKX,
    TABLES,
    THREADS,
    judge,
)
from tests.benchmarks.engine import (
    CUTOFF_MIN,
    pick_nodes,
    room_for_pairs,
    search_nodes,
    spacious_work,
    table_at_nodes,
)
from tests.benchmarks.native import NativeSearch, native_library
from tests.benchmarks.timing import Contender, interleave

from walkshed.reach.graph import graph_of
from walkshed.reach.prepare import prepare_places
from walkshed.reach.tables import places_of
from walkshed.reach.times import minutes_between, time_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array
    from tests.benchmarks.ledger import Ledger
    from tests.benchmarks.timing import Timing

    from walkshed.network.model import WalkNetwork

TILES_M = (300.0, 700.0, 1500.0, 3000.0)
MOST_ORIGINS = {DENSE: 200, PAIRS: 200, NETWORKX: 100, RUSTWORKX: 200, PANDANA: 200}
"""Ways whose cost is the same for every origin are timed on so many of them."""
PANDANA_NODES = 10_000
"""Real areas with more nodes are left out for pandana."""
INTRO = (
    "From each of K origins to all nodes within 15 minutes (4.5 km/h), as pairs and never as a dense matrix. Ours "
    "is the public call to a finished sparse matrix, with both ends tied to streets. *Places prepared*: the table with "
    "a row for every node was read, checked and filed beforehand, once, by `prepare_places`; the table of origins is "
    "read in every call, unless it was prepared, too. The libraries' graphs (SciPy's with its index of nodes by cells, "
    "from which it cuts sub-graphs) are made before the clock starts, and their origins are numbers of nodes. *From "
    "tables*: both tables are read, checked and filed in every call, which with 100 origins among a million nodes is "
    "nearly all the work. *Search alone* is the kernel from nodes to nodes, like for like: that is what the libraries "
    "and the C program do; of SciPy's dense rows both are timed, as they come and turned into pairs, which is what was "
    "asked for. Sub-graphs are no call of a library but a program around one: ours cuts the graph into tiles with a "
    "margin, picks the best size of tile beforehand, and asks SciPy in each. Goals are held against two measures: CPU "
    f"time of the public call with places prepared, in one thread, and its wall time in {THREADS} threads, which it "
    "takes by default here, against the wall time of the libraries, whose searches offer one thread."
)


def run(ledger: Ledger) -> None:
    """Measure generated and real networks."""
    ledger.begin("Bounded searches", INTRO)
    sizes = (20_000,) if ledger.quick else (100_000, 1_000_000)
    counts = (100, 1_000) if ledger.quick else (100, 1_000, 10_000)
    turns = 3
    measured: dict[tuple[int, int], dict[str, Timing]] = {}
    for nodes in sizes:
        network = generated(nodes)
        for count, timings in _measure(ledger, f"generated, {nodes:,} nodes", network, counts, turns):
            measured[nodes, count] = timings
    for area in AREAS[:1] if ledger.quick else AREAS:
        if area.path() is None:
            ledger.note(f"{area.name} is not measured: {area.file} is absent.")
            continue
        network = network_of(area)
        title = f"{area.name}, {len(network.x):,} nodes"
        for _ in _measure(ledger, title, network, counts[:2] if ledger.quick else counts[1:2], turns):
            pass
    if not ledger.quick:
        judge(ledger, measured)


def _measure(
    ledger: Ledger, title: str, network: WalkNetwork, counts: tuple[int, ...], turns: int
) -> list[tuple[int, dict[str, Timing]]]:
    """Measure one network with several numbers of origins."""
    graph = graph_of(network, reverse=False)
    libraries = other.peers_of(network, graph)
    every = table_at_nodes(network, np.arange(len(network.x)), "demand_id")
    if pandana_is_timed(ledger, libraries):
        began = time.perf_counter()
        _ = libraries.pandana
        ledger.note(f"pandana's preparation on {title}: {time.perf_counter() - began:.0f} s, not counted.")
    results = []
    for count in counts:
        origins = pick_nodes(network, count)
        contenders = _ours(network, origins, every) + _theirs(ledger, libraries, origins, network, every)
        timings = interleave(contenders, turns=turns)
        ledger.record(f"{title}, K = {len(origins):,}", timings, per=(len(origins), "origin"))
        results.append((count, {timing.name.partition(" (tile")[0]: timing for timing in timings}))
    return results


def _ours(network: WalkNetwork, origins: np.ndarray, every: Any) -> list[Contender]:
    table = table_at_nodes(network, origins, "facility_id")
    graph = graph_of(network, reverse=False)
    sources = places_of(table, network, graph, "sites")
    work = spacious_work(graph, sources, CUTOFF_MIN)
    truth = time_matrix(network, table, every, cutoff_min=CUTOFF_MIN, direction="from_facility")
    by_row = np.argsort(sources.row)
    pairs = room_for_pairs(len(origins), truth.nnz)
    ready, sites_ready = (prepare_places(network, places) for places in (every, table))

    def matrix(places: Any) -> csr_array:
        return time_matrix(network, table, places, cutoff_min=CUTOFF_MIN, direction="from_facility")

    def check(found: Any) -> str:
        return compare_pairs(truth, found.matrix(len(network.x))[by_row], CUTOFF_MIN)

    def parallel() -> csr_array:
        names = ("sites", "demand")
        return minutes_between(network, table, ready, cutoff_min=CUTOFF_MIN, names=names, threads=THREADS)

    def both_ready() -> csr_array:
        return time_matrix(network, sites_ready, ready, cutoff_min=CUTOFF_MIN, direction="from_facility")

    contenders = [
        Contender(
            name=OURS, run=lambda: matrix(ready), check=lambda found: f"{_same_bits(truth, found)} as from tables"
        ),
        Contender(name=READY, run=both_ready, check=lambda found: _same_bits(truth, found)),
        Contender(name=TABLES, run=lambda: matrix(every), check=lambda found: _same_bits(truth, found)),
        Contender(name=PARALLEL, run=parallel, check=lambda found: _same_bits(truth, found)),
        Contender(name=KERNEL, run=lambda: search_nodes(graph, sources, CUTOFF_MIN, work, pairs), check=check),
    ]
    library = native_library()
    if library is not None:
        native, room = NativeSearch(library, graph), room_for_pairs(len(origins), truth.nnz)
        contenders.append(
            Contender(name=NATIVE, run=lambda: native.bounded(sources, CUTOFF_MIN, work, room), check=check)
        )
    return contenders


def _same_bits(ours: csr_array, theirs: csr_array) -> str:
    """Compare two results of ours."""
    same = all(np.array_equal(getattr(ours, part), getattr(theirs, part)) for part in ("indptr", "indices", "data"))
    return "same bits" if same else "OTHER BITS"


def _theirs(
    ledger: Ledger, libraries: other.Peers, origins: np.ndarray, network: WalkNetwork, every: Any
) -> list[Contender]:
    def part(name: str) -> np.ndarray:
        return origins[:: max(1, -(-len(origins) // MOST_ORIGINS[name]))]

    def truth(chosen: np.ndarray) -> csr_array:
        table = table_at_nodes(network, chosen, "facility_id")
        return time_matrix(network, table, every, cutoff_min=CUTOFF_MIN, direction="from_facility")

    def contender(name: str, search: Callable[..., Any], pairs: Callable[[Any, np.ndarray], csr_array]) -> Contender:
        chosen = part(name)
        return Contender(
            name=name,
            run=lambda: search(libraries, chosen, CUTOFF_MIN),
            check=lambda found: compare_pairs(truth(chosen), pairs(found, chosen), CUTOFF_MIN),
            share=len(chosen) / len(origins),
        )

    if native_library() is None:
        ledger.note("The search in C is missing: no compiler `cc`.")
    tile = _best_tile(libraries, origins)
    contenders = [
        Contender(
            name=f"{PIECES} (tiles of {tile:.0f} m)",
            run=lambda: other.scipy_subgraphs(libraries, origins, CUTOFF_MIN, tile),
            check=lambda found: compare_pairs(truth(origins), found, CUTOFF_MIN),
        ),
        contender(PAIRS, other.scipy_dense_pairs, lambda found, _: found),
        contender(DENSE, other.scipy_dense, lambda _, chosen: other.scipy_dense_pairs(libraries, chosen, CUTOFF_MIN)),
    ]
    if networkx_is_timed(ledger, libraries):
        contenders.append(
            contender(NETWORKX, other.networkx_cutoff, lambda found, _: other.pairs_of_dicts(found, libraries.nodes))
        )
    if other.optional("rustworkx") is None:
        ledger.note("rustworkx is missing: not installed.")
    else:
        contenders.append(
            contender(RUSTWORKX, other.rustworkx_visitor, lambda found, _: other.pairs_of_dicts(found, libraries.nodes))
        )
    if pandana_is_timed(ledger, libraries):
        contenders.append(
            contender(
                PANDANA, other.pandana_range, lambda found, chosen: other.pairs_of_pandana(found, chosen, libraries)
            )
        )
    return contenders


def networkx_is_timed(ledger: Ledger, libraries: other.Peers) -> bool:
    """Say whether networkx is timed on this network; if not, the page tells why."""
    if libraries.nodes > other.LARGE_NODES:
        ledger.note(f"networkx is not measured above {other.LARGE_NODES:,} nodes: its graph alone takes gigabytes.")
        return False
    return True


def pandana_is_timed(ledger: Ledger, libraries: other.Peers) -> bool:
    """Say whether pandana is timed on this network; if not, the page tells why."""
    if other.optional("pandana") is None:
        ledger.note("pandana is missing: not installed.")
        return False
    drawn = libraries.network.source.startswith("generated")
    if libraries.nodes > (other.LARGE_NODES if drawn else PANDANA_NODES):
        ledger.note(
            "pandana is measured on the generated network of 100 thousand nodes and in Helsinki only: its preparation"
            f" takes minutes elsewhere, and a quarter of an hour above {other.LARGE_NODES:,} nodes."
        )
        return False
    return True


def _best_tile(libraries: other.Peers, origins: np.ndarray) -> float:
    """Return the size of tile with which the sub-graphs are fastest, tried on a fifth of the area."""
    few = origins[libraries.network.y[origins] <= np.quantile(libraries.network.y[origins], 0.2)]
    spent = {}
    for tile in TILES_M:
        best = np.inf
        for _ in range(2):
            began = time.process_time()
            other.scipy_subgraphs(libraries, few, CUTOFF_MIN, tile)
            best = min(best, time.process_time() - began)
        spent[tile] = best
    return min(spent, key=lambda tile: spent[tile])
