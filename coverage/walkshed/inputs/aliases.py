# ruff: noqa: RUF002 - Chinese punctuation is what this file is about
"""Names that mean the same place: 西永智慧书房, 高新区西永24小时书屋, 西永街道城市书房（24小时）.

Names are compared in four steps, and each match says by which it was found: ``exact``; ``normalised`` (full-width
forms, spaces, brackets and punctuation do not count); ``alias`` (the name of the city or district in front does not
count, and words for the same kind of place are equal); ``fuzzy`` (similar letters). Fuzzy matches, and names that fit
several known ones, are listed for a person to confirm and joined by nobody. Traditional characters are not turned into
simplified ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from walkshed.coordinates import metric_crs
from walkshed.errors import InputError
from walkshed.inputs.values import text_of, texts_of
from walkshed.norms import NameRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

HOWS: Final = ("exact", "normalised", "alias", "fuzzy", "none")
MATCH_COLUMNS: Final = ("row", "given", "known_id", "known", "score", "how", "sure")
DUPLICATE_COLUMNS: Final = ("first_id", "second_id", "first_name", "second_name", "distance_m", "score", "how")
SCORES: Final = {"exact": 1.0, "normalised": 1.0, "alias": 1.0}

STANDARD_NAMES: Final = NameRules()


def normalise_name(name: str) -> str:
    """Return a name without what two ways of writing it differ in.

    Examples
    --------
    >>> normalise_name("西永（２４小时）智慧书房") == normalise_name("西永 24小时 智慧书房")
    True
    """
    plain = unicodedata.normalize("NFKC", name).lower()
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] not in "PSZC")


def alias_key(name: str, rules: NameRules = STANDARD_NAMES) -> tuple[str, str]:
    """Return what of a name tells places apart: its own part, and the kind of place (``""`` unknown).

    A prefix stays where nothing would be left of the name without it: 重庆图书馆 has no other name.

    Examples
    --------
    >>> alias_key("重庆高新区西永街道24小时智慧阅读空间")
    ('西永', 'reading_room')
    >>> alias_key("西永城市书房（24小时）") == alias_key("西永智慧书房")
    True
    >>> alias_key("西永街道"), alias_key("重庆图书馆")
    (('西永', ''), ('重庆', 'library_branch'))
    """
    own = normalise_name(name)
    same = {normalise_name(other): normalise_name(meant) for other, meant in rules.same.items()}
    own, kind = _split_kind(same.get(own, own), rules)
    prefixes = sorted((normalise_name(prefix) for prefix in rules.prefixes), key=len, reverse=True)
    while True:
        prefix = next((prefix for prefix in prefixes if own.startswith(prefix) and len(own) > len(prefix) + 1), None)
        if not prefix:
            break
        own = own.removeprefix(prefix)
    for word in sorted(rules.unit_words, key=len, reverse=True):
        if own.endswith(word) and len(own) > len(word) + 1:
            return own.removesuffix(word), kind
    return own, kind


def _split_kind(name: str, rules: NameRules) -> tuple[str, str]:
    words = sorted(
        ((normalise_name(word), kind) for kind, words in rules.kinds.items() for word in words),
        key=lambda pair: (-len(pair[0]), pair[0]),
    )
    bare = re.sub("24小时$", "", name)
    for word, kind in words:
        if bare.endswith(word) and len(bare) > len(word):
            return re.sub("24小时$", "", bare.removesuffix(word)), kind
    return name, ""


def match_names(
    given: Iterable[object], known: Mapping[str, str], *, rules: NameRules = STANDARD_NAMES
) -> pd.DataFrame:
    """Find which known place each name means.

    Parameters
    ----------
    given
        Names as a file has them; blanks match nothing.
    known
        Id -> name, for example of units or of facilities.
    rules
        What does not tell places apart.

    Returns
    -------
    pandas.DataFrame
        In the order of ``given``: ``row`` (its position), ``given``, ``known_id``, ``known`` (both ``""`` none),
        ``score`` (0..1), ``how`` (:data:`HOWS`) and ``sure``: the name fits this one alone, and not by similarity. A
        name that fits several known ones, and a fuzzy one, has a row for each, best first; none of them is sure.

    Examples
    --------
    >>> known = {"gxq-1": "西永智慧书房", "gxq-3": "金凤智慧书房"}
    >>> match_names(["西永24小时书屋", "金风智慧书房"], known)[["known_id", "how", "sure"]].values.tolist()
    [['gxq-1', 'alias', True], ['gxq-3', 'fuzzy', False]]
    """
    index = _Index(known, rules)
    rows = [
        (row, name, known_id, known.get(known_id, ""), score, how, len(found) == 1 and how in SCORES)
        for row, name in enumerate(texts_of(given))
        for found in [index.find(name)]
        for known_id, score, how in found
    ]
    table = pd.DataFrame(rows, columns=list(MATCH_COLUMNS))
    kinds: dict[str, Any] = {"row": "int64", "score": "float64", "sure": "bool"}
    return table.astype(kinds | dict.fromkeys(("given", "known_id", "known", "how"), "str"))


class _Index:
    """Known names by every way in which they are compared."""

    def __init__(self, known: Mapping[str, str], rules: NameRules) -> None:
        self.rules = rules
        self.known = {str(key): text_of(name) for key, name in known.items()}
        self.by: dict[str, dict[object, list[str]]] = {"exact": {}, "normalised": {}, "alias": {}}
        for key, name in self.known.items():
            for how, form in self._forms(name).items():
                self.by[how].setdefault(form, []).append(key)
        self.keys = {key: alias_key(name, rules) for key, name in self.known.items()}

    def _forms(self, name: str) -> dict[str, object]:
        return {"exact": name, "normalised": normalise_name(name), "alias": alias_key(name, self.rules)}

    def find(self, name: str) -> list[tuple[str, float, str]]:
        """Return (id, score, how) of the matches of a name, best first; one of how ``"none"`` without any."""
        if not name:
            return [("", 0.0, "none")]
        for how, form in self._forms(name).items():
            found = self.by[how].get(form)
            if found:
                return [(key, SCORES[how], how) for key in found]
        own = alias_key(name, self.rules)
        scores = {key: similarity(own, other, at_least=self.rules.fuzzy_min) for key, other in self.keys.items()}
        best = sorted((key for key in scores if scores[key] >= self.rules.fuzzy_min), key=lambda key: -scores[key])
        return [(key, scores[key], "fuzzy") for key in best[: self.rules.candidates]] or [("", 0.0, "none")]


def similarity(one: tuple[str, str], other: tuple[str, str], *, at_least: float = 0.0) -> float:
    """Return how similar two results of :func:`alias_key` are, 0..1.

    Twice the letters in common runs over all letters (Ratcliff and Obershelp) of the own parts and the kinds of place,
    a kind counting as one letter; kinds that are unknown on either side do not count. Below ``at_least`` the figure may
    be an upper bound instead.
    """
    kinds = [kind for kind in (one[1], other[1]) if kind]
    compared = len(kinds) == len((one, other))
    extra = 1 if compared and kinds[0] == kinds[1] else 0
    length = len(one[0]) + len(other[0]) + (2 if compared else 0)
    if not length:
        return 0.0
    common = sum((Counter(one[0]) & Counter(other[0])).values())
    if 2 * (common + extra) / length < at_least:
        return 2 * (common + extra) / length
    blocks = SequenceMatcher(None, one[0], other[0], autojunk=False).get_matching_blocks()
    return 2 * (sum(block.size for block in blocks) + extra) / length


def find_duplicates(
    facilities: gpd.GeoDataFrame, *, near_m: float = 100.0, rules: NameRules = STANDARD_NAMES
) -> pd.DataFrame:
    """List pairs of facilities that may be one place under two names or ids; nothing is joined.

    Parameters
    ----------
    facilities
        With ``facility_id`` and ``name``, geometry Point or None, EPSG:4326.
    near_m
        Pairs so near each other are listed whatever they are called, metres.
    rules
        What does not tell places apart.

    Returns
    -------
    pandas.DataFrame
        ``first_id``, ``second_id`` (in the order of the rows), their names, ``distance_m`` (NaN where a position is
        unknown), ``score`` of the names (0..1) and ``how``: ``exact``, ``normalised`` or ``alias`` at whatever
        distance, ``fuzzy`` or ``none`` (another name) within ``near_m``.

    Raises
    ------
    InputError
        If ``near_m`` is negative or no number.
    """
    if not near_m >= 0 or not np.isfinite(near_m):
        raise InputError("names_near", value=near_m)
    ids, names = facilities["facility_id"].astype(str).tolist(), texts_of(facilities["name"])
    x, y = _metric(facilities)
    pairs = set(_near(x, y, near_m)) | set(_alike(names, rules))
    rows = []
    for one, other in sorted(pairs):
        score, how = _compare(names[one], names[other], rules)
        distance = float(np.hypot(x[one] - x[other], y[one] - y[other]))
        rows.append((ids[one], ids[other], names[one], names[other], distance, score, how))
    numbers = dict.fromkeys(("distance_m", "score"), "float64")
    strings = dict.fromkeys(("first_id", "second_id", "first_name", "second_name", "how"), "str")
    return pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS)).astype(numbers | strings)


def _compare(one: str, other: str, rules: NameRules) -> tuple[float, str]:
    if one == other:
        return 1.0, "exact"
    if normalise_name(one) == normalise_name(other):
        return 1.0, "normalised"
    first, second = alias_key(one, rules), alias_key(other, rules)
    if first == second:
        return 1.0, "alias"
    score = similarity(first, second)
    return score, "fuzzy" if score >= rules.fuzzy_min else "none"


def _metric(facilities: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    placed = ~(facilities.geometry.isna() | facilities.geometry.is_empty).to_numpy()
    x, y = np.full(len(facilities), np.nan), np.full(len(facilities), np.nan)
    if placed.any():
        points = facilities.geometry[placed]
        metric = points.to_crs(metric_crs(points))
        x[placed], y[placed] = metric.x.to_numpy(), metric.y.to_numpy()
    return x, y


def _near(x: np.ndarray, y: np.ndarray, near_m: float) -> list[tuple[int, int]]:
    rows = np.flatnonzero(np.isfinite(x))
    points = np.asarray(shapely.points(x[rows], y[rows]), object)
    first, second = shapely.STRtree(points).query(points, predicate="dwithin", distance=near_m)
    return [(int(rows[a]), int(rows[b])) for a, b in zip(first, second, strict=True) if a < b]


def _alike(names: Sequence[str], rules: NameRules) -> list[tuple[int, int]]:
    groups: dict[tuple[str, str], list[int]] = {}
    for row, name in enumerate(names):
        if name:
            groups.setdefault(alias_key(name, rules), []).append(row)
    return [(a, b) for rows in groups.values() for place, a in enumerate(rows) for b in rows[place + 1 :]]
