"""What a plan has to keep to, beside serving as many as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from walkshed.errors import SitingError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Least share of residents to be served, those served today included.

    Attributes
    ----------
    share
        0..1.
    area
        Id of an area of the problem; ``"*"`` every area; ``""`` the whole study.
    group
        Name of a group; ``""`` all residents.
    """

    share: float
    area: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.share <= 1:
            raise SitingError("share_unusable", value=self.share)


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a plan has to keep to.

    Attributes
    ----------
    budget
        Most money for new rooms, in the unit of the problem's ``cost``; ``None`` for no limit.
    must_build, forbidden
        Candidate ids.
    spacing_m
        No new room nearer to another new or existing room than this, metres as the crow flies; 0 for any distance.
    floors
        Least shares that must be served.
    parities
        Groups that must be served at least as well as all residents (share of the group against share of all).
    group_weights
        What a resident of a group counts, where any other resident counts 1.
    backup_share
        What a second room within reach counts, 0..1; the first counts the rest. 0 asks for one room only.
    full_min
        Up to here a walk counts in full, from here it counts less and less, nothing any more at the cutoff
        (linear); ``None``: every walk within the cutoff counts in full.
    capacity
        Rooms serve no more residents than their capacity.
    closings_max
        Existing rooms that may be closed. Closing one and building one moves it.
    must_keep
        Existing rooms that must stay.
    """

    budget: float | None = None
    must_build: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    spacing_m: float = 0.0
    floors: tuple[Floor, ...] = ()
    parities: tuple[str, ...] = ()
    group_weights: Mapping[str, float] = field(default_factory=dict)
    backup_share: float = 0.0
    full_min: float | None = None
    capacity: bool = False
    closings_max: int = 0
    must_keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, value, high in (
            ("spacing_m", self.spacing_m, 1e9),
            ("budget", self.budget or 0.0, 1e18),
            ("backup_share", self.backup_share, 1.0),
            ("full_min", self.full_min or 0.0, 1e9),
            ("closings_max", self.closings_max, 1e9),
            *((f"group_weights[{name}]", weight, 1e9) for name, weight in self.group_weights.items()),
        ):
            if not (isfinite(value) and 0 <= value <= high):
                raise SitingError("requirement_unusable", name=name, value=value)
        both = set(self.must_build) & set(self.forbidden)
        if both:
            raise SitingError("must_and_forbidden", ids=", ".join(sorted(both)))

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for that bears on more than single candidates."""
        return self == Requirements(must_build=self.must_build, forbidden=self.forbidden)


NOTHING = Requirements()
