"""Parts of a map's legend that several pages show. No text holds a figure that a click changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from walkshed.app.texts import say, term
from walkshed.reporting import palette
from walkshed.reporting.signs import area_key, line_key, sign_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from walkshed.app.mapbase import Base

    Row = dict[str, str]


def room_rows(rooms: gpd.GeoDataFrame, *, always: Iterable[str] = ()) -> list[Row]:
    """Return a row for every status that rooms have.

    Parameters
    ----------
    rooms
        Facilities with a position.
    always
        Statuses listed even where no room has them.
    """
    there = {*rooms.status, *always}
    statuses = [status for status in palette.STATUS_COLOURS if status in there]
    return [{"key": sign_key(status), "text": say("legend_room", status=term("status", status))} for status in statuses]


def homes_group(base: Base, rows: Iterable[tuple[int, str]]) -> dict[str, Any]:
    """Return the group of the homes, or of the squares that stand for them.

    Parameters
    ----------
    base
        What the map draws.
    rows
        Class of homes and key of its text.
    """
    title = say("legend_homes")
    if base.blocks is not None:
        title = say("legend_blocks", side=f"{base.blocks.side_m:g}", count=f"{len(base.blocks.block):,}")
    return {
        "text": title,
        "rows": [{"key": area_key(palette.HOME_COLOURS[code]), "text": say(key)} for code, key in rows],
    }


def areas_group(*, own_areas: bool = False) -> dict[str, Any]:
    """Return the group of isochrones and gaps, with or without every room's own area."""
    own = area_key(palette.NAVY, opacity=0.16, stroke=palette.NAVY)
    rows = [
        {"key": line_key(palette.NAVY), "text": say("legend_band")},
        {"key": line_key(palette.NAVY, dash="6 4"), "text": say("legend_inner_band")},
        {"key": area_key(palette.UNSERVED, opacity=0.15, stroke=palette.GAP), "text": say("legend_gap")},
    ]
    if own_areas:
        rows.append({"key": own, "text": say("legend_own_area")})
    return {"text": say("legend_areas"), "rows": rows}
