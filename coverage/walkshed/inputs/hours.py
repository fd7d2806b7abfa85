"""When facilities are open, by minute and hour of an ordinary week.

Texts are OSM's ``opening_hours`` syntax or Chinese, which is translated into it
(:mod:`walkshed.inputs.hours_zh`); the package ``opening-hours-py`` evaluates it. A text that is not understood stays
unknown with its reason: nothing is guessed.

The week that counts is an ordinary one without public holidays: rules about holidays (``PH``, ``SH``) are kept in the
rule's text and do not count. Hours of the week are numbered 0 (Monday 00:00-01:00) to 167 (Sunday 23:00-24:00).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets the error

from walkshed.errors import InputError, Message
from walkshed.inputs.hours_clock import Unclear
from walkshed.inputs.hours_words import DASHES, plain_text
from walkshed.inputs.hours_zh import translate_hours
from walkshed.inputs.values import is_blank, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    Span = tuple[int, int, int, int]

ORDINARY_WEEK: Final = date(2025, 10, 13)
"""Monday of the week that counts by default: no public holiday of China in it or beside it."""
LONGEST: Final = 1000
"""A text with more characters is no opening hours but a page about them."""
HOURS: Final = 168
MINUTES: Final = HOURS * 60
DAY_MINUTES: Final = 1440
UNKNOWN_HOURS: Final = ("closed", "open")
REASONS: Final = (
    "hours_blank", "hours_words", "hours_order", "hours_range", "hours_season", "hours_ambiguous",
    "hours_contradiction", "hours_incomplete", "hours_syntax", "hours_open_end", "hours_sun", "hours_unsure",
)  # fmt: skip
"""Why a text is not understood; keys of the catalogue's ``reasons``."""

