"""The end of a day at the desk with the demonstration's data and a real browser: the bank's file is
read, its lines are matched, one of them twice, the day is closed, and all of it exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from demo.loading import load
from demo.statement import statement
from kit import clock
from kit.db import reading, transaction
from payments.models import Payment
from payments.statements.models import BankLine, BankMatch
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import fits, wrong_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite", "postgresql"], indirect=True),
]

Keep = Callable[[Page, str], None]
Look = Callable[[Page, str], None]
CHEQUE, TWO_BOOKINGS = "CHEQUE DEPOSIT", "Both weeks"


@pytest.fixture
def file(app: Flask, tmp_path: Path) -> Path:
    """The bank's file of 30 lines about the demonstration, which is loaded."""
    with transaction() as connection:
        load(connection, clock.now())
    found = tmp_path / "november.xml"
    with reading() as session:
        found.write_bytes(statement(session, clock.now().date()))
    return found


@pytest.fixture
def look(keep: Keep, database_uri: str) -> Look:
    """Looks at a page as it stands: no wider than a phone's window or a desk's, and readable by
    everybody. Once, for no database makes a difference to it."""

    def at(page: Page, name: str) -> None:
        if not database_uri.startswith("sqlite"):
            return
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(page, width), name
            keep(page, f"statement-walk-{name}-{width}")
        assert wrong_by_axe(page) == [], name

    return at


def test_a_statement_is_read_matched_and_undone_the_day_closed_and_exported(
    file: Path, signed_in: SignedIn, open_page: OpenPage, look: Look
) -> None:
    signed_in("manager")
    page = open_page("/desk/statements/")
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)

    upload(page, file)
    look(page, "1-lines")
    clear_the_cheque(page)
    split_over_two_bookings(page, look)
    undo(page, look)
    confirm_the_rest(page, look)
    close_the_day(page, look)
    export(page)

    assert len(make.rows_of(BankLine)) == 30
    assert [each.kind for each in make.rows_of(BankMatch)][:3] == [
        "cleared",
        "recorded",
        "recorded",
    ]


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def upload(page: Page, file: Path) -> None:
    page.get_by_role("link", name="Upload a statement").click()
    page.get_by_label("Statement of the bank").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("link", name="See the 30 lines that wait").click()
    expect(page.locator(".dk-bank tbody tr")).to_have_count(30)


def clear_the_cheque(page: Page) -> None:
    [cheque] = make.rows_of(Payment, state="uncleared", reference="100234")
    expect(row(page, CHEQUE)).to_contain_text("Certain")
    row(page, CHEQUE).get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("status").first).to_contain_text("is matched.")
    assert make.row_of(Payment, cheque.id).state == "cleared"


def split_over_two_bookings(page: Page, look: Look) -> None:
    """By hand, with the search, the keyboard and the live remainder."""
    [line] = [each for each in make.rows_of(BankLine) if TWO_BOOKINGS in each.remittance]
    row(page, TWO_BOOKINGS).locator("a.dk-row-link").click()
    for place, identifier in enumerate(re.findall(r"A\d+\.\d", line.remittance)):
        page.get_by_label("Booking", exact=True).fill(identifier)
        page.get_by_role("button", name="Find", exact=True).click()  # what was typed below stays
        page.get_by_role("button", name=re.compile("Choose booking")).click()
        expect(page.get_by_label("Amount EUR").nth(place)).to_be_focused()
        if place == 0:
            page.get_by_label("Amount EUR").fill("500.00")
            expect(page.locator("#preview")).to_contain_text("287.50 EUR of 787.50 EUR is on no")
    expect(page.get_by_label("Amount EUR").nth(1)).to_have_value("287.50")
    page.get_by_label("Amount EUR").first.fill("525.00")
    expect(page.locator("#preview")).to_contain_text("The rows take 25.00 EUR more than there is.")
    page.get_by_label("Amount EUR").nth(1).fill("262.50")
    expect(page.locator("#preview")).to_contain_text("It adds up: 787.50 EUR.")
    look(page, "2-split")
    page.get_by_label("Amount EUR").nth(1).press("Control+Enter")

    expect(page.get_by_role("status").first).to_contain_text("The line is matched.")
    expect(page.locator(".dk-bank-ev")).to_have_count(2)


def undo(page: Page, look: Look) -> None:
    link = page.get_by_role("link", name=re.compile("Undo the match")).first
    dialog = page.get_by_role("alertdialog")
    link.click()
    expect(dialog.get_by_role("link", name="Keep the match")).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    link.click()
    expect(dialog).to_contain_text("No money moves here.")
    look(page, "3-undo")
    dialog.get_by_label("Reason").fill("The second week is another guest's")
    dialog.get_by_label("Type the amount").fill("262.50")
    dialog.get_by_role("button", name="Undo and void").click()

    expect(page.get_by_role("status").first).to_contain_text("262.50 EUR is void now")
    expect(page.locator("main")).to_contain_text("262.50 EUR of it is still waiting")
    look(page, "4-undone")


def confirm_the_rest(page: Page, look: Look) -> None:
    """All that is certain together, but for one that is not ticked any more."""
    page.get_by_role("link", name="Bank statements").first.click()
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator(".dk-bank a.dk-row-link").first).to_be_focused()
    ticked = page.locator("input[name=pick]:checked")
    many = ticked.count()
    assert many > 5
    ticked.first.uncheck()
    button = page.get_by_role("button", name=f"Confirm what is ticked: {many - 1}")
    button.click()

    told = page.get_by_role("status").first
    expect(told).to_contain_text(f"{many - 1} lines are matched.")
    expect(page.get_by_role("alert")).to_have_count(0)
    look(page, "5-confirmed")


def close_the_day(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Day close").first.click()
    page.get_by_role("link", name=re.compile(r"^Close .* at Azores Villas")).click()
    look(page, "6-close")
    for name, amount in (("Before", "0.00"), ("Counted", "0.00")):
        for till in page.get_by_label(name, exact=True).all():
            till.fill(amount)
    for reason in page.get_by_label("Reason of a difference").all():
        reason.fill("Counted for the first time")
    page.get_by_role("button", name=re.compile("^Close")).last.click()

    page.wait_for_url(re.compile(r"/desk/closing/\d+$"))
    look(page, "7-closed")


def export(page: Page) -> None:
    page.get_by_role("link", name="Payments").first.click()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Export CSV").click()

    text = begun.value.path().read_text()
    assert "Cheque" in text
    assert len(text.splitlines()) > 30
