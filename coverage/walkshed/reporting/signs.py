"""Signs of the web map as SVG: fixed drawings, no text from data in them."""

from __future__ import annotations

from typing import Final

from walkshed.reporting.palette import NEW, STATUS_COLOURS

BOOK: Final = (
    '<path d="M7 8.6c2.2-.9 4.3-.8 6 .5 1.7-1.3 3.8-1.4 6-.5v8.8c-2.2-.9-4.3-.8-6 .5-1.7-1.3-3.8-1.4-6-.5z" '
    'fill="{fill}" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round"/>'
    '<path d="M13 9.2v8.7" stroke="{spine}" stroke-width="1.2"/>'
)


def _svg(width: int, height: int, body: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>'


def _sign(width: int, height: int, body: str, anchor: tuple[int, int] | None = None) -> dict[str, object]:
    return {
        "svg": _svg(width, height, body),
        "width": width,
        "height": height,
        "anchor": anchor or (width // 2, height // 2),
    }


def _book(fill: str, stroke: str, spine: str, width: float = 0) -> str:
    return BOOK.format(fill=fill, stroke=stroke, spine=spine, width=width)


def _open(colour: str) -> str:
    return f'<circle cx="13" cy="13" r="11.5" fill="{colour}" stroke="#fff" stroke-width="2"/>' + _book(
        "#fff", "none", colour
    )


def _building(colour: str) -> str:
    return (
        f'<rect x="2.5" y="2.5" width="21" height="21" rx="4" fill="#fff" stroke="{colour}" stroke-width="2.5"/>'
        + _book(colour, "none", "#fff")
    )


def _planned(colour: str) -> str:
    return (
        f'<path d="M13 1.5 24.5 13 13 24.5 1.5 13z" fill="#fff" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="3.5 2" stroke-linejoin="round"/><g transform="translate(3.3 3.3) scale(.75)">'
        + _book("none", colour, colour, 1.8)
        + "</g>"
    )


def _closed(colour: str) -> str:
    return (
        f'<circle cx="13" cy="13" r="10" fill="#fff" stroke="{colour}" stroke-width="2"/>'
        f'<path d="M9 9l8 8M17 9l-8 8" stroke="{colour}" stroke-width="2.4" stroke-linecap="round"/>'
    )


def _pin(colour: str) -> str:
    return (
        f'<path d="M16 40.5C16 40.5 2 26 2 15.5a14 14 0 1 1 28 0C30 26 16 40.5 16 40.5Z" fill="{colour}" stroke="#fff" '
        'stroke-width="2"/><text x="16" y="20.5" font-size="14.5" font-weight="700" fill="#fff" text-anchor="middle" '
        'font-family="Segoe UI,Arial,sans-serif"></text>'
    )


_DRAW = {"open": _open, "building": _building, "planned": _planned, "closed": _closed}

SIGNS: Final = {
    **{status: _sign(26, 26, draw(STATUS_COLOURS[status])) for status, draw in _DRAW.items()},
    "proposal": _sign(32, 42, _pin(NEW), (16, 41)),
    "none": {"svg": "", "width": 0, "height": 0, "anchor": (0, 0)},
}
"""Sign by facility status, ``"proposal"`` (its text is the number) and ``"none"`` (a label alone)."""


def sign_key(sign: str) -> str:
    """Return a sign for the legend, 22 by 16 pixels at most."""
    scaled = str(SIGNS[sign]["svg"])
    width, height = int(str(SIGNS[sign]["width"])), int(str(SIGNS[sign]["height"]))
    small = 17
    return scaled.replace(
        f'width="{width}" height="{height}"', f'width="{width * small // height}" height="{small}"', 1
    )


def area_key(fill: str, *, opacity: float = 1.0, stroke: str = "none", dash: str = "") -> str:
    """Return a patch of an area's fill and outline for the legend."""
    return _svg(
        20, 13,
        f'<rect x="1" y="1" width="18" height="11" rx="2" fill="{fill}" fill-opacity="{opacity}" stroke="{stroke}" '
        f'stroke-width="1.6" stroke-dasharray="{dash or "none"}"/>',
    )  # fmt: skip


def line_key(colour: str, *, width: float = 1.6, dash: str = "") -> str:
    """Return a piece of a line for the legend."""
    return _svg(
        22, 12,
        f'<path d="M1 6h20" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash or "none"}"/>',
    )  # fmt: skip
