"""What a study asks of its plan: where rooms could stand, what is aimed at, and what the plan has to keep to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

AIMS = ("mclp", "lscp", "p_median", "p_center")
EXCLUSIONS = ("water", "industrial", "military", "railway", "cemetery")
"""Kinds of land on which no candidate is generated unless the study says otherwise."""


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": low, "high": high})


def _choice(default: str, *choices: str) -> Any:  # noqa: ANN401 - as above
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True, kw_only=True)
class CandidateSource:
    """``[candidates]``: where a new room could stand.

    Attributes
    ----------
    source
        Along the streets, from a file, or places of OpenStreetMap with ``tags``.
    also
        Further sources of the same three, taken together with the first.
    exclude
        Kinds of land on which none is generated: keys of :data:`walkshed.inputs.osm_filters.EXCLUSIONS`.
    exclude_path
        Areas of the user's own on which none may stand.
    apart_m
        Of candidates nearer to each other than this, from different sources, the one of the earlier source stays.
    """

    source: str = _choice("network", "network", "file", "osm")
    also: tuple[str, ...] = field(default=(), metadata={"choices": ("network", "file", "osm")})
    path: str = ""
    datum: str = "wgs84"
    columns: dict[str, str] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    spacing_m: float = _number(100.0, 10.0, 2000.0)
    exclude: tuple[str, ...] = EXCLUSIONS
    exclude_path: str = ""
    apart_m: float = _number(50.0, 0.0, 2000.0)


@dataclass(frozen=True, kw_only=True)
class Siting:
    """``[siting]``: what to aim at, what to keep to, and how hard to look.

    Attributes
    ----------
    model
        ``"mclp"``: most residents newly served by ``new_rooms``. ``"lscp"``: fewest rooms that serve ``share``.
        ``"p_median"``: least walking in all. ``"p_center"``: shortest walk for whoever has the longest.
    new_rooms
        How many; ``lscp`` finds the number itself.
    share
        Of all residents, to be served (``lscp``).
    horizon_min
        How far walks are told apart where walking itself is the aim (``p_median``, ``p_center``).
    budget
        Most money for new rooms, 0 for no limit.
    minimise_cost
        ``lscp``: least money instead of fewest rooms.
    must_build, forbidden, must_keep, parities, group_weights, spacing_m, backup_share, capacity, closings_max, floors
        See :class:`walkshed.siting.requirements.Requirements`; ``floors`` are records of
        :class:`walkshed.siting.requirements.Floor`.
    full_min
        As there; 0: every walk within the cutoff counts in full.
    curve_max
        Rooms up to which the coverage-against-number curve is drawn; 0 draws none.
    phases
        Rooms to build in each phase; none: no phases.
    nearby_m
        How far a next-best alternative may be.
    robustness
        Solve again for walkers 10 % slower and faster.
    links
        Gates and bridges as candidates beside rooms: records as ``[[scenario.edits]]``, with ``cost``.
    links_max
        How many of them may be built.
    """

    model: str = _choice("mclp", *AIMS)
    new_rooms: int = _number(3, 0, 500)
    share: float = _number(0.9, 0.0, 1.0)
    time_limit_s: float = _number(60.0, 1.0, 86_400.0)
    mip_gap: float = _number(0.0, 0.0, 0.5)
    horizon_min: float = _number(60.0, 1.0, 600.0)
    budget: float = _number(0.0, 0.0, 1e15)
    minimise_cost: bool = False
    must_build: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    must_keep: tuple[str, ...] = ()
    spacing_m: float = _number(0.0, 0.0, 100_000.0)
    parities: tuple[str, ...] = ()
    group_weights: dict[str, float] = field(default_factory=dict)
    backup_share: float = _number(0.0, 0.0, 1.0)
    full_min: float = _number(0.0, 0.0, 120.0)
    capacity: bool = False
    closings_max: int = _number(0, 0, 500)
    curve_max: int = _number(12, 0, 500)
    phases: tuple[int, ...] = ()
    nearby_m: float = _number(500.0, 0.0, 20_000.0)
    robustness: bool = True
    links_max: int = _number(0, 0, 100)
    floors: tuple[dict[str, Any], ...] = ()
    links: tuple[dict[str, Any], ...] = ()
