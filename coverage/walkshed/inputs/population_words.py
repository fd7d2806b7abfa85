"""Words by which columns of population groups are recognised, Chinese and English; see :mod:`.synonyms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "population_"
"""What the column of a group starts with: ``population_seniors``."""

_STEMS: Mapping[str, tuple[str, ...]] = {
    "seniors": (
        "60岁以上", "60岁及以上", "60周岁以上", "60周岁及以上", "60+", "60岁+",
        "65岁以上", "65岁及以上", "65周岁以上", "65周岁及以上", "65+", "65岁+", "老年", "老龄", "老人",
        "seniors", "senior", "elderly", "60_plus", "65_plus", "aged_60_plus", "aged_65_plus", "age_60_plus",
        "age_65_plus",
    ),
    "children": (
        "0-14岁", "0~14岁", "0至14岁", "0到14岁", "14岁以下", "14岁及以下", "15岁以下",
        "儿童", "少儿", "少年儿童", "未成年", "18岁以下", "0-17岁", "0~17岁",
        "children", "child", "0_14", "aged_0_14", "age_0_14", "minors",
    ),
    "students": ("学生", "在校学生", "在校生", "中小学生", "大学生", "students", "student", "pupils"),
    "migrants": (
        "外来", "流动", "外来务工", "流动人员", "外来人员", "务工", "外来务工人员", "非户籍",
        "migrants", "migrant", "floating",
    ),
    "disabled": ("残疾", "残疾人", "残障", "残障人士", "持证残疾人", "disabled", "disability"),
    "low_income": (
        "低保", "低收入", "低保户", "低保对象", "低保人员", "低收入人群", "困难群众", "困难", "特困",
        "low_income", "lowincome", "poor",
    ),
}  # fmt: skip
_PEOPLE = ("", "人口", "人口数", "人数", "人口数量", "人员", "群体", "_population", "_people", "_count")
SHARE_ENDINGS = (
    "人口占比", "人口比例", "人口比重", "人数占比", "人数比例", "占比", "比例", "比重", "人口率", "率",
    "_share", "_percent", "_pct", "_rate", "_percentage", "share", "percent", "pct", "percentage",
)  # fmt: skip
"""How the header of a column of shares ends."""


def _headers(group: str, stems: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headers of a group; people come before shares, so that a file with both gives its people."""
    own = (f"{PREFIX}{group}", *(stem + ending for ending in _PEOPLE for stem in stems))
    shares = (f"{PREFIX}{group}_share", *(stem + ending for ending in SHARE_ENDINGS for stem in stems))
    further = {"seniors": ("老龄化率", "老龄化程度", "老龄化水平")}.get(group, ())
    return tuple(dict.fromkeys((*own, *shares, *further)))


GROUP_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    f"{PREFIX}{group}": _headers(group, stems) for group, stems in _STEMS.items()
}
"""Our column name of every usual group -> the headers that mean it."""

NO_GROUPS = frozenset(
    {"density", "total", "count", "sum", "all", "year", "date", "source", "note", "notes", "name", "id", "rank",
     "change", "growth", "rate", "share", "est", "estimate", "estimated", "projected", "per_km2", "km2", "quality"}
)  # fmt: skip
"""What a column may say about all the people, so that ``population_<word>`` is no group unless the mapping names it."""
