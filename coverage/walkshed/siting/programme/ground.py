"""What a search for a first plan needs to know of a plan: what is missing, what it is worth, what a room would add.

What counts first is how much is missing of the shares that are asked for, then the model's aim. With capacities, a room
is taken to serve what earlier rooms leave over; whether a plan holds is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.programme.conditions import SHARE_SLACK
from walkshed.siting.programme.count import counted_share
from walkshed.siting.programme.flows import Pairs, capacities, room_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.programme.aims import Task
    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

BETTER: Final = 1e-9


class Score(NamedTuple):
    """How much is missing of what is asked for (less is better), and the value of the rest (more is better)."""

    missing: float
    value: float

    def beats(self, other: Score) -> bool:
        """Say whether this is better by more than rounding."""
        if abs(self.missing - other.missing) > BETTER:
            return self.missing < other.missing
        return self.value > other.value + BETTER * max(1.0, abs(other.value))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What the search needs again and again.

    Attributes
    ----------
    task
        What is asked for.
    near : csr_array (m, N)
        1.0 for pairs of a column and a row within the cutoff.
    asked : csr_array (N, r)
        What serving a row adds to every share.
    clash : csr_array (m, m)
        1.0 for columns that cannot both be open.
    worth : (k,) float64
        What every pair of the frame's walks is worth.
    capacity
        Of every room, where capacities are asked for: columns, then rooms that stand.
    rooms
        Pairs of rows and all rooms, sorted by room, and where those of every room begin, for capacities.
    """

    task: Task
    near: csr_array
    asked: csr_array
    clash: csr_array
    worth: FloatArray
    capacity: FloatArray
    rooms: tuple[Pairs, FloatArray, LongArray] | None


def make_ground(task: Task) -> Ground:
    """Return what the search needs again and again."""
    frame, walks = task.frame, task.frame.walks
    rows = len(frame.weight)
    inside = walks.minutes <= frame.problem.cutoff_min
    shape = (frame.size, rows)
    near = csr_array((np.ones(int(inside.sum())), (walks.column[inside], walks.row[inside])), shape=shape)
    asked = np.array([each.coefficient for each in frame.conditions]).reshape(-1, rows).T
    one, two = frame.clashes.T
    pair = (np.ones(2 * len(one)), (np.concatenate([one, two]), np.concatenate([two, one])))
    return Ground(
        task=task,
        near=near,
        asked=csr_array(asked),
        clash=csr_array(pair, shape=(frame.size, frame.size)),
        worth=frame.worth(walks.minutes, walks.row),
        capacity=capacities(frame) if frame.requirements.capacity else np.zeros(0),
        rooms=_by_room(frame) if frame.requirements.capacity else None,
    )


def _by_room(frame: Frame) -> tuple[Pairs, FloatArray, LongArray]:
    pairs = room_pairs(frame, np.inf)
    order = np.argsort(pairs.room, kind="stable")
    pairs = Pairs(pairs.row[order], pairs.room[order], pairs.minutes[order])
    rooms = len(capacities(frame))
    return pairs, frame.worth(pairs.minutes, pairs.row), np.searchsorted(pairs.room, np.arange(rooms + 1))


class State(NamedTuple):
    """A plan as it stands.

    Worth of the two nearest rooms, unserved part and whether out of all reach by row; by how much every share falls
    short (below 0: it is exceeded); score.
    """

    one: FloatArray
    two: FloatArray
    left: FloatArray
    out: BoolArray
    short: FloatArray
    score: Score


