"""Hand tasks to whoever does them, a few ahead of what was collected, and take the results in order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

About = TypeVar("About")
Result = TypeVar("Result")
AHEAD: Final = 32
"""So many tasks wait or run at once: more workers than this stay idle, and so many tiles are in memory."""


class Executor(Protocol):
    """Whoever takes tasks: an executor of :mod:`concurrent.futures`, or a client of Dask."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:  # noqa: ANN401 - futures of any kind
        """Take a task and return its future, with ``result()`` and ``cancel()``."""


def run_tasks(
    executor: Executor | None, function: Callable[..., Result], tasks: Iterable[tuple[About, tuple[Any, ...]]]
) -> Iterator[tuple[About, Result]]:
    """Do tasks in order; without executor one after the other in this process.

    Parameters
    ----------
    executor
        Who works. Where it can ``scatter`` (Dask), the first argument of a task, the large one, is sent straight to a
        worker rather than through the scheduler.
    function
        A module's own, so that another process finds it.
    tasks
        What a task is about, and the arguments; made when there is room for one more.

    Yields
    ------
    What a task is about, and ``function(*arguments)``.
    """
    if executor is None:
        for about, arguments in tasks:
            yield about, function(*arguments)
        return
    scatter = getattr(executor, "scatter", None)
    waiting: deque[tuple[About, Any]] = deque()
    try:
        for about, (first, *others) in tasks:
            if len(waiting) == AHEAD:
                done, future = waiting.popleft()
                yield done, future.result()
            sent = first if scatter is None else scatter(first, hash=False)
            waiting.append((about, executor.submit(function, sent, *others)))
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        for _, future in waiting:
            future.cancel()
