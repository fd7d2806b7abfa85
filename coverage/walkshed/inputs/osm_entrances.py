"""Entrances of buildings and gates of compounds, as OpenStreetMap has them on the outlines of areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import metric_crs
from walkshed.errors import InputError
from walkshed.inputs.osm_source import open_osm, reading
from walkshed.inputs.shapes import is_area

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from walkshed.inputs.entrances import Owner

NO_ENTRANCE = {
    "no": "walled up",
    "emergency": "opens outwards only",
    "emergency_exit": "the same",
    "fire_exit": "the same",
    "exit": "the same",
    "garage": "for cars",
    "parking": "for cars",
    "service": "for staff and goods",
    "delivery": "for goods",
}
"""Values of ``entrance`` by which nobody enters."""
INTO_FLATS = {"staircase": "leads to flats", "home": "leads to a flat"}
"""Further values by which only the residents of a building enter."""
INTO_SHOPS = {"shop": "leads to a shop"}
"""Further values by which nobody enters what is looked for here."""

GATES = (
    "gate", "entrance", "lift_gate", "swing_gate", "sliding_gate", "wicket_gate", "kissing_gate", "hampshire_gate",
    "turnstile", "full-height_turnstile", "door", "bollard", "cycle_barrier", "stile",
)  # fmt: skip
"""Values of ``barrier`` of nodes by which a walker comes through a wall."""
INVITED = ("yes", "designated", "permissive", "official")
"""Values of ``foot`` that let walkers through a gate closed to others."""
SHUT = ("no", "military")
SHUT_TO_VISITORS = ("private", *SHUT)
NEAR_M = 5.0
"""A gate so near to the outline of grounds is theirs: it is often mapped on the way through the wall, beside it."""

Doors = dict[int, tuple[dict[str, str], tuple[float, float]]]


class _Outline(NamedTuple):
    """Nodes along an outline, and whether it is a building's."""

    nodes: tuple[int, ...]
    building: bool


def osm_entrances(path: Path, owners: gpd.GeoDataFrame, *, owner: Owner, near_m: float = NEAR_M) -> gpd.GeoDataFrame:
    """Read the entrances and gates on the outlines of facilities or residential areas.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML, where the owners come from.
    owners
        Table whose column ``owner`` holds ids such as ``"way/12"`` or ``"relation/3"``; nodes, and ids of other
        sources, have no outline and no entrances here.
    owner
        ``"facility_id"``: visitors enter, so that what is private is no entrance; ``"demand_id"``: residents do.
    near_m
        Gates within so many metres of the outline of grounds or a compound count as on it, where ``owners`` has it as
        an area; 0 for none but those on it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``owner``'s column, ``name`` (tag ``name``, else ``ref``), ``kind`` (value of ``entrance``, else of
        ``barrier``), ``osm_id`` and a point in EPSG:4326: by owner in the order of ``owners``, main entrances first,
        then along the outline, then gates beside it by their number.

    Notes
    -----
    One enters a building by ``entrance=*``, and grounds or a compound also by a gate. On the outline of a compound an
    entrance that is on a building's outline, too, leads into the building and not through the wall, and is left out.

    Only what is mapped is known. A compound that is open all around, or whose other gates are not mapped, is reached by
    the mapped ones alone, which makes walks longer than they are.

    Raises
    ------
    InputError
        If the file cannot be read, or ``near_m`` is no number of metres.
    """
    if not 0 <= near_m < np.inf:
        raise InputError("entrances_near", value=near_m)
    ids = owners[owner].astype(str).tolist()
    visitors = owner == "facility_id"
    outlines = _outlines(path, ids)
    doors = _doors(path)
    of_buildings = _building_nodes(path, doors) if any(not line.building for line in outlines.values()) else set()
    beside = _gates_beside(owners, doors, near_m)
    rows = []
    for row, own_id in enumerate(ids):
        line = outlines.get(own_id, _Outline((), building=False))
        around = dict.fromkeys(line.nodes if line.building or not line.nodes else [*line.nodes, *beside.get(row, ())])
        found = [
            node
            for node in around
            if node in doors and is_way_in(doors[node][0], building=line.building, visitors=visitors)
        ]
        if not line.building:
            found = [node for node in found if "barrier" in doors[node][0] or node not in of_buildings]
        found.sort(key=lambda node: doors[node][0].get("entrance") != "main")
        rows += [(own_id, node) for node in found]
    tags = [doors[node][0] for _, node in rows]
    texts = {
        owner: [own_id for own_id, _ in rows],
        "name": [tag.get("name") or tag.get("ref", "") for tag in tags],
        "kind": [tag.get("entrance") or tag.get("barrier", "") for tag in tags],
        "osm_id": [f"node/{node}" for _, node in rows],
    }
    points = shapely.points(np.array([doors[node][1] for _, node in rows], float).reshape(-1, 2))
    return gpd.GeoDataFrame(pd.DataFrame(texts, dtype=str), geometry=gpd.GeoSeries(points, crs=EXCHANGE_CRS))


