"""Single cells: text, numbers as planners write them, coordinates."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BLANKS = frozenset(
    {"", "nan", "na", "n/a", "#n/a", "null", "none", "<na>", "nat", "-", "--", "/", "\\", "无", "暂无", "未知"}
)
"""What people and programs write where nothing is known (after NFKC, in lower case)."""

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    r"(?:(?:规划|居民|住户)?(?:总户数|户数|总人口|人口|人数|住户)[:]?)?(?:约|大约|近|共|计|共计|合计|总计|~)?"
    rf"(?P<sign>[+-]?)(?P<digits>{_DIGITS})(?P<power>e[+-]?\d+)?[余多]?(?P<scale>[万千百])?[余多]?"
    r"(?:户|戶|套|人|口|名|座|个|席|册|元|平方米|平米|m2|households?|units?|persons?|people|seats?)?"
    r"(?:左右|以上)?"
)
_SCALES: dict[str | None, float] = {None: 1.0, "百": 1e2, "千": 1e3, "万": 1e4}
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?")
_PAIR = re.compile(r"[\s,;、]+")


def text_of(value: object) -> str:
    """Return a cell as text; a missing one is empty, a whole number has no decimals.

    Examples
    --------
    >>> text_of(500106017.0), text_of(" 西永 "), text_of(None), text_of(float("nan"))
    ('500106017', '西永', '', '')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value).strip(" \t\r\n\u3000\xa0\ufeff\u200b")


def texts_of(values: Iterable[object]) -> list[str]:
    """Return cells as texts, blanks of any spelling (:data:`BLANKS`) empty."""
    texts = (text_of(value) for value in values)
    return ["" if is_blank(text) else text for text in texts]


def fold(text: str) -> str:
    """Return text with full-width forms made plain, in lower case, without outer spaces."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().lower()


def is_blank(text: str) -> bool:
    """Say whether a cell's text means that nothing is known."""
    return fold(text) in BLANKS


def parse_number(value: object) -> float:
    """Return the number a person meant.

    Thousands commas, full-width digits, 百/千/万, a unit behind, 约, 共 or 总户数 before and 余 or 多 (a few
    more, which are not added) are understood.

    Returns
    -------
    float
        NaN for a blank cell, inf (or -inf) for one that is infinite.

    Raises
    ------
    ValueError
        If the cell is no number.

    Examples
    --------
    >>> parse_number("3005户"), parse_number("3,005"), parse_number("7.47万人"), parse_number("总户数:约1200余户")
    (3005.0, 3005.0, 74700.0, 1200.0)
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return float(value)
    text = fold(text_of(value))
    if text in BLANKS:
        return math.nan
    if _INFINITE.fullmatch(text):
        return float(text)
    found = _NUMBER.fullmatch(text.replace(" ", ""))
    if found is None:
        raise ValueError(text)
    digits = found["sign"] + found["digits"].replace(",", "") + (found["power"] or "")
    # The power of ten goes into the text, so that 7.47万 is 74700 and not 74699.99999999999.
    shift = round(math.log10(_SCALES[found["scale"]]))
    return float(f"{digits}e{shift}") if not found["power"] else float(digits) * 10.0**shift


def parse_numbers(values: Iterable[object]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return numbers, NaN where blank or no number, and a mask of the cells that are neither blank nor finite."""
    return _parse_all(parse_number, values)


def parse_degree(value: object) -> float:
    """Return one coordinate: a plain decimal number, full-width digits and a degree sign allowed.

    Returns
    -------
    float
        NaN for a blank cell, inf (or -inf) for one that is infinite.

    Raises
    ------
    ValueError
        If the cell is no plain number.

    Examples
    --------
    >>> parse_degree("106.3733°"), parse_degree(29.5998)
    (106.3733, 29.5998)
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return float(value)
    text = fold(text_of(value)).removesuffix("°").strip()
    if text in BLANKS:
        return math.nan
    if _PLAIN.fullmatch(text) or _INFINITE.fullmatch(text):
        return float(text)
    raise ValueError(text)


def parse_degrees(values: Iterable[object]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return coordinates (NaN where blank or no number, inf where infinite) and a mask of the cells that are text."""
    numbers, wrong = _parse_all(parse_degree, values)
    return numbers, wrong & np.isnan(numbers)


def split_pair(value: object) -> tuple[str, str]:
    """Return the two halves of ``"lng,lat"``; a text without two halves comes back whole beside an empty one.

    Examples
    --------
    >>> split_pair("106.3733,29.5998"), split_pair("(106.3733; 29.5998)"), split_pair("unknown")
    (('106.3733', '29.5998'), ('106.3733', '29.5998'), ('unknown', ''))
    """
    text = fold(text_of(value)).strip("()[] ")
    parts = _PAIR.split(text)
    return (parts[0], parts[1]) if len(parts) == 2 else (text, "")  # noqa: PLR2004 - a pair


def header_scale(header: str) -> float:
    """Return what a column's numbers are counted in, as its header says.

    Examples
    --------
    >>> header_scale("常住人口(万人)"), header_scale("人口(人)"), header_scale("population")
    (10000.0, 1.0, 1.0)
    """
    found = re.search(r"\((百(?!分)|[千万])[^()]*\)$", fold(header))
    return _SCALES[found[1]] if found else 1.0


def _parse_all(parse: Callable[[object], float], values: Iterable[object]) -> tuple[FloatArray, NDArray[np.bool_]]:
    numbers, wrong = [], []
    for value in values:
        try:
            number = parse(value)
        except ValueError:
            number, bad = math.nan, True
        else:
            bad = math.isinf(number)
        numbers.append(number)
        wrong.append(bad)
    return np.array(numbers, np.float64), np.array(wrong, bool)
