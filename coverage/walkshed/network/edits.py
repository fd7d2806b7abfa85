"""Edits of a scenario as data: what if this gate were open, this bridge built, this room moved.

In ``study.toml`` they stand as::

    [[scenario.edits]]
    edit = "add_footbridge"
    name = "Bridge to the school"
    line = [[116.3301, 40.0012], [116.3309, 40.0013]]

    [[scenario.edits]]
    edit = "close_facility"
    facility_id = "r7"
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from walkshed.contracts import DEGREE_LIMITS
from walkshed.errors import ContractError, Message
from walkshed.toml_records import build_record, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


def _metres(default: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": 1.0, "high": 500.0})


@dataclass(frozen=True, kw_only=True)
class CloseLink:
    """Nobody walks here any more.

    Attributes
    ----------
    name
        What it is called in the list of edits.
    way_ids
        Ways of the source, closed over their whole length.
    links
        Names of links that earlier edits added, closed over their whole length.
    line
        A line across streets, ``(lon, lat)`` each: it cuts them where it crosses them, as a wall would, and leaves both
        sides open. With ``way_ids`` or ``links`` it cuts these alone and nothing is closed over its whole length.
    """

    name: str = ""
    way_ids: tuple[int, ...] = ()
    links: tuple[str, ...] = ()
    line: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenLink:
    """What is closed is open again, both ways, at the speed of the flat.

    Attributes
    ----------
    name
        What it is called in the list of edits.
    way_ids, links
        As in :class:`CloseLink`. What a line cut is joined again by :class:`OpenGate`.
    """

    name: str = ""
    way_ids: tuple[int, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenGate:
    """A gate joins two streets that come near each other and are not joined there.

    Attributes
    ----------
    name
        Name of the gate; later edits may call it by that. A gate where a line cut a street joins its two ends directly
        and adds no link.
    at
        ``(lon, lat)``.
    reach_m
        How far the two streets may be from the gate.
    """

    name: str = ""
    at: tuple[float, ...] = ()
    reach_m: float = _metres(30.0)


@dataclass(frozen=True, kw_only=True)
class AddFootbridge:
    """A new link; it touches other streets at its two ends only.

    Attributes
    ----------
    name
        Name of the link; later edits may call it by that.
    line
        ``(lon, lat)`` from end to end. Each end is led on to the nearest street.
    steps
        The link is stairs.
    reach_m
        How far its ends may be from a street.
    """

    name: str = ""
    line: tuple[tuple[float, ...], ...] = ()
    steps: bool = False
    reach_m: float = _metres(50.0)


@dataclass(frozen=True, kw_only=True)
class AddFacility:
    """A new reading room.

    Attributes
    ----------
    facility_id, name, tier, opening_hours
        As in the table of facilities; the name is the id where none is given.
    at
        ``(lon, lat)``.
    capacity
        0 where it is unknown.
    """

    facility_id: str = ""
    name: str = ""
    at: tuple[float, ...] = ()
    tier: str = ""
    capacity: float = field(default=0.0, metadata={"low": 0.0, "high": 1e6})
    opening_hours: str = ""


@dataclass(frozen=True, kw_only=True)
class CloseFacility:
    """A reading room closes."""

    facility_id: str = ""


@dataclass(frozen=True, kw_only=True)
class OpenFacility:
    """A reading room that is planned, being built or closed opens."""

    facility_id: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveFacility:
    """A reading room moves.

    Attributes
    ----------
    facility_id
    at
        ``(lon, lat)`` of its new place.
    """

    facility_id: str = ""
    at: tuple[float, ...] = ()


NetworkEdit = CloseLink | OpenLink | OpenGate | AddFootbridge
FacilityEdit = AddFacility | CloseFacility | OpenFacility | MoveFacility
Edit = NetworkEdit | FacilityEdit

NETWORK_EDITS = (CloseLink, OpenLink, OpenGate, AddFootbridge)
FACILITY_EDITS = (AddFacility, CloseFacility, OpenFacility, MoveFacility)
EDITS: Mapping[str, type[Edit]] = {
    "close_link": CloseLink,
    "open_link": OpenLink,
    "open_gate": OpenGate,
    "add_footbridge": AddFootbridge,
    "add_facility": AddFacility,
    "close_facility": CloseFacility,
    "open_facility": OpenFacility,
    "move_facility": MoveFacility,
}
"""Kinds of edits by the names they have in files."""

_KINDS = {kind: name for name, kind in EDITS.items()}
_ENDS = 2


def parse_edits(records: Sequence[object], *, where: str = "scenario.edits") -> tuple[Edit, ...]:
    """Return the edits of a list of records, as it stands in a file.

    Parameters
    ----------
    records
        One dict per edit: its kind under ``edit``, beside it the attributes of the kind's class.
    where
        Where the list stands, for messages.

    Raises
    ------
    ContractError
        With every unknown kind or key, wrong value and missing entry.
    """
    edits: list[Edit] = []
    problems: list[Message] = []
    for number, record in enumerate(records):
        found: list[Message]
        place = f"{where}[{number}]"
        if not isinstance(record, dict):
            problems.append(Message("errors.no_table", {"key": place, "value": repr(record)}))
            continue
        named = str(record.get("edit", ""))
        kind = EDITS.get(named)
        if kind is None:
            problems.append(_unknown_kind(place, named))
            continue
        values = {key: value for key, value in record.items() if key != "edit"}
        edit, found = build_record(kind, values, prefix=f"{place}.")
        edits.append(edit)
        problems += found or edit_problems(edit, place)
    if problems:
        raise ContractError("scenario_invalid", problems=problems, where=where)
    return tuple(edits)


def edit_records(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Return edits as :func:`parse_edits` reads them, without what is left at its default."""
    return [
        {"edit": kind_of(edit)}
        | {
            item.name: plain(getattr(edit, item.name))
            for item in fields(edit)
            if getattr(edit, item.name) != item.default
        }
        for edit in edits
    ]


