"""A small timetable as one mixed-integer programme: proves what moves found, or finds better.

With whole cities it gets nowhere; with a few hundred candidates it often closes what the phases' own bounds leave open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.timetable import Timetable

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

ENTRIES_MAX: Final = 60_000
"""Entries of the covering matrix times phases, up to which the programme is worth trying."""
STANDS: Final = 0.5


def within_reach(table: Timetable) -> bool:
    """Say whether a timetable is small enough for this."""
    return bool(0 < table.model.covers.nnz * table.phases <= ENTRIES_MAX)


def solve_timetable(
    table: Timetable, start: LongArray, *, clock: Clock, mip_gap: float, bound: float
) -> tuple[LongArray, float]:
    """Prove or improve a timetable.

    Parameters
    ----------
    table
        Model, weights and limits.
    start
        (m,) phases, within all limits.
    clock
        Its limit holds.
    mip_gap
        Relative gap that is good enough.
    bound
        A valid bound known before.

    Returns
    -------
    tuple
        The best timetable, and a bound of every one's value.
    """
    table.set(start)
    best, value = start.copy(), table.value

    def take(columns: FloatArray) -> None:
        nonlocal best, value
        phase = _phases(table, columns)
        table.set(phase)
        within = all((limit.slack(phase) >= 0).all() for limit in table.limits)
        if within and (phase[table.fixed] < table.phases).all() and table.value > value:
            best, value = phase, table.value

    table.set(start)
    outcome = run_programme(
        _programme(table), start=_columns(table), clock=clock, mip_gap=mip_gap, whole=False, bound=bound, take=take
    )
    return best, max(outcome.bound, value)


def _phases(table: Timetable, columns: FloatArray) -> LongArray:
    """Return the first phase in which each candidate stands, T for none."""
    stands = columns[: table.phases * len(table.phase)].reshape(table.phases, -1) > STANDS
    return np.where(stands.any(axis=0), stands.argmax(axis=0), table.phases).astype(np.int64)


def _columns(table: Timetable) -> FloatArray:
    """Return the programme's columns for what the table holds."""
    phase = np.arange(table.phases)[:, None]
    columns: FloatArray = np.concatenate([(table.phase <= phase).ravel(), (table.first <= phase).ravel()]).astype(float)
    return columns


def _programme(table: Timetable) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme.

    Maximise the weighted sum of w x_t, where x_it <= the candidates that reach group i and stand at the end of phase t,
    what stands goes on standing, and every limit holds.
    """
    model, phases = table.model, table.phases
    sites, groups = model.covers.shape
    row, column, value = [], [], []

    def put(rows: LongArray, columns: LongArray, values: FloatArray) -> None:
        row.append(rows)
        column.append(columns)
        value.append(values)

    serving = model.covered_by.tocoo()
    group, site = (side.astype(np.int64) for side in serving.coords)
    above: list[float] = [0.0] * (groups * phases + sites * (phases - 1))
    for phase in range(phases):
        put(phase * groups + group, phase * sites + site, np.full(len(group), -1.0))
        own = phase * groups + np.arange(groups)
        put(own, phases * sites + own, np.ones(groups))
    for phase in range(1, phases):
        rows = phases * groups + (phase - 1) * sites + np.arange(sites)
        put(rows, (phase - 1) * sites + np.arange(sites), np.ones(sites))
        put(rows, phase * sites + np.arange(sites), np.full(sites, -1.0))
    for limit in table.limits:
        given = np.cumsum(limit.by_phase) if limit.carried else limit.by_phase
        for phase in range(phases):
            put(np.full(sites, len(above)), phase * sites + np.arange(sites), limit.cost)
            if phase and not limit.carried:
                put(np.full(sites, len(above)), (phase - 1) * sites + np.arange(sites), -limit.cost)
            above.append(float(given[phase]))
    matrix = csr_array(
        (np.concatenate(value), (np.concatenate(row), np.concatenate(column))),
        shape=(len(above), phases * (sites + groups)),
    )
    weights = -np.diff(table.worth)
    lower = np.zeros(matrix.shape[1])
    lower[(phases - 1) * sites : phases * sites] = table.fixed
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = matrix.shape[1], matrix.shape[0]
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.concatenate([np.zeros(phases * sites), np.outer(weights, model.weight).ravel()])
    programme.col_lower_, programme.col_upper_ = lower, np.ones(matrix.shape[1])
    programme.row_lower_ = np.full(len(above), -highspy.kHighsInf)
    programme.row_upper_ = np.array(above)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    programme.a_matrix_.index_ = matrix.indices.astype(np.int32)
    programme.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    programme.integrality_ = [kinds.kInteger] * (phases * sites) + [kinds.kContinuous] * (phases * groups)
    return programme
