"""The map of the sheet: base, isochrones, homes, gaps, rooms, proposals and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from walkshed.reporting import palette
from walkshed.reporting.drawing import draw_areas, draw_lines, draw_points
from walkshed.reporting.fonts import bold, drawable, font, wrapped
from walkshed.reporting.labels import Label, place_labels
from walkshed.reporting.maplayers import FIRST_GAPS, clipped, located, merged_bands, named_units, street_lines
from walkshed.reporting.served import home_classes
from walkshed.reporting.wording import people, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import shapely
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from walkshed.results import StudyResult

BAND_LINES: Final = ((0, (1, 1.6)), (0, (4, 2)), "-")
"""Outlines of the isochrones, the nearest dotted, the farthest solid."""
BORDER_LINE: Final = (0, (8, 3, 2, 3))
UNIT_LINE: Final = (0, (2, 2))
GAPS_LABELLED: Final = 12
NAME_EM: Final = 15.0
"""Width of a name on the map in sizes of its text."""


class Marker(NamedTuple):
    """How a room is drawn: matplotlib's marker, its size in points, fill and rim."""

    shape: str
    size: float
    fill: str
    rim: str
    width: float


MARKERS: Final = {
    "open": Marker("o", 8.5, palette.STATUS_COLOURS["open"], "white", 1.1),
    "building": Marker("s", 8.0, "white", palette.STATUS_COLOURS["building"], 2.0),
    "planned": Marker("D", 6.8, "white", palette.STATUS_COLOURS["planned"], 1.5),
    "closed": Marker("X", 8.0, palette.STATUS_COLOURS["closed"], "white", 0.7),
    "proposal": Marker("o", 13.0, palette.NEW, "white", 1.2),
}


def band_line(position: int, bands: int) -> object:
    """Return the outline of one of so many isochrones, counted from the nearest."""
    return BAND_LINES[max(position - bands + len(BAND_LINES), 0)]


def draw_map(result: StudyResult, axes: Axes, view: shapely.Polygon) -> None:
    """Draw everything but labels inside a rectangle of the network's CRS."""
    crs = result.inputs.network.crs
    _draw_base(result, axes, view)
    boundary = result.inputs.boundary.geometry.to_crs(crs)
    draw_areas(axes, [view.difference(boundary.union_all())], fc="white", ec="none", alpha=0.55, zorder=3)

    bands = merged_bands(result).to_crs(crs)
    for i, shape in enumerate(bands.geometry):
        draw_areas(axes, [shape], fc=palette.BAND, ec="none", alpha=palette.band_opacity(i, len(bands)), zorder=4)
        draw_lines(
            axes, [shape], colors=palette.NAVY, lw=0.9, linestyles=[band_line(i, len(bands))], zorder=8, alpha=0.85
        )

    classes = home_classes(result)
    homes = result.demand.geometry.to_crs(crs)
    for code, colour in enumerate(palette.HOME_COLOURS):
        chosen = homes[classes == code]
        draw_areas(axes, chosen, fc=colour, ec=colour, lw=0.2, zorder=6)
        draw_points(axes, chosen, s=5, c=colour, linewidths=0, zorder=6)

    gaps = result.gaps.geometry.to_crs(crs)
    draw_areas(axes, gaps, fc=palette.UNSERVED, ec="none", alpha=0.07, zorder=5)
    draw_lines(axes, gaps, colors=palette.GAP, lw=0.5, zorder=9)
    draw_lines(
        axes, result.inputs.units.geometry.to_crs(crs), colors=palette.BORDER, lw=0.6, linestyles=[UNIT_LINE], zorder=7
    )
    draw_lines(axes, boundary, colors=palette.BORDER, lw=1.4, linestyles=[BORDER_LINE], zorder=10)
    _draw_signs(result, axes)