def kind_of(edit: Edit) -> str:
    """Return the name of an edit's kind, one of :data:`EDITS`."""
    return _KINDS[type(edit)]


def check_edits(edits: Iterable[Edit], *, where: str = "scenario.edits") -> None:
    """Refuse edits that cannot be meant.

    Raises
    ------
    ContractError
        With everything that is missing or beside the Earth.
    """
    problems = [found for number, edit in enumerate(edits) for found in edit_problems(edit, f"{where}[{number}]")]
    if problems:
        raise ContractError("scenario_invalid", problems=problems, where=where)


def edit_problems(edit: Edit, place: str) -> list[Message]:
    """Return what is missing in an edit or cannot be; ``place`` says where it stands."""
    return list(_find_problems(edit, place))


def _find_problems(edit: Edit, place: str) -> Iterator[Message]:
    if isinstance(edit, FACILITY_EDITS) and not edit.facility_id.strip():
        yield Message("errors.edit_no_facility", {"key": f"{place}.facility_id"})
    if isinstance(edit, OpenGate | AddFacility | MoveFacility) and not _is_place(edit.at):
        yield _no_place(f"{place}.at", edit.at)
    if isinstance(edit, CloseLink | AddFootbridge):
        yield from _line_problems(edit.line, place, needed=isinstance(edit, AddFootbridge))
    if isinstance(edit, CloseLink | OpenLink) and not (edit.way_ids or edit.links or getattr(edit, "line", ())):
        known = "way_ids, links, line" if isinstance(edit, CloseLink) else "way_ids, links"
        yield Message("errors.edit_no_target", {"key": place, "edit": kind_of(edit), "known": known})
    for item in fields(edit):
        value = getattr(edit, item.name)
        if "low" in item.metadata and not item.metadata["low"] <= value <= item.metadata["high"]:
            limits = {"low": item.metadata["low"], "high": item.metadata["high"]}
            yield Message("errors.value_range", {"key": f"{place}.{item.name}", "value": value, **limits})


def _line_problems(line: tuple[tuple[float, ...], ...], place: str, *, needed: bool) -> Iterator[Message]:
    for number, position in enumerate(line):
        if not _is_place(position):
            yield _no_place(f"{place}.line[{number}]", position)
    if (line or needed) and len(set(line)) < _ENDS:
        yield Message("errors.edit_no_line", {"key": f"{place}.line"})


def _is_place(position: tuple[float, ...]) -> bool:
    return len(position) == _ENDS and all(
        math.isfinite(value) and abs(value) <= limit for value, limit in zip(position, DEGREE_LIMITS, strict=True)
    )


def _no_place(key: str, position: tuple[float, ...]) -> Message:
    return Message("errors.edit_no_place", {"key": key, "value": list(position)})


def _unknown_kind(place: str, given: str) -> Message:
    near = difflib.get_close_matches(given, EDITS, n=1)
    return Message("errors.edit_unknown", {"key": f"{place}.edit", "value": given, "known": ", ".join(near or EDITS)})
