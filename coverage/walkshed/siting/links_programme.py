"""Rooms and links as one mixed-integer programme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.links_search import LinkedModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


def linked_programme(model: LinkedModel) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme.

    Maximise sum w x, where x_i <= the rooms, links and pairs that serve group i, a pair <= its room and <= its link,
    and every limit holds; rooms and links binary, pairs and x in 0..1.
    """
    elements, groups = model.covers.shape
    pairs = len(model.pair_room)
    pair = model.things + np.arange(pairs)
    row, column, value = [], [], []

    def put(rows: LongArray, columns: LongArray, values: FloatArray) -> None:
        row.append(rows)
        column.append(columns)
        value.append(values)

    serving = model.covered_by.tocoo()
    put(serving.coords[0].astype(np.int64), serving.coords[1].astype(np.int64), np.full(serving.nnz, -1.0))
    put(np.arange(groups), elements + np.arange(groups), np.ones(groups))
    for number, thing in enumerate((model.pair_room, model.pair_link)):
        rows = groups + number * pairs + np.arange(pairs)
        put(rows, pair, np.ones(pairs))
        put(rows, thing, np.full(pairs, -1.0))
    above = [0.0] * (groups + 2 * pairs)
    for cost, most in model.limits:
        put(np.full(model.things, len(above)), np.arange(model.things), cost)
        above.append(most)
    matrix = csr_array(
        (np.concatenate(value), (np.concatenate(row), np.concatenate(column))), shape=(len(above), elements + groups)
    )
    programme = highspy.HighsLp()
    programme.num_col_ = elements + groups
    programme.num_row_ = len(above)
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.concatenate([np.zeros(elements), model.weight])
    lower, upper = np.zeros(elements + groups), np.ones(elements + groups)
    lower[: model.things], upper[: model.things] = model.fixed, model.allowed
    programme.col_lower_, programme.col_upper_ = lower, upper
    programme.row_lower_ = np.full(len(above), -highspy.kHighsInf)
    programme.row_upper_ = np.array(above)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    programme.a_matrix_.index_ = matrix.indices.astype(np.int32)
    programme.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    programme.integrality_ = [kinds.kInteger] * model.things + [kinds.kContinuous] * (pairs + groups)
    return programme


def columns_of(model: LinkedModel, built: BoolArray) -> FloatArray:
    """Return the programme's columns for a choice of things, (M + L,)."""
    active = model.active(built).astype(np.float64)
    columns: FloatArray = np.concatenate([active, np.minimum(1.0, model.covered_by @ active)])
    return columns