def is_way_in(tags: Mapping[str, str], *, building: bool, visitors: bool) -> bool:
    """Say whether one enters on foot by a node of an outline.

    Parameters
    ----------
    tags
        Tags of the node.
    building
        The outline is a building's; otherwise of grounds or a compound.
    visitors
        Of a facility; otherwise residents, who have keys.

    Examples
    --------
    >>> [is_way_in({"entrance": kind}, building=True, visitors=True) for kind in ("main", "service", "staircase")]
    [True, False, False]
    >>> gate = {"barrier": "gate", "access": "private"}
    >>> is_way_in(gate, building=False, visitors=True), is_way_in(gate, building=False, visitors=False)
    (False, True)
    """
    door, barrier = tags.get("entrance"), tags.get("barrier")
    if door is None and (building or barrier not in GATES):
        return False
    if door in NO_ENTRANCE or door in INTO_SHOPS or (door in INTO_FLATS and (visitors or not building)):
        return False
    foot = tags.get("foot")
    if foot in INVITED:
        return True
    shut = SHUT_TO_VISITORS if visitors else SHUT
    closed = foot in shut or (foot is None and tags.get("access") in shut)
    return not closed and not (barrier is not None and tags.get("locked") == "yes")


def _outlines(path: Path, ids: list[str]) -> dict[str, _Outline]:
    """Return the outlines of the ways and relations among the ids; of a relation its outer ways one after the other."""
    wanted = {kind: _numbers(ids, kind) for kind in ("way", "relation")}
    members: dict[int, tuple[list[int], bool]] = {}
    with reading(path):
        for item in _items(path, osmium.osm.RELATION, wanted["relation"]):
            if isinstance(item, osmium.osm.Relation):
                outer = [member.ref for member in item.members if member.type == "w" and member.role != "inner"]
                members[item.id] = outer, "building" in item.tags
        ways = wanted["way"] | {way for outer, _ in members.values() for way in outer}
        lines = {}
        for item in _items(path, osmium.osm.WAY, ways):
            if isinstance(item, osmium.osm.Way):
                lines[item.id] = _Outline(tuple(node.ref for node in item.nodes), "building" in item.tags)
    none = _Outline((), building=False)
    found = {f"way/{way}": lines[way] for way in wanted["way"] if way in lines}
    for relation, (outer, building) in members.items():
        nodes = tuple(node for way in outer for node in lines.get(way, none).nodes)
        found[f"relation/{relation}"] = _Outline(nodes, building)
    return found


def _numbers(ids: list[str], kind: str) -> set[int]:
    parts = (own_id.partition("/") for own_id in ids)
    return {int(number) for own_kind, _, number in parts if own_kind == kind and number.isdecimal()}


def _items(path: Path, entity: osmium.osm.osm_entity_bits, numbers: set[int]) -> Iterator[object]:
    """Yield the objects of one type with these numbers; a file is not opened for none."""
    if numbers:
        yield from open_osm(path, entity).with_filter(osmium.filter.IdFilter(numbers))


def _gates_beside(owners: gpd.GeoDataFrame, doors: Doors, near_m: float) -> dict[int, list[int]]:
    """Return the barriers within so many metres of the outlines of areas, by the row of the area."""
    shapes = np.array(owners.geometry.array, dtype=object)
    areas = np.flatnonzero(is_area(shapes))
    gates = sorted(node for node, (tags, _) in doors.items() if "barrier" in tags)
    if not (near_m > 0 and len(areas) and gates):
        return {}
    outlines = gpd.GeoSeries(shapely.boundary(shapes[areas]), crs=owners.crs)
    crs = metric_crs(outlines.to_crs(EXCHANGE_CRS))
    points = gpd.GeoSeries(shapely.points([doors[node][1] for node in gates]), crs=EXCHANGE_CRS).to_crs(crs)
    tree = shapely.STRtree(points.to_numpy())
    beside: dict[int, list[int]] = {}
    pairs = tree.query(outlines.to_crs(crs).to_numpy(), predicate="dwithin", distance=near_m)
    for area, gate in sorted(zip(*pairs.tolist(), strict=True)):
        beside.setdefault(int(areas[area]), []).append(gates[gate])
    return beside


def _doors(path: Path) -> Doors:
    """Return the tags and the position, in degrees, of every node that is tagged as an entrance or a barrier."""
    processor = open_osm(path, osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("entrance", "barrier"))
    found = {}
    with reading(path):
        for item in processor:
            if isinstance(item, osmium.osm.Node) and item.location.valid():
                found[item.id] = dict(item.tags), (item.location.lon, item.location.lat)
    return found


def _building_nodes(path: Path, doors: Mapping[int, object]) -> set[int]:
    """Return the nodes among ``doors`` that stand on the outline of a building."""
    of_building = osmium.filter.KeyFilter("building")
    with reading(path):
        outer = {
            member.ref
            for item in open_osm(path, osmium.osm.RELATION).with_filter(of_building)
            if isinstance(item, osmium.osm.Relation)
            for member in item.members
            if member.type == "w"
        }
        return {
            node.ref
            for way in open_osm(path, osmium.osm.WAY)
            if isinstance(way, osmium.osm.Way) and ("building" in way.tags or way.id in outer)
            for node in way.nodes
            if node.ref in doors
        }
