"""Given totals against counted ones, by hand."""

from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd
import pytest

from walkshed.assess.totals import far_apart, totals_given, totals_notes
from walkshed.catalogue import LANGUAGES

UNITS = gpd.GeoDataFrame(
    {
        "unit_id": ["T", "a", "b"],
        "name": ["镇", "甲村", "乙村"],
        "level": ["town", "community", "community"],
        "population": [300.0, 120.0, math.nan],
        "population_seniors": [math.nan, 30.0, math.nan],
    },
    geometry=[None] * 3,
    crs=4326,
)
COUNTED = pd.DataFrame(
    [
        ("", "E", "", 310.0),
        ("T", "E", "", 300.0),
        ("a", "E", "", 200.0),
        ("b", "E", "", 100.0),
        ("a", "E", "seniors", 29.0),
        ("T", "A", "", 2.0),
    ],
    columns=["unit_id", "basis", "group", "denominator"],
)
OFFICIAL = pd.DataFrame({"unit_id": ["", "T", "b"], "basis": ["E", "A", "C"], "denominator": [400.0, 2.0, 9.0]})
OTHER = pd.DataFrame(
    {"part": ["all", "unit", "outside"], "unit_id": ["", "a", ""], "group": "", "first": [310.0, 200.0, 10.0],
     "second": [250.0, 210.0, 0.0]}
)  # fmt: skip


def test_every_given_total_stands_beside_what_is_counted() -> None:
    table = totals_given(COUNTED, units=UNITS, denominators=OFFICIAL, other=OTHER)
    told = [
        (row.source, row.unit_id, row.unit_name, row.basis, row.group, row.given, row.counted)
        for row in table.itertuples()
    ]
    assert told == [
        ("denominators", "", "", "E", "", 400, 310),
        ("denominators", "T", "镇", "A", "", 2, 2),
        ("units", "T", "镇", "E", "", 300, 300),
        ("units", "a", "甲村", "E", "", 120, 200),
        ("units", "a", "甲村", "E", "seniors", 30, 29),
        ("estimate", "", "", "E", "", 250, 310),
        ("estimate", "a", "甲村", "E", "", 210, 200),
        ("estimate", "(none)", "", "E", "", 0, 10),
    ]
    assert table.difference.tolist() == [-90, 0, 0, 80, -1, 60, -10, 10]
    assert table.ratio.iloc[3] == pytest.approx(200 / 120)
    assert math.isnan(table.ratio.iloc[-1])


def test_only_what_is_far_apart_is_told_the_farthest_first() -> None:
    table = totals_given(COUNTED, units=UNITS, denominators=OFFICIAL, other=OTHER)
    assert far_apart(table, differ_share=0.2).difference.tolist() == [-90, 80, 60, 10]
    notes = list(totals_notes(table, differ_share=0.2))
    assert [note.key for note in notes] == ["notes.totals_denominators", "notes.totals_units", "notes.totals_estimate"]
    assert notes[1].fields == {
        "count": 1, "total": 3, "share": 0.2, "name": "甲村", "given": 120.0, "counted": 200.0,
    }  # fmt: skip
    assert all("20%" in note.text(language) for note in notes for language in LANGUAGES)
    assert next(totals_notes(table, differ_share=0.25)).fields["name"] == "甲村"
    assert not list(totals_notes(table[table.source == "denominators"], differ_share=0.225))


def test_nothing_given_is_nothing_to_compare() -> None:
    assert totals_given(COUNTED, units=UNITS[["unit_id", "name", "level", "geometry"]]).empty
