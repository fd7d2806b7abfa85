"""The layers of the web map, each a group that the legend can switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import folium
import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiLineString

from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, MarkerLayer, compact_payload
from walkshed.reporting.signs import SIGNS, area_key, line_key, sign_key
from walkshed.reporting.wording import count, named, people, percent, plain, say, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from walkshed.network.model import WalkNetwork
    from walkshed.results import StudyResult, Survey

EXCHANGE: Final = "EPSG:4326"
COARSE: Final = 100_000
"""Steps per degree (1.1 m) of what is only looked at."""
STREET_TOLERANCE_M: Final = 2.0
BACKDROP_TOLERANCE_M: Final = 3.0
SURROUNDINGS_M: Final = 800.0
"""Streets and backdrop are drawn so far beyond the boundary."""
DASHES: Final = ("1 4", "6 4", "")
"""Outlines of the isochrones, the nearest dotted, the farthest solid."""
TAG_CHARACTERS: Final = 40
NAME_CHARACTERS: Final = 400
FIRST_GAPS: Final = 5
"""So many gaps are labelled before any room."""
RANK_FIRST_GAPS, RANK_ROOMS, RANK_GAPS, RANK_UNITS = 500, 1_000, 10_000, 100_000

Group = dict[str, Any]


def named_units(units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the units to name on a map: not the one that holds all others, whose name is the study's own."""
    if "parent_id" not in units.columns:
        return units
    inner = units["parent_id"].fillna("").astype(str) != ""
    return units[inner] if inner.any() else units


def base_group(result: Survey, language: str) -> Group:
    """Return water, green areas and streets around the study area."""
    network = result.network
    frame = drawing_frame(result)
    backdrop = clipped(result.inputs.backdrop.to_crs(network.crs), frame)
    group = folium.FeatureGroup(name=say("base", language))
    looks = {"water": palette.WATER, "green": palette.GREEN, "building": palette.BUILT}
    shown = backdrop[backdrop["layer"].isin(looks)]
    shown = shown.assign(order=shown["layer"].map({"green": 0, "water": 1, "building": 2}))
    shown = shown.sort_values("order", kind="stable")
    areas = shown.geometry.simplify(BACKDROP_TOLERANCE_M).to_crs(EXCHANGE)
    codes = shown["layer"].map(list(looks).index).to_numpy(np.int64)
    CompactLayer(
        "backdrop",
        compact_payload(areas, scale=COARSE, classes=codes),
        z=210,
        style={"stroke": False, "fillOpacity": 1},
        looks=[{"fillColor": colour} for colour in looks.values()],
    ).add_to(group)
    paths, streets = street_lines(network, frame)
    lines = gpd.GeoSeries([paths, streets], crs=network.crs).to_crs(EXCHANGE)
    CompactLayer(
        "streets",
        compact_payload(lines, scale=COARSE, classes=np.array([0, 1])),
        z=220,
        looks=[{"color": palette.PATH, "weight": 0.9}, {"color": palette.STREET, "weight": 1.7}],
    ).add_to(group)
    rows = [{"key": line_key(palette.STREET, width=2.4), "text": say("street", language)}]
    present = set(shown["layer"])
    rows += [
        {"key": area_key(looks[kind]), "text": say(kind, language)} for kind in ("water", "green") if kind in present
    ]
    return {"text": say("base", language), "layer": group, "rows": rows}


def drawing_frame(result: Survey) -> BaseGeometry:
    """Return the rectangle that base layers fill, in the network's CRS."""
    boundary = result.inputs.boundary.geometry.to_crs(result.inputs.network.crs)
    west, south, east, north = (float(value) for value in boundary.total_bounds)
    reach = SURROUNDINGS_M
    frame: BaseGeometry = shapely.box(west - reach, south - reach, east + reach, north + reach)
    return frame


def clipped(table: gpd.GeoDataFrame, frame: BaseGeometry) -> gpd.GeoDataFrame:
    """Return the rows that meet a rectangle, cut to it."""
    table = located(table)
    table = table[table.geometry.intersects(frame)]
    bounds = frame.bounds
    return table.set_geometry(shapely.clip_by_rect(shapely.make_valid(table.geometry.array), *bounds), crs=table.crs)


