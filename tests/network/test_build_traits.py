"""What is tagged about streets comes from the file into the network, the right way round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from walkshed.network.build import clip_network, network_from_osmnx, read_network
from walkshed.network.store import load_network, write_network
from walkshed.network.traits import NO_TRAITS, traits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    WriteOsm = Callable[..., Path]

PLACES = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, -50), 5: (100, 50), 6: (300, 0), 7: (150, 0)}


def by_way(network: WalkNetwork, column: str) -> Mapping[int, list[float]]:
    """Return a column's values by way, in the order along the way (all ways here run east or north)."""
    found: dict[int, list[float]] = {}
    place = network.x[network.u] + network.x[network.v] + network.y[network.u] + network.y[network.v]
    for edge in np.argsort(place).tolist():
        found.setdefault(int(network.way_id[edge]), []).append(float(getattr(network, column)[edge]))
    return found


@pytest.fixture
def crossroads(write_osm: WriteOsm) -> WalkNetwork:
    """Return a road eastwards over a marked crossing and stop lines, a footpath across it, and a bridge behind."""
    return read_network(
        write_osm(
            PLACES,
            "n902 v1 Thighway=bus_stop x116.3 y40.0",
            "w10 v1 Thighway=residential,incline=8%25% Nn1,n2,n7,n3",
            "w11 v1 Thighway=footway,footway=crossing,incline=up Nn4,n2,n5",
            "w12 v1 Thighway=residential,bridge=yes,incline=-5%b0% Nn3,n6",
            name="map.osm.pbf",
        )
    )


def test_inclines_and_bridges_come_from_the_ways(crossroads: WalkNetwork) -> None:
    assert by_way(crossroads, "incline")[10] == pytest.approx([0.08, 0.08])
    assert by_way(crossroads, "incline")[11] == [math.inf, math.inf]
    assert by_way(crossroads, "incline")[12] == pytest.approx([-math.tan(math.radians(5))])
    assert by_way(crossroads, "off_ground") == {10: [0, 0], 11: [0, 0], 12: [1]}


def test_an_incline_holds_from_u_to_v(write_osm: WriteOsm) -> None:
    for nodes, rise in (("n1,n2", 0.08), ("n2,n1", -0.08)):
        network = read_network(write_osm(PLACES, f"w10 v1 Thighway=path,incline=8%25% N{nodes}"))
        eastwards = network.x[network.u[0]] < network.x[network.v[0]]
        assert network.incline[0] * (1 if eastwards else -1) == pytest.approx(rise)


def test_an_untagged_crossing_way_counts_once(crossroads: WalkNetwork) -> None:
    assert by_way(crossroads, "crossings") == {10: [0, 0], 11: pytest.approx([0.5, 0.5]), 12: [0]}
    assert by_way(crossroads, "signals") == {10: [0, 0], 11: [0, 0], 12: [0]}


def test_marked_nodes_count_for_the_path_across_and_signals_along_the_road(write_osm: WriteOsm) -> None:
    path = write_osm(
        {number: place for number, place in PLACES.items() if number not in (2, 7)},
        "n2 v1 Thighway=crossing,crossing=traffic_signals x116.3011711 y40.0",
        "n7 v1 Thighway=traffic_signals x116.3017567 y40.0",
        "w10 v1 Thighway=residential Nn1,n2,n7,n3",
        "w11 v1 Thighway=footway,footway=crossing Nn4,n2,n5",
    )
    network = read_network(path)
    assert by_way(network, "signals") == {10: [0, 0.5], 11: [0.5, 0.5]}
    assert not network.crossings.any()


def test_traits_are_kept_in_files_and_when_clipped(
    crossroads: WalkNetwork, tmp_path: Path, make_points: Callable[..., gpd.GeoDataFrame]
) -> None:
    again = load_network(write_network(crossroads, tmp_path / "n.npz"))
    for name in NO_TRAITS:
        np.testing.assert_array_equal(getattr(again, name), getattr(crossroads, name))
        assert getattr(again, name).dtype == getattr(crossroads, name).dtype
    bridge = int(np.flatnonzero(crossroads.off_ground)[0])
    area = make_points([(0, 0)]).set_geometry(
        [crossroads.edge_lines[bridge].interpolate(50).buffer(5)], crs=crossroads.crs
    )
    clipped = clip_network(crossroads, area)
    assert traits_of(clipped).off_ground.tolist() == [True]
    assert clipped.incline.tolist() == [crossroads.incline[bridge]]


@pytest.mark.parametrize("simplify", [False, True])
def test_graphs_of_osmnx_bring_them_too(write_osm: WriteOsm, simplify: bool) -> None:  # noqa: FBT001 - a case
    import osmnx as ox  # noqa: PLC0415 - takes a second to load

    path = write_osm(
        PLACES,
        "w10 v1 Thighway=footway,bridge=yes Nn1,n2,n7,n3",
        "w11 v1 Thighway=footway Nn6,n3",
        "w12 v1 Thighway=path Nn3,n5",
    )
    graph = ox.graph_from_xml(path, simplify=simplify, retain_all=True)
    for _, _, data in graph.edges(data=True):
        if data["osmid"] == 10:
            data["incline"] = "8%"
    network = network_from_osmnx(graph)
    assert by_way(network, "off_ground") == {10: [1], 11: [0], 12: [0]}
    on_way = int(np.flatnonzero(network.way_id == 10)[0])
    eastwards = network.x[network.u[on_way]] < network.x[network.v[on_way]]
    assert network.incline[on_way] * (1 if eastwards else -1) == pytest.approx(0.08)
