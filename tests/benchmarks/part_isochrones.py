"""Isochrones: finished polygons, search included, and the area served by many facilities."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from tests.benchmarks.agreement import iou, overlap
from tests.benchmarks.areas import AREAS, HELSINKI, LAS_PALMAS, network_of
from tests.benchmarks.engine import CUTOFF_MIN, pick_nodes
from tests.benchmarks.timing import Contender, interleave
from tests.benchmarks.valhalla_peer import VARIABLE, valhalla_isochrones, valhalla_python

from walkshed.network.snap import snap
from walkshed.reach.graph import graph_of
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.service_areas import service_areas

if TYPE_CHECKING:
    from tests.benchmarks.areas import Area
    from tests.benchmarks.ledger import Ledger

    from walkshed.network.model import WalkNetwork

OURS = "walkshed isochrones"
BUFFER, RECIPE, VALHALLA = "shapely, buffer each and union_all, streets given", "notebook recipe", "Valhalla"
UNION, DIVIDED = "union_all of the finished polygons", "walkshed service_areas"
BUFFER_M = 50.0
RIM_M = 1300.0
INTRO = (
    f"One polygon per facility, 15 minutes, {BUFFER_M:.0f} m to either side of the streets, in degrees. The truth "
    "(IoU) is the union of buffers around the exactly clipped streets. The recipe is the one of most notebooks: "
    "ego_graph, a buffer around every edge and node that it keeps, union. Shapely's way is given the clipped "
    "streets and pays for no search. Valhalla answers in its own process, from the request to GeoJSON, nothing "
    "smoothed."
)
SERVED_INTRO = (
    "Everything within 15 minutes of any of the facilities, as one area: ours from one search, against union_all "
    "of the facilities' finished polygons (their making not counted) and of buffers around the clipped streets "
    "(given). Below, the same area divided among the facilities by who is nearest on foot."
)


def run(ledger: Ledger) -> None:
    """Measure single polygons in the real areas, then the served area."""
    ledger.begin("Isochrones", INTRO)
    figures: list[dict[str, float]] = []
    for area in AREAS[:1] if ledger.quick else AREAS:
        if area.path() is None:
            ledger.note(f"{area.name} is not measured: {area.file} is absent.")
        else:
            figures.append(_single(ledger, area, 5 if ledger.quick else 30))
    if not ledger.quick:
        _judge(ledger, figures)
    ledger.begin("Area served by many facilities", SERVED_INTRO)
    area, count = (HELSINKI, 50) if ledger.quick else (LAS_PALMAS, 500)
    if area.path() is None:
        ledger.note(f"{area.name} is not measured: {area.file} is absent.")
        return
    found = _served(ledger, area, count)
    if not ledger.quick:
        ledger.goal(
            "Area served by 500 facilities: at least 20 x faster than union_all",
            f"{found[UNION]:.0f} x the finished polygons, {found[BUFFER]:.0f} x the buffered streets;"
            f" IoU {found['IoU']:.4f}",
            met=min(found[UNION], found[BUFFER]) >= 20,
        )


def _judge(ledger: Ledger, figures: list[dict[str, float]]) -> None:
    def told(name: str) -> str:
        return " / ".join(f"{found[name]:.1f}" for found in figures if name in found) + " x"

    valhalla = [found[VALHALLA] for found in figures if VALHALLA in found]
    ledger.goal(
        "A finished isochrone is no slower than Valhalla's",
        told(VALHALLA) if valhalla else "no interpreter has Valhalla",
        met=min(valhalla) >= 1 if valhalla else None,
    )
    ledger.goal(
        "IoU at least 0.995 at 50 m",
        " / ".join(f"{found['IoU']:.4f}" for found in figures) + " (median)",
        met=min(found["IoU"] for found in figures) >= 0.995,
    )
    ledger.goal(
        "A finished isochrone is at least 100 x faster than the notebook recipe",
        told(RECIPE),
        met=min(found[RECIPE] for found in figures) >= 100,
    )


def _facilities(network: WalkNetwork, count: int) -> gpd.GeoDataFrame:
    """Return facilities at crossings whose quarter of an hour lies inside the data, tied to the network."""
    inside = shapely.buffer(network.extent, -RIM_M)
    nodes = pick_nodes(network, 20 * count)
    far = shapely.contains_xy(inside, network.x[nodes], network.y[nodes])
    nodes = np.random.default_rng(4).permutation(nodes[far] if far.sum() >= count else nodes)[:count]
    points = gpd.points_from_xy(network.x[nodes], network.y[nodes], crs=network.crs)
    table = gpd.GeoDataFrame({"facility_id": network.node_id[nodes].astype(str), "node": nodes}, geometry=points)
    return snap(table.to_crs("EPSG:4326"), network, max_m=100.0)


def _truth(network: WalkNetwork, facilities: gpd.GeoDataFrame) -> tuple[list[np.ndarray], list[shapely.Geometry]]:
    """Return the clipped streets of every facility and the areas around them."""
    lines = reached_lines(network, facilities, cutoffs_min=[CUTOFF_MIN])
    by_facility = [lines.geometry.to_numpy()[lines["facility_id"] == name] for name in facilities["facility_id"]]
    return by_facility, [shapely.union_all(shapely.buffer(own, BUFFER_M)) for own in by_facility]


def _single(ledger: Ledger, area: Area, count: int) -> dict[str, float]:
    network = network_of(area)
    facilities = _facilities(network, count)
    _ = graph_of(network, reverse=True)
    lines, truth = _truth(network, facilities)

    def in_metres(shapes: Any) -> np.ndarray:
        metric: np.ndarray = gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(network.crs).to_numpy()
        return metric

    graph = _notebook_graph(network)
    nodes = facilities["node"].tolist()
    contenders = [
        Contender(
            name=OURS,
            run=lambda: isochrones(network, facilities, cutoffs_min=[CUTOFF_MIN], buffer_m=BUFFER_M),
            check=lambda found: iou(in_metres(found.geometry.to_numpy()), truth),
        ),
        Contender(
            name=BUFFER,
            run=lambda: [shapely.union_all(shapely.buffer(own, BUFFER_M)) for own in lines],
            check=lambda found: iou(found, truth),
        ),
        Contender(
            name=RECIPE,
            run=lambda: [_recipe(graph, node) for node in nodes[:5]],
            check=lambda found: iou(found, truth[:5]),
            share=min(5, count) / count,
        ),
    ]
    with ExitStack() as stack:
        python, path = valhalla_python(), area.path()
        if python is None:
            ledger.note(
                "Valhalla is not measured here: its wheels begin with Python 3.12, and neither this interpreter nor"
                f" another that was found ({VARIABLE}, python3.12 and later) can import it."
            )
        elif not area.is_osm or path is None:
            ledger.note(f"Valhalla is not measured on {area.name}: there is no OpenStreetMap extract of it.")
        else:
            origins = [(point.x, point.y) for point in facilities.geometry]
            draw = stack.enter_context(valhalla_isochrones(python, path, origins))
            contenders.append(
                Contender(name=VALHALLA, run=draw, check=lambda found: iou(in_metres(found), truth), clocked=True)
            )
        timings = interleave(contenders, turns=5)
    ledger.record(f"{area.name}, {count} facilities", timings, per=(count, "polygon"))
    ratios = {timing.name: timing.cpu_s / timings[0].cpu_s for timing in timings}
    drawn = in_metres(isochrones(network, facilities, cutoffs_min=[CUTOFF_MIN], buffer_m=BUFFER_M).geometry.to_numpy())
    return ratios | {"IoU": float(np.median(overlap(drawn, truth)))}


def _notebook_graph(network: WalkNetwork) -> nx.MultiDiGraph[int]:
    """Return the graph as OSMnx holds it: both directions, geometry where a street bends, minutes on arcs."""
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=network.crs)
    graph.add_nodes_from((i, {"x": x, "y": y}) for i, (x, y) in enumerate(zip(network.x, network.y, strict=True)))
    lines = network.edge_lines
    for tail, head, minutes, shapes in (
        (network.u, network.v, network.forward_min, lines),
        (network.v, network.u, network.backward_min, shapely.reverse(lines)),
    ):
        graph.add_edges_from(
            (int(u), int(v), {"time": time, "geometry": line})
            for u, v, time, line in zip(tail, head, minutes, shapes, strict=True)
            if np.isfinite(time)
        )
    return graph


def _recipe(graph: nx.MultiDiGraph[int], node: int) -> shapely.Geometry:
    """Draw an isochrone the way most notebooks do."""
    near = nx.ego_graph(graph, node, radius=CUTOFF_MIN, distance="time")
    points = gpd.GeoSeries(
        [shapely.Point(data["x"], data["y"]) for _, data in near.nodes(data=True)], crs=graph.graph["crs"]
    )
    streets = gpd.GeoSeries([data["geometry"] for _, _, data in near.edges(data=True)], crs=graph.graph["crs"])
    shapes = [*points.buffer(BUFFER_M), *streets.buffer(BUFFER_M)]
    united: shapely.Geometry = gpd.GeoSeries(shapes, crs=graph.graph["crs"]).union_all()
    return united


def _served(ledger: Ledger, area: Area, count: int) -> dict[str, float]:
    network = network_of(area)
    facilities = _facilities(network, count)
    single = isochrones(network, facilities, cutoffs_min=[CUTOFF_MIN], buffer_m=BUFFER_M)
    polygons = single.geometry.to_crs(network.crs).to_numpy()
    lines = reached_lines(network, facilities, cutoffs_min=[CUTOFF_MIN], merged=True).geometry.to_numpy()
    truth = [shapely.union_all(shapely.buffer(lines, BUFFER_M))]
    overlaps: list[float] = []

    def check(found: gpd.GeoDataFrame) -> str:
        drawn = found.geometry.to_crs(network.crs).to_numpy()
        overlaps.append(float(overlap(drawn, truth)[0]))
        return iou(drawn, truth)

    timings = interleave(
        [
            Contender(
                name=OURS + ", merged",
                run=lambda: isochrones(network, facilities, cutoffs_min=[CUTOFF_MIN], buffer_m=BUFFER_M, merged=True),
                check=check,
            ),
            Contender(name=UNION, run=lambda: shapely.union_all(polygons), check=lambda found: iou([found], truth)),
            Contender(
                name=BUFFER,
                run=lambda: shapely.union_all(shapely.buffer(lines, BUFFER_M)),
                check=lambda found: iou([found], truth),
            ),
        ],
        turns=3,
    )
    ledger.record(f"{area.name}, {len(facilities)} facilities", timings)
    _divided(ledger, area, network, facilities)
    return {timing.name: timing.cpu_s / timings[0].cpu_s for timing in timings} | {"IoU": overlaps[0]}


def _divided(ledger: Ledger, area: Area, network: WalkNetwork, facilities: gpd.GeoDataFrame) -> None:
    """Measure the same area divided by nearest facility, for some and for all of them; no library does that."""
    for count in sorted({min(50, len(facilities)), len(facilities)}):
        few = facilities[:count]
        merged = isochrones(network, few, cutoffs_min=[CUTOFF_MIN], buffer_m=BUFFER_M, merged=True).geometry.iloc[0]

        def draw(few: gpd.GeoDataFrame = few) -> gpd.GeoDataFrame:
            return service_areas(network, few, cutoff_min=CUTOFF_MIN, buffer_m=BUFFER_M)

        def check(found: gpd.GeoDataFrame, merged: shapely.Geometry = merged) -> str:
            shapes = found.geometry.to_numpy()
            off = abs(shapely.area(shapes).sum() / merged.area - 1)
            kept = shapely.coverage_is_valid(shapes[~shapely.is_empty(shapes)])
            return f"{'no' if kept else 'SOME'} overlaps, sum of areas off by {off:.0e}"

        timings = interleave([Contender(name=DIVIDED, run=draw, check=check)], turns=1)
        ledger.record(f"{area.name}, {count} facilities", timings)