def _draw_base(result: StudyResult, axes: Axes, view: shapely.Polygon) -> None:
    network = result.network
    backdrop = clipped(result.inputs.backdrop.to_crs(network.crs), view)
    for order, (kind, colour) in enumerate({"green": palette.GREEN, "water": palette.WATER}.items()):
        draw_areas(axes, backdrop.geometry[backdrop["layer"] == kind], fc=colour, ec="none", zorder=1 + order / 10)
    paths, streets = street_lines(network, view)
    draw_lines(axes, [paths], colors=palette.PATH, lw=0.4, zorder=2, capstyle="round")
    draw_lines(axes, [streets], colors=palette.STREET, lw=0.8, zorder=2.1, capstyle="round")


def _draw_signs(result: StudyResult, axes: Axes) -> None:
    crs = result.inputs.network.crs
    rooms = located(result.facilities).to_crs(crs)
    for status in reversed(palette.STATUS_COLOURS):
        marker, here = MARKERS[status], rooms.geometry[rooms["status"] == status]
        axes.plot(
            here.x,
            here.y,
            ls="",
            marker=marker.shape,
            ms=marker.size,
            mfc=marker.fill,
            mec=marker.rim,
            mew=marker.width,
            zorder=20,
            clip_on=True,
        )
    sites = result.proposals.to_crs(crs)
    marker = MARKERS["proposal"]
    axes.plot(
        sites.geometry.x, sites.geometry.y, ls="", marker=marker.shape, ms=marker.size, mfc=marker.fill, mec=marker.rim,
        mew=marker.width, zorder=22,
    )  # fmt: skip
    for rank, point in zip(sites["rank"], sites.geometry, strict=True):
        axes.text(
            point.x,
            point.y,
            str(rank),
            ha="center",
            va="center_baseline",
            fontproperties=font(7.8),
            color="white",
            zorder=23,
            path_effects=bold("white", 0.4),
            clip_on=True,
        )


def draw_map_labels(
    result: StudyResult,
    canvas: FigureCanvasAgg,
    axes: Axes,
    kept_free: Sequence[tuple[float, float, float, float]],
    language: str,
) -> None:
    """Label proposals, rooms, gaps and units, in this order, where there is room."""
    place_labels(canvas, axes, list(_labels(result, language)), kept_free)


def _labels(result: StudyResult, language: str) -> Iterator[Label]:
    crs = result.inputs.network.crs
    sites = result.proposals.to_crs(crs)
    for residents, point in zip(sites["newly_served"], sites.geometry, strict=True):
        line = say("proposal_tag", language, people=people(residents, language))
        yield Label(point.x, point.y, line, 7.5, palette.NEW, radius=MARKERS["proposal"].size / 2, plate=True)
    gaps = list(_gap_labels(result, language))
    yield from gaps[:FIRST_GAPS]
    rooms = located(result.facilities).to_crs(crs)
    for status, colour in palette.STATUS_COLOURS.items():
        here = rooms[rooms["status"] == status]
        for name, point in zip(here["name"], here.geometry, strict=True):
            line = " ".join(wrapped(drawable(name), NAME_EM, 1))
            yield Label(point.x, point.y, line, 7.5, colour, radius=MARKERS[status].size / 2)
    yield from gaps[FIRST_GAPS:]
    units = named_units(located(result.inputs.units)).to_crs(crs)
    for name, point in zip(units["name"], units.geometry.representative_point(), strict=True):
        yield Label(point.x, point.y, " ".join(wrapped(drawable(name), NAME_EM, 1)), 8.0, palette.MUTED)


def _gap_labels(result: StudyResult, language: str) -> Iterator[Label]:
    """Return labels of the largest gaps; all of them stand in the tables."""
    gaps = result.gaps.sort_values("rank").head(GAPS_LABELLED).to_crs(result.inputs.network.crs)
    for rank, residents, shape in zip(gaps["rank"], gaps["residents"], gaps.geometry, strict=True):
        point = shape.representative_point()
        west, south, east, north = shape.bounds
        line = say("gap_number", language, rank=rank, people=people(residents, language))
        yield Label(
            point.x,
            point.y,
            line,
            7.0,
            palette.GAP,
            plate=True,
            half_width=(east - west) / 2,
            half_height=(north - south) / 2,
        )
