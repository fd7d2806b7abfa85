# ruff: noqa: RUF001 - Chinese names with Chinese punctuation
"""Reading rooms of the sample district, and premises where another could open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from walkshed.sample.towns import MARKET, town_place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

DAYTIME, LONG_DAY, ALWAYS = "周二至周日 9:00-17:30", "周一至周日 8:30-21:00", "24小时"
EVENINGS, TERM, WEEKEND = "周二至周日 9:00-21:00", "周一至周五 8:00-22:00", "周六至周日 9:00-17:00"


class Room(NamedTuple):
    """A row of the district office's list.

    Attributes
    ----------
    town
        Position in :data:`walkshed.sample.areas.TOWNS`.
    s, o
        Metres along and beside the river, or the market town's high street.
    placed
        ``"river"``, ``"market"``, or blank for a room without place.
    """

    number: str
    name: str
    town: int | None
    tier: str
    status: str
    s: float
    o: float
    hours: str
    seats: int
    area_m2: int
    books: int
    placed: str = "river"

    def place(self) -> FloatArray | None:
        """Return its place in metres; ``None`` where the list gives none."""
        if not self.placed:
            return None
        return MARKET.place(self.s, self.o) if self.placed == "market" else town_place(self.s, self.o)


ROOMS: Final = (
    Room("XS-001", "虚构示例区图书馆", 1, "区馆", "开放", 4232.0, 128.0, EVENINGS, 420, 5200, 260000),
    Room("XS-002", "码头24小时书房", 0, "24小时书房", "开放", 3975.0, -180.0, ALWAYS, 36, 180, 9000),
    Room("XS-003", "正街社区阅览室", 0, "社区室", "停用", 5650.0, -268.0, DAYTIME, 20, 90, 3200),
    Room("XS-004", "临江街道文化站图书室", 0, "街道站", "开放", 5210.0, -560.0, LONG_DAY, 48, 260, 12000),
    Room("XS-005", "江湾24小时书房", 1, "24小时书房", "开放", 5275.0, 318.0, ALWAYS, 40, 210, 10000),
    Room("XS-006", "云岭镇文化站图书室", 2, "街道站", "开放", 1010.0, 12.0, DAYTIME, 30, 160, 6500, "market"),
    Room("XS-007", "北湾家园社区室", 1, "社区室", "在建", 6120.0, 350.0, "", 24, 120, 0),
    Room("XS-008", "文庙书院分馆", 0, "24小时书房", "在建", 4150.0, -640.0, ALWAYS, 44, 240, 0),
    Room("XS-009", "公园24小时书房", 1, "24小时书房", "规划", 4830.0, 110.0, ALWAYS, 32, 150, 0),
    Room("XS-010", "南门旧书屋", 0, "社区室", "关闭", 3480.0, -250.0, "", 12, 60, 1500),
    Room("XS-011", "示例师范学院阅读角", 1, "社区室", "规划", 4850.0, 640.0, TERM, 60, 200, 8000),
    Room("XS-012", "渡口村农家书屋", 0, "社区室", "开放", 3040.0, -330.0, WEEKEND, 10, 45, 1200),
    Room("XS-013", "云岭镇流动书屋", 2, "社区室", "开放", 0.0, 0.0, "周三 14:00-17:00", 8, 0, 600, ""),
    Room("XS-014", "西山村阅览点", None, "社区室", "开放", 0.0, 0.0, DAYTIME, 8, 30, 500, ""),
    Room("XS-005", "江湾书房（重复登记）", 1, "24小时书房", "开放", 5280.0, 312.0, ALWAYS, 40, 210, 10000),
)  # fmt: skip
"""The last two are slips as such lists have them: no place and no town, and a number that was given before."""


LEAFLET: Final = (
    "虚构示例区图书馆",
    "码头城市书房",
    "江湾智慧书房",
    "虚构示例区文庙书院分馆",
    "正街社区阅览室",
    "云岭文化站图书室",
    "北湾家园社区室",
    "滨江驿站书吧",
)
"""Rooms as a leaflet lists them."""


class Premise(NamedTuple):
    """Empty premises, and what it costs to make a reading room of them (10,000 yuan)."""

    number: str
    name: str
    s: float
    o: float
    cost: int
    area_m2: int
    placed: str = "river"

    def place(self) -> FloatArray:
        """Return its place in metres."""
        return MARKET.place(self.s, self.o) if self.placed == "market" else town_place(self.s, self.o)


PREMISES: Final = (
    Premise("K-01", "文庙路闲置商铺", 4160.0, -460.0, 46, 150),
    Premise("K-02", "南门粮站旧房", 3560.0, -330.0, 62, 260),
    Premise("K-03", "北门供销社二层", 6180.0, -450.0, 55, 200),
    Premise("K-04", "松林路老厂房", 5620.0, -742.0, 120, 600),
    Premise("K-05", "幸福家园底商", 3940.0, 620.0, 38, 130),
    Premise("K-06", "南山小区物业用房", 3660.0, 625.0, 24, 110),
    Premise("K-07", "翠屏苑会所", 4540.0, 870.0, 70, 280),
    Premise("K-08", "江湾国际东门底商", 5290.0, 895.0, 58, 180),
    Premise("K-09", "和平里活动室", 5715.0, 875.0, 26, 120),
    Premise("K-10", "北郡售楼部", 6020.0, 600.0, 90, 420),
    Premise("K-11", "紫金苑架空层", 3650.0, 350.0, 30, 140),
    Premise("K-12", "西岸新村村委会", 7240.0, -190.0, 20, 90),
    Premise("K-13", "北岸新村党群服务中心", 6790.0, 160.0, 18, 100),
    Premise("K-14", "云岭老场茶馆", 1530.0, -60.0, 22, 95, "market"),
    Premise("K-15", "云岭镇粮库", 640.0, 60.0, 48, 300, "market"),
    Premise("K-16", "滨江大道驿站", 5000.0, 110.0, 34, 80),
)
FOOTBRIDGE: Final = 4700.0
"""Length along the river at which a scenario crosses it on foot."""
