"""Rooms put on the map by hand, in a real browser: click, drag, remove; figures and homes follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.browser

WAIT_MS = 120_000
NEAR_PX = 5
OFF_STREET = text("errors.hand_off_street", "en", limit=100)
COLOURS = "walkshed.layers.homes.getLayers().map(l => l.options.fillColor).join()"


def told(key: str) -> str:
    return text(f"app.{key}", "en")


def opened(visit: Callable[..., Any], address: str) -> Any:
    """Go to the page by its link."""
    visitor = visit(address)
    visitor.map()
    visitor.page.get_by_role("link", name=told("page_siting")).click()
    visitor.page.get_by_role("tab", name=told("tab_hand")).wait_for(timeout=WAIT_MS)
    return visitor


def click_beside(visitor: Any, frame: Any, *, right: float, down: float) -> None:
    """Click on the map, as parts of its size from its middle."""
    box = visitor.page.query_selector('iframe[title="streamlit_folium.st_folium"]').bounding_box()
    visitor.page.mouse.click(box["x"] + box["width"] * (0.5 + right), box["y"] + box["height"] * (0.5 + down))
    frame.page.wait_for_timeout(50)


def pins(frame: Any, layer: str, count: int) -> None:
    frame.wait_for_function(
        f"walkshed.layers['{layer}'] && walkshed.layers['{layer}'].getLayers().length === {count}", timeout=WAIT_MS
    )


def test_click_drag_and_remove(visit: Callable[..., Any]) -> None:
    visitor = opened(visit, "?lang=en&rooms=1")
    frame, page = visitor.map(), visitor.page
    painted, before = frame.evaluate(COLOURS), visitor.rate()

    page.get_by_text(told("click_add"), exact=True).first.click()
    frame.wait_for_function("walkshed.hand === 'add'", timeout=WAIT_MS)
    click_beside(visitor, frame, right=-0.32, down=0.32)
    after = visitor.wait_for_another_rate(before)
    pins(frame, "hand", 1)
    frame.wait_for_function(f"before => {COLOURS} !== before", arg=painted, timeout=WAIT_MS)
    assert share(after) > share(before)
    page.get_by_role("tab", name=told("tab_hand")).click()
    page.locator(".ws-hand b").get_by_text("A", exact=True).wait_for(timeout=WAIT_MS)

    drag(frame, page, "hand", right=60, down=-220)
    moved = visitor.wait_for_another_rate(after)
    pins(frame, "hand", 1)

    page.get_by_role("button", name=told("hand_undo"), exact=True).click()
    assert visitor.wait_for_another_rate(moved) == after
    page.get_by_role("button", name="✕").click()
    assert visitor.wait_for_another_rate(after) == before
    pins(frame, "hand", 0)


def test_a_pin_let_go_over_another_is_a_drag_and_no_click(visit: Callable[..., Any]) -> None:
    """The browser reports a click on the map then, where the mouse is; it would put down a room more."""
    visitor = opened(visit, "?lang=en&rooms=1")
    frame, page, before = visitor.map(), visitor.page, visitor.rate()
    pins(frame, "proposals", 1)
    page.get_by_text(told("click_add"), exact=True).first.click()
    frame.wait_for_function("walkshed.hand === 'add'", timeout=WAIT_MS)
    click_beside(visitor, frame, right=-0.32, down=0.32)
    after = visitor.wait_for_another_rate(before)
    pins(frame, "hand", 1)
    here, there = grip(frame, "hand"), grip(frame, "proposals")
    frame.evaluate("() => { walkshed.layers.proposals.getLayers()[0].setZIndexOffset(10000); }")
    drag(frame, page, "hand", right=there[0] - here[0], down=there[1] - here[1])
    moved = visitor.wait_for_another_rate(after)
    visitor.settle()
    pins(frame, "hand", 1)
    now = grip(frame, "hand")
    assert abs(now[0] - there[0]) < NEAR_PX
    assert abs(now[1] - there[1]) < NEAR_PX
    assert visitor.rate() == moved


def test_dragging_a_pin_of_the_plan_makes_it_a_plan_by_hand(visit: Callable[..., Any]) -> None:
    visitor = opened(visit, "?lang=en&rooms=2")
    frame, page = visitor.map(), visitor.page
    pins(frame, "proposals", 2)
    before = visitor.rate()
    drag(frame, page, "proposals", right=-30, down=150)
    visitor.wait_for_another_rate(before)
    pins(frame, "proposals", 0)
    pins(frame, "hand", 2)
    # the keyboard takes one away
    frame.evaluate("walkshed.layers.hand.getLayers()[1].getElement().focus()")
    now = visitor.rate()
    page.keyboard.press("Delete")
    visitor.wait_for_another_rate(now)
    pins(frame, "hand", 1)


def test_a_pin_that_is_refused_where_it_was_dropped_goes_back(visit: Callable[..., Any]) -> None:
    visitor = opened(visit, "?lang=en&rooms=1&study=sample-district")
    frame, page = visitor.map(), visitor.page
    place = "(p => [p.lat, p.lng])(walkshed.layers.proposals.getLayers()[0].getLatLng())"
    before, rate = frame.evaluate(place), visitor.rate()
    # far outside of the district no street is near
    frame.evaluate("() => { map.setZoom(9, {animate: false}); }")
    drag(frame, page, "proposals", right=-200, down=0)
    page.get_by_role("alert").or_(page.get_by_role("status")).filter(has_text=OFF_STREET).wait_for(timeout=WAIT_MS)
    frame.wait_for_function(f"before => '' + {place} === '' + before", arg=before, timeout=WAIT_MS)
    assert visitor.rate() == rate


def test_another_goal_waits_for_its_button(visit: Callable[..., Any]) -> None:
    visitor = opened(visit, "?lang=en&rooms=1")
    visitor.map()
    page, before = visitor.page, visitor.rate()
    page.get_by_text(told("goal_fewest"), exact=True).first.click()
    page.get_by_text(told("goal_waits")).wait_for(timeout=WAIT_MS)
    grey = "getComputedStyle(document.querySelector('[class*=\"st-key-fresh-siting-figures\"]')).filter"
    assert "grayscale" in page.evaluate(grey)
    page.get_by_role("button", name=told("compute_plan")).click()
    visitor.wait_for_another_rate(before)
    visitor.map()
    assert page.evaluate(grey) == "none"
    assert (
        told("solver_lscp") in page.locator(".ws-facts").first.inner_text()
        or page.get_by_text(told("proof_details")).count()
    )


def grip(frame: Any, layer: str) -> tuple[float, float]:
    """Return where the first pin of a layer is taken hold of, pixels of the window."""
    # In one go: the layer may be drawn anew between two questions.
    inside = f"(r => [r.x + r.width / 2, r.y + r.height / 3])(walkshed.layers['{layer}'].getLayers()[0].getElement()"
    x, y = frame.evaluate(f"{inside}.getBoundingClientRect())")
    around = frame.frame_element().bounding_box()
    return around["x"] + x, around["y"] + y


def drag(frame: Any, page: Any, layer: str, *, right: float, down: float) -> None:
    """Drag the first pin of a layer by so many pixels."""
    x, y = grip(frame, layer)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=4)
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def share(rate: str) -> float:
    """Return the share after the plan of a figure such as "46.1% → 88.0%"."""
    return float(rate.rsplit(maxsplit=1)[-1].rstrip("%"))
