"""What hands do on the siting page, measured in a browser: rooms put down on the map, and dragged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.page_acts import FRAME, WAIT_MS, OutOfReachError, in_reach, measured_all, now_s

from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.page_acts import Act

SOLVE_MS: Final = 600_000
STEP_PX: Final = 40
"""A dragged room goes to the served home whose distance is nearest to this: streets lead there."""
GAPS: Final = """() => {
    const box = map.getSize(), at = [];
    walkshed.layers.homes.getLayers().forEach(l => {
        if (l.walkshedCode !== 1) return;
        const p = map.latLngToContainerPoint(l.getBounds().getCenter());
        if (p.x < 60 || p.y < 60 || p.x > box.x - 60 || p.y > box.y - 60) return;
        const there = document.elementFromPoint(p.x, p.y);
        if (!there || there.closest('.leaflet-control, .leaflet-marker-icon')) return;
        if (at.every(q => Math.hypot(q[0] - p.x, q[1] - p.y) > 80)) at.push([p.x, p.y]);
    });
    return at;
}"""


TARGETS: Final = f"""() => {{
    const at = map.latLngToContainerPoint(walkshed.layers.hand.getLayers()[0].getLatLng()), box = map.getSize();
    const far = p => Math.abs(Math.hypot(p.x - at.x, p.y - at.y) - {STEP_PX});
    return walkshed.layers.homes.getLayers().filter(l => l.walkshedCode !== 1)
        .map(l => map.latLngToContainerPoint(l.getBounds().getCenter()))
        .filter(p => p.x > 60 && p.y > 60 && p.x < box.x - 60 && p.y < box.y - 60)
        .sort((a, b) => far(a) - far(b)).slice(0, 20).map(p => [p.x - at.x, p.y - at.y]);
}}"""


def hands(visitor: Any, adds: int) -> tuple[list[Act], list[Act]]:
    """Put rooms down in the gaps of the study and drag the first of them about; return both kinds of acts."""
    page = visitor.page
    page.get_by_role("link", name=text("app.page_siting", "en"), exact=True).click()
    page.get_by_role("tab", name=text("app.tab_hand", "en")).wait_for(timeout=SOLVE_MS)
    frame = visitor.map()
    page.get_by_text(text("app.click_add", "en"), exact=True).first.click()
    frame.wait_for_function("walkshed.hand === 'add'", timeout=WAIT_MS)
    visitor.settle()
    put: list[Act] = []
    for _ in range(adds):  # the gaps change with every room
        put += measured_all(visitor, frame, [partial(click, page, frame.evaluate(GAPS))])
    dragged = measured_all(visitor, frame, [partial(drag, page, frame)] * adds)
    return put, dragged


def seen(page: Any) -> Any:
    """Bring the map into the window; return where it is."""
    place = page.locator(FRAME)
    place.scroll_into_view_if_needed(timeout=WAIT_MS)
    page.wait_for_timeout(300)
    return place.bounding_box()


def click(page: Any, places: Sequence[tuple[float, float]]) -> float:
    """Click on the map, on the first of these places that the window shows."""
    box = seen(page)
    for across, down in places:
        x, y = box["x"] + across, box["y"] + down
        try:
            in_reach(page, x, y)
        except OutOfReachError:
            continue
        began = now_s()
        page.mouse.click(x, y)
        return began
    message = "no home without a room nearby was in sight"
    raise OutOfReachError(message)


def drag(page: Any, frame: Any) -> float:
    """Drag the first room put down to a home, where streets are; the reader waits from the moment it is let go."""
    seen(page)
    sign = frame.evaluate_handle("walkshed.layers.hand?.getLayers()[0]?.getElement()").as_element()
    if sign is None:
        message = "no room had been put down"
        raise OutOfReachError(message)
    box = sign.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    in_reach(page, x, y)
    for right, down in frame.evaluate(TARGETS):
        try:
            in_reach(page, x + right, y + down)
        except OutOfReachError:
            continue
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + right / 2, y + down / 2, steps=3)
        page.mouse.move(x + right, y + down, steps=3)
        began = now_s()
        page.mouse.up()
        return began
    message = "no home near the room was in sight"
    raise OutOfReachError(message)
