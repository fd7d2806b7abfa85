"""What a study counts as meeting the norm (达标), as one name, and as open: rules that its study.toml may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPARISONS: Final = (">=", "<=", ">", "<", "=", "!=")
READING_ROOM: Final = (
    "24小时智慧阅读空间", "24小时智慧书房", "24小时城市书房", "24小时自助图书馆", "24小时阅读空间", "24小时书房",
    "24小时书屋", "24小时书吧", "智慧阅读空间", "城市阅读空间", "智慧书房", "智慧书屋", "城市书房", "城市书屋",
    "城市书吧", "阅读空间", "自助图书馆", "书房", "书屋", "书吧",
)  # fmt: skip
LIBRARY_BRANCH: Final = ("图书馆分馆", "图书分馆", "图书馆", "分馆")
CULTURE_STATION: Final = (
    "综合文化服务中心",
    "综合性文化服务中心",
    "综合文化站",
    "文化服务中心",
    "文化馆分馆",
    "文化站",
)


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One requirement of a norm; in ``study.toml`` an entry of ``[[criteria.rules]]``.

    Attributes
    ----------
    name
        What it is called in tables.
    column
        Column of the facilities: one of the user's own file, or one that the program adds, such as ``weekly_hours``.
    comparison
        ``>=``, ``<=``, ``>``, ``<``, ``=`` or ``!=``.
    value
        A number, a truth value or a text. With a number the cell is read as people write numbers (``150平方米``,
        ``0.8万册``), with a truth value as yes or no (是, 否, 有, 无, √).
    label_en, label_zh
        The requirement in words, for tables that leave the house.
    """

    name: str = ""
    column: str = ""
    comparison: str = field(default=">=", metadata={"choices": COMPARISONS})
    value: Any = None
    label_en: str = ""
    label_zh: str = ""


def _at_least(column: str, value: float, en: str, zh: str) -> Criterion:
    return Criterion(name=column, column=column, value=value, label_en=en, label_zh=zh)


def _must(column: str, en: str, zh: str) -> Criterion:
    return Criterion(name=column, column=column, comparison="=", value=True, label_en=en, label_zh=zh)


PRESETS: Final[Mapping[str, tuple[Criterion, ...]]] = MappingProxyType(
    {
        "wenzhou": (
            _at_least("area_m2", 150, "at least 150 m²", "面积不少于150平方米"),
            _at_least("books", 8000, "at least 8,000 books", "藏书不少于8000册"),
            _must("ground_floor", "on the ground floor", "位于一楼"),
            _must("on_street", "on a street", "临街"),
        ),
        "bengbu": (
            _at_least("area_m2", 100, "at least 100 m²", "面积不少于100平方米"),
            _at_least("books", 5000, "at least 5,000 books", "藏书不少于5000册"),
            _at_least("residents_1500m", 5000, "serves at least 5,000 residents", "服务人口不少于5000人"),
        ),
    }
)
"""Local norms for 城市书房. Both name ranges (150-300 m², 8-30 thousand books; 5-20 thousand residents within
1-1.5 km); their lower ends are what a room must have, their upper ends describe usual sizes and fail nobody.
``residents_1500m`` is added by :func:`walkshed.assess.circle.residents_within`."""


@dataclass(frozen=True, kw_only=True)
class CircleRules:
    """``[circle]``: what the test asks for.

    Attributes
    ----------
    required_tiers
        Tiers of facilities that are required public venues.
    space_tiers
        Tiers that are public-good culture spaces. A tier is one or the other.
    required, spaces
        So many of each must be within reach.
    urban_max_m, rural_max_m
        Longest walk in towns and in the country, metres.
    rural_units
        ``unit_id`` of units that count as country, with all units in them.
    """

    required_tiers: tuple[str, ...] = ()
    space_tiers: tuple[str, ...] = ()
    required: int = field(default=1, metadata={"low": 0, "high": 100})
    spaces: int = field(default=2, metadata={"low": 0, "high": 100})
    urban_max_m: float = _number(1000.0, 1.0, 20_000.0)
    rural_max_m: float = _number(1500.0, 1.0, 20_000.0)
    rural_units: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NameRules:
    """``[names]``: what does not tell places apart in their names, and a list of names to look for.

    Attributes
    ----------
    list
        File of the names that a document mentions; the study says which of them it has
        (:func:`walkshed.inputs.name_lists.check_names`). ``""`` none.
    list_columns
        ``{"name": "the file's column"}``, where it is not found by itself.
    prefixes
        Names of cities and districts that may stand in front.
    kinds
        Kind of place -> the words for it, which are equal to each other. Different kinds are different places.
    unit_words
        Words that may stand behind the name of a town before the kind (``西永街道智慧书房``), or be left out at the end
        of a town's own name.
    same
        Other spellings -> the name meant, where no rule finds it.
    fuzzy_min
        Names less similar than this (0..1) do not fit.
    candidates
        So many fuzzy matches are listed for a name.
    """

    list: str = ""
    list_columns: dict[str, str] = field(default_factory=dict)
    prefixes: tuple[str, ...] = (
        "重庆市高新区直管园", "重庆高新区直管园", "重庆高新技术产业开发区", "重庆市高新区", "重庆高新区",
        "高新区直管园", "高新区", "重庆市", "重庆", "沙坪坝区", "沙坪坝", "九龙坡区", "九龙坡",
    )  # fmt: skip
    kinds: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "reading_room": READING_ROOM, "library_branch": LIBRARY_BRANCH, "culture_station": CULTURE_STATION,
        }
    )  # fmt: skip
    unit_words: tuple[str, ...] = ("街道办事处", "街道办", "街道", "镇人民政府", "镇政府", "镇", "乡")
    same: dict[str, str] = field(default_factory=dict)
    fuzzy_min: float = _number(0.6, 0.0, 1.0)
    candidates: int = field(default=3, metadata={"low": 1, "high": 20})


@dataclass(frozen=True, kw_only=True)
class HoursRules:
    """``[hours]``: how opening hours are read.

    Attributes
    ----------
    unknown
        What a facility whose hours are unknown counts as at every hour.
    week
        Monday of the week that counts, ISO date.
    summer
        First and last day of summer (month, day, month, day), for hours that say 夏季 and 冬季 without dates; or none.
    hour
        Hour of the week for which the study is told a second time: rates, homes, gaps and reasons with the rooms open
        then (:mod:`walkshed.assess.availability`). The headline stays that of any hour. 0 is Monday 00:00-01:00; -1
        none.
    """

    unknown: str = field(default="closed", metadata={"choices": ("closed", "open")})
    week: str = "2025-10-13"
    summer: tuple[int, ...] = ()
    hour: int = field(default=-1, metadata={"low": -1, "high": 167})


@dataclass(frozen=True, kw_only=True)
class CriteriaRules:
    """``[criteria]``: what a facility must have to meet the norm (basis B).

    Attributes
    ----------
    preset
        A local norm to start from, one of :data:`PRESETS`; ``""`` none.
    rules
        Further requirements; one of the same name replaces the preset's.
    """

    preset: str = field(default="", metadata={"choices": ("", *PRESETS)})
    rules: tuple[Criterion, ...] = ()

    def all_rules(self) -> tuple[Criterion, ...]:
        """Return the preset's requirements and the further ones."""
        rules = {rule.name: rule for rule in PRESETS.get(self.preset, ())}
        return tuple((rules | {rule.name: rule for rule in self.rules}).values())
