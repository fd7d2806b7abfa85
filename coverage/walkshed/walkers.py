"""Who walks, and where they may: the walking profiles and the access rules of a study."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from walkshed.errors import InputError

TAG_PARTS = 2
SLOWEST_KMH, FASTEST_KMH = 0.5, 8.0


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``[profiles.<name>]``: how a group of residents walks.

    Attributes
    ----------
    speed_kmh
        Speed on the flat, which is also that of the legs between a place and its street.
    slopes
        Slopes change the speed; see :func:`walkshed.network.slope.tobler_factor`.
    stairs
        Stairs can be walked. Where not, they are closed both ways.
    stairs_up_factor, stairs_down_factor
        Speed along stairs, measured on the map, as a multiple of that on the flat. Where it is unknown which end is the
        upper one, the mean time of the two holds both ways. The defaults are 0.61 m/s and 0.69 m/s against 1.34 m/s: U.
        Weidmann, "Transporttechnik der Fussgänger" (1993).
    crossing_delay_s, signal_delay_s
        Wait at a road crossing without and with signals, seconds.
    max_gradient_percent
        Streets with a steeper stretch are closed both ways; 100 closes none. A coarse raster overstates gradients where
        streets run along a slope: with cells of 30 m expect it to close too much.
    """

    speed_kmh: float = _number(4.2, SLOWEST_KMH, FASTEST_KMH)
    slopes: bool = True
    stairs: bool = True
    stairs_up_factor: float = _number(0.46, 0.05, 1.0)
    stairs_down_factor: float = _number(0.52, 0.05, 1.0)
    crossing_delay_s: float = _number(0.0, 0.0, 300.0)
    signal_delay_s: float = _number(0.0, 0.0, 300.0)
    max_gradient_percent: float = _number(100.0, 1.0, 100.0)

    def __post_init__(self) -> None:
        """Check every number against its limits.

        Raises
        ------
        InputError
        """
        for item in fields(self):
            if "low" in item.metadata:
                value, low, high = getattr(self, item.name), item.metadata["low"], item.metadata["high"]
                if not (math.isfinite(value) and low <= value <= high):
                    raise InputError("walking_rule", rule=item.name, value=value, low=low, high=high)


STANDARD_PROFILES = {
    "adult": Profile(speed_kmh=4.2),
    "child": Profile(speed_kmh=3.24),
    "senior": Profile(speed_kmh=2.88),
    "wheelchair": Profile(speed_kmh=3.6, stairs=False, max_gradient_percent=8.33),
}
"""On the flat: adult 1.17 m/s, child 0.9 m/s, senior 0.8 m/s; wheelchair 1.0 m/s, no stairs, no ramps above 1:12."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """``[access]``: what differs from the rules of :mod:`walkshed.network.walkable`.

    Attributes
    ----------
    private
        Ways and gates closed to the public (``access`` or ``foot`` private) are open: "what if the wall were open
        here?". ``foot=no`` stays closed, for it speaks of walkers and not of owners.
    gates
        ``"tagged"``: gates tagged as locked or private cut their way; ``"open"``: none does; ``"closed"``: all do that
        are not tagged as open to walkers.
    allow, forbid
        ``"key=value"``: ways with this tag are open, or closed, whatever else they say; ``forbid`` goes first.
    """

    private: bool = False
    gates: str = field(default="tagged", metadata={"choices": ("tagged", "open", "closed")})
    allow: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the tags.

        Raises
        ------
        InputError
        """
        for name in ("allow", "forbid"):
            for tag in getattr(self, name):
                if len(tag_parts(tag)) != TAG_PARTS or not all(tag_parts(tag)):
                    raise InputError("access_tag", rule=name, value=tag)


def tag_parts(tag: str) -> tuple[str, ...]:
    """Return key and value of ``"key=value"``."""
    return tuple(part.strip() for part in tag.split("=", 1))


PUBLIC = Access()
"""What is open to everybody."""
