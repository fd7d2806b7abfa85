"""What the browser loads beside the page itself: Leaflet, a Chinese font, geometry, the icon. All from this machine."""

from __future__ import annotations

import atexit
import json
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final

import streamlit as st
from PIL import Image, ImageDraw
from streamlit.components.v1 import declare_component

from walkshed.app.texts import say
from walkshed.files import drop_scratch, make_scratch
from walkshed.reporting.scripts import leaflet_folder

if TYPE_CHECKING:
    from pathlib import Path

FONT_FILE: Final = "NotoSansSC-Regular.otf"
NAVY, WHITE = "#0B3C5D", "#FFFFFF"


def serve_assets() -> None:
    """Let the server hand out Leaflet, the font and the published geometry; called in every run, costs nothing.

    Streamlit serves every file below the folder of a declared component, under any base path.
    """
    folders = {
        "leaflet": leaflet_folder(),
        "map": files("walkshed.reporting") / "assets",
        "session": files("walkshed.app") / "static",
        "fonts": files("pylopdf_fonts_zh_cn"),
        "layers": layer_folder(),
    }
    for name, folder in folders.items():
        declare_component(name, path=str(folder))


def address(component: str, *, from_map: bool) -> str:
    """Return where a folder of :func:`serve_assets` is found.

    Parameters
    ----------
    component
        ``"leaflet"``, ``"map"``, ``"session"``, ``"fonts"`` or ``"layers"``.
    from_map
        As seen from the map's own frame instead of the page.
    """
    return f"{'..' if from_map else 'component'}/{__name__}.{component}/"


@cache
def layer_folder() -> Path:
    """Return this process's folder for published geometry; it goes when the process does.

    Whoever reaches the server and knows a file's name can read it: names cannot be guessed, but no attribute of a
    private study belongs there.
    """
    folder = make_scratch("layers")
    atexit.register(drop_scratch, folder)
    return folder


@cache
def icon_png() -> bytes:
    """Return the page's icon, a map pin with a book, drawn here so that no icon service is asked."""
    scale = 4
    image = Image.new("RGBA", (64 * scale, 64 * scale), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    box = [coordinate * scale for coordinate in (11, 3, 53, 45)]
    draw.ellipse(box, fill=NAVY)
    draw.polygon([(x * scale, y * scale) for x, y in ((14, 34), (50, 34), (32, 62))], fill=NAVY)
    for page in (((19, 16), (31, 19), (31, 33), (19, 30)), ((45, 16), (33, 19), (33, 33), (45, 30))):
        draw.polygon([(x * scale, y * scale) for x, y in page], fill=WHITE)
    content = BytesIO()
    image.resize((64, 64), Image.Resampling.LANCZOS).save(content, "PNG")
    return content.getvalue()


def apply_style() -> None:
    """Put the app's style sheet into the page."""
    sheet = (files("walkshed.app") / "style.css").read_text(encoding="utf-8")
    filled = {
        "FONT_URL": address("fonts", from_map=False) + FONT_FILE,
        "BRAND": json.dumps(say("brand"), ensure_ascii=False),
        "UPLOAD_BUTTON": json.dumps(say("upload_button"), ensure_ascii=False),
        "UPLOAD_LIMIT": json.dumps(say("upload_limit"), ensure_ascii=False),
    }
    for word, value in filled.items():
        sheet = sheet.replace(word, value)
    st.html(f"<style>{sheet}</style>")
