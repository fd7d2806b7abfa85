"""Build the chosen rooms and links on the streets, all at once, and measure who is served then."""

from __future__ import annotations

from itertools import islice, permutations
from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.assess.coverage import measure_coverage
from walkshed.errors import InputError
from walkshed.network.ties import carry_ties
from walkshed.siting.links_solve import promised_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.errors import Message
    from walkshed.network.scenario import EditedNetwork
    from walkshed.siting.links import LinkCandidate, LinkedAnswer, LinkedProblem
    from walkshed.siting.links_build import LinkScene

    BoolArray = NDArray[np.bool_]

ROUNDING_MIN: Final = 2e-6
"""Walks are told to a millionth of a minute; to cut a street for a link may move the last digit."""
ORDERS: Final = 24


class LinkedOutcome(NamedTuple):
    """What is true once everything chosen is built.

    Attributes
    ----------
    promised, newly_served
        Residents whom the answer promises to serve newly, and who are. More, where walks use several links; fewer only
        where links get in each other's way: one that leads on to another instead of to the street, for example.
    measured
        Demand after, as :func:`walkshed.assess.coverage.measure_coverage` returns it.
    links
        Ids in the order in which they were built.
    needless
        Ids of links that were not built, because the others had joined their streets already.
    log
        What every edit did.
    """

    promised: float
    newly_served: float
    measured: gpd.GeoDataFrame
    links: tuple[str, ...]
    needless: tuple[str, ...]
    log: tuple[Message, ...]


def measure_links(scene: LinkScene, problem: LinkedProblem, answer: LinkedAnswer) -> LinkedOutcome:
    """Build what an answer chooses and measure everything anew.

    Links are built in the order chosen. If less comes of it than was promised, other orders are tried, for a link may
    lead on to one built before; the best is returned.

    Parameters
    ----------
    scene, problem
        Streets and tables, and the problem built from them.
    answer
        From :func:`walkshed.siting.links_solve.solve_with_links`.

    Returns
    -------
    LinkedOutcome

    Raises
    ------
    SitingError
        If the answer names candidates that the problem does not have.
    """
    position = {key: place for place, key in enumerate(problem.link_ids)}
    chosen = [problem.links[position[key]] for key in answer.links]
    rows = promised_rows(
        problem,
        problem.base.positions_of(answer.chosen),
        np.array([position[key] for key in answer.links], np.int64),
    )
    promised = np.zeros(len(scene.measured), bool)
    promised[np.flatnonzero(~scene.measured["covered"].to_numpy(bool))[rows]] = True
    best: LinkedOutcome | None = None
    for order in islice(permutations(chosen), ORDERS):
        found = _build(scene, answer, order, promised)
        if best is None or found.newly_served > best.newly_served:
            best = found
        if best.newly_served >= best.promised:
            break
    assert best is not None  # noqa: S101 - of nothing there is one order
    return best


def _build(
    scene: LinkScene, answer: LinkedAnswer, order: Sequence[LinkCandidate], promised: BoolArray
) -> LinkedOutcome:
    edited, built, needless = _edited(scene, order)
    rooms = scene.sites[scene.sites["candidate_id"].isin(answer.chosen)]
    rooms = rooms.assign(facility_id=[f"new: {key}" for key in rooms["candidate_id"]])
    both = gpd.GeoDataFrame(pd.concat([scene.facilities, rooms], ignore_index=True), crs=scene.facilities.crs)
    network, demand = scene.network, scene.measured
    log: tuple[Message, ...] = ()
    if edited is not None:
        network, log = edited.network, edited.log
        both, demand = carry_ties(both, edited), carry_ties(demand, edited)
    after = measure_coverage(network, both, demand, cutoff_min=scene.cutoff_min, direction=scene.direction)
    before = scene.measured["covered"].to_numpy(bool)
    people = scene.measured["population"].to_numpy(np.float64)
    same = after["minutes"].to_numpy(np.float64) <= scene.cutoff_min + ROUNDING_MIN
    newly = ~before & (after["covered"].to_numpy(bool) | (promised & same))
    return LinkedOutcome(
        promised=float(people[promised].sum()),
        newly_served=float(people[newly].sum()),
        measured=after,
        links=built,
        needless=needless,
        log=log,
    )


def _edited(
    scene: LinkScene, order: Sequence[LinkCandidate]
) -> tuple[EditedNetwork | None, tuple[str, ...], tuple[str, ...]]:
    """Return the streets with the links, those built, and those that were not because the others suffice."""
    built: list[LinkCandidate] = []
    needless: list[str] = []
    edited: EditedNetwork | None = None
    for link in order:
        try:
            edited = scene.edited([each.edit for each in [*built, link]])
        except InputError:
            # By itself it was built before, when the problem was made: only the others can be why it is not now.
            needless.append(link.link_id)
            continue
        built.append(link)
    return edited, tuple(link.link_id for link in built), tuple(needless)
