"""How kernels are compiled and how their work is split over threads: one place for both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function")
Result = TypeVar("Result")


def kernel(function: Function) -> Function:
    """Compile a loop over arrays to machine code that runs without the interpreter's lock.

    The machine code is kept on disk where the package (or the user's cache folder) is writable, and compiled anew in
    every process where it is not. Kernels that call each other must stand in the same file: the cache notices only
    changes of the file of the kernel that is called first.
    """
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # pragma: no cover - numba found no writable place for its cache
        return cast("Function", numba.njit(nogil=True)(function))


def in_chunks(count: int, size: int, run: Callable[[int, int], Result], *, threads: int | None = None) -> list[Result]:
    """Run ``run(first, last)`` over ``range(count)`` in chunks, and return the results in order.

    The chunks depend on ``size`` alone, so results do not depend on the number of threads.

    Parameters
    ----------
    count, size
        Number of items and of items per chunk.
    run
        Called with the first item of a chunk and the one behind its last; it should spend its time in kernels.
    threads
        Numba's own number by default: the environment's ``NUMBA_NUM_THREADS``, else the cores of this process.
    """
    ranges = [(first, min(first + size, count)) for first in range(0, count, size)]
    allowed = threads or int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined] # numba sets it at run time
    workers = min(allowed, len(ranges))
    if workers <= 1:
        return [run(first, last) for first, last in ranges]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda chunk: run(*chunk), ranges))
