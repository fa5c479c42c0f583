"""Every page of the desk as people meet it, on the demonstration's data: readable by everybody
(axe-core), never wider than the window, light, and still while it loads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from demo.loading import load
from kit import clock
from kit.db import transaction
from tests.browser.conftest import OpenPage, SignedIn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
MOST_BYTES = 300_000
PARTS = 4  # of the pages, so that no process has all of them
NARROWEST = (390, 320)
FITS = "width => document.documentElement.scrollWidth <= width"
# What the numbers in addresses are of, in the demonstration.
OF_THE_DEMO = {
    "booking_id": "4354",
    "tag_id": "2",
    "method_id": "5",
    "partner_id": "1",
    "location_id": "1",
    "person_id": "3",
    "account_id": "1",
}
NUMBER = re.compile(r"<(?:\w+:)?(\w+)>")

# Watches for anything that moves while the page loads.
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.moved += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def demonstration(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())


def addresses(app: Flask) -> list[str]:
    """The address of every page that can be read and whose numbers are known."""
    found = []
    for rule in app.url_map.iter_rules():
        wanted = NUMBER.findall(rule.rule)
        is_page = rule.endpoint.startswith("desk.") and "GET" in (rule.methods or set())
        is_page = is_page and not rule.rule.endswith((".csv", ".pdf"))
        if is_page and all(name in OF_THE_DEMO for name in wanted):
            found.append(NUMBER.sub(lambda match: OF_THE_DEMO[match.group(1)], rule.rule))
    return sorted(found)


def wrong_by_axe(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2, levels A and AA, and its good practices."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', "
        "'best-practice']})"
    )
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def fits(page: Page, width: int) -> bool:
    """Whether nothing is wider than the window; charts take a moment to follow it."""
    try:
        page.wait_for_function(FITS, arg=width, timeout=2_000)
    except PlaywrightTimeout:
        return False
    return True


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.usefixtures("demonstration")
def test_every_page_can_be_read_by_everybody_and_fits(
    app: Flask, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int, part: int
) -> None:
    signed_in("administrator")
    page = open_page("/desk/", width=width)
    start = page.url.removesuffix("/desk/")
    wrong = {}

    for address in addresses(app)[part::PARTS]:
        page.goto(start + address)
        found = wrong_by_axe(page)
        if page.locator("h1").count() != 1:
            found.append("not one heading of the first level")
        keep(page, f"page{address.replace('/', '-').rstrip('-')}-{width}")
        for narrow in [width] if width > NARROWEST[0] else NARROWEST:
            page.set_viewport_size({"width": narrow, "height": 900})
            if not fits(page, narrow):
                found.append(f"wider than a window of {narrow} px")
        page.set_viewport_size({"width": width, "height": 900})
        if found:
            wrong[address] = found

    assert wrong == {}


@pytest.mark.usefixtures("demonstration")
@pytest.mark.parametrize("path", ["/desk/", "/desk/bookings/4354"])
def test_a_first_visit_is_light_and_nothing_moves(
    signed_in: SignedIn, open_page: OpenPage, path: str
) -> None:
    signed_in("manager")
    page = open_page("/desk/account/sign-in")  # a page of its own, to be watched from its begin
    page.add_init_script(WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))

    page.goto(page.url.replace("/desk/account/sign-in", path), wait_until="networkidle")

    assert len(sizes) >= 4
    assert sum(sizes) < MOST_BYTES
    assert page.evaluate("window.moved") == 0
