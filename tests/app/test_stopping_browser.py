"""The stop button in a real browser: it ends a solver that would go on for an hour, and whoever waited has the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app.turns import VARIABLE
from walkshed.catalogue import text
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

WAIT_MS = 120_000
CROSSINGS = 2_500
HARD = "[siting]\nnew_rooms = 30\nspacing_m = 600\ntime_limit_s = 3600\ncurve_max = 0\nrobustness = false"
"""Rooms that keep so far apart are a question whose answer is not proven within minutes."""


def told(key: str) -> str:
    return text(f"app.{key}", "en")


def before_fields(key: str) -> str:
    """Return how a text begins, up to its first field."""
    return told(key).split("{", maxsplit=1)[0].strip()


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Return a folder with a study that is soon computed but long solved."""
    file = write_small(tmp_path / "hard", seed=3, nodes=CROSSINGS)
    written = file.read_text(encoding="utf-8").replace("spacing_m = 200", "spacing_m = 100")
    file.write_text(written.replace("[siting]\nnew_rooms = 1", HARD), encoding="utf-8")
    return tmp_path


def test_a_stop_ends_the_solver_and_gives_its_turn_to_who_waits(
    visit: Callable[..., Any], serve: Callable[..., str], studies: Path
) -> None:
    server = serve(WALKSHED_STUDIES=str(studies), **{VARIABLE: "1"})
    planner = visit("?lang=en&study=hard&rooms=30", at=server)
    planner.map()
    page = planner.page
    page.get_by_role("link", name=told("page_siting")).click()
    page.get_by_text(text("progress.siting", "en")).wait_for(timeout=WAIT_MS)

    other = visit("?lang=en&study=helsinki", at=server)
    other.page.get_by_text(before_fields("working_turn")).wait_for(timeout=WAIT_MS)
    assert other.page.locator(".ws-card").count() == 0

    page.get_by_role("button", name=told("stop"), exact=True).click()
    page.get_by_role("button", name=told("compute_again")).wait_for(timeout=WAIT_MS)
    assert page.get_by_text(told("stopped")).is_visible()
    other.map()
    assert other.rate().endswith("%")


def test_who_waits_can_give_up_and_ask_again(
    visit: Callable[..., Any], serve: Callable[..., str], studies: Path
) -> None:
    server = serve(WALKSHED_STUDIES=str(studies), **{VARIABLE: "1"})
    planner = visit("?lang=en&study=hard&rooms=30", at=server)
    planner.map()
    planner.page.get_by_role("link", name=told("page_siting")).click()
    planner.page.get_by_text(text("progress.siting", "en")).wait_for(timeout=WAIT_MS)

    other = visit("?lang=en&study=helsinki", at=server)
    other.page.get_by_text(before_fields("working_turn")).wait_for(timeout=WAIT_MS)
    other.page.get_by_role("button", name=told("stop"), exact=True).click()
    again = other.page.get_by_role("button", name=told("compute_again"))
    again.wait_for(timeout=WAIT_MS)
    again.click()
    other.page.get_by_text(before_fields("working_turn")).wait_for(timeout=WAIT_MS)
    planner.page.get_by_role("button", name=told("stop"), exact=True).click()
    other.map()
