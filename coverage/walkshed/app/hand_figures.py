"""Whom rooms put on the map by hand serve: one by one, home by home, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.reporting.served import NEW, SERVED, UNSERVED

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from walkshed.siting.what_if import WhatIf


def alone(now: WhatIf, key: str) -> float:
    """Return the residents whom one room serves and no other does."""
    room = now.rooms[key]
    people = now.ground.people.groups[""]
    return float(people[room.rows[now.within[room.rows] == 1]].sum())


def reached(now: WhatIf, key: str) -> float:
    """Return the residents within reach of one room."""
    return float(now.ground.people.groups[""][now.rooms[key].rows].sum())


def home_classes(now: WhatIf) -> NDArray[np.uint8]:
    """Return the class of every home: served today and then, unserved, newly served."""
    classes = np.where(now.served, np.where(now.ground.before.rows, SERVED, NEW), UNSERVED)
    return classes.astype(np.uint8)


def changed_units(now: WhatIf) -> pd.DataFrame:
    """Return the units in which anything changes, most residents first."""
    units = now.figures.units
    changed = units[(units["change"].abs() >= 0.5) & (units["unit_id"] != "")]  # noqa: PLR2004 - half a resident
    return changed.sort_values("change", ascending=False, kind="stable").reset_index(drop=True)
