"""Compact geometry: what is written can be read back, holes and parts included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.reporting.encode import ALPHABET, encode_classes, encode_geometry, encode_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_numbers(text: str) -> Iterator[int]:
    """Read the text back by its definition, number by number."""
    folded, weight = 0, 1
    for character in text:
        code = ALPHABET.index(character)
        folded += (code & 31) * weight
        weight *= 32
        if not code & 32:
            yield -(folded + 1) // 2 if folded % 2 else folded // 2
            folded, weight = 0, 1


def read_geometry(text: str, scale: int) -> list[Any]:
    numbers = read_numbers(text)
    here = np.zeros(2)

    def vertex() -> tuple[float, float]:
        here[0] += next(numbers)
        here[1] += next(numbers)
        return here[0] / scale, here[1] / scale

    def line() -> list[tuple[float, float]]:
        return [vertex() for _ in range(next(numbers))]

    features = []
    for kind in numbers:
        if kind == 0:
            features.append(None)
        elif kind == 1:
            features.append(shapely.Point(vertex()))
        elif kind == 2:
            features.append(shapely.MultiLineString([line() for _ in range(next(numbers))]))
        else:
            polygons = [[line() for _ in range(next(numbers))] for _ in range(next(numbers))]
            features.append(shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in polygons]))
    return features


SHAPES = [
    shapely.Point(106.3733, 29.5998),
    shapely.box(106.37, 29.59, 106.38, 29.6) - shapely.box(106.373, 29.593, 106.376, 29.596),
    None,
    shapely.Polygon(),
    shapely.MultiPolygon(
        [shapely.box(-0.2, -0.1, 0.1, 0.1), shapely.box(1, 1, 1.5, 2) - shapely.box(1.1, 1.2, 1.2, 1.3)]
    ),
    shapely.LineString([(24.93, 60.17), (24.94, 60.18), (24.93, 60.19)]),
    shapely.MultiLineString([[(0, 0), (1, 1)], [(-179.9, -89.9), (179.9, 89.9)]]),
]


def test_shapes_come_back_with_holes_and_parts() -> None:
    back = read_geometry(encode_geometry(SHAPES), 1_000_000)
    assert len(back) == len(SHAPES)
    for shape, read in zip(SHAPES, back, strict=True):
        if shape is None or shape.is_empty:
            assert read is None
        else:
            assert shapely.normalize(read).equals_exact(shapely.normalize(_as_multi(shape)), 1e-6)


def _as_multi(shape: Any) -> Any:
    if isinstance(shape, shapely.Polygon):
        return shapely.MultiPolygon([shape])
    return shapely.MultiLineString([shape]) if isinstance(shape, shapely.LineString) else shape


def test_a_feature_that_vanishes_keeps_its_place() -> None:
    speck = shapely.box(10, 10, 10.0000001, 10.0000001)
    back = read_geometry(encode_geometry([speck, shapely.Point(1, 2)], scale=1000), 1000)
    assert len(back) == 2
    assert back[1].equals(shapely.Point(1, 2))


def test_only_characters_that_need_no_escape() -> None:
    assert len(set(ALPHABET)) == 64
    assert set(encode_geometry(SHAPES)) <= set(ALPHABET)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(min_value=-400_000_000, max_value=400_000_000)))
def test_any_numbers_come_back(numbers: list[int]) -> None:
    assert list(read_numbers(encode_numbers(np.array(numbers, dtype=np.int64)))) == numbers


def test_classes_are_single_digits() -> None:
    assert encode_classes(np.array([0, 9, 1], dtype=np.uint8)) == "091"
    assert encode_classes(np.array([], dtype=np.uint8)) == ""
    with pytest.raises(ValueError, match="single digits"):
        encode_classes(np.array([10]))