def street_lines(network: WalkNetwork, frame: BaseGeometry) -> tuple[MultiLineString, MultiLineString]:
    """Return nameless paths and named streets inside a rectangle, joined and simplified, in the network's CRS."""
    lines = network.edge_lines
    inside = shapely.intersects(lines, frame)
    parts = []
    for kind in (network.name_code < 0, network.name_code >= 0):
        joined = shapely.get_parts(shapely.line_merge(MultiLineString(list(lines[inside & kind]))))
        # line by line, since keeping the topology of a whole city takes seconds
        thin = shapely.simplify(joined, STREET_TOLERANCE_M, preserve_topology=False)
        parts.append(MultiLineString(list(thin)))
    return parts[0], parts[1]


def unit_group(result: Survey, language: str) -> Group:
    """Return the study area's outline and the units with their names."""
    group = folium.FeatureGroup(name=say("units", language))
    units = located(result.inputs.units)
    dash = "9 4 2 4"
    if len(units):
        payload = compact_payload(units.geometry, scale=COARSE)
        CompactLayer(
            "units",
            payload,
            z=425,
            style={"color": palette.BORDER, "weight": 1.1, "opacity": 0.75, "dashArray": "3 3", "fill": False},
        ).add_to(group)
    CompactLayer(
        "boundary",
        compact_payload(result.inputs.boundary.geometry, scale=COARSE),
        z=426,
        style={"color": palette.BORDER, "weight": 2, "dashArray": dash, "fill": False},
    ).add_to(group)
    rows = [{"key": line_key(palette.BORDER, width=2, dash="7 3 2 3"), "text": say("boundary", language)}]
    named = named_units(units)
    if len(named):
        items = [
            {
                "at": _at(point),
                "sign": "none",
                "tag": shortened(unit.name, TAG_CHARACTERS),
                "small": True,
                "color": palette.MUTED,
                "rank": RANK_UNITS + i,
            }
            for i, (unit, point) in enumerate(
                zip(named[["name"]].itertuples(index=False), named.geometry.representative_point(), strict=True)
            )
        ]
        MarkerLayer("unit-names", SIGNS, items).add_to(group)
        rows.append({"key": line_key(palette.BORDER, width=1.2, dash="3 3"), "text": say("unit", language)})
    return {"text": say("units", language), "layer": group, "rows": rows}


def band_group(result: Survey, language: str) -> Group | None:
    """Return the merged isochrones, widest below; ``None`` where nothing is reached."""
    bands = merged_bands(result)
    if not len(bands):
        return None
    group = folium.FeatureGroup(name=say("bands", language))
    codes = list(range(len(bands)))
    payload = compact_payload(bands.geometry, scale=COARSE, classes=np.array(codes))
    fills = [{"fillOpacity": palette.band_opacity(i, len(bands))} for i in codes]
    lines = [{"dashArray": dash or None} for dash in band_dashes(len(bands))]
    CompactLayer(
        "bands", _reversed(bands, codes), z=300, style={"stroke": False, "fillColor": palette.BAND}, looks=fills
    ).add_to(group)
    CompactLayer(
        "band-lines",
        payload,
        z=430,
        style={"color": palette.NAVY, "weight": 1.3, "opacity": 0.85, "fill": False},
        looks=lines,
    ).add_to(group)
    rows = [
        {"key": line_key(palette.NAVY, dash=dash), "text": say("band", language, minutes=cutoff)}
        for cutoff, dash in zip(bands["cutoff_min"], band_dashes(len(bands)), strict=True)
    ]
    return {"text": say("bands", language), "layer": group, "rows": rows}


def merged_bands(result: Survey) -> gpd.GeoDataFrame:
    """Return the isochrones merged over all rooms that hold anything, shortest first."""
    shapes = result.isochrones
    merged = located(shapes[shapes["facility_id"] == ""])
    return merged.sort_values("cutoff_min").reset_index(drop=True)


def band_dashes(bands: int) -> tuple[str, ...]:
    """Return the outlines of so many isochrones, the farthest solid."""
    return ((DASHES[0],) * bands + DASHES[1:])[2:]


def _reversed(bands: gpd.GeoDataFrame, codes: Sequence[int]) -> dict[str, object]:
    return compact_payload(bands.geometry[::-1], scale=COARSE, classes=np.array(codes[::-1]))


