"""Words by which the columns and values of other people's files are recognised, Chinese and English.

Headers are compared after :func:`header_key`; within a tuple the earlier word wins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from walkshed.inputs.population_words import GROUP_SYNONYMS
from walkshed.inputs.values import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_ID = (
    "id", "编号", "编码", "代码", "code", "uid", "poi_id", "poiid", "osm_id", "osmid", "object_id", "唯一标识",
)  # fmt: skip
_UNIT = (
    "unit_id", "unit", "街道", "所属街道", "所在街道", "街道名称", "街道代码", "街道编码", "镇街", "所属镇街", "街镇",
    "乡镇", "街道乡镇", "乡镇街道", "所属单元", "行政单元", "单元编号", "subdistrict", "town", "township", "adm_unit",
)  # fmt: skip
_ENTRANCE_NAME = (
    "name", "entrance", "entrance_name", "gate", "gate_name", "出入口名称", "出入口", "入口名称", "入口", "大门名称",
    "大门", "门名称", "门名", "门", "名称", "title",
)  # fmt: skip

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "名称", "设施名称", "书房名称", "书房", "阅读空间", "馆名", "点位名称", "项目名称", "title"),
    "lon": (
        "lon",
        "lng",
        "long",
        "longitude",
        "经度",
        "东经",
        "经度坐标",
        "x",
        "x坐标",
        "point_x",
        "xcoord",
        "coord_x",
    ),
    "lat": ("lat", "latitude", "纬度", "北纬", "纬度坐标", "y", "y坐标", "point_y", "ycoord", "coord_y"),
    "location": ("location", "lnglat", "lonlat", "坐标", "经纬度", "坐标位置", "位置坐标"),
    "status": ("status", "状态", "开放状态", "建设状态", "运营状态", "建设情况"),
    "tier": ("tier", "级别", "层级", "等级", "设施等级", "level"),
    "capacity": ("capacity", "座位数", "座席数", "阅览座席", "阅览座位", "容量", "seats"),
    "opening_hours": ("opening_hours", "开放时间", "开馆时间", "营业时间", "服务时间", "hours"),
    "unit_id": _UNIT,
    "position_quality": ("position_quality", "位置精度", "坐标精度", "定位精度", "坐标质量", "位置质量"),
    "source": ("source", "来源", "数据来源", "资料来源"),
    "kind": ("kind",),
    "population": (
        "population",
        "常住人口",
        "居住人口",
        "实有人口",
        "人口",
        "人口数",
        "人数",
        "总人口",
        "pop",
        "residents",
    ),
    **GROUP_SYNONYMS,
    "households": ("households", "户数", "总户数", "住户数", "居民户数", "规划户数", "household"),
    "area_m2": ("area_m2",),
    "level": ("level", "级别", "层级", "行政级别", "admin_level"),
    "parent_id": ("parent_id", "parent", "上级", "上级编号", "上级代码", "上级单元", "上级编码", "所属区县"),
    "place": ("place", "地点", "名称", "点位名称", "name", "位置", "地址", "address", "位置描述"),
    "cost": ("cost", "费用", "造价", "投资", "投资额", "估算投资", "成本"),
}
"""Our column name -> the headers that mean it in every layer."""

LAYER_SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "facilities": {"facility_id": ("facility_id", "设施编号", "书房编号", "点位编号", *_OWN_ID)},
    "demand": {
        "demand_id": ("demand_id", "小区编号", "小区代码", "楼栋编号", *_OWN_ID),
        "name": (*SYNONYMS["name"], "小区名称", "小区", "居住区", "居住区名称", "楼栋名称"),
    },
    "units": {
        "unit_id": ("unit_id", "区划代码", "行政区划代码", "统计用区划代码", "社区代码", "社区编码", "村居代码",
                    "街道代码", "街道编码", "单元编号", *_OWN_ID, "adcode", "gb"),
        "name": (*SYNONYMS["name"], "街道名称", "社区名称", "街道", "镇街", "街镇", "乡镇", "社区", "unit", "town"),
        "in_town_code": ("in_town_code", "街道代码", "街道编码", "镇街代码", "乡镇代码"),
        "in_city": ("in_city", "市", "地市", "设区市", "地级市", "市名称", "所属市", "city"),
        "in_district": ("in_district", "区县", "县区", "县(市、区)", "区县名称", "区名称", "所属区", "district",
                        "county"),
        "in_town": ("in_town", "街道", "镇街", "街镇", "乡镇", "街道乡镇", "乡镇街道", "街道名称", "乡镇名称",
                    "镇街名称", "所属街道", "所在街道", "所属镇街", "所属乡镇", "subdistrict", "township", "town"),
        "in_community": ("in_community", "社区", "村居", "村社区", "社区村", "社区名称", "村居名称", "社区(村)",
                         "居委会", "所属社区", "所在社区", "community", "village"),
    },
    "denominators": {
        "unit_id": ("unit_id", "区划代码", "行政区划代码", "统计用区划代码", "街道代码", "社区代码", "单元编号", "名称",
                    "name", *_UNIT, "社区", "区县", *_OWN_ID),
        "basis": ("basis", "口径", "指标"),
        "group": ("group", "人群", "群体"),
        "denominator": ("denominator", "分母", "总数", "数值", "value"),
    },
    "candidates": {
        "candidate_id": ("candidate_id", "候选点编号", "点位编号", *_OWN_ID),
        "kind": ("kind", "type", "类型", "种类", "类别", "用途", "场所类型", "用房类型", "category"),
    },
    "boundary": {},
    "entrances": {
        "facility_id": ("facility_id", "设施编号", "书房编号", "所属设施编号", "所属书房编号", "所属编号", "owner_id"),
        "owner": ("owner", "facility", "facility_name", "设施名称", "书房名称", "所属设施", "所属书房", "馆名",
                  "设施", "书房"),
        "name": _ENTRANCE_NAME,
    },
    "gates": {
        "demand_id": ("demand_id", "小区编号", "小区代码", "所属小区编号", "居住区编号", "楼栋编号", "所属编号",
                      "owner_id"),
        "owner": ("owner", "compound", "compound_name", "小区名称", "所属小区", "小区", "居住区名称", "居住区",
                  "楼栋名称"),
        "name": _ENTRANCE_NAME,
    },
}  # fmt: skip
"""Layer -> the headers that mean something else, or something more, in it."""

STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "opened", "operating", "operational", "in operation", "开放", "已开放", "开放中",
             "正常开放", "运营", "运营中", "已运营", "营业", "营业中", "建成", "已建成", "已建", "现状",
             "启用", "已启用", "投入使用"),
    "building": ("building", "under construction", "construction", "在建", "建设中", "施工中", "施工", "正在建设"),
    "planned": ("planned", "proposed", "plan", "规划", "规划中", "拟建", "拟新建", "待建", "筹建", "筹建中", "未建"),
    "closed": ("closed", "disused", "关闭", "已关闭", "停用", "已停用", "停业", "停办", "撤销", "闭馆", "暂停开放"),
}  # fmt: skip

KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "building": ("building", "buildings", "建筑", "建筑物", "楼栋", "住宅楼", "住宅建筑"),
    "landuse": ("landuse", "land use", "居住用地", "住宅用地", "用地", "地块"),
    "compound": ("compound", "小区", "居住小区", "住宅小区", "居住区"),
    "point": ("point", "点", "居民点", "人口点"),
    "cell": ("cell", "grid", "网格", "格网", "栅格", "六边形"),
}


def header_key(header: str) -> str:
    """Return what two spellings of a header have in common.

    Examples
    --------
    >>> header_key("Opening Hours") == header_key("opening_hours"), header_key("户数(户)")
    (True, '户数')
    """
    return re.sub(r"[\s_\-.:]+", "", re.sub(r"\([^()]*\)\s*$", "", fold(header)))


def find_word(text: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the value that ``text`` stands for in one of the tables above, or None."""
    wanted = fold(text)
    return next((value for value, spellings in words.items() if wanted in spellings), None)
