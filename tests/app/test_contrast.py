"""Texts stand out from what they stand on: WCAG 2.1 AA, computed from the style sheets and the palette."""

from __future__ import annotations

import itertools
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from walkshed.app import charts, mapbase
from walkshed.reporting import palette

if TYPE_CHECKING:
    from pathlib import Path

TEXT, GRAPHIC = 4.5, 3.0
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COLOUR = re.compile(r"(?<![-\w])(color|background)\s*:\s*(#[0-9A-Fa-f]{6})")


def light(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def theme(root: Path) -> dict[str, str]:
    config = tomllib.loads((root / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    return {
        "paper": config["backgroundColor"],
        "panel": config["secondaryBackgroundColor"],
        "sidebar": config["sidebar"]["backgroundColor"],
        "text": config["textColor"],
        "primary": config["primaryColor"],
        "link": config["linkColor"],
    }


def rules(root: Path) -> list[tuple[str, dict[str, str]]]:
    sheet = (root / "coverage" / "walkshed" / "app" / "style.css").read_text("utf-8")
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return [(name.strip(), dict(COLOUR.findall(body))) for name, body in RULE.findall(sheet)]


def test_the_known_pair_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_theme_colours_can_be_read(theme: dict[str, str]) -> None:
    for ground in ("paper", "panel", "sidebar"):
        assert contrast(theme["text"], theme[ground]) >= TEXT
        assert contrast(theme["link"], theme[ground]) >= TEXT
    assert contrast("#FFFFFF", theme["primary"]) >= TEXT  # the text of a filled button


def test_every_colour_of_the_style_sheet_can_be_read(root: Path, theme: dict[str, str]) -> None:
    seen = 0
    for name, colours in rules(root):
        if "color" not in colours:
            continue
        grounds = [colours["background"]] if "background" in colours else ["#FFFFFF", theme["paper"], theme["panel"]]
        for ground in grounds:
            assert contrast(colours["color"], ground) >= TEXT, (name, colours, ground)
            seen += 1
    assert seen > 30


def test_bars_and_homes_stand_out(theme: dict[str, str]) -> None:
    for colour in (palette.SERVED, palette.UNSERVED):
        assert contrast(colour, theme["paper"]) >= GRAPHIC
    assert contrast(charts.NAVY, theme["paper"]) >= TEXT
    assert contrast(charts.ORANGE, theme["paper"]) >= GRAPHIC


def test_classes_of_units_differ_in_lightness() -> None:
    steps = [light(colour) for colour in mapbase.RATE_COLOURS]
    assert steps == sorted(steps, reverse=True)
    for one, other in itertools.pairwise(mapbase.RATE_COLOURS):
        assert contrast(one, other) > 1.3


def test_letters_of_charts_can_be_read(theme: dict[str, str]) -> None:
    for ground in ("paper", "panel"):
        assert contrast(charts.LETTERS, theme[ground]) >= TEXT
