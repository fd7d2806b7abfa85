"""Files: opening a saved network again, and reading one from an OpenStreetMap extract."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import osmium
import osmnx
import shapely
from tests.benchmarks.areas import HELSINKI, LAS_PALMAS
from tests.benchmarks.engine import SPEED_KMH
from tests.benchmarks.peers import optional
from tests.benchmarks.timing import Contender, interleave

from walkshed.network.build import read_network
from walkshed.network.store import load_network, write_network
from walkshed.network.walkable import walking_passage

if TYPE_CHECKING:
    from typing import Any

    import networkx as nx
    from tests.benchmarks.areas import Area
    from tests.benchmarks.ledger import Ledger

    from walkshed.network.model import WalkNetwork

INTRO = (
    "OSMnx reads no PBF: it gets the walkable ways alone as XML, converted before the clock starts, and makes its "
    "usual simplified graph. pyrosm is measured twice: as far as its frames of nodes and edges, which are not yet a "
    "graph, and with to_graph, which makes a networkx graph of them as ours makes a routable network. The saved "
    "graph is OSMnx's own of the same streets. Agreement: kilometres of street, which differ with the libraries' ideas "
    "of what one may walk."
)
XML = "osmnx.graph_from_xml"
PYROSM, PYROSM_GRAPH = "pyrosm get_network", "pyrosm get_network and to_graph"
Figures = tuple[float, float, float | None, float | None]


def run(ledger: Ledger) -> None:
    """Measure two extracts."""
    ledger.begin("Files", INTRO)
    found: list[Figures] = []
    for area in (HELSINKI,) if ledger.quick else (HELSINKI, LAS_PALMAS):
        path = area.path()
        if path is None:
            ledger.note(f"{area.name} is not measured: {area.file} is absent.")
        else:
            with tempfile.TemporaryDirectory() as folder:
                found.append(_measure(ledger, area, path, Path(folder)))
    if not ledger.quick and found:
        for text, ratios, least in (
            ("Opening a saved network: at least 100 x faster than GraphML", [opened for opened, *_ in found], 100.0),
            (f"PBF to network: at least 5 x faster than {XML}", [read for _, read, *_ in found], 5.0),
            (
                f"PBF to network: no slower than {PYROSM_GRAPH} (to a graph, as ours)",
                [peer for *_, peer in found if peer is not None],
                1.0,
            ),
            (
                f"PBF to network: no slower than {PYROSM} (frames, not a graph)",
                [peer for _, _, peer, _ in found if peer is not None],
                1.0,
            ),
        ):
            told = " / ".join(f"{value:.1f}" for value in ratios) + " x" if ratios else "pyrosm is missing"
            ledger.goal(text, told, met=min(ratios) >= least if ratios else None)


def _measure(ledger: Ledger, area: Area, path: Path, folder: Path) -> Figures:
    network = read_network(path, speed_kmh=SPEED_KMH)
    xml, saved, graphml = folder / "walkable.osm", folder / "network.npz", folder / "graph.graphml"
    _write_walkable_xml(path, xml)
    write_network(network, saved)
    graph = _from_xml(xml)
    osmnx.save_graphml(graph, graphml)
    ledger.note(
        f"{area.name}: PBF {_megabytes(path)}, saved network {_megabytes(saved)}, GraphML {_megabytes(graphml)};"
        f" {len(network.x):,} nodes and {len(network.u):,} edges, OSMnx {len(graph):,} nodes and"
        f" {graph.number_of_edges():,} arcs."
    )
    del graph
    opening = interleave(
        [
            Contender(name="walkshed load_network", run=lambda: load_network(saved), check=_tell_network),
            Contender(name="osmnx.load_graphml", run=lambda: osmnx.load_graphml(graphml), check=_tell_graph),
        ],
        turns=3,
    )
    ledger.record(f"opening {area.name}", opening)
    contenders = [
        Contender(name="walkshed read_network", run=lambda: read_network(path), check=_tell_network),
        Contender(name=XML, run=lambda: _from_xml(xml), check=_tell_graph),
    ]
    pyrosm = optional("pyrosm")
    if pyrosm is None:
        ledger.note("pyrosm is missing: not installed.")
    else:

        def frames() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return pyrosm.OSM(str(path)).get_network("walking", nodes=True)

        def routable() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                source = pyrosm.OSM(str(path))
                nodes, edges = source.get_network("walking", nodes=True)
                return source.to_graph(nodes, edges, graph_type="networkx")

        contenders += [
            Contender(name=PYROSM, run=frames, check=lambda made: _km(float(made[1]["length"].sum()))),
            Contender(
                name=PYROSM_GRAPH,
                run=routable,
                check=lambda made: f"{len(made):,} nodes, {made.number_of_edges():,} arcs",
            ),
        ]
    reading = interleave(contenders, turns=3)
    ledger.record(f"reading {area.name}", reading)
    ours = reading[0].cpu_s
    return (
        opening[1].cpu_s / opening[0].cpu_s,
        reading[1].cpu_s / ours,
        reading[2].cpu_s / ours if pyrosm is not None else None,
        reading[3].cpu_s / ours if pyrosm is not None else None,
    )


def _from_xml(path: Path) -> nx.MultiDiGraph[int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return osmnx.graph_from_xml(path, bidirectional=True, simplify=True, retain_all=True)


def _write_walkable_xml(path: Path, xml: Path) -> None:
    """Write the walkable ways and their nodes, nothing else."""
    used: set[int] = set()
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
        if isinstance(way, osmium.osm.Way) and walking_passage(way.tags):
            used.update(node.ref for node in way.nodes)
    known = set()
    with osmium.SimpleWriter(str(xml), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY):
            if isinstance(item, osmium.osm.Node) and item.id in used:
                known.add(item.id)
                writer.add_node(item)
            elif isinstance(item, osmium.osm.Way) and "highway" in item.tags and walking_passage(item.tags):
                inside = [node.ref for node in item.nodes if node.ref in known]
                if len(inside) > 1:
                    writer.add_way(item.replace(nodes=inside))


def _tell_network(network: WalkNetwork) -> str:
    return _km(float(network.length_m.sum()))


def _tell_graph(graph: nx.MultiDiGraph[int]) -> str:
    lengths = {}
    for u, v, data in graph.edges(data=True):
        line = data.get("geometry")
        middle = line.interpolate(0.5, normalized=True).wkb if isinstance(line, shapely.LineString) else b""
        lengths[min(u, v), max(u, v), round(data["length"], 3), middle] = float(data["length"])
    return _km(sum(lengths.values()))


def _km(metres: float) -> str:
    return f"{metres / 1000:,.1f} km"


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
