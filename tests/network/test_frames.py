"""A network as a table of streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from walkshed.network.frames import network_edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

CORNERS = [(0, 0), (200, 0), (200, 200)]
WAYS = [(0, 1), (1, 2), (2, 0)]


def test_every_edge_is_a_row_with_its_line_and_minutes(make_network: Callable[..., WalkNetwork]) -> None:
    network = make_network(CORNERS, WAYS, backward_min=[1.0, float("inf"), 3.0])
    table = network_edges(network)
    assert len(table) == len(network.u)
    assert table.crs.to_string() == network.crs
    assert shapely.equals_exact(table.geometry.array, network.edge_lines).all()
    for column, values in (
        ("way_id", network.way_id), ("from_node", network.node_id[network.u]), ("to_node", network.node_id[network.v]),
        ("length_m", network.length_m), ("forward_min", network.forward_min), ("backward_min", network.backward_min),
        ("steps", network.steps),
    ):  # fmt: skip
        assert np.array_equal(table[column], values), column
    assert table["name"].tolist() == [network.edge_name(edge) for edge in range(len(network.u))]


def test_the_table_is_a_copy(make_network: Callable[..., WalkNetwork]) -> None:
    network = make_network(CORNERS, WAYS, backward_min=[1.0, float("inf"), 3.0])
    before = network.length_m.copy()
    network_edges(network)["length_m"] *= 2
    assert np.array_equal(network.length_m, before)
