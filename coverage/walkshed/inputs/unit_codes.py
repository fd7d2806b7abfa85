"""Statistical codes of administrative units: 6 digits for a county or district, 3 for a town, 3 for a community.

``500106017003`` is a community, its first nine digits its subdistrict, its first six its district. Upper units are
written with or without the zeros that fill them up to 6, 9 or 12 digits. A code is a text: it never is a number.
"""

from __future__ import annotations

import re
from typing import Final

LEVELS: Final = ("province", "city", "district", "town", "community")
"""From above; keys of the catalogue's ``units`` (``level_<level>``)."""

PROVINCES: Final = frozenset(
    (
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
        "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    )
)  # fmt: skip
MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
"""Cities that are provinces: Beijing, Tianjin, Shanghai, Chongqing."""

_LEVEL_OF: Final = {2: "province", 4: "city", 6: "district", 9: "town", 12: "community"}
_WRITTEN: Final = (6, 9, 12)
_CHINA: Final = "156"
"""Map services put the country's number before six digits; no county's code begins like that."""
_SCIENTIFIC = re.compile(r"(?P<first>\d)(?:\.(?P<rest>\d+))?[eE]\+?(?P<power>\d{1,2})")

SUFFIXES: Final = (
    ("社区", "community"), ("居委会", "community"), ("居民委员会", "community"), ("村委会", "community"),
    ("村民委员会", "community"), ("村", "community"), ("街道办事处", "town"), ("街道", "town"), ("镇", "town"),
    ("乡", "town"), ("苏木", "town"), ("新区", "district"), ("区", "district"), ("县", "district"), ("旗", "district"),
    ("州", "city"), ("市", "city"), ("省", "province"),
)  # fmt: skip
"""How the names of units end; the first that fits counts."""
WORDS: Final = {
    "province": ("province", "省", "省级"),
    "city": ("city", "市", "市级", "地级市", "municipality", "prefecture"),
    "district": ("district", "county", "区", "县", "区县", "县区", "区级", "县级", "县级市"),
    "town": (
        "town", "township", "subdistrict", "sub-district", "街道", "镇", "乡", "街镇", "镇街", "乡镇", "镇级", "街道级",
        "乡级", "乡镇级",
    ),
    "community": ("community", "village", "社区", "村", "村居", "村社区", "居委会", "村委会", "社区级", "村级"),
}  # fmt: skip
"""Level -> what people write in a column of levels."""


def plain_code(text: str) -> str:
    """Return the digits of a code that say something, without the zeros that fill it up.

    Parameters
    ----------
    text
        What may be a code: 6, 9 or 12 digits of a Chinese province.

    Returns
    -------
    str
        2, 4, 6, 9 or 12 digits; ``""`` for what is no code.

    Examples
    --------
    >>> plain_code("500106017003"), plain_code("500106017000"), plain_code("500100"), plain_code("156500106")
    ('500106017003', '500106017', '5001', '500106')
    >>> plain_code("B-12"), plain_code("017")
    ('', '')
    """
    code = text.strip()
    if not (code.isascii() and code.isdigit() and len(code) in _WRITTEN):
        return ""
    if len(code) == 9 and code.startswith(_CHINA):  # noqa: PLR2004 - three digits before six
        code = code[len(_CHINA) :]
    if code[:2] not in PROVINCES:
        return ""
    for length, fill in ((12, 9), (9, 6), (6, 4), (4, 2)):
        if len(code) == length and not code[fill:].strip("0"):
            code = code[:fill]
    return code


def codes_above(code: str) -> list[str]:
    """Return the codes of the units above a plain code, the nearest first.

    Examples
    --------
    >>> codes_above("500106017003")
    ['500106017', '500106', '5001', '50']
    """
    return [code[:length] for length in sorted(_LEVEL_OF, reverse=True) if length < len(code)]


def code_level(code: str) -> str:
    """Return the level of a plain code, ``""`` for a blank one.

    Examples
    --------
    >>> code_level("500106017003"), code_level("500106"), code_level("50"), code_level("51")
    ('community', 'district', 'city', 'province')
    """
    return "city" if code in MUNICIPALITIES else _LEVEL_OF.get(len(code), "")


def mended_code(text: str) -> str | None:
    """Return a code as it was before a spreadsheet took it for a number.

    Returns
    -------
    str or None
        The text itself where nothing happened to it; all its digits where all are left; None where digits are lost.

    Examples
    --------
    >>> mended_code("5.00106017003E+11"), mended_code("500106017.0"), mended_code("0107")
    ('500106017003', '500106017', '0107')
    >>> mended_code("5.00106E+11") is None
    True
    """
    found = _SCIENTIFIC.fullmatch(text.strip())
    if found is None:
        return re.sub(r"^(\d{6,})\.0+$", r"\1", text)
    digits = found["first"] + (found["rest"] or "")
    return digits if len(digits) == int(found["power"]) + 1 else None


def level_of_word(text: str) -> str:
    """Return the level that a cell of a column of levels means, ``""`` where it is none of :data:`WORDS`."""
    word = text.strip().lower()
    return next((level for level, words in WORDS.items() if word in words), "")


def level_of_name(name: str) -> str:
    """Return the level that a unit's name tells, ``""`` where it tells none.

    Examples
    --------
    >>> level_of_name("西永街道"), level_of_name("康居社区"), level_of_name("沙坪坝区"), level_of_name("Xiyong")
    ('town', 'community', 'district', '')
    """
    return next((level for suffix, level in SUFFIXES if name.endswith(suffix) and name != suffix), "")
