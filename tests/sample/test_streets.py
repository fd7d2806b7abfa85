"""Street-like graphs from the generator of the sample district."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from walkshed.network.assemble import hilbert_key
from walkshed.sample.noding import Drawing, join_lines
from walkshed.sample.streets import street_graph


def test_a_street_graph_has_the_statistics_of_the_findings() -> None:
    town = street_graph(100_000, order=hilbert_key)
    assert abs(len(town.x) - 100_000) < 3_000
    assert abs(town.length_m.mean() - 84.8) < 0.2
    assert abs(2 * len(town.u) / len(town.x) - 3.4) < 0.05


def test_a_street_graph_is_one_component_and_the_same_every_time() -> None:
    one, two, other = (street_graph(2_000, order=hilbert_key, seed=seed) for seed in (7, 7, 8))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.x[:100], other.x[:100])
    links = coo_array((np.ones(len(one.u)), (one.u, one.v)), shape=(len(one.x), len(one.x)))
    assert connected_components(links, directed=False)[0] == 1
    legs = [np.hypot(one.bent_x - one.x[end], one.bent_y - one.y[end]) for end in (one.u, one.v)]
    assert np.allclose(one.length_m, legs[0] + legs[1])


def test_lines_meet_where_they_cross_and_where_they_nearly_touch() -> None:
    drawing = Drawing()
    drawing.draw(np.array([(0.0, 0.0), (100.0, 0.0)]), highway="residential")
    drawing.draw(np.array([(40.0, -50.0), (40.0, 50.0)]), highway="residential")
    drawing.draw(np.array([(70.0, 9.0), (70.0, 60.0)]), highway="residential")
    join_lines(drawing.lines)
    first, second, third = (line.points for line in drawing.lines)
    assert first == [(0.0, 0.0), (40.0, 0.0), (70.0, 0.0), (100.0, 0.0)]
    assert second == [(40.0, -50.0), (40.0, 0.0), (40.0, 50.0)]
    assert third == [(70.0, 0.0), (70.0, 60.0)]


def test_a_bridge_meets_streets_at_its_ends_alone() -> None:
    drawing = Drawing()
    drawing.draw(np.array([(0.0, 0.0), (100.0, 0.0)]), highway="residential")
    drawing.draw(np.array([(50.0, -80.0), (50.0, 80.0)]), ground=False, highway="footway", bridge="yes")
    drawing.draw(np.array([(0.0, 85.0), (100.0, 85.0)]), highway="residential")
    join_lines(drawing.lines)
    road, bridge, other = (line.points for line in drawing.lines)
    assert len(road) == 2
    assert bridge == [(50.0, -80.0), (50.0, 85.0)]
    assert (50.0, 85.0) in other
