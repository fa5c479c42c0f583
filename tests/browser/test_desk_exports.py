"""A long list in a browser: asked for, waited for while it is written, fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from desk.exports import sending
from desk.exports.working import write_exports
from kit import clock
from kit.db import transaction
from office.exports.files import LIVES, NOT_ALLOWED
from office.models import ExportFile
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import fits, wrong_by_axe
from tests.desk.reporting import money
from tests.make import Client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


def half_written(rows: int, total: int) -> None:
    """As a worker leaves word of it."""
    with transaction() as connection:
        begun = {"leased_by": "a worker", "leased_until": clock.now(), "rows_done": rows}
        connection.execute(update(ExportFile).values(**begun, rows_total=total))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_list_is_written_while_people_wait_and_then_fetched(
    app: Flask,
    client: Client,
    signed_in: SignedIn,
    open_page: OpenPage,
    keep: Keep,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
) -> None:
    monkeypatch.setattr(sending, "MOST_AT_ONCE", {"csv": 3, "xlsx": 3})
    money(client)
    signed_in("manager")
    page = open_page("/desk/payments?state=cleared", width=width)

    def looks_well(name: str) -> None:
        assert wrong_by_axe(page) == [], name
        assert fits(page, width), name
        keep(page, f"desk-exports-{name}-{width}")

    page.get_by_role("link", name="CSV").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This list is long")
    looks_well("long")
    page.get_by_role("button", name="Write the file").click()
    files = page.get_by_role("region", name="Your files")
    expect(files).to_contain_text("It is written as soon as its turn comes.")
    looks_well("waiting")

    half_written(3, 4)  # the page asks by itself
    expect(files).to_contain_text("3 of 4 rows")
    assert files.get_by_role("progressbar", name="How far payments.csv is").is_visible()
    looks_well("being-written")

    assert write_exports("a worker") == 1
    expect(files.get_by_role("link", name="Download payments.csv")).to_be_visible()
    looks_well("done")
    with page.expect_download() as coming:
        files.get_by_role("link", name="Download payments.csv").click()
    content = Path(coming.value.path()).read_text(encoding="utf-8-sig")
    assert content.startswith("payment,")
    assert content.count("\n") > 4


@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_that_failed_says_why_and_is_tried_again(
    client: Client, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    money(client)
    person = signed_in("manager")
    with transaction() as connection:
        now = clock.now()
        row = {
            "person_id": person, "kind": "payments", "format": "xlsx", "wanted": {},
            "state": "failed", "problem": NOT_ALLOWED, "created_at": now, "ended_at": now,
            "expires_at": now + LIVES,
        }  # fmt: skip
        connection.execute(insert(ExportFile), [row])
    page = open_page("/desk/exports/", width=width)
    files = page.get_by_role("region", name="Your files")
    expect(files).to_contain_text("You may not have this list any more")
    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"desk-exports-failed-{width}")

    files.get_by_role("button", name="Try again payments.xlsx").click()
    expect(files).to_contain_text("It is written as soon as its turn comes.")
