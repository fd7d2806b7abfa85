"""A plan taken over as the new baseline: its rooms become facilities of the session's private study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from walkshed.app import changing, file_names, plans, rooms

if TYPE_CHECKING:
    from walkshed.app.sides import Side
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

STATUSES: Final = ("planned", "open")
"""What the rooms of an accepted plan may become."""


def accept_side(config: StudyConfig, result: StudyResult, side: Side, *, status: str) -> StudyConfig:
    """Write the new rooms of a side into the private study's facilities, and compute it.

    Parameters
    ----------
    config
        The study that is open; one on offer to everybody is copied first.
    result
        Its result.
    side
        Whose rooms become facilities; those that it closes get the status ``"closed"``.
    status
        Of the new rooms, one of :data:`STATUSES`.

    Returns
    -------
    StudyConfig
        Of the private study.

    Raises
    ------
    WalkshedError
        If the study would no longer work; nothing is changed then.
    """
    facilities = result.inputs.facilities
    content = rooms.rooms_csv(merged_rooms(result, side, status=status), facilities)
    header = content.decode("utf-8-sig").splitlines()[0].split(",")

    def make(own: StudyConfig) -> tuple[StudyConfig, dict[str, bytes]]:
        name = file_names.free_name(own, "facilities.csv")
        return rooms.with_rooms(own, name, header), {name: content}

    changed = changing.change_study(config, make)
    plans.keep_with_study(changed)
    return changed


def merged_rooms(result: StudyResult, side: Side, *, status: str) -> pd.DataFrame:
    """Return the study's facilities with the new rooms of a side, as :func:`walkshed.app.rooms.cleaned` does."""
    former = rooms.editable(result.inputs.facilities)
    closed = former["facility_id"].isin(side.closed)
    former["status"] = former["status"].where(~closed, "closed")
    taken = set(former["facility_id"])
    added = pd.DataFrame(
        {
            "name": list(side.rooms["name"]),
            "status": status,
            "lon": [round(point.x, rooms.DECIMALS) for point in side.rooms.geometry],
            "lat": [round(point.y, rooms.DECIMALS) for point in side.rooms.geometry],
            "facility_id": [_free(str(key), taken) for key in side.rooms["facility_id"]],
        }
    )
    return rooms.cleaned(pd.concat([former, added.reindex(columns=former.columns)], ignore_index=True))


def _free(wanted: str, taken: set[str]) -> str:
    """Return an id that no facility has, and take it."""
    key, number = wanted, 1
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    taken.add(key)
    return key
