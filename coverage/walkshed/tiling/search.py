"""Search all tiles: pairs once, the nearest site until no tile can tell another of a nearer one.

Why this ends with the truth: what a tile finds is never less than the truth, since every figure is that of a real walk.
Of a node of its own it holds all edges. Follow the best walk to such a node backwards: either it stays in the tile, and
the tile finds it, or it enters at a node of the rim. That one is the own node of another tile, which by the same
argument, for a walk of fewer edges, finds the truth and tells it. Minutes are sums of multiples of 2^-30, exact in any
order, and of sites equally near the one with the smallest row is taken everywhere, so it is the same to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.tiling.tasks import Labels, Seeds, find_all, find_nearest
from walkshed.tiling.workers import run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from walkshed.network.model import LongArray
    from walkshed.progress import Progress
    from walkshed.tiling.plan import Plan
    from walkshed.tiling.tasks import Found
    from walkshed.tiling.workers import Executor

STAGE: Final = "minutes"


class _Board(NamedTuple):
    """What is known by now: of stops of homes, of nodes from their own tiles, and of every tile's rim.

    ``rims`` holds the nodes of a tile's rim and what the tile itself found there.
    """

    homes: Labels
    nodes: Labels
    rims: dict[int, tuple[LongArray, Labels]]

    def outdated(self) -> list[int]:
        """Return the tiles to whose rim others know a shorter way, or one equally long to a site before theirs."""
        late = []
        for tile, (rim, known) in self.rims.items():
            minutes, stop = self.nodes.minutes[rim], self.nodes.stop[rim]
            if ((minutes < known.minutes) | ((minutes == known.minutes) & (stop < known.stop))).any():
                late.append(tile)
        return late


class _About(NamedTuple):
    """Which tile a task is about, and the nodes at its rim."""

    tile: int
    rim: LongArray


def search_all(
    plan: Plan, cutoff_min: float, executor: Executor | None, progress: Progress
) -> tuple[list[Found], Labels]:
    """Return the pairs of all tiles within the cutoff, and the nearest site of every stop of homes, however far.

    Parameters
    ----------
    plan
        From :func:`walkshed.tiling.plan.make_plan`.
    cutoff_min
        Of pairs.
    executor, progress
        As for :func:`walkshed.tiling.measure.measure_coverage_tiled`.
    """
    tiles = len(plan.nodes)
    board = _Board(_nothing(len(plan.home_stops.row)), _nothing(len(plan.ground.owner)), {})
    pairs = []
    progress(STAGE, 0, tiles)
    for about, (found, labels) in run_tasks(executor, find_all, _tasks(plan, board, range(tiles), cutoff_min)):
        pairs.append(found)
        _pin(plan, board, about, labels)
        progress(STAGE, about.tile + 1, tiles)
    while late := board.outdated():
        for about, labels in run_tasks(executor, find_nearest, _tasks(plan, board, late)):
            _pin(plan, board, about, labels)
            progress(STAGE, tiles, tiles)
    return pairs, board.homes


def _tasks(
    plan: Plan, board: _Board, tiles: Iterable[int], *more: float
) -> Iterator[tuple[_About, tuple[object, ...]]]:
    """Yield the tasks of tiles, with what others have found at their rims until then."""
    for tile in tiles:
        made = plan.task(tile)
        if made is None:
            continue
        task, cut = made
        rim = cut.node[cut.rim]
        told = np.flatnonzero(np.isfinite(board.nodes.minutes[rim]))
        seeds = Seeds(cut.rim[told], board.nodes.minutes[rim[told]], board.nodes.stop[rim[told]])
        asked = np.concatenate([np.searchsorted(cut.node, plan.nodes[tile]), cut.rim])
        yield _About(tile, rim), (task, seeds, asked, *more)


def _pin(plan: Plan, board: _Board, about: _About, labels: tuple[Labels, Labels]) -> None:
    """Take down what a tile found: of its homes, and of its own nodes and its rim."""
    homes, nodes = labels
    own, stops = plan.nodes[about.tile], plan.homes[about.tile]
    for column, found in zip(board.homes, homes, strict=True):
        column[stops] = found
    for column, found in zip(board.nodes, nodes, strict=True):
        column[own] = found[: len(own)]
    board.rims[about.tile] = about.rim, Labels(nodes.minutes[len(own) :], nodes.stop[len(own) :])


def _nothing(count: int) -> Labels:
    return Labels(np.full(count, np.inf), np.full(count, -1, np.int64))
