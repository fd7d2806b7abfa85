# ruff: noqa: RUF001, RUF002 - Chinese punctuation is what this file is about
"""The words of Chinese opening hours: clock times, days of the week, seasons, closings.

A text is cut into tokens from left to right. What is no token is not understood, and then nothing of the text is: half
an understood opening time is a wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from walkshed.inputs.hours_clock import DASH, RANGE, Unclear, chinese_number, read_range

HOLIDAY = 7
"""Stands beside the days Monday (0) to Sunday (6)."""
WEEK = frozenset(range(7))
ALWAYS = (0, 1440)
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

DASHES = "[‐‑‒–—―−─－ー~〜～]"

_DAY = "[一二三四五六日天1-7]"
_PREFIX = "(?:周|星期|礼拜)"
_HOLIDAYS = "(?:国家)?(?:法定)?(?:节假日|公休日|假日|节日)"
_GROUPS = {"工作日": range(5), "平日": range(5), "周末": (5, 6), "双休日": (5, 6)}
_EVERY_DAY = "每天|每日|天天|全周|一周七天|每周七天"
_ITEM = (
    rf"{_PREFIX}{_DAY}{DASH}{_PREFIX}?{_DAY}|{_PREFIX}{_DAY}(?:(?:[、,/]\s*)?[一二三四五六日天])*"
    rf"|{'|'.join(_GROUPS)}|{_EVERY_DAY}|{_HOLIDAYS}"
)
_DAYS = rf"(?:每|逢|每逢|遇)?(?:{_ITEM})(?:\s*[、,/及和与&]\s*(?:以及)?(?:{_ITEM})|\s*以及(?:{_ITEM})|(?:{_ITEM}))*"
_CLOSED = (
    "(?:全天|整天|均)?(?:闭馆|休馆|休息|关闭|关馆|闭园|不对外开放|不开放|停止开放|暂停开放|不营业|停业)"
    "(?:日|不开放|整修|一天|维护)?"
)
_LUNCH = "(?:午休|(?:中午|午间)(?:休息|闭馆|关闭))(?:时间)?"
_MONTH = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_SUMMER, _WINTER = "夏季|夏令时制?|夏时制|夏天", "冬季|冬令时制?|冬时制|冬天"

_SPAN = re.compile(
    rf"(?:每年)?(?P<month>{_MONTH})(?:月(?:份)?(?:(?P<day>\d{{1,2}})[日号])?)?{DASH}(?:次年|翌年|来年|第二年)?"
    rf"(?P<last_month>{_MONTH})月(?:份)?(?:(?P<last_day>\d{{1,2}})[日号]|底)?"
)
_RULES = (
    ("strong", re.compile(r"\s*(?:[;。\n])[;。\n\s]*")),
    ("weak", re.compile(r"(?:[^\S\n]|[,、/|:])+")),
    ("except", re.compile(rf"除(?:了)?(?P<days>{_DAYS})(?:闭馆|休息|休馆)?(?:以外|之外|外)")),
    (
        "holidays_open",
        re.compile(rf"(?:遇)?{_HOLIDAYS}(?:期间)?(?:照常|正常|不休|无休|也|均)+(?:对外)?(?:开放|开馆|营业)?"),
    ),
    (
        "holidays_other",
        re.compile(
            rf"(?:遇)?(?:{_HOLIDAYS}|春节|国庆节?|元旦|寒暑假|重大活动)(?:期间)?(?:开放时间|开馆时间)?(?:则|的)?"
            r"(?:另行(?:通知|公告|公布|安排)|以(?:公告|通知)为准|顺延|见公告|见通知|调整以公告为准)"
        ),
    ),
    ("nth", re.compile(rf"每月(?:的)?(?:第(?P<nth>[一二三四])|(?P<last>最后一?))个?{_PREFIX}(?P<day>{_DAY})")),
    ("span", _SPAN),
    ("season", re.compile(rf"(?P<summer>{_SUMMER})|(?P<winter>{_WINTER})")),
    ("days", re.compile(_DAYS)),
    ("lunch", re.compile(rf"{_LUNCH}[\s:(]*(?={RANGE.pattern.replace('?P<', '?P<x_')})")),
    ("closed", re.compile(_CLOSED)),
    ("excluded", re.compile("除外|以外")),
    ("closed_all_week", re.compile("(?:长期|永久)(?:闭馆|关闭|停用)")),
    ("no_day_off", re.compile("(?:全年|终年|常年)(?:无休(?:息日)?|不休|开放|365天)*|无休(?:息日)?|365天")),
    ("always", re.compile(r"(?:24|二十四)\s*(?:小时|h(?:ours?)?)(?:制|全天候?)?|全天候|全天(?:24小时)?|昼夜")),
    ("night", re.compile("(?:夜间|晚间|夜晚|夜场)(?:延时)?(?:开放|开馆)?(?:时间)?:")),
    ("range", RANGE),
    (
        "noise",
        re.compile(
            "(?:日间|白天|平时)?(?:免费|正常|照常|自助|对外|面向公众|无人值守)?(?:开放|开馆|营业|服务|不打烊)(?:时间|时段)?"
            "|(?:日间|白天|平时)(?=:)|时间|时段|为|均|每周(?!日)"
        ),
    ),
)  # fmt: skip


DEEPEST = 9
"""Parentheses within parentheses that anybody would follow."""


class Token(NamedTuple):
    """A piece of a text.

    Attributes
    ----------
    kind
        ``strong`` and ``weak`` separators, ``inside`` (parentheses; ``value`` is the tuple of tokens in them), ``days``
        (frozenset), ``except`` (frozenset), ``nth`` (day, number; -1 the last), ``range`` and ``lunch`` (minutes from,
        minutes to), ``always``, ``closed``, ``excluded``, ``closed_all_week``, ``season`` (``summer`` or ``winter``),
        ``span`` (month, day, month, day), ``night``, ``no_day_off``, ``holidays_open``, ``holidays_other``.
    text
        As it stands.
    """

    kind: str
    text: str
    value: Any = None


def plain_text(text: str) -> str:
    """Return a text with full-width forms made plain, one kind of dash and of brackets, and no spaces within times.

    Examples
    --------
    >>> plain_text("９：００—２１：００（周一闭馆）")
    '9:00-21:00(周一闭馆)'
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\r\n", "\n").replace("\r", "\n")
    # The patterns allow spaces in many places: a few hundred in a row would keep them busy for minutes.
    text = re.sub(r" ?\n[ \n]*", "\n", re.sub(r"[^\S\n]+", " ", text))
    text = re.sub(rf"\s*(?:-|{DASHES})+\s*", "-", text)
    text = re.sub(r"[\[【〔《<]", "(", re.sub(r"[\]】〕》>]", ")", text))
    text = re.sub(r"[\u201c\u201d\u2018\u2019'•·*]", "", text)
    return re.sub(r"(?<=\d)\s*:\s*(?=\d)", ":", text).strip(" \t\n;。,、")


