"""The service as people see it: a real server and Debian's chromium.

A page fails its test when it asks another host for anything, or writes an error to the console.
Screenshots are kept under build/screenshots/.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, Request

from desk.access import TOKEN
from tests.conftest import missing
from tests.desk.people import person, session_of
from tests.served import served

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's chromium; skips where there is none."""
    if CHROMIUM is None:
        missing("no chromium (Debian's package of that name)")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application is served, on a port of its own."""
    with served(app) as found:
        yield found


OpenPage = Callable[..., Page]
SignedIn = Callable[..., int]
COOKIES: list[Any] = []  # of who is signed in


@pytest.fixture
def signed_in(app: Flask, browser: Browser, address: str) -> Iterator[SignedIn]:
    """Signs somebody in at the desk: pages opened afterwards are theirs. `signed_in("operator")`
    gives their id; an id instead of a role is somebody there is already."""

    def sign_in(who: str | int = "manager", **values: Any) -> int:
        person_id = who if isinstance(who, int) else person(who, **values)
        session = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        cookie = session.dumps({TOKEN: session_of(person_id), "_permanent": True})
        COOKIES[:] = [{"name": "desk", "value": cookie, "domain": "127.0.0.1", "path": "/desk"}]
        return person_id

    yield sign_in
    COOKIES.clear()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[OpenPage]:
    """Opens a path of the service in a window of its own: `open_page("/docs", width=390)`."""
    wrong: list[str] = []
    ours = urlsplit(address).netloc

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != ours:
            wrong.append(f"asked another host: {request.url}")

    def opened(path: str, width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.add_cookies(COOKIES)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", asked)
        page.on("pageerror", lambda error: wrong.append(f"script failed: {error}"))
        page.on(
            "console",
            lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None,
        )
        page.goto(address + path)
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keeps a picture of a whole page."""

    def picture(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return picture
