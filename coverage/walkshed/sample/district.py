"""The sample district put together: streets that meet, houses beside them, and who lives where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from walkshed.sample.areas import COMMUNITIES, community_ring
from walkshed.sample.blocks import COMPOUNDS, OTHERS, STATED, draw_lanes, draw_yards, outline
from walkshed.sample.ground import draw_ground
from walkshed.sample.houses import House, place_houses
from walkshed.sample.noding import Drawing, join_lines
from walkshed.sample.osmfile import OsmFile
from walkshed.sample.rural import HAMLETS, draw_rural
from walkshed.sample.towns import CROSS_ROADS, draw_towns, town_place

if TYPE_CHECKING:
    from walkshed.sample.blocks import Block, Gate

SEED: Final = 20_260
M2_PER_PERSON: Final = 40.0
PERSONS_PER_HOUSEHOLD: Final = 2.6
DEFAULT_LEVELS: Final = 5.0
GROUPS: Final = ("seniors", "children", "students")
NOT_HOMES: Final = ("retail", "civic", "school", "hospital", "college")


class Compound(NamedTuple):
    """A gated compound as its register tells it."""

    number: str
    block: Block
    gates: list[Gate]
    households: int
    buildings: int


class District(NamedTuple):
    """Everything about the sample district that files are written from.

    Attributes
    ----------
    osm
        Streets, houses and ground.
    buildings
        Number of houses.
    compounds
    population : list of dict
        Residents of every community, ``population`` and ``population_<group>``, in the order of the communities.
    """

    osm: OsmFile
    buildings: int
    compounds: list[Compound]
    population: list[dict[str, int]]


def build_district() -> District:
    """Draw the district, always the same."""
    drawing = draw_streets()
    houses = place_houses(drawing.lines, np.random.default_rng(SEED + 1))
    osm = OsmFile()
    for area in draw_ground():
        osm.add_way(area.ring.tolist(), area.tags)
    for house in houses:
        osm.add_way(house.ring.tolist(), house.tags)
    streets = [osm.add_way(line.points, line.tags) for line in drawing.lines]
    for place, tags in drawing.marks:
        near = place if "barrier" in tags else osm.nearest_vertex(place, streets)
        osm.add_node(near, tags)
    for hamlet in HAMLETS:
        osm.add_node((hamlet.x + 0.5, hamlet.y + 0.5), {"place": "hamlet", "name": hamlet.name})
    for name, kind, x, y in PLACES:
        osm.add_node((x, y), {"place": kind, "name": name})
    return District(osm, len(houses), _compounds(houses), _population(houses))


PLACES: Final = (
    ("老城", "suburb", 2330.0, 2750.0), ("新城", "suburb", 3230.0, 2500.0), ("云岭场", "village", 5080.0, 2120.0),
    ("码头", "neighbourhood", 2560.0, 1850.0), ("文庙", "neighbourhood", 2130.0, 1750.0),
    ("江湾", "neighbourhood", 3270.0, 3050.0), ("北门", "neighbourhood", 2350.0, 3950.0),
)  # fmt: skip


def draw_streets() -> Drawing:
    """Draw all streets and let them meet."""
    drawing, rng = Drawing(), np.random.default_rng(SEED)
    draw_towns(drawing, rng)
    town = np.vstack(
        [
            np.array(line.points)
            for line in drawing.lines
            if line.tags["highway"] in ("residential", "tertiary", "living_street")
        ]
    )
    for block in COMPOUNDS:
        draw_lanes(drawing, block)
    for block in OTHERS:
        draw_yards(drawing, block)
    draw_rural(drawing, town)
    _particulars(drawing)
    join_lines(drawing.lines)
    return drawing


def _particulars(drawing: Drawing) -> None:
    """Draw what tells a map of a real place: a private drive, a slip of the pen, crossings."""
    s = CROSS_ROADS[3] + 90.0
    o = np.linspace(885.0, 1110.0, 9)
    drive = town_place(s + 12.0 * np.abs(np.arange(9.0) - 4.0), o)
    drawing.draw(drive, highway="service", access="private", name="翠屏山庄内部路")
    gap = town_place(np.array([5300.0, 5345.0, 5400.0]), np.array([-812.0, -806.0, -815.0]))
    drawing.draw(gap, joins=False, highway="residential")
    for s in CROSS_ROADS[1:-1]:
        drawing.mark(town_place(s, 335.0).tolist(), highway="traffic_signals")
        drawing.mark(town_place(s + 120.0, 335.0).tolist(), highway="crossing", crossing="traffic_signals")
        drawing.mark(town_place(s + 60.0, 92.0).tolist(), highway="crossing", crossing="zebra")


def _compounds(houses: list[House]) -> list[Compound]:
    found = []
    for number, block in enumerate(COMPOUNDS, start=1):
        own = [house for house in houses if house.owner == block.name]
        people = sum(house.floor_m2() for house in own) / M2_PER_PERSON
        households = STATED.get(block.name, round(people / PERSONS_PER_HOUSEHOLD))
        found.append(Compound(f"XQ-{number:02d}", block, outline(block)[1], households, len(own)))
    return found


def _population(houses: list[House]) -> list[dict[str, int]]:
    """Return who is registered in every community; the floor area of its homes tells about how many."""
    homes = [house for house in houses if house.tags["building"] not in NOT_HOMES]
    points = shapely.points(np.array([house.middle() for house in homes]))
    floor = np.array(
        [house.floor_m2() * (1.0 if "building:levels" in house.tags else DEFAULT_LEVELS) for house in homes]
    )
    table = []
    for community in COMMUNITIES:
        inside = shapely.contains(shapely.Polygon(community_ring(community)), points)
        people = round(float(floor[inside].sum()) / M2_PER_PERSON * community.density)
        shares = (community.seniors, community.children, community.students)
        groups = {f"population_{group}": round(people * share) for group, share in zip(GROUPS, shares, strict=True)}
        table.append({"population": people, **groups})
    return table
