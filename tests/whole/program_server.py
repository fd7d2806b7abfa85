"""Starts the command line again and again from one loaded interpreter, so that tests of its end need not load it anew.

Reads a line of JSON each: ``arguments`` of ``walkshed`` and the ``log`` to write to. Answers with the number of the
process it forked, and with the process's end. What a command tells its progress stands in the log, a line a stage.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import walkshed as ws
from walkshed import cli
from walkshed.commands import plan, report, study
from walkshed.commands.shared import explained
from walkshed.commands.stopping import begin_work, speak, stoppable
from walkshed.files import replacing, scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.progress import Progress


@contextmanager
def bar(language: str, **_: object) -> Iterator[Progress]:
    """Write stages as lines."""
    speak(language)
    begin_work()

    def tell(stage: str, done: int, total: int) -> None:
        os.write(1, f"{stage} {done} {total}\n".encode())

    yield tell


def deaf(folder: Path) -> None:
    """Write a file in a way that hears no interruption, as a library's own code does not."""
    (folder / "old.txt").write_text("before", encoding="utf-8")
    os.environ["TMPDIR"] = str(folder)
    with (
        stoppable(),
        explained("en", debug=False),
        scratch("deaf") as work,
        replacing(folder / "old.txt") as draft,
    ):
        (work / "part").write_text("half", encoding="utf-8")
        draft.write_text("half", encoding="utf-8")
        begin_work()
        os.write(1, b"begun\n")
        while True:
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                continue


def begin(arguments: list[str], log: str) -> None:
    """Be the program."""
    stream = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(stream, number)
    if arguments[0] == "deaf":
        deaf(Path(arguments[1]))
    sys.argv = ["walkshed", *arguments]
    cli.main()


def main() -> None:
    """Serve."""
    for module in (plan, report, study):
        module.bar = bar  # type: ignore[attr-defined]
    for name in ws.__all__:
        getattr(ws, name)
    os.write(1, b"ready\n")
    while line := sys.stdin.readline():
        asked = json.loads(line)
        process = os.fork()
        if process == 0:
            os.close(0)
            begin(asked["arguments"], asked["log"])
            return
        os.write(1, f"{process}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n".encode())


if __name__ == "__main__":
    main()
