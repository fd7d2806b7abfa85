"""Signs on the siting map: the plan's rooms, rooms put down by hand, candidates that the goal names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from walkshed.app import hand_figures, handmade
from walkshed.app.texts import say
from walkshed.reporting import palette
from walkshed.reporting.leaflet import MarkerLayer
from walkshed.reporting.signs import SIGNS
from walkshed.reporting.wording import count, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import shapely

    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

    Item = dict[str, object]

HAND_COLOUR: Final = "#A3195B"
MUST_COLOUR, NOT_COLOUR = "#6B4C9A", "#4A4A4A"
NAME_CHARACTERS: Final = 400
RANK_MARKS: Final = 300


def sign_layers(
    result: StudyResult, now: WhatIf, *, must_build: Sequence[str], forbidden: Sequence[str]
) -> Iterator[MarkerLayer]:
    """Return the signs that follow every click, lowest first.

    Parameters
    ----------
    result
        With the plan.
    now
        Rooms as they stand.
    must_build, forbidden
        Candidates that the goal names.
    """
    signs = _signs()
    yield MarkerLayer("marks", signs, list(_marks(result, must_build, forbidden)))
    yield MarkerLayer("proposals", signs, list(_pins(result, now)))
    yield MarkerLayer("hand", signs, list(_hand_pins(now)))


def _pins(result: StudyResult, now: WhatIf) -> Iterator[dict[str, object]]:
    """Return the plan's rooms that stand, numbered in build order."""
    for site in result.proposals.to_dict("records"):
        key = handmade.PLAN_PREFIX + str(site["candidate_id"])
        if key not in now.rooms:
            continue
        yield {
            "at": _at(site["geometry"]),
            "sign": "proposal",
            "number": str(site["rank"]),
            "tag": say("pin_newly", people=count(site["newly_served"])),
            "plate": True,
            "color": palette.NEW,
            "rank": int(site["rank"]),
            "name": shortened(site["place"], NAME_CHARACTERS),
            "rows": [
                (say("column_newly"), count(float(site["newly_served"]))),
                (say("column_rate_after"), percent(float(site["cumulative_rate"]))),
                (say("column_candidate"), str(site["candidate_id"])),
            ],
            "drag": key,
        }


def _hand_pins(now: WhatIf) -> Iterator[dict[str, object]]:
    for place, room in enumerate(handmade.rooms()):
        key = handmade.HAND_PREFIX + room.letter
        stands = key in now.rooms
        alone = hand_figures.alone(now, key) if stands else 0.0
        yield {
            "at": (room.lat, room.lon),
            "sign": "hand",
            "number": room.letter,
            "tag": say("pin_alone", people=count(alone)) if stands else say("pin_off_street"),
            "plate": True,
            "color": HAND_COLOUR,
            "rank": 100 + place,
            "name": say("hand_room", letter=room.letter),
            "rows": [(say("column_alone"), count(alone))] if stands else [],
            "drag": key,
            "gone": True,
        }


def _marks(result: StudyResult, must_build: Sequence[str], forbidden: Sequence[str]) -> Iterator[dict[str, object]]:
    """Return the candidates that the goal names."""
    named = dict.fromkeys(must_build, "must") | dict.fromkeys(forbidden, "not")
    table = result.candidates[result.candidates["candidate_id"].isin(named)]
    for place, site in enumerate(table.to_dict("records")):
        what = named[str(site["candidate_id"])]
        yield {
            "at": _at(site["geometry"]),
            "sign": what,
            "tag": say(f"mark_{what}"),
            "small": True,
            "color": MUST_COLOUR if what == "must" else NOT_COLOUR,
            "rank": RANK_MARKS + place,
            "name": shortened(site["place"], NAME_CHARACTERS),
            "rows": [(say("column_candidate"), str(site["candidate_id"]))],
        }


def _signs() -> dict[str, dict[str, object]]:
    """Return the signs: the plan's pin, that of rooms by hand, what must and what must not be built."""
    pin, planned, closed = SIGNS["proposal"], SIGNS["planned"], SIGNS["closed"]
    hand = {**pin, "svg": str(pin["svg"]).replace(palette.NEW, HAND_COLOUR)}
    return {
        "proposal": dict(pin),
        "hand": hand,
        "must": dict(planned),
        "not": {**closed, "svg": str(closed["svg"]).replace(palette.STATUS_COLOURS["closed"], NOT_COLOUR)},
    }


def _at(point: shapely.Point) -> tuple[float, float]:
    return round(point.y, 6), round(point.x, 6)
