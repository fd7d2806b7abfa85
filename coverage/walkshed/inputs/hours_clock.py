# ruff: noqa: RUF001, RUF002 - Chinese numerals and punctuation are what this file is about
"""Clock times in Chinese opening hours: ``9:00-21:00``, ``上午9点至下午5点半``, ``早9晚9``, ``20时至次日2时``.

A time that can be read in two ways (is ``2:30-5:00`` at night or in the afternoon?) is not read at all.
"""

from __future__ import annotations

import re

NOON, DAY = 720, 1440
SMALL_HOURS = 6
DASH = r"\s*(?:-|至|到)\s*"
NUMBER = "(?:[0-9]{1,2}|[零〇一二两三四五六七八九十]{1,3})"

_PERIODS = {
    "morning": ("上午", "早上", "早晨", "清晨", "早", "朝"),
    "small": ("凌晨",),
    "noon": ("中午", "正午"),
    "afternoon": ("下午", "午后", "傍晚"),
    "evening": ("晚上", "晚间", "夜间", "夜晚", "夜里", "晚", "夜"),
}
_PERIOD_OF = {word: period for period, words in _PERIODS.items() for word in words}
_PERIOD = "|".join(sorted(_PERIOD_OF, key=len, reverse=True))
_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


class Unclear(ValueError):  # noqa: N818 - no failure of the program: the text cannot be told
    """A text of opening hours cannot be understood.

    Attributes
    ----------
    reason
        Key of the catalogue's section ``reasons``.
    part
        The words at which it ends.
    """

    def __init__(self, reason: str, part: str) -> None:
        self.reason, self.part = reason, part.strip()
        super().__init__(f"{reason}: {part}")


def _clock(place: str) -> str:
    return (
        rf"(?P<next_{place}>次日|翌日|第二天|隔日|隔天)?\s*(?P<period_{place}>{_PERIOD})?\s*"
        rf"(?:(?P<hour_{place}>[0-9]{{1,2}})(?P<colon_{place}>[:.])(?P<minute_{place}>[0-9]{{2}})(?::00)?(?:时|点|分)?"
        rf"|(?P<only_{place}>{NUMBER})(?P<unit_{place}>点钟|点整|时整|点|时)?"
        rf"(?:(?<=[点时])(?:(?P<half_{place}>半)|(?P<quarter_{place}>[一三])刻|(?P<more_{place}>{NUMBER})分?))?)"
    )


RANGE = re.compile(
    rf"{_clock('a')}\s*(?P<opens>开馆|开门|开放|营业|开)?(?P<join>{DASH}|[,、\s]*)"
    rf"{_clock('b')}(?P<closes>\s*(?:闭馆|关门|关馆|结束|关闭|闭|关))?"
)
"""Two clock times; :func:`read_range` says whether they make a range."""