def gap_group(result: Survey, language: str) -> Group | None:
    """Return the gaps' outlines and numbers; ``None`` where there are none."""
    gaps = result.gaps
    if not len(gaps):
        return None
    group = folium.FeatureGroup(name=say("gaps", language))
    CompactLayer(
        "gaps",
        compact_payload(gaps.geometry, scale=COARSE),
        z=440,
        style={"color": palette.GAP, "weight": 1.2, "opacity": 0.9, "fillColor": palette.UNSERVED, "fillOpacity": 0.1},
    ).add_to(group)
    items = [
        {
            "at": _at(point),
            "sign": "none",
            "tag": say("gap_number", language, rank=gap["rank"], people=people(gap["residents"], language)),
            "plate": True,
            "color": palette.GAP,
            "rank": RANK_FIRST_GAPS + int(gap["rank"]) if gap["rank"] <= FIRST_GAPS else RANK_GAPS + int(gap["rank"]),
            "group": "gap",
        }
        for (_, gap), point in zip(gaps.iterrows(), gaps.geometry.representative_point(), strict=True)
    ]
    MarkerLayer("gap-numbers", SIGNS, items).add_to(group)
    key = area_key(palette.UNSERVED, opacity=0.15, stroke=palette.GAP)
    return {"text": say("gaps", language), "layer": group, "rows": [{"key": key, "text": say("gap", language)}]}


def room_group(result: Survey, language: str) -> Group | None:
    """Return the reading rooms with a known position; ``None`` where there are none."""
    rooms = located(result.facilities)
    if not len(rooms):
        return None
    statuses = [status for status in palette.STATUS_COLOURS if (rooms["status"] == status).any()]
    items = [
        {
            "at": _at(room["geometry"]),
            "sign": room["status"],
            "tag": shortened(room["name"], TAG_CHARACTERS),
            "color": palette.STATUS_COLOURS[room["status"]],
            "rank": RANK_ROOMS + 1000 * statuses.index(room["status"]) + i,
            "name": shortened(room["name"], NAME_CHARACTERS),
            "rows": list(_room_rows(room, language)),
        }
        for i, (_, room) in enumerate(rooms.iterrows())
    ]
    layer = MarkerLayer("facilities", SIGNS, items, name=say("facilities", language))
    rows = [{"key": sign_key(status), "text": named("status", status, language)} for status in statuses]
    return {"text": say("facilities", language), "layer": layer, "rows": rows}


def located(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows whose geometry is known and not empty."""
    return table[~(shapely.is_missing(table.geometry.array) | shapely.is_empty(table.geometry.array))]


def _room_rows(room: pd.Series, language: str) -> Iterator[tuple[str, str]]:
    yield say("field_status", language), named("status", room["status"], language)
    for column in ("opening_hours", "capacity", "tier", "position_quality", "source"):
        value = shortened(room.get(column), NAME_CHARACTERS)
        if value:
            yield say(f"field_{column}", language), value


def proposal_group(result: StudyResult, language: str) -> Group | None:
    """Return the proposed rooms by number; ``None`` where none is proposed."""
    proposals = result.proposals
    if not len(proposals):
        return None
    items = [
        {
            "at": _at(site["geometry"]),
            "sign": "proposal",
            "number": str(site["rank"]),
            "tag": say("proposal_tag", language, people=people(site["newly_served"], language)),
            "plate": True,
            "color": palette.NEW,
            "rank": int(site["rank"]),
            "name": shortened(site["place"], NAME_CHARACTERS),
            "rows": [
                (say("field_order", language), plain(site["rank"])),
                (say("field_newly_served", language), count(float(site["newly_served"]))),
                (say("field_cumulative_rate", language), percent(float(site["cumulative_rate"]))),
            ],
        }
        for _, site in proposals.iterrows()
    ]
    layer = MarkerLayer("proposals", SIGNS, items, name=say("proposals", language))
    row = {"key": sign_key("proposal"), "text": say("proposal", language)}
    return {"text": say("proposals", language), "layer": layer, "rows": [row]}


def _at(point: shapely.Point) -> tuple[float, float]:
    return round(point.y, 6), round(point.x, 6)
