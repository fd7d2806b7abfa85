"""The parts of QGIS's style language that our layers need: symbols, renderers, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import quoteattr

from walkshed.reporting.palette import INK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OPAQUE: Final = 7
"""Characters of ``#rrggbb``; two more tell how opaque."""


class Rule(NamedTuple):
    """Features that meet an expression, and how they are drawn; ``shown`` says whether the box is ticked."""

    expression: str
    label: str
    symbol: str
    shown: bool = True


def circle(colour: str, rim: str, size_mm: float) -> str:
    """Return a round marker."""
    values = {
        "color": _rgba(colour), "outline_color": _rgba(rim), "name": "circle",
        "size": f"{size_mm:g}", "size_unit": "MM",
    }  # fmt: skip
    return _symbol("marker", "SimpleMarker", values)


def fill(colour: str, rim: str, width: float = 0.26) -> str:
    """Return a filled area with its outline."""
    values = {
        "color": _rgba(colour), "style": "solid", "outline_color": _rgba(rim), "outline_style": "solid",
        "outline_width": f"{width:g}", "outline_width_unit": "MM",
    }  # fmt: skip
    return _symbol("fill", "SimpleFill", values)


def line(colour: str, width: float) -> str:
    """Return a solid line."""
    values = {"line_color": _rgba(colour), "line_style": "solid", "line_width": f"{width:g}", "line_width_unit": "MM"}
    return _symbol("line", "SimpleLine", values)


def single(symbol: str, *, label: str = "") -> str:
    """Return a style that draws all features alike; ``label`` is the field written beside them."""
    return _document(f'<renderer-v2 type="singleSymbol">{_symbols({"0": symbol})}</renderer-v2>', label)


def by_value(field: str, symbols: Mapping[str, tuple[str, str]], *, label: str = "") -> str:
    """Return a style that draws features by a field's value; ``symbols`` is value -> (name in the legend, symbol)."""
    rows = "".join(
        f'<category value={quoteattr(value)} label={quoteattr(told)} symbol="{place}" render="true"/>'
        for place, (value, (told, _)) in enumerate(symbols.items())
    )
    numbered = {str(place): symbol for place, (_, symbol) in enumerate(symbols.values())}
    return _document(
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(field)}><categories>{rows}</categories>'
        f"{_symbols(numbered)}</renderer-v2>",
        label,
    )


def by_rule(rules: Sequence[Rule]) -> str:
    """Return a style that draws features by rules."""
    told = "".join(
        f'<rule key="{{rule{place}}}" symbol="{place}" filter={quoteattr(rule.expression)} '
        f'label={quoteattr(rule.label)} checkstate="{int(rule.shown)}"/>'
        for place, rule in enumerate(rules)
    )
    numbered = {str(place): rule.symbol for place, rule in enumerate(rules)}
    return _document(
        f'<renderer-v2 type="RuleRenderer"><rules key="{{rules}}">{told}</rules>{_symbols(numbered)}</renderer-v2>', ""
    )


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    alpha = int(colour[7:9], 16) if len(colour) > OPAQUE else 255
    return f"{red},{green},{blue},{alpha}"


def _symbol(kind: str, layer: str, values: Mapping[str, str]) -> str:
    """Return a symbol of one layer, its settings as QGIS 3.18 and later and as older versions read them."""
    new = "".join(
        f'<Option name={quoteattr(key)} type="QString" value={quoteattr(value)}/>' for key, value in values.items()
    )
    old = "".join(f"<prop k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in values.items())
    settings = f'<Option type="Map">{new}</Option>{old}'
    return f'type="{kind}"><layer class="{layer}" enabled="1">{settings}</layer>'


def _symbols(symbols: Mapping[str, str]) -> str:
    told = "".join(f'<symbol name={quoteattr(name)} alpha="1" {body}</symbol>' for name, body in symbols.items())
    return f"<symbols>{told}</symbols>"


def _document(renderer: str, label: str) -> str:
    parts = "Symbology|Labeling" if label else "Symbology"
    on = ' labelsEnabled="1"' if label else ""
    return (
        f'<!DOCTYPE qgis><qgis version="3.34" styleCategories="{parts}"{on}>{renderer}'
        f"{_labels(label) if label else ''}</qgis>"
    )


def _labels(field: str) -> str:
    """Return labels from a field, with a white rim, where there is room."""
    text = (
        f'<text-style fieldName={quoteattr(field)} isExpression="0" fontSize="8" fontSizeUnit="Point" fontWeight="50" '
        f'textColor="{_rgba(INK)}" textOpacity="1">'
        f'<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,230"/>'
        "</text-style>"
    )
    return f'<labeling type="simple"><settings>{text}<placement dist="1.5" distUnits="MM"/></settings></labeling>'
