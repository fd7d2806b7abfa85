"""Numbers of chapters: 一、二、三 in Chinese, 1, 2, 3 in English."""

from __future__ import annotations

from typing import Final

DIGITS: Final = "零一二三四五六七八九"
TEN: Final = 10


def chinese(number: int) -> str:
    """Return a whole number of 1..99 in Chinese numerals.

    Examples
    --------
    >>> [chinese(number) for number in (1, 9, 10, 12, 20, 21)]
    ['一', '九', '十', '十二', '二十', '二十一']
    """
    tens, ones = divmod(number, TEN)
    head = "" if tens == 0 else ("" if tens == 1 else DIGITS[tens]) + "十"
    return head + (DIGITS[ones] if ones else "")


def numbered(number: int, title: str, language: str) -> str:
    """Return the head of a chapter.

    Examples
    --------
    >>> numbered(2, "现状", "zh"), numbered(2, "What there is", "en")
    ('二、现状', '2 What there is')
    """
    return f"{chinese(number)}、{title}" if language == "zh" else f"{number} {title}"


def captioned(word: str, number: int, caption: str, language: str) -> str:
    """Return the line above a table or below a figure.

    Examples
    --------
    >>> captioned("表", 2, "盲区", "zh"), captioned("Table", 2, "Gaps", "en")
    ('表 2\u3000盲区', 'Table 2: Gaps')
    """
    return f"{word} {number}\u3000{caption}" if language == "zh" else f"{word} {number}: {caption}"
