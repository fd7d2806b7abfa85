"""Snapping: points to the nearest position on a street."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import shapely
from tests.benchmarks.areas import HELSINKI, LAS_PALMAS, generated, network_of
from tests.benchmarks.timing import Contender, interleave

from walkshed.network.snap import snap
from walkshed.network.snap_grid import nearest_edges, segment_grid

if TYPE_CHECKING:
    from tests.benchmarks.ledger import Ledger

    from walkshed.network.model import WalkNetwork

OURS, KERNEL = "walkshed snap, table to table", "walkshed, grid search alone"
TREE, OSMNX = "shapely STRtree on streets, then locate", "osmnx.distance.nearest_edges"
MAX_M = 500.0
SPREAD_M = 30.0
INTRO = (
    "100 thousand points some 30 m from streets, in the network's CRS. Ours is the public call: positions, the "
    f"limit of {MAX_M:.0f} m, moving off fragments, a new table. Our grid, shapely's tree and osmnx's graph are "
    "made before the clock starts; osmnx finds the street only, not the position on it."
)


def run(ledger: Ledger) -> None:
    """Measure three networks."""
    ledger.begin("Snapping", INTRO)
    count = 10_000 if ledger.quick else 100_000
    networks = []
    for area in (HELSINKI,) if ledger.quick else (HELSINKI, LAS_PALMAS):
        if area.path() is None:
            ledger.note(f"{area.name} is not measured: {area.file} is absent.")
        else:
            networks.append((area.name, network_of(area)))
    if not ledger.quick:
        networks.append(("generated, 100,000 nodes", generated(100_000)))
    ratios = [_measure(ledger, name, network, count) for name, network in networks]
    if not ledger.quick:
        for which, least, peer in ((0, 5, TREE), (1, 15, OSMNX)):
            ours = " / ".join(f"{found[which]:.1f}" for found in ratios)
            alone = " / ".join(f"{found[which + 2]:.1f}" for found in ratios)
            ledger.goal(
                f"Snapping: at least {least} x faster than {peer}",
                f"{ours} x (grid search alone {alone} x)",
                met=min(found[which] for found in ratios) >= least,
            )


def _measure(ledger: Ledger, name: str, network: WalkNetwork, count: int) -> tuple[float, float, float, float]:
    rng = np.random.default_rng(5)
    at = rng.integers(0, len(network.geometry_x), count)
    x = network.geometry_x[at] + rng.normal(0, SPREAD_M, count)
    y = network.geometry_y[at] + rng.normal(0, SPREAD_M, count)
    points = gpd.GeoDataFrame({"id": np.arange(count).astype(str)}, geometry=gpd.points_from_xy(x, y), crs=network.crs)
    grid, every = segment_grid(network), np.ones(len(network.u), bool)
    lines, tree = network.edge_lines, shapely.STRtree(network.edge_lines)
    shapes = points.geometry.to_numpy()
    graph = _osmnx_graph(network)
    truth = nearest_edges(grid, x, y, max_m=MAX_M, allowed=every)

    def check(distance: np.ndarray) -> str:
        near = truth[0] >= 0
        apart = np.abs(truth[2][near] - distance[near]).max()
        lonely = int((near != (distance <= MAX_M)).sum())
        return f"{int(near.sum()):,} legs, at most {apart:.1g} m apart; {lonely} in one only"

    def by_tree() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        (_, edge), distance = tree.query_nearest(shapes, return_distance=True, all_matches=False)
        return edge, shapely.line_locate_point(lines[edge], shapes, normalized=True), distance

    def check_ours(found: gpd.GeoDataFrame) -> str:
        kept = ~found["moved"].to_numpy() & ~network.underground[truth[0]]  # snap looks for streets in the open first
        same = np.array_equal(found["edge"].to_numpy()[kept], truth[0][kept])
        return f"{'same' if same else 'OTHER'} streets, {int((~kept).sum()):,} moved off fragments or up"

    def check_edges(found: Any) -> str:
        return check(found[1])

    timings = interleave(
        [
            Contender(name=OURS, run=lambda: snap(points, network, max_m=MAX_M), check=check_ours),
            Contender(name=KERNEL, run=lambda: nearest_edges(grid, x, y, max_m=MAX_M, allowed=every)),
            Contender(name=TREE, run=by_tree, check=lambda found: check(found[2])),
            Contender(
                name=OSMNX,
                run=lambda: osmnx.distance.nearest_edges(graph, x, y, return_dist=True),
                check=check_edges,
            ),
        ],
        turns=3,
    )
    ledger.record(f"{name}, {len(network.u):,} edges", timings, per=(count, "point"))
    ours, kernel, peer_tree, peer_osmnx = (timing.cpu_s for timing in timings)
    return peer_tree / ours, peer_osmnx / ours, peer_tree / kernel, peer_osmnx / kernel


def _osmnx_graph(network: WalkNetwork) -> nx.MultiDiGraph[int]:
    """Return every street once, as OSMnx holds a projected graph."""
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=network.crs)
    graph.add_nodes_from((i, {"x": x, "y": y}) for i, (x, y) in enumerate(zip(network.x, network.y, strict=True)))
    graph.add_edges_from(
        (int(u), int(v), {"length": length, "geometry": line})
        for u, v, length, line in zip(network.u, network.v, network.length_m, network.edge_lines, strict=True)
    )
    return graph
