"""How the app is set up: no telemetry, no foreign address, the same settings in both places."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

from streamlit.testing.v1 import AppTest

from walkshed.app import assets
from walkshed.catalogue import entries

if TYPE_CHECKING:
    from pathlib import Path


def test_the_settings_travel_with_the_package(root: Path) -> None:
    beside_entry = (root / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    beside_main = (files("walkshed.app") / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert beside_main == beside_entry
    settings = tomllib.loads(beside_main)
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"


def test_nothing_of_the_app_names_a_foreign_address(root: Path) -> None:
    for file in (root / "coverage" / "walkshed" / "app").rglob("*"):
        # basemaps.py lists the maps that a user may choose; nothing is asked of them before.
        if file.suffix in {".py", ".js", ".css", ".toml"} and file.name != "basemaps.py":
            assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", file.read_text(encoding="utf-8")), file.name


def test_every_text_of_the_app_is_used(root: Path) -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8") for file in (root / "coverage" / "walkshed" / "app").rglob("*.py")
    )
    stems = re.findall(r'"([a-z_]+)\{', code)  # say(f"show_{layer}")
    listed = set(re.findall(r'"([a-z_0-9]+)"', code))
    unused = [
        key
        for key in (full.removeprefix("app.") for full in entries() if full.startswith("app."))
        if key not in listed and not any(key.startswith(stem) for stem in stems)
    ]
    assert unused == []


def test_the_icon_is_drawn_here() -> None:
    assert assets.icon_png().startswith(b"\x89PNG")


def test_the_app_starts_from_the_installed_module_too() -> None:
    spec = find_spec("walkshed.app.main")
    assert spec is not None
    app = AppTest.from_file(str(spec.origin), default_timeout=300).run()
    assert not app.exception
    assert any("<h1>" in element.proto.body for element in app.get("html"))
