"""Workers of our own on this machine: programs that are started again when they die and killed when we end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from walkshed.launching import Launch

if TYPE_CHECKING:
    from pathlib import Path

HOST: Final = "127.0.0.1"
"""Nobody on another machine reaches our scheduler and workers."""
FRUITLESS: Final = 12
"""So many deaths in a row without any district coming to an end: the workers themselves cannot run."""
LAST_LINES: Final = 3
START_S: Final = 0.5
"""A worker that is being started is waited for so long, to be ended as well."""


class LocalWorkers:
    """Workers of a scheduler, each a process with one thread.

    Parameters
    ----------
    address
        Of the scheduler.
    number
        Of workers.
    workshop
        For their logs and scratch files.
    """

    def __init__(self, address: str, number: int, workshop: Path) -> None:
        self._command = [
            sys.executable, "-P", "-m", "dask", "worker", address, "--no-nanny", "--nthreads", "1", "--host", HOST,
            "--no-dashboard", "--dashboard-address", f"{HOST}:0", "--memory-limit", "0", "--death-timeout", "30",
            "--local-directory", str(workshop / "scratch"),
        ]  # fmt: skip
        self._logs = [workshop / f"worker-{place}.log" for place in range(number)]
        self._running: list[subprocess.Popen[bytes] | None] = [None] * number
        self._fruitless = 0
        self._launch: Launch | None = None

    @property
    def hopeless(self) -> bool:
        """Whether workers die again and again without any district coming to an end."""
        return self._fruitless >= FRUITLESS

    def praise(self) -> None:
        """Take note that a district came to an end."""
        self._fruitless = 0

    def tend(self) -> None:
        """Start the workers that do not run."""
        ended = [place for place, process in enumerate(self._running) if process is None or process.poll() is not None]
        self._fruitless += sum(self._running[place] is not None for place in ended)
        if ended and not self.hopeless:
            self._launch = Launch(lambda: self._start(ended), name="walkshed-workers")
            self._launch.begin()

    def _start(self, places: list[int]) -> None:
        for place in places:
            if self.hopeless:
                return
            with self._logs[place].open("ab") as log:
                # A session of their own: Ctrl-C is for us, and we end them.
                self._running[place] = subprocess.Popen(  # noqa: S603 - our own interpreter and Dask's own program
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )

    def kill(self) -> None:
        """Have the system end all workers at once; start no more."""
        self._fruitless = FRUITLESS
        if self._launch is not None:
            self._launch.call_off(START_S)
        for process in self._running:
            if process is not None:
                process.kill()

    def stop(self) -> None:
        """End all workers at once, and see them ended."""
        self.kill()
        for process in self._running:
            if process is not None:
                process.wait()

    def last_words(self) -> str:
        """Return the last lines that a worker wrote."""
        said = [line for log in self._logs if log.is_file() for line in log.read_text(errors="replace").splitlines()]
        return " / ".join(line.strip() for line in said[-LAST_LINES:] if line.strip())
