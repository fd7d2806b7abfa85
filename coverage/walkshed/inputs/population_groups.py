"""Population groups beside the residents: columns ``population_<group>`` of demand and of units."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from walkshed.errors import Message
from walkshed.inputs.population_words import GROUP_SYNONYMS, NO_GROUPS, PREFIX, SHARE_ENDINGS
from walkshed.inputs.rows import read_numbers
from walkshed.inputs.synonyms import header_key
from walkshed.inputs.values import fold, is_blank, parse_number, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable
    from walkshed.inputs.reads import Sieve

    FloatArray = NDArray[np.float64]

EXCEEDS = 1.0 + 1e-9
"""Rounding of shares is no contradiction."""
_OWN_GROUP = re.compile(rf"{PREFIX}([^\W\d]\w*)")
_PERCENT = "%"
_USUAL = {name: frozenset(map(header_key, words)) for name, words in GROUP_SYNONYMS.items()}
_SHARE_HEADER = re.compile("(" + "|".join(sorted({header_key(word) for word in SHARE_ENDINGS}, key=len)) + ")$")


def group_names(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the groups that a table has columns for, in the table's order.

    Examples
    --------
    >>> import pandas as pd
    >>> group_names(pd.DataFrame(columns=["population", "population_seniors", "name"]))
    ('seniors',)
    """
    names = (str(column) for column in table.columns)
    return tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX) and name != PREFIX)


def wanted_groups(raw: RawTable, mapping: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return the columns of groups that a file may have, for :func:`walkshed.inputs.tables.find_columns`.

    These are the usual groups (:data:`~walkshed.inputs.population_words.GROUP_SYNONYMS`), those that the user's mapping
    names (``population_veterans = "退役军人"``), and every column of the file that is called ``population_<word>`` and
    holds figures, unless the word is about all the people (``population_density``).
    """
    headers = {header_key(str(name)) for name in raw.frame.columns}
    usual = [name for name, keys in _USUAL.items() if not keys.isdisjoint(headers)]
    named = [name for name in mapping or {} if name.startswith(PREFIX) and name != PREFIX]
    taken = {column for column in (mapping or {}).values() if column}
    own = [str(name) for name in raw.frame.columns if str(name) not in taken and _is_own_group(raw, str(name))]
    return tuple(dict.fromkeys((*usual, *named, *own)))


def group_like(raw: RawTable) -> tuple[str, ...]:
    """Return the file's columns that look like a group's; what is no group among them must be called otherwise."""
    return tuple(str(name) for name in raw.frame.columns if str(name).startswith(PREFIX))


def read_groups(
    raw: RawTable, found: Mapping[str, str], sieve: Sieve, population: FloatArray, *, blank: float
) -> dict[str, FloatArray]:
    """Return the people of every group.

    Parameters
    ----------
    raw
        The rows.
    found
        Our name -> their column, from ``find_columns`` with :func:`wanted_groups`.
    sieve
        Takes the rows whose figure is no number or negative.
    population : (N,) float64
        Residents of every row, of which shares are taken; NaN where unknown.
    blank
        What a blank cell means: 0 where rows are counted (nobody of that group), NaN where nothing is known.

    Returns
    -------
    dict
        ``population_<group>`` -> (N,) float64, for columns with at least one figure. ``"23%"`` is that share of the
        row's residents. So is a plain number where the header says that it is a share (占比, 比例, ``share``): per cent
        if the header says ``%`` or any number is over 1, else a fraction.
    """
    groups = {}
    for name, column in found.items():
        if name.startswith(PREFIX):
            unsaid = np.array([is_blank(text_of(cell)) for cell in raw.frame[column].tolist()], bool)
            if not unsaid.all():
                people = _people(raw, found, name, sieve, population)
                groups[name] = np.where(unsaid, blank, people)
    return groups


def group_notes(table: pd.DataFrame, *, id_column: str) -> tuple[Message, ...]:
    """Return a note for every group with more people than there are residents in some rows; nothing is changed."""
    notes = []
    for group in group_names(table):
        odd = (table[PREFIX + group] > table["population"] * EXCEEDS).to_numpy()
        if odd.any():
            first = table.iloc[int(np.argmax(odd))]
            fields = {"count": int(odd.sum()), "group": group, "row_id": first[id_column]}
            fields |= {"people": float(first[PREFIX + group]), "residents": float(first["population"])}
            notes.append(Message("notes.group_exceeds", fields))
    return tuple(notes)


def _is_own_group(raw: RawTable, column: str) -> bool:
    word = _OWN_GROUP.fullmatch(column)
    if word is None or word[1].lower() in NO_GROUPS or header_key(column) in _USUAL.get(column.lower(), ()):
        return False
    cells = [text_of(cell) for cell in raw.frame[column].tolist()]
    filled = [cell for cell in cells if not is_blank(cell)]
    return bool(filled) and all(math.isfinite(_figure(cell)) for cell in filled)


def _people(raw: RawTable, found: Mapping[str, str], name: str, sieve: Sieve, population: FloatArray) -> FloatArray:
    column = found[name]
    cells = raw.frame[column].tolist()
    texts = [fold(text_of(cell)) for cell in cells]
    marked = np.array([text.endswith("%") for text in texts], bool)
    shares = np.array([_figure(text) if share else np.nan for text, share in zip(texts, marked, strict=True)], float)
    details = [f"{column}={text}" for text in texts]
    sieve.refuse(marked & ~np.isfinite(shares), "bad_number", details)
    sieve.refuse(marked & (shares < 0), "negative_number", details)
    unmarked = raw.frame[[]].copy()
    unmarked[column] = [None if share else cell for share, cell in zip(marked, cells, strict=True)]
    numbers = read_numbers(replace(raw, frame=unmarked), found, name, sieve)
    if _SHARE_HEADER.search(header_key(column)) or _PERCENT in fold(column):
        per_cent = _PERCENT in fold(column) or bool((numbers > 1.0).any())
        numbers = numbers / (100.0 if per_cent else 1.0) * population
    people: FloatArray = np.where(marked, shares / 100.0 * population, numbers)
    return people


def _figure(text: str) -> float:
    """Return the number of a cell with or without a percent sign, NaN where it is none."""
    try:
        return parse_number(fold(text).removesuffix(_PERCENT))
    except ValueError:
        return math.nan
