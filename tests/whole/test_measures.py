"""Measures on real places, each recomputed another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from walkshed.assess.barriers import find_links
from walkshed.assess.coverage import measure_coverage
from walkshed.network.edits import AddFootbridge
from walkshed.network.scenario import edit_network
from walkshed.network.ties import carry_ties

if TYPE_CHECKING:
    from walkshed.results import StudyResult


def test_on_real_streets_every_link_keeps_its_promise(helsinki: StudyResult) -> None:
    rooms = helsinki.facilities[helsinki.facilities.status == "open"].reset_index(drop=True)
    links = find_links(helsinki.network, rooms, helsinki.demand, cutoff_min=15)
    assert len(links)
    was = helsinki.demand.covered
    for link in links.itertuples():
        edited = edit_network(helsinki.network, [AddFootbridge(line=tuple(link.geometry.coords), reach_m=1.0)])
        tables = [carry_ties(table, edited) for table in (rooms, helsinki.demand)]
        now = measure_coverage(edited.network, *tables, cutoff_min=15).covered
        assert helsinki.demand.population[now & ~was].sum() == pytest.approx(link.newly_served, rel=1e-9)
