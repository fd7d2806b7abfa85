"""``walkshed``: the command line; the commands themselves are in :mod:`walkshed.commands`."""

from __future__ import annotations

from walkshed.commands.stopping import stoppable


def main() -> None:
    """Run the command line, which can be stopped from the first moment on, while everything else is loaded."""
    with stoppable():
        from walkshed.commands.program import app  # noqa: PLC0415 - takes a while

        app()
