# ruff: noqa: RUF002, RUF003 - Chinese punctuation is what this file is about
"""Chinese opening hours in OSM's syntax.

A text is a list of statements (days, season, times or closed). What belongs to what follows from the order of the
words, lines and parentheses; where two readings are possible none is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from walkshed.inputs.hours_clock import DAY, Unclear
from walkshed.inputs.hours_schedule import Reading, Statement, write_rule
from walkshed.inputs.hours_words import ALWAYS, HOLIDAY, WEEK, plain_text, tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.inputs.hours_schedule import Range, Span
    from walkshed.inputs.hours_words import Token

SEPARATORS = ("strong", "weak")


def translate_hours(text: str, *, summer: Span | None = None) -> str:
    """Translate Chinese opening hours.

    Parameters
    ----------
    text
        For example ``"每天9:00—21:00（周一闭馆）"``.
    summer
        First month and day, last month and day of 夏季, for texts that name the seasons without their months; 冬季 is
        the rest of the year. Without it such texts are not understood.

    Returns
    -------
    str
        A rule in OSM's syntax.

    Raises
    ------
    Unclear
        If any word is not understood, or the text can be read in two ways.

    Examples
    --------
    >>> translate_hours("每天9:00—21:00（周一闭馆）")
    'Tu-Su 09:00-21:00'
    >>> translate_hours("工作日上午8:30-12:00，下午2:00-5:30；周六、日9点至17点半")
    'Mo-Fr 08:30-12:00,14:00-17:30; Sa-Su 09:00-17:30'
    >>> translate_hours("24小时开放")
    '24/7'
    """
    tokens = tokens_of(plain_text(text))
    spoken = [token.kind for token in tokens if token.kind not in SEPARATORS]
    if spoken in (["closed"], ["closed_all_week"]):
        return "off"
    reading = Reading()
    _read(tokens, reading)
    said = [statement.said for statement in reading.statements]
    if reading.nth_open or not all(said) or not any(statement.times for statement in reading.statements):
        raise Unclear("hours_incomplete", text)
    return write_rule(reading, summer, text)


def _read(tokens: Sequence[Token], reading: Reading) -> None:
    """Turn tokens into statements."""
    current: Statement | None = None
    night = False
    for place, token in enumerate(tokens):
        kind = token.kind
        if kind == "strong" and current is not None:
            current.broken = True
        elif kind == "night":
            night = True
        elif kind in ("range", "always"):
            if night and kind == "range" and token.value[0] < DAY // 2:
                raise Unclear("hours_order", token.text)
            night = False
            current = _add_times(reading, current, token)
        elif kind == "inside":
            current = _read_inside(reading, current, token.value, tokens[place + 1 :])
        elif kind in STEPS:
            current = STEPS[kind](reading, current, token)
        else:
            _add_rest(reading, token)


def _add_rest(reading: Reading, token: Token) -> None:
    """Take in what stands for itself."""
    if token.kind == "except":
        days: frozenset[int] = token.value
        if days & WEEK:
            reading.statements.append(Statement(days=days & WEEK, closed=True, finished=True))
        reading.holidays_closed |= HOLIDAY in days
    elif token.kind == "nth":
        if reading.nth_open:
            raise Unclear("hours_words", token.text)
        reading.nth.append(token.value)
        reading.nth_open = True
    elif token.kind == "lunch":
        reading.lunch.append(token.value)
    elif token.kind == "holidays_other":
        reading.holidays_unknown = True
    elif token.kind == "no_day_off":
        reading.no_day_off = True
    elif token.kind == "closed_all_week":
        raise Unclear("hours_contradiction", token.text)


def _start(reading: Reading, statement: Statement) -> Statement:
    reading.statements.append(statement)
    return statement


def _add_times(reading: Reading, current: Statement | None, token: Token) -> Statement:
    times: Range = ALWAYS if token.kind == "always" else token.value
    if reading.nth_open:
        raise Unclear("hours_words", token.text)
    if current is None or current.finished or current.closed:
        season, span = (current.season, current.span) if current is not None and not current.finished else ("", None)
        current = _start(reading, Statement(season=season, span=span))
    if current.times and times[0] < current.times[-1][1]:
        raise Unclear("hours_order", token.text)
    if current.times and current.broken:
        current.lines += 1
    current.broken = False
    current.times.append(times)
    return current


def _add_days(reading: Reading, current: Statement | None, token: Token) -> Statement:
    days: frozenset[int] = token.value
    if current is None or current.said or current.finished:
        if current is None or current.days_first or current.finished:
            return _start(reading, Statement(days=days))
        season, span = current.season, current.span
        return _start(reading, Statement(days=days, season=season, span=span, inherited=current.seasonal))
    if current.days is None:
        current.days, current.days_first = days, not current.seasonal
    else:
        current.days |= days
    return current


def _add_season(reading: Reading, current: Statement | None, token: Token) -> Statement:
    if current is None or current.said or current.finished:
        kept = current.days if current is not None and current.days_first else None
        current = _start(reading, Statement(days=kept, days_first=kept is not None))
    if token.kind == "season":
        if current.season:
            raise Unclear("hours_words", token.text)
        current.season = str(token.value)
    else:
        if current.span:
            raise Unclear("hours_words", token.text)
        current.span = token.value
    return current


def _close(reading: Reading, current: Statement | None, token: Token) -> Statement:
    if reading.nth_open:
        reading.nth_open = False
        return current or Statement(finished=True)
    if current is None or current.times or current.closed or current.days is None:
        raise Unclear("hours_ambiguous", token.text)
    before = reading.statements[-2] if len(reading.statements) > 1 else None
    exempt = token.kind == "excluded" and before is not None and before.closed
    if exempt and current.days & WEEK:
        raise Unclear("hours_ambiguous", token.text)
    if HOLIDAY in current.days:
        # "周一闭馆，节假日除外" opens on holidays; "每天9:00-21:00，节假日除外" closes on them.
        reading.holidays_closed |= not exempt
        current.days &= WEEK
        if not current.days:
            reading.statements.remove(current)
            return replace(before, finished=True) if before else Statement(finished=True)
    if current.inherited and not any(
        other.days for other in reading.statements if other is not current and other.seasonal
    ):
        # "夏季9:00-21:00，冬季9:00-18:00，周一闭馆": the closing belongs to both.
        current.season, current.span = "", None
    current.closed = True
    return current


def _read_inside(
    reading: Reading, current: Statement | None, inner: Sequence[Token], rest: Sequence[Token]
) -> Statement | None:
    """Take in a parenthesis: it tells more about what stands before it, or is a statement of its own."""
    spoken = [token for token in inner if token.kind not in SEPARATORS]
    kinds = {token.kind for token in spoken}
    if kinds == {"days"} and current is not None:
        _explain_days(current, spoken)
        return current
    if kinds and kinds <= {"season", "span"} and current is not None and current.said:
        _explain_season(current, spoken)
        return current
    if kinds <= {"season", "span", "range", "always"}:
        for token in spoken:
            if token.kind in ("season", "span"):
                current = _add_season(reading, current, token)
            else:
                current = _add_times(reading, current, token)
        return current
    of_season = current is not None and current.seasonal and "closed" in kinds
    if of_season and any(token.kind in ("season", "span") for token in rest):
        raise Unclear("hours_ambiguous", spoken[0].text)
    _read(inner, reading)
    if current is not None and not current.said and any(token.kind not in SEPARATORS for token in rest):
        raise Unclear("hours_ambiguous", spoken[0].text)
    return current


def _explain_days(current: Statement, spoken: Sequence[Token]) -> None:
    """``9:00-17:00(周一至周五)``, ``工作日(周一至周五)9:00-17:00``."""
    days: frozenset[int] = frozenset().union(*(token.value for token in spoken))
    if current.said and current.days is None and current.lines == 1 and not current.finished:
        current.days, current.finished = days, True
    elif current.said or current.days not in (None, days):
        raise Unclear("hours_ambiguous", spoken[0].text)
    else:
        current.days = days


def _explain_season(current: Statement, spoken: Sequence[Token]) -> None:
    """``9:00-21:00(夏季)``."""
    if current.seasonal or current.lines > 1 or current.finished:
        raise Unclear("hours_ambiguous", spoken[0].text)
    for token in spoken:
        if token.kind == "season":
            current.season = str(token.value)
        else:
            current.span = token.value
    current.finished = True


STEPS = {
    "days": _add_days,
    "season": _add_season,
    "span": _add_season,
    "closed": _close,
    "excluded": _close,
}
