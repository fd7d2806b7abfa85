"""Opening hours by day of the week and season: from statements to one rule in OSM's syntax.

Later statements about fewer days override earlier ones, as people mean it: 每天9:00-17:00, 周六9:00-21:00. The schedule
is worked out day by day and written without overrides, so that no reader of the rule has to work it out again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from walkshed.inputs.hours_clock import DAY, Unclear
from walkshed.inputs.hours_words import HOLIDAY, MONTH_DAYS, WEEK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Range = tuple[int, int]
    Span = tuple[int, int, int, int]
    Schedule = dict[int, tuple[Range, ...]]

DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEASON_WORDS = {"summer": "夏季", "winter": "冬季", "": "季节"}


@dataclass
class Statement:
    """Times or a closing, and when they hold.

    Attributes
    ----------
    days
        ``None`` for whatever no other statement names.
    season, span
        ``"summer"``, ``"winter"`` or ``""``; first month and day, last month and day.
    times
        Minutes from, minutes to.
    closed
        It is a closing.
    finished, lines, broken, days_first, inherited
        How it was written: nothing more belongs to it; over how many lines; the line has ended; the days stand before
        the season; the season is that of the statement before.
    """

    days: frozenset[int] | None = None
    season: str = ""
    span: Span | None = None
    times: list[Range] = field(default_factory=list)
    closed: bool = False
    finished: bool = False
    lines: int = 1
    broken: bool = False
    days_first: bool = False
    inherited: bool = False

    @property
    def seasonal(self) -> bool:
        """It holds for a part of the year."""
        return bool(self.season or self.span)

    @property
    def said(self) -> bool:
        """It says times or a closing."""
        return bool(self.times) or self.closed


@dataclass
class Reading:
    """What a text says: statements, midday breaks, closings on the n-th day of a month, holidays."""

    statements: list[Statement] = field(default_factory=list)
    lunch: list[Range] = field(default_factory=list)
    nth: list[tuple[int, int]] = field(default_factory=list)
    nth_open: bool = False
    holidays_closed: bool = False
    holidays_unknown: bool = False
    no_day_off: bool = False


def write_rule(reading: Reading, summer: Span | None, text: str) -> str:
    """Return the rule of a reading; ``summer`` are the months of 夏季 where ``text`` does not say them.

    Raises
    ------
    Unclear
        If the statements cannot be put together in one way.
    """
    every = [statement for statement in reading.statements if not statement.seasonal]
    base = _schedule(every)
    groups = [_rules(_without(base, reading.lunch, text), "", ())]
    days_told = set(base)
    for span, statements in _seasons(reading.statements, summer):
        schedule = _in_season(base, every, statements)
        days_told |= set(schedule)
        closed = [day for day in base if day not in schedule]
        groups.append(_rules(_without(schedule, reading.lunch, text), _span_text(span), closed))
    if reading.no_day_off and (
        not days_told >= WEEK or any(statement.closed for statement in reading.statements) or reading.nth
    ):
        raise Unclear("hours_contradiction", text)
    groups.append([f"{DAY_NAMES[day]}[{number}] off" for day, number in reading.nth])
    if reading.holidays_closed and HOLIDAY not in days_told:
        groups.append(["PH off"])
    elif reading.holidays_unknown:
        groups.append(["PH unknown"])
    # A rule behind ";" replaces what the day before runs into its day; one behind "," does not.
    wrapped = any(end > DAY for statement in reading.statements for _, end in statement.times)
    joined = "; ".join((", " if wrapped else "; ").join(rules) for rules in groups if rules)
    return "24/7" if joined == "Mo-Su 00:00-24:00" else joined


def _in_season(base: Schedule, every: Sequence[Statement], statements: Sequence[Statement]) -> Schedule:
    """Return the schedule of a season: that of the year with the season's own statements laid over it.

    Raises
    ------
    Unclear
        As :func:`_schedule`; and where the year names days and the season does not.
    """
    named = [statement for statement in every if not statement.closed and statement.days is not None]
    if named and any(statement.days is None for statement in statements):
        raise Unclear("hours_ambiguous", SEASON_WORDS[statements[0].season])
    own = _schedule([*statements, *(statement for statement in every if statement.closed)])
    shut = {day for statement in statements if statement.closed for day in statement.days or ()}
    return {day: times for day, times in (base | own).items() if day not in shut}


def _schedule(statements: Sequence[Statement]) -> Schedule:
    """Return the times of every day that is open.

    Raises
    ------
    Unclear
        If statements contradict each other or can be put together in two ways.
    """
    schedule: Schedule = {}
    named: list[tuple[frozenset[int], bool]] = []
    for statement in statements:
        if statement.closed:
            continue
        days = WEEK if statement.days is None else statement.days
        for day in sorted(days):
            schedule[day] = _combined(schedule.get(day, ()), statement, named, days)
        named.append((days, statement.days is None))
    for statement in statements:
        if statement.closed and statement.days is not None:
            for days, _ in named:
                if statement.days & days and not statement.days < days:
                    raise Unclear("hours_contradiction", _spoken(statement.days))
            schedule = {day: times for day, times in schedule.items() if day not in statement.days}
    return schedule


def _combined(
    before: tuple[Range, ...], statement: Statement, named: Sequence[tuple[frozenset[int], bool]], days: frozenset[int]
) -> tuple[Range, ...]:
    times = tuple(statement.times)
    touching = [(other, default) for other, default in named if other & days]
    if not before or not touching:
        return times
    overlap = any(start < other_end and other_start < end for start, end in times for other_start, other_end in before)
    if all(other == days for other, _ in touching) and statement.days is not None:
        if overlap:
            raise Unclear("hours_contradiction", _spoken(days))
        return tuple(sorted((*before, *times)))
    fewer = all(days <= other for other, _ in touching)
    if statement.days is not None and (all(default for _, default in touching) or (overlap and fewer)):
        return times
    raise Unclear("hours_ambiguous", _spoken(days))


def _seasons(statements: Sequence[Statement], summer: Span | None) -> list[tuple[Span, list[Statement]]]:
    """Return the seasons with their statements, each with its months.

    Raises
    ------
    Unclear
        If the months of a season are not known, or two seasons overlap.
    """
    spans = _spans_of_words(statements, summer)
    found: dict[Span, list[Statement]] = {}
    for statement in statements:
        if statement.seasonal:
            span = statement.span or spans.get(statement.season)
            if span is None:
                raise Unclear("hours_season", SEASON_WORDS[statement.season])
            found.setdefault(span, []).append(statement)
    for place, one in enumerate(found):
        if any(_dates(one) & _dates(other) for other in list(found)[:place]):
            raise Unclear("hours_contradiction", _span_text(one))
    return list(found.items())


def _spans_of_words(statements: Sequence[Statement], summer: Span | None) -> dict[str, Span]:
    """Return the months of the seasons that are named; the other one of the two is the rest of the year."""
    spans = {statement.season: statement.span for statement in statements if statement.season and statement.span}
    if summer is not None and not spans:
        spans["summer"] = summer
    for one, other in (("summer", "winter"), ("winter", "summer")):
        if one in spans:
            spans.setdefault(other, _rest_of_year(spans[one]))
    return spans


def _dates(span: Span) -> frozenset[tuple[int, int]]:
    year = [(month, day) for month, days in enumerate(MONTH_DAYS, 1) for day in range(1, days + 1)]
    first, last = span[:2], span[2:]
    inside = (first <= date <= last if first <= last else date >= first or date <= last for date in year)
    return frozenset(date for date, kept in zip(year, inside, strict=True) if kept)


def _rest_of_year(span: Span) -> Span:
    month, day, last_month, last_day = span
    after = (last_month, last_day + 1) if last_day < MONTH_DAYS[last_month - 1] else (last_month % 12 + 1, 1)
    before_month = (month - 2) % 12 + 1
    before = (month, day - 1) if day > 1 else (before_month, MONTH_DAYS[before_month - 1])
    return (*after, *before)


def _without(schedule: Schedule, lunch: Iterable[Range], text: str) -> Schedule:
    """Take the midday break out of every time around it."""
    for start, end in lunch:
        if not any(a < start and end < b for times in schedule.values() for a, b in times):
            raise Unclear("hours_contradiction", text)
        schedule = {
            day: tuple(
                part
                for a, b in times
                for part in (((a, start), (end, b)) if a < start and end < b else ((a, b),))
            )
            for day, times in schedule.items()
        }  # fmt: skip
    return schedule


def _rules(schedule: Schedule, span: str, closed: Sequence[int]) -> list[str]:
    groups: dict[tuple[Range, ...], list[int]] = {}
    for day in sorted(schedule):
        groups.setdefault(schedule[day], []).append(day)
    before = f"{span} " if span else ""
    rules = [
        f"{before}{_day_text(days)} {','.join(f'{_clock_text(a)}-{_clock_text(b)}' for a, b in times)}"
        for times, days in groups.items()
    ]
    return rules + ([f"{before}{_day_text(sorted(closed))} off"] if closed else [])


def _day_text(days: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1 and day != HOLIDAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAY_NAMES[run[0]] if len(run) == 1 else f"{DAY_NAMES[run[0]]}-{DAY_NAMES[run[-1]]}" for run in runs)


def _spoken(days: Iterable[int]) -> str:
    return "、".join("节假日" if day == HOLIDAY else f"周{'一二三四五六日'[day]}" for day in sorted(days))


def _span_text(span: Span) -> str:
    month, day, last_month, last_day = span
    first, last = MONTH_NAMES[month - 1], MONTH_NAMES[last_month - 1]
    if day == 1 and last_day == MONTH_DAYS[last_month - 1]:
        return first if month == last_month else f"{first}-{last}"
    return f"{first} {day:02}-{last} {last_day:02}"


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