def chinese_number(text: str) -> int:
    """Return a whole number below 100.

    Examples
    --------
    >>> [chinese_number(text) for text in ("9", "九", "十", "十二", "二十", "二十三")]
    [9, 9, 10, 12, 20, 23]

    Raises
    ------
    Unclear
        If it is none.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or any(letter not in _DIGITS for letter in tens + ones):
        raise Unclear("hours_range", text)
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def read_range(found: re.Match[str]) -> tuple[int, int, int]:
    """Return from when to when in minutes since midnight, and how many characters say so.

    The end is above 1440 for a time on the next day. Of ``9点开馆，21点闭馆`` the closing word is part of the range;
    ``9:00-21:00闭馆`` keeps it out, for it may mean the opposite.

    Raises
    ------
    Unclear
        If it is no range, no time of the day, or can be read in two ways.
    """
    whole = found.group()
    length = len(whole) - len(found["closes"] or "")
    if not re.fullmatch(DASH, found["join"]):
        spoken = found["period_a"] in ("早", "朝") and found["period_b"] in ("晚", "晚上")
        if found["opens"] and found["closes"]:
            length = len(whole)
        elif not spoken or found["opens"]:
            raise Unclear("hours_words", whole)
    elif found["opens"] and found["closes"]:
        length = len(whole)
    _check_form(found)
    start, end = _resolve(found)
    return start, end, length


def _check_form(found: re.Match[str]) -> None:
    """Refuse two bare numbers, and points that may stand in a date."""
    told = [found[f"colon_{at}"] or found[f"unit_{at}"] or found[f"period_{at}"] for at in "ab"]
    if not any(told):
        raise Unclear("hours_words", found.group())
    for at in "ab":
        if found[f"colon_{at}"] == "." and (int(found[f"minute_{at}"]) % 5 or found["colon_a"] != found["colon_b"]):
            raise Unclear("hours_words", found.group())


def _resolve(found: re.Match[str]) -> tuple[int, int]:
    whole = found.group()
    hours, minutes = zip(*(_numbers(found, at) for at in "ab"), strict=True)
    first, last = (_PERIOD_OF.get(found[f"period_{at}"] or "", "") for at in "ab")
    if found["next_a"]:
        raise Unclear("hours_order", whole)
    start = _minute_of_day(hours[0], minutes[0], first, whole)
    told = last or _inherited(first, hours[1], minutes[1], start)
    end = _minute_of_day(hours[1], minutes[1], told, whole)
    if not first and 0 < hours[0] < SMALL_HOURS and (end <= NOON or (told and start + NOON < end)):
        raise Unclear("hours_order", whole)
    if end == DAY - 1:
        end = DAY
    next_day = bool(found["next_b"]) or (last == "small" and end <= start)
    if next_day and end <= start:
        return start, end + DAY
    if end <= start and not next_day and end + NOON <= start:
        return start, end + DAY
    if end <= start or next_day:
        raise Unclear("hours_order", whole)
    return start, end


def _inherited(first: str, hour: int, minute: int, start: int) -> str:
    """Return the part of the day of an end that does not say: that of its start, where it then comes behind it."""
    if first == "afternoon" and hour < NOON // 60 and (hour * 60 + NOON + minute) > start:
        return first
    if first == "evening" and SMALL_HOURS <= hour <= NOON // 60 and hour * 60 + NOON + minute > start:
        return first
    return ""


def _numbers(found: re.Match[str], at: str) -> tuple[int, int]:
    if found[f"hour_{at}"]:
        hour, minute = int(found[f"hour_{at}"]), int(found[f"minute_{at}"])
    else:
        hour = chinese_number(found[f"only_{at}"])
        quarter = {"一": 15, "三": 45}.get(found[f"quarter_{at}"] or "", 0)
        minute = chinese_number(found[f"more_{at}"]) if found[f"more_{at}"] else quarter
        minute = 30 if found[f"half_{at}"] else minute
    if hour * 60 + minute > DAY or minute >= 60:  # noqa: PLR2004 - minutes of an hour
        raise Unclear("hours_range", found.group())
    return hour, minute


def _minute_of_day(hour: int, minute: int, period: str, whole: str) -> int:
    """Return minutes since midnight of a time in a part of the day.

    Raises
    ------
    Unclear
        If the part of the day does not have such a time.
    """
    plain = hour * 60 + minute
    later = plain + NOON
    allowed = {
        "": (plain,),
        "morning": (plain,) if plain <= NOON else (),
        "small": (plain - NOON,) if hour == NOON // 60 else (plain,) if hour < SMALL_HOURS else (),
        "noon": (plain,) if 11 * 60 <= plain <= 14 * 60 else (later,) if plain <= 2 * 60 else (),
        "afternoon": (plain,) if plain >= NOON else (later,) if hour else (),
        "evening": (plain,) if plain >= NOON + 5 * 60 else (later,) if 5 * 60 <= plain <= NOON else (),
    }[period]
    if not allowed:
        raise Unclear("hours_order", whole)
    return allowed[0]
