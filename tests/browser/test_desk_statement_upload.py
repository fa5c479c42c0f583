"""A CSV file of a bank in a browser: chosen, its columns said, its lines stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kit import clock
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import fits, wrong_by_axe
from tests.desk.statements import account
from tests.payments.statements.files import rows

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.usefixtures("app")
def test_a_csv_file_is_read_once_its_columns_are_said(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int, tmp_path: Path
) -> None:
    account()
    signed_in("manager")
    day = clock.now().date().replace(day=1, month=1)
    file = tmp_path / "lines.csv"
    heads = ("Date", "Amount", "Name", "Description")
    file.write_bytes(rows((f"{day:%d/%m/%Y}", "1,015.00", "Ana", "A1.1"), heads=heads))
    page = open_page("/desk/statements/upload", width=width)

    page.get_by_label("Statement of the bank").set_input_files(file)
    page.get_by_label("Account", exact=True).select_option(index=1)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", name="What do the columns mean?")).to_be_visible()
    page.get_by_label("Days are written").select_option("dmy")
    page.get_by_role("button", name="Look at the lines").click()
    expect(page.get_by_text("1,015.00")).to_be_visible()

    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"desk-statement-columns-{width}")
    page.get_by_role("button", name="This is right").click()
    expect(page.get_by_text("1 line is new.")).to_be_visible()
    assert wrong_by_axe(page) == []
    assert fits(page, width)