_QUOTED = re.compile(r'"[^"]*"')
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LETTERS = re.compile("[a-z]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When a facility is open.

    Attributes
    ----------
    text
        As given.
    rule
        OSM's syntax; ``""`` where the text is not understood.
    reason
        ``""``, or why it is not understood (:data:`REASONS`).
    part
        The words at which understanding ended.
    spans
        Minutes of the week from (inclusive) to (exclusive), ascending and apart.
    varies
        Other weeks of the year have other hours (seasons, the first Monday of a month).
    holidays
        The rule says something about public or school holidays, which is not counted.
    """

    text: str
    rule: str = ""
    reason: str = ""
    part: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    varies: bool = False
    holidays: bool = False

    @property
    def known(self) -> bool:
        """The text is understood."""
        return not self.reason

    @property
    def open_24h(self) -> bool:
        """Open at every minute of the week."""
        return self.spans == ((0, MINUTES),)

    @property
    def weekly_hours(self) -> float:
        """Hours open in the week; NaN where unknown."""
        return sum(end - start for start, end in self.spans) / 60.0 if self.known else float("nan")

    @property
    def open_minutes(self) -> BoolArray:
        """Open at every minute of the week, (10080,) bool."""
        minutes = np.zeros(MINUTES, bool)
        for start, end in self.spans:
            minutes[start:end] = True
        return minutes

    @property
    def share(self) -> FloatArray:
        """Share of every hour of the week that it is open, (168,) float64."""
        shares: FloatArray = self.open_minutes.reshape(HOURS, 60).mean(axis=1)
        return shares

    @property
    def open_mask(self) -> BoolArray:
        """Open during the whole of an hour, (168,) bool: who sets out within it and arrives in it finds it open."""
        whole: BoolArray = np.all(self.open_minutes.reshape(HOURS, 60), axis=1)
        return whole


class OpenHours(NamedTuple):
    """The opening hours of a table of facilities.

    Attributes
    ----------
    table
        The facilities with ``hours_rule`` (OSM's syntax, ``""`` unknown), ``open_24h`` (False where unknown),
        ``weekly_hours`` (NaN where unknown) and ``hours_reason`` (``""`` where known).
    mask
        (n, 168) bool: open during the whole hour; rows of unknown hours as the setting says.
    share
        (n, 168) float64: share of the hour open, 0..1; likewise.
    unclear
        Facilities whose hours are unknown: ``facility_id``, ``name``, ``opening_hours``, ``reason``, ``part``.
    notes
        What a reader must know: how many are unknown and how they count, the week, seasons and holidays.
    """

    table: pd.DataFrame
    mask: BoolArray
    share: FloatArray
    unclear: pd.DataFrame
    notes: tuple[Message, ...]


def parse_hours(text: object, *, week: date = ORDINARY_WEEK, summer: Span | None = None) -> Hours:
    """Understand opening hours.

    Parameters
    ----------
    text
        OSM's syntax (``"Tu-Su 09:00-21:00"``) or Chinese (``"周二至周日 9:00-21:00"``); times alone may be either and
        hold every day.
    week
        Monday of the week that counts.
    summer
        See :func:`walkshed.inputs.hours_zh.translate_hours`.

    Returns
    -------
    Hours
        An end of 23:59 is taken as midnight. Openings that depend on the sun, that end openly (``18:00+``) or that are
        marked as unknown are not understood.

    Raises
    ------
    InputError
        If ``week`` is no Monday.

    Examples
    --------
    >>> hours = parse_hours("周二至周日 9:00-21:00")
    >>> hours.rule, hours.weekly_hours, hours.open_24h
    ('Tu-Su 09:00-21:00', 72.0, False)
    >>> parse_hours("详见门口公告").reason
    'hours_words'
    """
    if week.weekday() != 0:
        raise InputError("hours_week", week=week.isoformat())
    return _parse(text_of(text), week, summer)


@lru_cache(maxsize=4096)
def _parse(text: str, week: date, summer: Span | None) -> Hours:
    if is_blank(text):
        return Hours(text=text, reason="hours_blank")
    if len(text) > LONGEST:
        return Hours(text=text, reason="hours_words", part=text[:40])
    try:
        rule = _rule_of(text, summer)
        opening = _opening(rule)
        spans = _spans(opening, week)
    except Unclear as unclear:
        return Hours(text=text, reason=unclear.reason, part=unclear.part)
    plain = _QUOTED.sub("", rule)
    return Hours(
        text=text,
        rule=rule,
        spans=spans,
        varies=_varies(opening, week, plain),
        holidays=bool(re.search(r"\b(?:PH|SH)\b", plain)),
    )


def _rule_of(text: str, summer: Span | None) -> str:
    """Return the rule in OSM's syntax.

    Raises
    ------
    Unclear
        If there is none.
    """
    plain = plain_text(text)
    speech = _QUOTED.sub("", text)
    if _CHINESE.search(speech) or not (_LETTERS.search(plain) or plain == "24/7"):
        return translate_hours(text, summer=summer)
    rule = re.sub(rf"\s*{DASHES}\s*", "-", text).strip().rstrip(";,").strip()
    bare = _QUOTED.sub("", rule)
    if re.search(r"\d\s*\+(?:\s|$|[,;])", bare):
        raise Unclear("hours_open_end", text)
    if re.search("sunrise|sunset|dawn|dusk", bare, re.IGNORECASE):
        raise Unclear("hours_sun", text)
    try:
        return str(_opening(rule))
    except Unclear:
        try:
            return translate_hours(text, summer=summer)
        except Unclear:
            raise Unclear("hours_syntax", text) from None


def _opening(rule: str) -> OpeningHours:
    try:
        return OpeningHours(rule, auto_country=False, auto_timezone=False)
    except ParserError:
        raise Unclear("hours_syntax", rule) from None


def _spans(opening: OpeningHours, week: date) -> tuple[tuple[int, int], ...]:
    """Return when it is open in minutes since the Monday.

    Raises
    ------
    Unclear
        If the rule says of some time that it is unknown.
    """
    start = datetime.combine(week, time())
    spans: list[tuple[int, int]] = []
    for begin, end, state, _ in opening.intervals(start, start + timedelta(days=7)):
        first, last = (round((at.replace(tzinfo=None) - start).total_seconds() / 60) for at in (begin, end))
        if state == State.UNKNOWN:
            raise Unclear("hours_unsure", str(opening))
        if state == State.OPEN:
            last += (last + 1) % DAY_MINUTES == 0
            if spans and spans[-1][1] >= first:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
    return tuple(spans)


def _varies(opening: OpeningHours, week: date, rule: str) -> bool:
    """Say whether a rule has other hours in another week of the year that begins with ``week``."""
    if not re.search(r"\[|week|easter|\d{4}|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", rule):
        return False
    try:
        weeks = {_spans(opening, week + timedelta(weeks=ahead)) for ahead in range(53)}
    except Unclear:
        return True
    return len(weeks) > 1


def open_hours(
    facilities: pd.DataFrame,
    *,
    unknown_hours: str = "closed",
    week: date = ORDINARY_WEEK,
    summer: Span | None = None,
) -> OpenHours:
    """Understand the opening hours of facilities.

    Parameters
    ----------
    facilities
        With ``facility_id`` and, where known, ``opening_hours``; not changed.
    unknown_hours
        What a facility whose hours are unknown counts as at every hour: ``"closed"`` or ``"open"``. It is never one
        that is open 24 hours.
    week, summer
        See :func:`parse_hours`.

    Returns
    -------
    OpenHours
        Rows in the order of ``facilities``.

    Raises
    ------
    InputError
        If ``week`` is no Monday or ``unknown_hours`` is another word.
    """
    if unknown_hours not in UNKNOWN_HOURS:
        raise InputError("hours_unknown", value=unknown_hours, choices=", ".join(UNKNOWN_HOURS))
    texts = facilities["opening_hours"].tolist() if "opening_hours" in facilities.columns else [""] * len(facilities)
    found = [parse_hours(text, week=week, summer=summer) for text in texts]
    known = np.array([hours.known for hours in found], bool)
    mask = np.array([hours.open_mask for hours in found], bool).reshape(-1, HOURS)
    share = np.array([hours.share for hours in found], np.float64).reshape(-1, HOURS)
    mask[~known], share[~known] = unknown_hours == "open", float(unknown_hours == "open")
    table = facilities.assign(
        hours_rule=[hours.rule for hours in found],
        open_24h=np.array([hours.open_24h for hours in found], bool),
        weekly_hours=np.array([hours.weekly_hours for hours in found], np.float64),
        hours_reason=[hours.reason for hours in found],
    )
    return OpenHours(table, mask, share, _unclear(facilities, found), _notes(found, unknown_hours, week))


def _unclear(facilities: pd.DataFrame, found: list[Hours]) -> pd.DataFrame:
    ids = facilities["facility_id"].astype(str).tolist()
    names = facilities["name"].tolist() if "name" in facilities.columns else [""] * len(ids)
    rows = [
        (facility, text_of(name), hours.text, hours.reason, hours.part)
        for facility, name, hours in zip(ids, names, found, strict=True)
        if not hours.known
    ]
    return pd.DataFrame(rows, columns=["facility_id", "name", "opening_hours", "reason", "part"]).astype("str")


def _notes(found: list[Hours], unknown_hours: str, week: date) -> tuple[Message, ...]:
    unknown = [hours for hours in found if not hours.known]
    blank = sum(hours.reason == "hours_blank" for hours in unknown)
    counts: dict[str, tuple[int, dict[str, object]]] = {
        f"notes.hours_unknown_{unknown_hours}": (len(unknown), {"total": len(found), "blank": blank}),
        "notes.hours_vary": (sum(hours.varies for hours in found), {"week": week.isoformat()}),
        "notes.hours_holidays": (sum(hours.holidays for hours in found), {"week": week.isoformat()}),
    }
    return tuple(Message(key, {"count": count, **fields}) for key, (count, fields) in counts.items() if count)
