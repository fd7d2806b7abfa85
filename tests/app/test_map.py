"""What the map's frame is sent: little per click, no geometry of homes, nothing of a user's own by address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from walkshed.app import mapview
from walkshed.app.assets import layer_folder
from walkshed.reporting.served import NEW, home_classes
from walkshed.study import run_study
from walkshed.study.variants import vary_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs

MAX_BYTES = 100_000


@pytest.mark.parametrize("name", ["coverage", "siting"])
def test_a_click_sends_little_and_the_fixed_part_stays(open_page: Callable[..., Any], name: str) -> None:
    page = open_page(name)
    first = page.map_parts()
    assert len(json.dumps(first)) < MAX_BYTES
    page.widget("segmented_control", "cutoff_min").set_value(5.0)
    second = page.run().map_parts()
    assert second["feature_group"] != first["feature_group"]
    assert second["key"] == first["key"]  # or the frame would be built anew


def test_layers_can_be_switched_off(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage")
    assert '"id":"bands"' in page.map_script()
    assert '"id":"gaps"' in page.map_script()
    for layer in ("isochrones", "gaps", "served", "unserved"):
        page.widget("checkbox", f"show_{layer}").uncheck()
    script = page.run().map_script()
    assert '"id":"bands"' not in script
    assert '"id":"gaps"' not in script
    painted = script.split("walkshed.paint(")[1].split(")")[0]
    assert set(painted.split(",")[1].strip(" '")) == {str(mapview.HIDDEN)}


def test_shapes_are_published_once_and_hold_no_user_data(open_page: Callable[..., Any]) -> None:
    open_page("coverage")
    before = sorted(file.name for file in layer_folder().iterdir())
    assert {name.rsplit("-", 1)[0] for name in before} >= {"homes", "streets", "backdrop", "boundary"}
    open_page("coverage", min="5", who="adult")
    assert sorted(file.name for file in layer_folder().iterdir()) == before
    homes = next(json.loads(file.read_text("utf-8")) for file in layer_folder().glob("homes-*.json"))
    assert set(homes) <= {"scale", "geometry", "columns"}


def test_newly_served_homes_are_those_of_the_siting_answer(helsinki: StudyConfig, helsinki_inputs: StudyInputs) -> None:
    # At another profile than the study's headline: the walker of the variant decides, not of the loaded network.
    result = run_study(vary_study(helsinki, profile="adult", cutoff_min=5.0), inputs=helsinki_inputs)
    gained = result.demand.population.to_numpy()[home_classes(result) == NEW].sum()
    assert gained == pytest.approx(result.siting.objective)


def test_the_zoom_follows_the_size_of_the_area() -> None:
    assert mapview.focus_zoom((24.94, 60.17, 24.94, 60.17)) == mapview.FOCUS_ZOOMS[1]
    assert mapview.focus_zoom((20.0, 55.0, 25.0, 60.0)) == mapview.FOCUS_ZOOMS[0]
    near, far = mapview.focus_zoom((24.94, 60.17, 24.95, 60.175)), mapview.focus_zoom((24.94, 60.17, 24.98, 60.18))
    assert far < near
    assert np.isclose(near - far, 2, atol=0.25)
