"""folium maps that ask the internet for nothing, and compact layers for tens of thousands of features.

Standalone pages and notebooks carry Leaflet inside; an app serves it once and gives its address::

    OfflineMap(language="zh")                                # all inside: one HTML file, notebooks
    OfflineMap(language="zh", assets_url="../leaflet/")      # leaflet.js and leaflet.css from there

A :class:`CompactLayer` holds its features as one short text (:mod:`walkshed.reporting.encode`) on one canvas, either
inside the page or behind an address, in a file written by :func:`publish_payload`. Another colouring is then one digit
per feature (:class:`Paint`), without sending any geometry again. Everything is drawn by ``assets/map.js``; texts from
data become text nodes there, never HTML.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import Layer
from folium.template import Template

from walkshed.reporting.encode import encode_classes
from walkshed.reporting.panels import Call, FitArea, Legend, Panel, Search, steady_ids
from walkshed.reporting.payload import compact_payload, publish_payload
from walkshed.reporting.scripts import LOOKUP, leaflet_links, own_links, script_json
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "CompactLayer",
    "FitArea",
    "Legend",
    "MarkerLayer",
    "OfflineMap",
    "Paint",
    "Panel",
    "Search",
    "compact_payload",
    "publish_payload",
    "steady_ids",
]


class OfflineMap(folium.Map):
    """A folium map without base tiles that loads nothing from outside.

    Parameters
    ----------
    location
        Latitude and longitude of the centre.
    language
        Of the buttons, ``"zh"`` or ``"en"``.
    assets_url
        Address of a folder with ``leaflet.js`` and ``leaflet.css``, ending in ``/``, relative to the page; by default
        both are carried inside the page.
    attribution
        Stands in the corner; OpenStreetMap when empty.
    zoom_position
        Corner of the zoom buttons.
    **options
        As for :class:`folium.Map`.
    """

    def __init__(
        self,
        location: Sequence[float] | None = None,
        *,
        language: str = "zh",
        assets_url: str | None = None,
        attribution: str = "",
        zoom_position: str = "topleft",
        **options: Any,  # noqa: ANN401 - folium's own
    ) -> None:
        options = {"tiles": None, "prefer_canvas": True, "zoom_snap": 0.25, "zoom_delta": 0.5, **options}
        super().__init__(location=location, **options)
        script, style = (
            leaflet_links() if assets_url is None else (f"{assets_url}leaflet.js", f"{assets_url}leaflet.css")
        )
        own_script, own_style = own_links()
        self.default_js = [("leaflet", script), ("lookup", LOOKUP), ("walkshed", own_script)]
        self.default_css = [("leaflet_css", style), ("walkshed_css", own_style)]
        self.page.header.add_child(Element('<link rel="icon" href="data:,">'), name="no_icon")
        self.add_child(
            Call(
                "walkshed.dress",
                {
                    "language": "zh-CN" if language == "zh" else "en",
                    "attribution": escape(attribution or say("osm", language), quote=False),
                    "zoom_in": say("zoom_in", language),
                    "zoom_out": say("zoom_out", language),
                    "zoom_position": zoom_position,
                },
            )
        )

    @property
    def page(self) -> Figure:
        """The page that holds the map; ``page.render()`` is its HTML."""
        root = self.get_root()
        assert isinstance(root, Figure)  # noqa: S101 - folium puts every map into one
        return root


class CompactLayer(Layer):
    """Many features on one canvas.

    Parameters
    ----------
    layer_id
        Name for :class:`Paint` and for the page's own scripts (``walkshed.layers[layer_id]``).
    payload
        From :func:`compact_payload`, carried inside the page; or
    url
        address of a file written by :func:`publish_payload`, relative to the page.
    name
        For folium's own layer control.
    z
        Height above other layers; Leaflet's markers stand at 600.
    style
        Leaflet's path options of every feature.
    looks
        Path options per class, over ``style``.
    codes
        Class of every feature, over the payload's.
    radius
        Of points, in pixels.
    interactive
        Features can be hovered and show their columns. Give it to one layer, the topmost of its size: a canvas takes
        every movement of the mouse.
    show, control
        As for folium's layers.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = walkshed.compact({{ this.options }}, {{ this.source }});
        {% endmacro %}
        """
    )

    def __init__(  # noqa: PLR0913 - the options of a layer, all by keyword
        self,
        layer_id: str,
        payload: Mapping[str, object] | None = None,
        *,
        url: str | None = None,
        name: str | None = None,
        z: int = 400,
        style: Mapping[str, object] | None = None,
        looks: Sequence[Mapping[str, object]] | None = None,
        codes: NDArray[np.integer] | None = None,
        radius: float = 3.0,
        interactive: bool = False,
        show: bool = True,
        control: bool = True,
    ) -> None:
        super().__init__(name=name, overlay=True, control=control, show=show)
        self._name = "CompactLayer"
        options: dict[str, object] = {
            "id": layer_id, "z": z, "style": dict(style or {}), "radius": radius, "interactive": interactive,
        }  # fmt: skip
        if looks is not None:
            options["classes"] = [dict(look) for look in looks]
        if codes is not None:
            options["codes"] = encode_classes(codes)
        self.options = script_json(options)
        self.source = (
            script_json(payload)
            if payload is not None
            else f"fetch({script_json(url)}).then(function (r) {{ return r.json(); }})"
        )


class Paint(MacroElement):
    """Another class for every feature of a :class:`CompactLayer` that is on the page already.

    Parameters
    ----------
    layer_id
        Of the layer.
    codes
        One class (0 to 9) per feature.
    """

    _template = Template(
        "{% macro script(this, kwargs) %} walkshed.paint({{ this.layer_id }}, '{{ this.codes }}'); {% endmacro %}"
    )

    def __init__(self, layer_id: str, codes: NDArray[np.integer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotation here
        self._name = "Paint"
        self.layer_id = script_json(layer_id)
        self.codes = encode_classes(codes)


class MarkerLayer(Layer):
    """Signs with labels that never cover each other.

    Parameters
    ----------
    layer_id
        As for :class:`CompactLayer`.
    signs
        From :mod:`walkshed.reporting.signs`.
    items
        Per marker: ``at`` (latitude, longitude), ``sign``; optional ``number`` (inside the sign), ``tag`` (label
        beside it), ``plate`` or ``small`` (looks of the label), ``color``, ``rank`` (smaller ones keep their label),
        ``name`` and ``rows`` (label and text) of the box that opens.
    name, show, control
        As for folium's layers.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = walkshed.markers({{ this.options }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        layer_id: str,
        signs: Mapping[str, Mapping[str, object]],
        items: Sequence[Mapping[str, object]],
        *,
        name: str | None = None,
        show: bool = True,
        control: bool = True,
    ) -> None:
        super().__init__(name=name, overlay=True, control=control, show=show)
        self._name = "MarkerLayer"
        used = {str(item["sign"]) for item in items}
        filled = [{"rank": i, "rows": [], "color": "#22313F", **item} for i, item in enumerate(items)]
        self.options = script_json(
            {"id": layer_id, "signs": {key: dict(sign) for key, sign in signs.items() if key in used}, "items": filled}
        )