def tokens_of(text: str) -> list[Token]:
    """Cut a text that went through :func:`plain_text` into tokens.

    Raises
    ------
    Unclear
        If there are other words in it, or times that cannot be told.
    """
    tokens, rest = _cut(text)
    if rest:
        raise Unclear("hours_words", rest)
    return tokens


def _cut(text: str, depth: int = 0) -> tuple[list[Token], str]:
    """Return the tokens up to the end or to the parenthesis that closes, and what stands behind."""
    tokens: list[Token] = []
    while text and not text.startswith(")"):
        if text.startswith("("):
            inner, rest = _cut(text[1:], depth + 1) if depth < DEEPEST else ([], "")
            if not rest.startswith(")"):
                raise Unclear("hours_words", text)
            tokens.append(Token("inside", "", tuple(inner)))
            text = rest[1:]
            continue
        token, length = _next(text)
        if token.kind != "noise":
            tokens.append(token)
        text = text[length:]
    return tokens, text


def _next(text: str) -> tuple[Token, int]:
    for kind, pattern in _RULES:
        found = pattern.match(text)
        if found is None:
            continue
        if kind == "range":
            return _range_token(found)
        if kind == "lunch":
            token, length = _range_token(_must(RANGE.match(text[found.end() :])))
            opened = found.group().endswith("(")
            closing = opened and text[found.end() + length :].startswith(")")
            if opened and not closing:
                raise Unclear("hours_words", text)
            return Token("lunch", token.text, token.value), found.end() + length + closing
        return Token(kind, found.group(), _value(kind, found)), found.end()
    raise Unclear("hours_words", text.split("\n", maxsplit=1)[0][:40])


def _must(found: re.Match[str] | None) -> re.Match[str]:
    if found is None:  # pragma: no cover - the caller looked ahead for it
        raise Unclear("hours_words", "")
    return found


def _range_token(found: re.Match[str]) -> tuple[Token, int]:
    start, end, length = read_range(found)
    rest = found.string[found.start() + length :]
    lunch = re.match(_LUNCH, rest)
    if lunch:
        return Token("lunch", found.group(), (start, end)), length + lunch.end()
    return Token("range", found.group(), (start, end)), length


def _value(kind: str, found: re.Match[str]) -> object:
    if kind == "days":
        return days_of(found.group())
    if kind == "except":
        return days_of(found["days"])
    if kind == "nth":
        return _day(found["day"]), -1 if found["last"] else "一二三四".index(found["nth"]) + 1
    if kind == "season":
        return "summer" if found["summer"] else "winter"
    return span_of(found) if kind == "span" else None


def days_of(text: str) -> frozenset[int]:
    """Return the days that a list of days names.

    Examples
    --------
    >>> sorted(days_of("周二至周日")), sorted(days_of("周六、日及法定节假日"))
    ([1, 2, 3, 4, 5, 6], [5, 6, 7])
    """
    days: set[int] = set()
    for found in re.finditer(_ITEM, text):
        item = found.group()
        ends = re.fullmatch(rf"{_PREFIX}({_DAY}){DASH}{_PREFIX}?({_DAY})", item)
        if ends:
            first, last = _day(ends[1]), _day(ends[2])
            days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        elif item in _GROUPS:
            days |= set(_GROUPS[item])
        elif re.fullmatch(_EVERY_DAY, item):
            days |= WEEK
        elif re.fullmatch(_HOLIDAYS, item):
            days.add(HOLIDAY)
        else:
            days |= {_day(letter) for letter in re.findall(_DAY, re.sub(_PREFIX, "", item))}
    return frozenset(days)


def span_of(found: re.Match[str]) -> tuple[int, int, int, int]:
    """Return first month and day, last month and day; a month without day goes from its first day to its last.

    Raises
    ------
    Unclear
        If there is no such day.
    """
    month, last_month = (chinese_number(found[name]) for name in ("month", "last_month"))
    if not (1 <= month <= len(MONTH_DAYS) and 1 <= last_month <= len(MONTH_DAYS)):
        raise Unclear("hours_range", found.group())
    day = int(found["day"] or 1)
    last_day = int(found["last_day"] or MONTH_DAYS[last_month - 1])
    if not (1 <= day <= MONTH_DAYS[month - 1] and 1 <= last_day <= MONTH_DAYS[last_month - 1]):
        raise Unclear("hours_range", found.group())
    return month, day, last_month, last_day


def _day(letter: str) -> int:
    return 6 if letter in "天日" else chinese_number(letter) - 1
