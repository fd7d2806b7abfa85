"""How kernels are compiled and how their work is split over threads: one place for both."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

from walkshed.progress import beat, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.progress import Progress

Function = TypeVar("Function")
Result = TypeVar("Result")
REPORT_S = 0.1
"""Work reports itself at most so often, seconds: a page that draws a bar is slower than a chunk."""

POOL_PAYS_S = 0.01
"""Threads are called for when about so many seconds of work are left: they take a millisecond or two to come. That is
judged once a quarter of it was spent: what comes first is slow, since it makes ready what the rest finds at hand."""

AHEAD = 16
"""Loops over places in any order ask for what the place so many ahead needs; decides speed only."""


class _Kept(FunctionCache):
    """Machine code on disk that notices changes of other files, and is done without where it cannot be used."""

    def __init__(self, function: Any) -> None:  # noqa: ANN401 - a function of any kind
        super().__init__(function)  # type: ignore[no-untyped-call]
        known, file = function.__globals__, self._cache_file
        taken = [(name, known[name]) for name in function.__code__.co_names if name in known]
        called: list[Any] = [value for _, value in taken if isinstance(value, Dispatcher)]
        stamps = [other._cache._cache_file._source_stamp for other in called]  # noqa: SLF001
        numbers = [(name, repr(value)) for name, value in taken if isinstance(value, (int, float, np.number))]
        file._source_stamp = (file._source_stamp, stamps, numbers)  # noqa: SLF001 - numba would look at one file only

    def load_overload(self, sig: object, target_context: object) -> object:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - a damaged file may raise whatever it likes
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: object, data: object) -> None:
        with suppress(OSError):  # a full disk
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def kernel(function: Function) -> Function:
    """Compile a loop over arrays to machine code that runs without the interpreter's lock.

    The machine code is kept on disk where the package (or the user's cache folder) is writable, and compiled anew in
    every process where it is not. A kernel may call kernels of other files and use numbers of theirs.
    """
    compiled: Any = cast("Function", numba.njit(nogil=True)(function))
    with suppress(AttributeError, RuntimeError):  # numba has other insides, or found no writable place
        compiled._cache = _Kept(function)  # noqa: SLF001 - what `cache=True` does
    return cast("Function", compiled)


def _prefetch(_context: object, array: types.Type, _index: types.Type) -> tuple[object, Callable[..., object]]:
    def generate(context: Any, builder: Any, signature: Any, values: tuple[Any, Any]) -> object:  # noqa: ANN401 - numba's
        held = context.make_array(signature.args[0])(context, builder, values[0])
        place = builder.bitcast(builder.gep(held.data, [values[1]]), cgutils.voidptr_t)
        number = cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", (cgutils.voidptr_t,), kind)
        builder.call(function, [place, number(0), number(3), number(1)])  # to read, to keep near, data
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


prefetch = cast("Callable[[NDArray[Any], np.uint64], None]", intrinsic(_prefetch))
"""Ask memory for an element of an array, in a kernel: the processor goes on, and finds it at hand later.

Nothing is read, so nothing can go wrong, whatever the index. Kernels in the cache do not notice changes of this.
"""


def _lowest_bit(_context: object, _value: types.Type) -> tuple[object, Callable[..., object]]:
    def generate(_context: object, builder: Any, _signature: object, values: tuple[Any]) -> object:  # noqa: ANN401 - numba's
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


lowest_bit = cast("Callable[[np.uint64], np.uint64]", intrinsic(_lowest_bit))
"""Return which is the lowest bit of a number (uint64) that is not 0, in a kernel."""


def in_chunks(
    count: int,
    size: int,
    run: Callable[[int, int], Result],
    *,
    threads: int | None = None,
    progress: Progress = silent,
    stage: str = "minutes",
) -> list[Result]:
    """Run ``run(first, last)`` over ``range(count)`` in chunks, and return the results in order.

    The chunks depend on ``size`` alone, so results do not depend on the number of threads. The calling thread does the
    first chunks, and all of them where little work is left then (:data:`POOL_PAYS_S`).

    Parameters
    ----------
    count, size
        Number of items and of items per chunk.
    run
        Called with the first item of a chunk and the one behind its last; it should spend its time in kernels.
    threads
        Numba's own number by default: the environment's ``NUMBA_NUM_THREADS``, else the cores of this process.
    progress
        Called between chunks with ``stage``, the items done so far and ``count``, always from the calling thread and at
        the end in any case. Whatever it raises stops the work: chunks that were not begun never are, and the threads
        have ended when the exception arrives.
    stage
        See :class:`walkshed.progress.Progress`.
    """
    ranges = [(first, min(first + size, count)) for first in range(0, count, size)]
    allowed = threads or int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined] # numba sets it at run time
    report = _seldom(progress, stage, count)
    results: list[Result] = []
    began, spent_s = time.perf_counter(), 0.0
    for first, last in ranges:
        rest_s = spent_s / first * (count - first) if first else 0.0  # at the pace so far
        if allowed > 1 and rest_s > POOL_PAYS_S and spent_s > POOL_PAYS_S / 4:
            break
        results.append(run(first, last))
        spent_s = time.perf_counter() - began
        report(last)
    left = ranges[len(results) :]
    if not left:
        return results
    with ThreadPoolExecutor(min(allowed, len(left))) as pool:
        begun = [pool.submit(run, first, last) for first, last in left]
        try:
            for (_, last), chunk in zip(left, begun, strict=True):
                results.append(chunk.result())
                report(last)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return results


def _seldom(progress: Progress, stage: str, total: int) -> Callable[[int], None]:
    """Return a function that reports at most every :data:`REPORT_S` seconds, and at the end."""
    told = time.monotonic()

    def report(done: int) -> None:
        nonlocal told
        beat()
        now = time.monotonic()
        if done == total or now - told >= REPORT_S:
            told = now
            progress(stage, done, total)

    return report
