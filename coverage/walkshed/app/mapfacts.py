"""What a home, or a square of homes, tells on hovering: a character per home and fact, so that little is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.app.texts import say, term
from walkshed.reporting.wording import count, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.app.mapblocks import Blocks
    from walkshed.results import Survey

    Fact = dict[str, object]

FIRST_CHARACTER: Final = 48
MAX_CODE: Final = 70
NOTHING: Final = " "
NAME_CHARACTERS: Final = 60
MAX_MINUTES: Final = 60


def fact(label: str, codes: NDArray[np.integer], texts: Sequence[str]) -> Fact:
    """Return a fact with a character per home.

    Parameters
    ----------
    label
        Key of its label.
    codes
        Position in ``texts`` for every home, negative for nothing to tell.
    texts
        Beyond so many the rarest go untold.
    """
    used, count_of = np.unique(codes[codes >= 0], return_counts=True)
    told = np.sort(used[np.argsort(-count_of, kind="stable")][:MAX_CODE])
    letter = np.full(len(texts) + 1, ord(NOTHING), np.uint8)
    letter[told] = FIRST_CHARACTER + np.arange(len(told))
    values = letter[np.where(codes >= 0, codes, len(texts))]
    return {
        "label": say(label),
        "values": values.tobytes().decode("ascii"),
        "texts": {NOTHING: ""} | {chr(letter[i]): texts[i] for i in told},
    }


def walk(label: str, walked: NDArray[np.float64], *, none: str) -> Fact:
    """Return the minutes that homes walk, in whole minutes upwards.

    Parameters
    ----------
    label
        Key of its label.
    walked
        Minutes of every home, not finite where it reaches no room.
    none
        Key of what such a home tells, ``""`` for nothing.
    """
    known = np.isfinite(walked)
    whole = np.where(known, np.minimum(np.ceil(np.nan_to_num(walked, posinf=0.0)), MAX_MINUTES), -1).astype(int)
    texts = [say("within_minutes", minutes=minute) for minute in range(MAX_MINUTES)]
    texts.append(say("minutes_more", minutes=MAX_MINUTES - 1))
    if none:
        texts.append(say(none))
        whole = np.where(known, whole, len(texts) - 1)
    return fact(label, whole, texts)


def home_facts(result: Survey) -> list[Fact]:
    """Return what a home tells whatever the limit: its walk and its nearest room."""
    demand, names = result.demand, result.facilities.set_index("facility_id").name
    room, room_ids = pd.factorize(demand.facility_id)
    return [
        walk("fact_minutes", demand.minutes.to_numpy(float), none=""),
        fact("fact_nearest", room, [shortened(names.get(key, ""), NAME_CHARACTERS) for key in room_ids]),
    ]


def residents_fact(result: Survey) -> Fact:
    """Return the residents of a home."""
    return {"label": say("fact_residents"), "values": [count(float(value)) for value in result.demand.population]}


def reason_fact(result: Survey) -> Fact:
    """Return why a home is not served."""
    reason, reasons = pd.factorize(result.demand.reason)
    return fact("fact_reason", reason, [term("reason", key) for key in reasons])


def block_facts(result: Survey, blocks: Blocks) -> list[Fact]:
    """Return what a square tells of the homes in it."""
    demand = result.demand
    people = demand.population.to_numpy(float)
    every, served = blocks.add_up(people), blocks.add_up(people * demand.covered.to_numpy(bool))
    homes = blocks.add_up(np.ones(len(demand)))
    tenths = np.full(len(every), -1)
    tenths[every > 0] = np.round(10 * served[every > 0] / every[every > 0]).astype(int)
    return [
        {"label": say("fact_homes"), "values": [count(value) for value in homes]},
        fact("fact_rate", tenths, [f"{10 * tenth} %" for tenth in range(11)]),
    ]
