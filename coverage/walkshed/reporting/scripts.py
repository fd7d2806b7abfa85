"""What a map's page is made of: Leaflet, our own script and style, and data as inert text.

folium renders a map's script as a template and the result as a template once more, and puts it into a page; a name
such as ``{{ 7 * 7 }}`` or ``</script>`` would be run. :func:`script_json` writes such characters as escapes of JSON,
so that they are nothing but text on every level.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LOOKUP = (
    "data:text/javascript,window.%24%3Dfunction(h)%7Breturn"
    "%5Bdocument.createRange().createContextualFragment(h).firstElementChild%5D%7D"
)
"""All of jQuery that folium's popups need: ``$(html)[0]``."""
TEMPLATE_OPENING = re.compile(r"\{(?=[{%#])")
PAGE_CHARACTERS = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "`": "\\u0060",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def script_json(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    r"""Write a value as JSON that is safe inside a script inside a page inside a template.

    Raises
    ------
    ValueError
        If the value holds NaN or an infinity.

    Examples
    --------
    >>> script_json(["</script>", "{{ 7 * 7 }}"])
    '["\\u003c/script\\u003e","\\u007b{ 7 * 7 }}"]'
    """
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in PAGE_CHARACTERS.items():
        written = written.replace(character, escape)
    return TEMPLATE_OPENING.sub(r"\\u007b", written)


def leaflet_folder() -> Traversable:
    """Return the folder with ``leaflet.js`` and ``leaflet.css``, to be served by an app."""
    return files("js_lib_leaflet") / "static" / "js_lib_leaflet"


@cache
def leaflet_links() -> tuple[str, str]:
    """Return Leaflet's script and style as data URIs, the style's pictures inside it."""
    folder = leaflet_folder()
    script = re.sub(r"//# sourceMappingURL=\S*", "", (folder / "leaflet.js").read_text(encoding="utf-8"))
    style = (folder / "leaflet.css").read_text(encoding="utf-8")

    def inlined(match: re.Match[str]) -> str:
        return f"url({_data_uri((folder / 'images' / match[1]).read_bytes(), 'image/png')})"

    style = re.sub(r"url\(images/([\w.-]+)\)", inlined, style)
    return _data_uri(script.encode(), "text/javascript"), _data_uri(style.encode(), "text/css")


@cache
def own_links() -> tuple[str, str]:
    """Return ``assets/map.js`` and ``assets/map.css`` as data URIs."""
    folder = files("walkshed.reporting") / "assets"
    return (
        _data_uri((folder / "map.js").read_bytes(), "text/javascript"),
        _data_uri((folder / "map.css").read_bytes(), "text/css"),
    )


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
