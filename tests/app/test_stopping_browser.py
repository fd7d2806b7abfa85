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


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Return a folder with a study that is soon computed but long solved."""
    file = write_small(tmp_path / "hard", seed=3, nodes=CROSSINGS)
    written = file.read_text(encoding="utf-8").replace("spacing_m = 200", "spacing_m = 100")
    file.write_text(written.replace("[siting]\nnew_rooms = 1", HARD), encoding="utf-8")
    return tmp_path


@pytest.fixture
def waiting(visit: Callable[..., Any], serve: Callable[..., str], studies: Path) -> tuple[Any, Any]:
    """Return two visitors of a server that computes one thing at a time: one's solver is at work, the other waits."""
    server = serve(WALKSHED_STUDIES=str(studies), **{VARIABLE: "1"})
    planner = visit("?lang=en&study=hard&rooms=30", at=server)
    planner.map()
    planner.page.get_by_role("link", name=told("page_siting")).click()
    planner.page.get_by_text(text("progress.siting", "en")).wait_for(timeout=WAIT_MS)
    other = visit("?lang=en&study=helsinki", at=server)
    waits(other)
    return planner, other


def waits(visitor: Any) -> None:
    """Wait until a visitor is told that others come first."""
    beginning = told("working_turn").split("{", maxsplit=1)[0].strip()
    visitor.page.get_by_text(beginning).wait_for(timeout=WAIT_MS)
    assert visitor.page.locator(".ws-card").count() == 0


def stop(visitor: Any) -> Any:
    """Press the stop button; return the button that begins anew."""
    visitor.page.get_by_role("button", name=told("stop"), exact=True).click()
    again = visitor.page.get_by_role("button", name=told("compute_again"))
    again.wait_for(timeout=WAIT_MS)
    assert visitor.page.get_by_text(told("stopped")).is_visible()
    return again


def test_a_stop_ends_the_solver_and_gives_its_turn_to_who_waits(waiting: tuple[Any, Any]) -> None:
    planner, other = waiting
    stop(planner)
    other.map()
    assert other.rate().endswith("%")


def test_who_waits_can_give_up_and_ask_again(waiting: tuple[Any, Any]) -> None:
    planner, other = waiting
    stop(other).click()
    waits(other)
    stop(planner)
    other.map()
    assert other.rate().endswith("%")
