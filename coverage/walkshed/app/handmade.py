"""Rooms put on the map by hand, beside the solver's plan or instead of it, and whom they serve: at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from walkshed.app.plans import HandRoom
from walkshed.errors import InputError
from walkshed.siting.what_if import WhatIf, begin_what_if, place_at
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from walkshed.results import StudyResult

ROOMS_KEY, BASIS_KEY, PAST_KEY, BENCH_KEY = "hand_rooms", "hand_basis", "hand_past", "hand_bench"
SESSION_KEYS: Final = (ROOMS_KEY, BASIS_KEY, PAST_KEY, BENCH_KEY)
"""What :mod:`walkshed.app.state` forgets when another study is chosen."""
BESIDE, INSTEAD = "beside", "instead"
BASES: Final = (BESIDE, INSTEAD)
MAX_ROOMS: Final = 40
MAX_PAST: Final = 30
PLAN_PREFIX, HAND_PREFIX = "plan:", "hand:"
DECIMALS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A room that somebody put on the map: its letter, and where it stands (WGS-84 degrees)."""

    letter: str
    lon: float
    lat: float


@dataclass(kw_only=True)
class Bench:
    """What is kept between two clicks, of one session and one result.

    Attributes
    ----------
    result
        The plan's.
    start, planned
        Rooms of today, less those that the plan closes; the same with the plan's rooms. The second makes the first
        search, which prepares all later ones.
    shown
        Rooms as they stand now, with what they were made of: basis and rooms by hand.
    """

    result: StudyResult
    start: WhatIf
    planned: WhatIf
    shown: dict[str, tuple[dict[str, Placed], WhatIf]] = field(default_factory=dict)


def rooms() -> tuple[Placed, ...]:
    """Return the session's rooms by hand, in the order in which they were put down."""
    placed: tuple[Placed, ...] = st.session_state.get(ROOMS_KEY, ())
    return placed


def basis() -> str:
    """Return whether they stand beside the plan's rooms or instead of them."""
    chosen = st.session_state.get(BASIS_KEY)
    return chosen if chosen in BASES else BESIDE


def add(result: StudyResult, lon: float, lat: float) -> None:
    """Put a room down.

    Raises
    ------
    InputError
        If there is no street near by, or there are too many rooms already.
    """
    now = rooms()
    if len(now) >= MAX_ROOMS:
        raise InputError("hand_rooms_many", most=MAX_ROOMS)
    place_on_street(result, lon, lat)
    _keep((*now, Placed(letter=_free_letter(now), lon=_degrees(lon), lat=_degrees(lat))))


def move(result: StudyResult, room_id: str, lon: float, lat: float) -> None:
    """Move a room; one of the plan takes the whole plan along: it is a plan by hand from then on.

    Parameters
    ----------
    result
        The plan's.
    room_id
        :data:`HAND_PREFIX` and a letter, or :data:`PLAN_PREFIX` and the id of a candidate of the plan.
    lon, lat
        WGS-84 degrees.

    Raises
    ------
    InputError
        As for :func:`add`.
    """
    place_on_street(result, lon, lat)
    if room_id.startswith(PLAN_PREFIX):
        chosen = room_id.removeprefix(PLAN_PREFIX)
        taken = _taken_over(result)
        if chosen in taken:
            letter = taken[chosen].letter
            _keep(
                tuple(
                    replace(room, lon=_degrees(lon), lat=_degrees(lat)) if room.letter == letter else room
                    for room in (*rooms(), *taken.values())
                )
            )
            st.session_state[BASIS_KEY] = INSTEAD
        return
    letter = room_id.removeprefix(HAND_PREFIX)
    _keep(
        tuple(
            replace(room, lon=_degrees(lon), lat=_degrees(lat)) if room.letter == letter else room for room in rooms()
        )
    )


def remove(letter: str) -> None:
    """Take a room away."""
    _keep(tuple(room for room in rooms() if room.letter != letter))


def clear() -> None:
    """Take all rooms away."""
    _keep(())
    st.session_state[BASIS_KEY] = BESIDE


def take_over(result: StudyResult) -> None:
    """Make the plan's rooms rooms by hand, to be moved and removed."""
    taken = _taken_over(result)
    _keep((*rooms(), *taken.values()))
    st.session_state[BASIS_KEY] = INSTEAD


def undo() -> None:
    """Go back by one step."""
    past: list[tuple[tuple[Placed, ...], str]] = st.session_state.get(PAST_KEY, [])
    if past:
        st.session_state[ROOMS_KEY], st.session_state[BASIS_KEY] = past.pop()


def can_undo() -> bool:
    """Say whether there is a step to go back by."""
    return bool(st.session_state.get(PAST_KEY))


