"""Put a mixed-integer programme together, block by block, for HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

INF: Final = highspy.kHighsInf


class Sum(NamedTuple):
    """``constant + value @ columns[column]``."""

    column: LongArray
    value: FloatArray
    constant: float = 0.0

    def at(self, columns: FloatArray) -> float:
        """Return its value for a solution."""
        return self.constant + float(self.value @ columns[self.column])

    def scaled(self, factor: float, constant: float = 0.0) -> Sum:
        """Return ``constant + factor * self``."""
        return Sum(self.column, factor * self.value, constant + factor * self.constant)


NO_SUM: Final = Sum(np.zeros(0, np.int64), np.zeros(0))


class Programme:
    """Columns and rows in the order in which they were added."""

    def __init__(self) -> None:
        self.columns = 0
        self.rows = 0
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []
        self._whole: list[NDArray[np.bool_]] = []
        self._entries: list[tuple[LongArray, LongArray, FloatArray]] = []
        self._shut: list[LongArray] = []
        self._round: list[LongArray] = []
        self._least: list[FloatArray] = []
        self._most: list[FloatArray] = []

    def add_columns(self, count: int, *, low: ArrayLike = 0.0, high: ArrayLike = 1.0, whole: bool = False) -> LongArray:
        """Add columns and return their numbers."""
        for values, kept in ((low, self._low), (high, self._high)):
            kept.append(np.broadcast_to(np.asarray(values, np.float64), (count,)))
        self._whole.append(np.full(count, whole))
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def shut(self, columns: LongArray) -> None:
        """Hold columns at 0."""
        self._shut.append(columns)

    def round(self, columns: LongArray) -> None:
        """Allow columns whole numbers only."""
        self._round.append(columns)

    def contradict(self) -> None:
        """Add a row that nothing can meet."""
        self.add_rows(1, least=1.0)

    def add_rows(
        self, count: int, *parts: tuple[LongArray, LongArray, ArrayLike], least: ArrayLike = -INF, most: ArrayLike = INF
    ) -> None:
        """Add rows ``least <= sum <= most``.

        Each part holds rows (0 for the first of these), columns and coefficients; a column that comes twice in a row
        adds up.
        """
        for row, column, value in parts:
            coefficient = np.broadcast_to(np.asarray(value, np.float64), (len(row),))
            self._entries.append((np.asarray(row, np.int64) + self.rows, np.asarray(column, np.int64), coefficient))
        self._least.append(np.broadcast_to(np.asarray(least, np.float64), (count,)))
        self._most.append(np.broadcast_to(np.asarray(most, np.float64), (count,)))
        self.rows += count

    def add_sum(self, total: Sum, *, least: float = -INF, most: float = INF, scale: float = 1.0) -> None:
        """Add the row ``least <= total <= most``, multiplied by ``scale``."""
        self.add_rows(
            1,
            (np.zeros(len(total.column), np.int64), total.column, scale * total.value),
            least=scale * (least - total.constant) if least > -INF else -INF,
            most=scale * (most - total.constant) if most < INF else INF,
        )

    def finish(self, aim: Sum, *, maximise: bool) -> Any:  # noqa: ANN401 - highspy has no stubs
        """Return the ``highspy.HighsLp`` that makes ``aim`` as large or small as possible."""
        matrix = self._matrix()
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = self.columns, self.rows
        programme.sense_ = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        # With the constant in it, the solver's relative gap is one on what is told to the user.
        programme.offset_ = aim.constant
        programme.col_cost_ = np.bincount(aim.column, aim.value, minlength=self.columns).astype(np.float64)
        high = _joined(self._high)
        for columns in self._shut:
            high[columns] = 0.0
        programme.col_lower_, programme.col_upper_ = _joined(self._low), high
        programme.row_lower_, programme.row_upper_ = _joined(self._least), _joined(self._most)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        programme.a_matrix_.index_ = matrix.indices.astype(np.int32)
        programme.a_matrix_.value_ = matrix.data
        kinds = highspy.HighsVarType
        whole = np.concatenate([np.zeros(0, bool), *self._whole])
        for columns in self._round:
            whole[columns] = True
        programme.integrality_ = [kinds.kInteger if each else kinds.kContinuous for each in whole.tolist()]
        return programme

    def _matrix(self) -> csr_array:
        row, column, value = (
            np.concatenate([np.zeros(0, kind), *(entry[place] for entry in self._entries)])
            for place, kind in ((0, np.int64), (1, np.int64), (2, np.float64))
        )
        matrix = csr_array(coo_array((value, (row, column)), shape=(self.rows, self.columns)))
        matrix.sum_duplicates()
        return matrix


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0), *parts])
