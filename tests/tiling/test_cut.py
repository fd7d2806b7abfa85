"""A tile holds all that its walks can touch, and not much more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from walkshed.tiling.cut import cut_tile, survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork


def reached(network: WalkNetwork, starts: np.ndarray, limit_min: float, *, backwards: bool) -> np.ndarray:
    """Return the nodes that somebody else's search reaches."""
    tail = np.concatenate([network.u, network.v])
    head = np.concatenate([network.v, network.u])
    minutes = np.concatenate([network.forward_min, network.backward_min])
    order = np.argsort(minutes, kind="stable")
    order = order[np.isfinite(minutes[order]) & (tail[order] != head[order])]
    _, shortest = np.unique(np.stack([tail, head])[:, order], axis=1, return_index=True)  # of parallel streets
    kept = order[shortest]
    ends = (head[kept], tail[kept]) if backwards else (tail[kept], head[kept])
    graph = coo_array((minutes[kept], ends), shape=(len(network.x), len(network.x))).tocsr()
    return np.flatnonzero(np.isfinite(dijkstra(graph, indices=starts, limit=limit_min, min_only=True)))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    even=st.booleans(),
    tiles=st.integers(1, 12),
    limit_min=st.floats(0.0, 6.0),
    backwards=st.booleans(),
)
def test_every_junction_of_a_walk_is_in_the_tile_with_all_its_streets(
    draw_scene: Callable[..., Any], *, seed: int, even: bool, tiles: int, limit_min: float, backwards: bool
) -> None:
    network = draw_scene(seed, even=even, entrances=False).network
    ground = survey(network, tiles)
    for number in range(tiles):
        own = np.flatnonzero(ground.owner == number)
        if not len(own) or (tile := cut_tile(ground, own, limit_min)) is None:
            continue
        assert set(own) <= set(tile.node)
        inner = np.delete(tile.node, tile.rim)
        walked = reached(network, own, limit_min, backwards=backwards)
        assert set(walked) <= set(inner)
        streets = np.flatnonzero(np.isin(network.u, walked) | np.isin(network.v, walked))
        assert set(streets) <= set(tile.edge)
        np.testing.assert_array_equal(tile.node[tile.network.u], network.u[tile.edge])
        np.testing.assert_array_equal(tile.network.backward_min, network.backward_min[tile.edge])


def test_tiles_are_of_one_size_and_their_margins_are_narrow(draw_scene: Callable[..., Any]) -> None:
    network = draw_scene(4, even=True, entrances=False, size=60).network
    factor = np.ones(len(network.u))
    factor[-1] = 1e-3  # from one corner to the other in no time
    network = replace(network, forward_min=network.length_m / 100.0 * factor, backward_min=network.length_m / 100.0)
    ground = survey(network, 9)
    size = np.bincount(ground.owner)
    assert size.tolist() == [400] * 9
    sizes = []
    for number in range(9):
        tile = cut_tile(ground, np.flatnonzero(ground.owner == number), 3.0)
        assert tile is not None
        sizes.append(len(tile.node))
    # 3 minutes are 300 m, two blocks; only the two tiles at the ferry's ends, and those near them, are wider.
    assert sorted(sizes)[4] < 26 * 26
    assert max(sizes) == len(network.x)