def state_of(ground: Ground, opened: BoolArray) -> State:
    """Return how a choice of columns (m,) stands."""
    task, frame = ground.task, ground.task.frame
    rows = np.arange(len(frame.weight))
    minutes = frame.walks.two(opened, frame.standing)
    one = frame.worth(minutes[:, 0], rows)
    second = frame.requirements.backup_share
    two = frame.worth(minutes[:, 1], rows) if second else one
    left = (minutes[:, 0] > frame.problem.cutoff_min).astype(np.float64)
    worth = float(frame.weight @ ((1.0 - second) * one + second * two))
    if ground.rooms is not None:
        left, worth = _fill(ground, ground.rooms, opened)
    short = [each.least - each.reached(1.0 - left) for each in frame.conditions]
    if frame.model == "lscp":
        short.append(task.share - counted_share(frame, worth))
    out = frame.reachable & ~np.isfinite(minutes[:, 0])
    if task.reach_min is not None:
        short.append(float(frame.problem.population[out].sum()) / max(1.0, frame.problem.residents))
    lacking = np.array(short)
    value = worth
    if frame.model == "lscp":
        new = opened[: frame.new]
        value = -float(frame.cost[new].sum()) if task.minimise_cost else -float(new.sum())
    return State(one, two, left, out, lacking, Score(_missing(lacking), value))


def _missing(short: FloatArray) -> float:
    return float(np.maximum(0.0, short - SHARE_SLACK).sum())


def _fill(ground: Ground, rooms: tuple[Pairs, FloatArray, LongArray], opened: BoolArray) -> tuple[FloatArray, float]:
    """Return what is left unserved of every row, and the worth, when rooms are filled one after the other."""
    frame = ground.task.frame
    population = frame.problem.population
    left, worth = np.ones(len(population)), 0.0
    pairs, gain, begin = rooms
    filled = [*range(frame.size, len(ground.capacity)), *np.flatnonzero(opened).tolist()]
    for room in filled:
        span = slice(begin[room], begin[room + 1])
        row = pairs.row[span]
        people = population[row] * left[row]
        total = float(people.sum())
        taken = min(1.0, ground.capacity[room] / total) if total else 0.0
        worth += taken * float((frame.weight[row] * left[row] * gain[span]).sum())
        left[row] *= 1.0 - taken
    return left, worth


def score_of(ground: Ground, opened: BoolArray) -> Score:
    """Return the score of a choice of columns (m,)."""
    return state_of(ground, opened).score


def after_opening(ground: Ground, state: State) -> tuple[FloatArray, FloatArray]:
    """Return for every column what would be missing with it open, and the worth it would add."""
    task, frame = ground.task, ground.task.frame
    row, column = frame.walks.row, frame.walks.column
    second = frame.requirements.backup_share
    factor = np.ones(frame.size)
    if frame.requirements.capacity:
        load = ground.near @ (frame.problem.population * state.left)
        factor = np.minimum(1.0, ground.capacity[: frame.size] / np.maximum(load, 1e-9))
        gain = np.bincount(column, frame.weight[row] * state.left[row] * ground.worth, minlength=frame.size) * factor
    else:
        more = (1.0 - second) * np.maximum(ground.worth - state.one[row], 0.0)
        if second:
            middle = np.minimum(np.maximum(ground.worth, state.two[row]), state.one[row])
            more += second * (middle - state.two[row])
        gain = np.bincount(column, frame.weight[row] * more, minlength=frame.size)
    lacking = np.zeros((frame.size, 0))
    if frame.conditions:
        fresh = ground.near * state.left[None, :]
        added = (csr_array(fresh) @ ground.asked).toarray() * factor[:, None]
        lacking = state.short[: len(frame.conditions)] - added
    parts = [lacking]
    if frame.model == "lscp":
        added = gain * (counted_share(frame, 1.0) - counted_share(frame, 0.0))
        parts.append((state.short[len(frame.conditions)] - added)[:, None])
    if task.reach_min is not None:
        reached = np.bincount(
            column, np.where(state.out[row], frame.problem.population[row], 0.0), minlength=frame.size
        )
        parts.append((state.short[-1] - reached / max(1.0, frame.problem.residents))[:, None])
    missing = np.maximum(0.0, np.hstack(parts) - SHARE_SLACK).sum(axis=1)
    return missing, gain


def may_open(ground: Ground, opened: BoolArray) -> BoolArray:
    """Say which shut columns may be opened as they are."""
    frame = ground.task.frame
    free: BoolArray = ~opened & (ground.clash @ opened.astype(np.float64) == 0)
    new = opened[: frame.new]
    if new.sum() >= frame.rooms_left:
        free[: frame.new] = False
    left = frame.money_left - float(frame.cost[new].sum())
    free[: frame.new] &= frame.cost <= left
    return free
