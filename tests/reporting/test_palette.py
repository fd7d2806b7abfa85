"""Homes can be told apart with colour blindness too, and texts can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from walkshed.reporting import palette
from walkshed.reporting.signs import SIGNS
from walkshed.reporting.webmap import ROLE_COLOURS

# Machado, Oliveira, Fernandes (2009), severity 1.0, for linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deutan": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def cie_lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = np.array([0.95047, 1.0, 1.08883])
    scaled = to_xyz @ np.clip(rgb, 0, 1) / white
    curve = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * curve[1] - 16, 500 * (curve[0] - curve[1]), 200 * (curve[1] - curve[2])])


def contrast(one: str, other: str) -> float:
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_homes_can_be_told_apart(kind: str) -> None:
    for one, other in itertools.combinations(palette.HOME_COLOURS, 2):
        seen = [cie_lab(BLINDNESS[kind] @ linear(colour)) for colour in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > 30, (one, other)


def test_homes_stand_out_from_the_paper() -> None:
    assert min(contrast(colour, palette.PAPER) for colour in palette.HOME_COLOURS) > 3


def test_texts_can_be_read_on_white() -> None:
    texts = [*ROLE_COLOURS.values(), palette.INK, palette.MUTED, palette.GAP, palette.NEW]
    assert min(contrast(colour, "#FFFFFF") for colour in texts) > 4.5


def test_rooms_differ_in_shape_not_in_colour_alone() -> None:
    assert set(palette.STATUS_COLOURS) == {"open", "building", "planned", "closed"}
    shapes = set()
    for status, colour in palette.STATUS_COLOURS.items():
        shapes.add(str(SIGNS[status]["svg"]).replace(colour, "")[:160])
    assert len(shapes) == 4
