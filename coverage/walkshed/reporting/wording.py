"""How figures and names are written for readers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from walkshed.catalogue import has, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.results import StudyResult, Survey

DASH: Final = "—"
NOISE_DECIMALS: Final = 9
"""A sum of shares may miss 1 by less than this."""
TEN_THOUSAND: Final = 10_000
SPACES: Final = re.compile(r"\s+")


def say(key: str, language: str, /, **fields: object) -> str:
    """Return a text of the section ``report``."""
    return text(f"report.{key}", language, **fields)


def group_name(group: object, language: str) -> str:
    """Return what readers call a group of residents, everybody for ``""``; a group of the user's own keeps its name."""
    return named("group", plain(group) or "everybody", language)


def named(kind: str, value: object, language: str) -> str:
    """Return what readers call a code: ``named("basis", "E", "en")``.

    Parameters
    ----------
    kind
        ``"basis"``, ``"quantity"``, ``"profile"``, ``"siting"``, ``"status"`` (of a facility), ``"layer"``, ``"kind"``
        (of residents), ``"reason"`` (why somebody is not served or a point is not tied to a street) or ``"reject"``.
    value
        The code. One the catalogue does not know, such as a profile of the user's own, is returned as it is.
    """
    code = plain(value)
    prefix = {
        "basis": "figures.basis_", "quantity": "figures.quantity_", "profile": "figures.profile_",
        "siting": "figures.status_", "group": "figures.group_", "reason": "reasons.", "reject": "rejects.",
    }.get(kind, f"report.{kind}_")  # fmt: skip
    return text(prefix + code, language) if code and has(prefix + code) else code


def definition(basis: str, language: str) -> str:
    """Return what a rate of this basis is a rate of: its name, numerator and denominator in words."""
    return say(
        "definition",
        language,
        basis=text(f"figures.basis_{basis}", language),
        numerator=text(f"figures.basis_{basis}_numerator", language),
        denominator=text(f"figures.basis_{basis}_denominator", language),
    )


def credit_names(sources: Sequence[str], language: str, *, osm: bool = True) -> str:
    """Return whom the data is owed to: OpenStreetMap, unless a source names it in its own words, then the others.

    ``osm`` is False only where nothing of it is in the data.
    """
    named_already = (not osm and len(sources) > 0) or any("openstreetmap" in source.casefold() for source in sources)
    names = list(sources) if named_already else [say("osm", language), *sources]
    return say("list_separator", language).join(names)


def credits_of(result: Survey, language: str) -> str:
    """Return whom a result's data is owed to."""
    report = result.config.report
    return credit_names(report.sources, language, osm=report.openstreetmap)


def title(result: StudyResult, language: str) -> str:
    """Return the study's title."""
    study = result.config.study
    return study.title_zh if language == "zh" else study.title_en


def plain(value: object) -> str:
    r"""Return any value as one line of text; missing ones as an empty text.

    Examples
    --------
    >>> plain(float("nan")), plain(None), plain("  a\n b "), plain(3)
    ('', '', 'a b', '3')
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    return SPACES.sub(" ", str(value)).strip()


def shortened(value: object, limit: int) -> str:
    """Return :func:`plain` text of at most ``limit`` characters, cut with an ellipsis.

    Examples
    --------
    >>> shortened("reading room", 8)
    'reading…'
    """
    line = plain(value)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def percent(share: float, decimals: int = 1) -> str:
    """Return a share in percent; one that is not quite everybody never reads 100 %, not quite nobody never 0 %.

    Examples
    --------
    >>> percent(0.99999), percent(1.0), percent(0.00001), percent(0.4567), percent(float("nan"))
    ('99.9%', '100.0%', '0.1%', '45.7%', '—')
    """
    if math.isnan(share):
        return DASH
    share = round(share, NOISE_DECIMALS)
    step = 10.0 ** -(decimals + 2)
    shown = min(max(share, step), 1 - step) if 0 < share < 1 else share
    return f"{shown:.{decimals}%}"


def count(number: float) -> str:
    """Return a whole number with thousands separators.

    Examples
    --------
    >>> count(1234.6), count(float("nan"))
    ('1,235', '—')
    """
    return DASH if math.isnan(number) else f"{number:,.0f}"


def people(number: float, language: str) -> str:
    """Return a number of residents with its unit, in Chinese from ten thousand on in 万.

    Examples
    --------
    >>> people(997_123, "zh"), people(997_123, "en"), people(812, "zh")
    ('99.7 万人', '997,123', '812 人')
    """
    if math.isnan(number):
        return DASH
    if language != "zh":
        return count(number)
    return f"{number / TEN_THOUSAND:,.1f} 万人" if number >= TEN_THOUSAND else f"{number:,.0f} 人"


def minutes(value: float) -> str:
    """Return minutes with one decimal, or a dash where nobody gets there."""
    return DASH if math.isnan(value) else f"{value:.1f}"