def place_on_street(result: StudyResult, lon: float, lat: float) -> Any:  # noqa: ANN401 - a GeoDataFrame of one row
    """Return a place tied to the streets.

    Raises
    ------
    InputError
        If it is no place on earth, or no street is near enough.
    """
    limits = result.config.network
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees
        raise InputError("hand_off_street", limit=limits.snap_max_m)
    place = place_at(lon, lat, result.network, max_m=limits.snap_max_m, fragment_max_m=limits.fragment_max_m)
    if place["edge"].iloc[0] < 0:
        raise InputError("hand_off_street", limit=limits.snap_max_m)
    return place


def arranged(result: StudyResult) -> WhatIf:
    """Return the rooms as the session has them, with whom they serve.

    The first call for a result pays for the preparation; a further room is one search.
    """
    bench = _bench(result)
    wanted = {room.letter: room for room in rooms()}
    at = basis()
    done, now = bench.shown.get(at, ({}, bench.planned if at == BESIDE else bench.start))
    for letter in [letter for letter in done if letter not in wanted]:
        now = now.drop(HAND_PREFIX + letter)
    usable = {}
    for letter, room in wanted.items():
        if done.get(letter) == room:
            usable[letter] = room
            continue
        try:
            place = place_on_street(result, room.lon, room.lat)
        except InputError:  # on other streets than those it was put on
            now = now.drop(HAND_PREFIX + letter) if letter in done else now
            continue
        key = HAND_PREFIX + letter
        now = now.move(key, place) if letter in done else now.add(place, room_id=key)
        usable[letter] = room
    bench.shown[at] = (usable, now)
    return now


def for_keeping(result: StudyResult) -> tuple[HandRoom, ...] | None:
    """Return what a plan saved now consists of, rooms by hand and the plan's; ``None`` for the plan alone."""
    if not rooms() and basis() == BESIDE:
        return None
    own = tuple(HandRoom(name=room.letter, lon=room.lon, lat=room.lat) for room in rooms())
    if basis() == INSTEAD:
        return own
    sites = result.proposals
    solver = tuple(
        HandRoom(name=str(place), lon=_degrees(point.x), lat=_degrees(point.y))
        for place, point in zip(sites["place"], sites.geometry, strict=True)
    )
    return (*solver, *own)


def _bench(result: StudyResult) -> Bench:
    bench: Bench | None = st.session_state.get(BENCH_KEY)
    if bench is None or bench.result is not result:
        start = _started(result)
        bench = st.session_state[BENCH_KEY] = Bench(result=result, start=start, planned=_with_plan(result, start))
    return bench


def _started(result: StudyResult) -> WhatIf:
    config = result.config
    now = begin_what_if(
        result.network,
        serving_of(config, result.facilities),
        result.demand,
        cutoff_min=config.walking.cutoff_min,
        direction=config.walking.direction,
        units=result.inputs.units,
        walks=result.walks,
    )
    for key in result.siting.closed:
        now = now.drop(key)
    return now


def _with_plan(result: StudyResult, now: WhatIf) -> WhatIf:
    ids = result.candidates["candidate_id"].astype(str)
    row: Mapping[str, int] = {key: place for place, key in enumerate(ids)}
    for key in result.siting.chosen:
        now = now.add(result.candidates.iloc[[row[key]]], room_id=PLAN_PREFIX + key)
    return now


def _taken_over(result: StudyResult) -> dict[str, Placed]:
    """Return the plan's rooms as rooms by hand, by the candidate's id; none where they are no part of what is shown."""
    if basis() != BESIDE:
        return {}
    taken: dict[str, Placed] = {}
    sites = result.proposals
    for key, point in zip(sites["candidate_id"].astype(str), sites.geometry, strict=True):
        letter = _free_letter((*rooms(), *taken.values()))
        taken[key] = Placed(letter=letter, lon=_degrees(point.x), lat=_degrees(point.y))
    return taken


def _keep(now: tuple[Placed, ...]) -> None:
    past = st.session_state.setdefault(PAST_KEY, [])
    past.append((rooms(), basis()))
    del past[:-MAX_PAST]
    st.session_state[ROOMS_KEY] = now


def _free_letter(taken: tuple[Placed, ...]) -> str:
    """Return A, B, ... Z, A2, B2, ...: the first that no room has."""
    known = {room.letter for room in taken}
    return next(
        letter
        for number in range(1, len(known) + 2)
        for letter in (f"{each}{number if number > 1 else ''}" for each in ascii_uppercase)
        if letter not in known
    )


def _degrees(value: float) -> float:
    return round(float(value), DECIMALS)
