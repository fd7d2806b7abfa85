"""Where the pictures of a typeset report stand: in the text, a little smaller where a page ends, or atop the next page.

A picture that does not fit the rest of its page leaves that rest blank. What is left is known only once everything
before it stands, so pictures are settled one after the other, each by asking typst where it would begin.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from walkshed.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    import typst

PLACES: Final = "places.json"
SPOTS: Final = "<spot>"
LEAST: Final = 0.6
"""Share of the text's width below which a picture would be hard to read: it goes to the top of the next page."""
FLOATS: Final = 0.0
"""Instead of a share: at the top of the next page."""


def place_pictures(compiler: typst.Compiler, folder: Path) -> None:
    """Write the share of the text's width of every picture into the folder of a report that is being set.

    Parameters
    ----------
    compiler
        Reads the template and the report's data in ``folder``.
    folder
        ``places.json`` is written there: one share per picture, 0 for the top of the next page.
    """
    shares: list[float] = []
    while True:
        write_whole(folder / PLACES, json.dumps(shares), durable=False)
        spots = [spot["value"] for spot in json.loads(compiler.query(SPOTS))]
        if len(shares) == len(spots):
            return
        shares.append(_share(spots, shares))
        while shares[-1] == 1 and len(shares) < len(spots):  # it stands as it was set: what follows has not moved
            shares.append(_share(spots, shares))


def _share(spots: list[dict[str, Any]], shares: list[float]) -> float:
    """Return the share of the next picture; those before it are settled, so that its beginning is known."""
    number = len(shares)
    spot = spots[number]
    if number and shares[-1] == FLOATS and spots[number - 1]["page"] == spot["page"]:
        return FLOATS  # pictures keep their order
    share = min(1.0, (spot["rest"] - spot["beside"]) / spot["height"])
    return share if share >= LEAST else FLOATS
