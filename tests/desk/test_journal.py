"""The journal at the desk: balance lists, entries by day, filters, reach, and the file."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import update

from desk.journal.routes import last_month
from kit.db import transaction
from locations.models import Location
from payments.models import Allocation
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk, Page
from tests.make import Due
from tests.office.journal.given import at, pay, refund, void

JOURNAL = "/desk/journal/?from=2026-03-01&to=2026-03-31"
STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture
def partner(app: Flask) -> int:
    assert app
    make.method("Card", code="CARD", takes_tips=True)
    return make.partner(locations=[1, 2, 3])


def balances(page: Page) -> list[list[str]]:
    """The balance lists of the whole period: account with its names, debit, credit, balance."""
    rows = page.root.cssselect("section > .table-responsive > .dk-jr:not(.dk-jr-all) tr")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in rows[1:]]


def entries(page: Page) -> list[list[str]]:
    rows = page.root.cssselect(".dk-jr-all tbody tr")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in rows]


def numbers(page: Page) -> list[str]:
    return page.all(".dk-jr-of > a")


def test_accounts_are_added_up_and_balance(partner: int, manager: Desk) -> None:
    payment = pay(partner, make.booking(STAGES), "110.00", "2026-03-02T10:00", charges="2.50")
    refund(payment, "2026-03-05T10:00", amount="30.00")

    page = manager.get(JOURNAL)

    assert balances(page) == [
        ["charges Charges", "–", "2.50", "−2.50"],
        ["credit Guests' credit", "10.00", "10.00", "–"],
        ["line:balance Rental balances", "20.00", "40.00", "−20.00"],
        ["line:deposit Rental deposits", "–", "60.00", "−60.00"],
        ["method:CARD Card", "112.50", "30.00", "82.50"],
        ["All accounts", "142.50", "142.50", "–"],
    ]


def test_days_have_balance_lists_of_their_own_and_lead_to_themselves(
    partner: int, manager: Desk
) -> None:
    booking = make.booking(STAGES)
    pay(partner, booking, "10.00", "2026-03-02T10:00")
    pay(partner, booking, "7.00", "2026-03-05T10:00")

    page = manager.get(JOURNAL)

    assert page.all(".dk-jr-days .when th") == ["Mon 2 Mar 2026", "Thu 5 Mar 2026"]
    assert page.all(".dk-jr-days .when td") == ["10.00", "10.00", "–", "7.00", "7.00", "–"]
    path = page.root.cssselect(".dk-jr-days .when a")[0].get("href")
    assert path == "/desk/journal/?from=2026-03-02&to=2026-03-02"
    assert balances(manager.get(path))[-1] == ["All accounts", "10.00", "10.00", "–"]


@pytest.mark.long
def test_entries_stand_by_day_and_lead_to_their_payments(partner: int, manager: Desk) -> None:
    booking = make.booking(STAGES)
    payment = pay(partner, booking, "70.00", "2026-03-02T10:00", paid_on=date(2026, 2, 27))

    page = manager.get(JOURNAL)

    told = f"P{payment} Payment {payment} Booking {booking} , client1, value day 27 Feb 2026"
    assert entries(page) == [
        ["Mon 2 Mar 2026"],
        [told, "method:CARD Card", "70.00 EUR", ""],
        ["line:balance Rental balances", "", "10.00 EUR"],
        ["line:deposit Rental deposits", "", "60.00 EUR"],
    ]
    assert page.root.cssselect(".dk-jr-of > a")[0].get("href") == f"/desk/payments/{payment}"


def test_currencies_are_never_added(partner: int, manager: Desk) -> None:
    make.location(2, "GBP")
    pay(partner, make.booking(["10.00"]), "10.00", "2026-03-02T10:00")
    pounds = make.booking(["5.00"], currency="GBP", location_id=2)
    pay(partner, pounds, "5.00", "2026-03-02T10:00")

    page, only = manager.get(JOURNAL), manager.get(f"{JOURNAL}&currency=GBP")

    assert page.all("main h2") == ["Balance list in EUR", "Balance list in GBP", "Entries"]
    assert only.all("main h2") == ["Balance list in GBP", "Entries"]


def test_one_location_is_shown_alone(partner: int, manager: Desk) -> None:
    pay(partner, make.booking(["10.00"]), "10.00", "2026-03-02T10:00")
    there = pay(partner, make.booking(["5.00"], location_id=2), "5.00", "2026-03-02T10:00")

    assert numbers(manager.get(f"{JOURNAL}&location=2")) == [f"P{there}"]


@pytest.mark.long
def test_without_days_it_is_last_month_at_the_location(
    partner: int, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = pay(partner, make.booking(), "5.00", "2026-02-28T23:59")

    monkeypatch.setattr("kit.clock.now", lambda: at("2026-03-31T23:30"))
    page = manager.get("/desk/journal/")
    assert [page.root.get_element_by_id(f"f-{name}").value for name in ("from", "to")] == [
        "2026-03-01", "2026-03-31",
    ]  # fmt: skip

    with transaction() as connection:
        connection.execute(update(Location).values(time_zone="Atlantic/Azores"))
    page = manager.get("/desk/journal/")
    assert [page.root.get_element_by_id(f"f-{name}").value for name in ("from", "to")] == [
        "2026-02-01", "2026-02-28",
    ]  # fmt: skip
    assert numbers(page) == [f"P{payment}"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 3, 31), "2026-02-01", "2026-02-28"),
        (date(2028, 3, 1), "2028-02-01", "2028-02-29"),
        (date(2026, 1, 1), "2025-12-01", "2025-12-31"),
    ],
)
def test_last_month_is_the_whole_month_before(today: date, first: str, last: str) -> None:
    assert last_month(today) == {"from": first, "to": last}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("from=tomorrow", "from", "From is 'tomorrow'; it must be a real date, yyyy-mm-dd."),
        ("to=2026-02-30", "to", "To is '2026-02-30'; it must be a real date, yyyy-mm-dd."),
        ("from=2026-03-02&to=2026-03-01", "to", "To is before 2026-03-02, the first day."),
    ],
)
def test_a_filter_that_cannot_be_is_told_and_nothing_is_shown(
    partner: int, manager: Desk, query: str, field: str, sentence: str
) -> None:
    pay(partner, make.booking(), "5.00", "2026-03-02T10:00")

    page = manager.get(f"/desk/journal/?{query}")

    assert page.all(f"#e-{field}") == [sentence]
    assert (balances(page), numbers(page)) == ([], [])
    assert manager.get(f"/desk/exports/journal.csv?{query}").status != 200


@pytest.mark.long
def test_long_journals_have_pages_that_keep_the_filters(
    partner: int, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.journal.queries.SIZE", 2)
    booking = make.booking(["100.00"])
    payments = [pay(partner, booking, "1.00", f"2026-03-0{n}T10:00") for n in (1, 2, 3)]
    pay(partner, booking, "1.00", "2026-04-01T10:00")

    first = manager.get(JOURNAL)
    following = first.root.cssselect(".dk-pager a[rel=next]")[0].get("href")
    second = manager.get(following)

    assert numbers(first) + numbers(second) == [f"P{payment}" for payment in payments]
    assert balances(first) == balances(second)
    back = second.root.cssselect(".dk-pager a[rel=prev]")[0].get("href")
    assert numbers(manager.get(back)) == numbers(first)
    assert second.root.cssselect(".dk-pager a[rel=next]") == []


def test_the_same_entries_are_in_the_file(partner: int, manager: Desk) -> None:
    payment = pay(partner, make.booking(STAGES), "10.00", "2026-03-02T10:00")
    void(payment, "2026-03-03T10:00")
    page = manager.get(JOURNAL)
    path = page.root.cssselect(".dk-acts a")[0].get("href")

    text = manager.get(path).answer.data.decode("utf-8-sig")

    found = [row["journal"] for row in csv.DictReader(io.StringIO(text))]
    assert list(dict.fromkeys(found)) == numbers(page) == [f"P{payment}", f"V{payment}"]


@pytest.mark.long
def test_what_is_out_of_reach_is_neither_shown_nor_in_the_file(
    partner: int, desk_of: DeskOf
) -> None:
    pay(partner, make.booking(["10.00"]), "10.00", "2026-03-02T10:00")
    mine = pay(partner, make.booking(["5.00"], location_id=2), "5.00", "2026-03-02T10:00")
    desk = desk_of("manager", locations=[2])

    page = desk.get(JOURNAL)

    assert numbers(page) == [f"P{mine}"]
    assert balances(page)[-1] == ["All accounts", "5.00", "5.00", "–"]
    assert numbers(desk.get(f"{JOURNAL}&location=1")) == []
    text = desk.get("/desk/exports/journal.csv").answer.data.decode()
    assert text.count("\n") == 3


def test_the_journal_needs_the_permission_for_reports(operator: Desk) -> None:
    assert operator.get(JOURNAL).status == 403
    assert operator.get("/desk/exports/journal.csv").status == 403


def test_books_that_are_wrong_are_told(partner: int, manager: Desk) -> None:
    pay(partner, make.booking(STAGES), "10.00", "2026-03-02T10:00")
    with transaction() as connection:
        connection.execute(update(Allocation).values(amount=999))

    page = manager.get(JOURNAL)

    assert page.all(".dk-note-fail") == [
        "Debits and credits differ. The books behind them are wrong; "
        "flask ledger check says where.",
        "This entry does not balance: flask ledger check says why.",
    ]


def test_an_empty_period_says_what_would_stand_there(manager: Desk) -> None:
    assert "Nothing was booked in this period." in manager.get(JOURNAL).all(".dk-empty")[0]


def test_it_takes_four_statements_however_much_there_is(partner: int, manager: Desk) -> None:
    booking = make.booking(["100.00"])
    for n in range(3):
        pay(partner, booking, "1.00", f"2026-03-0{n + 1}T10:00")
    manager.get(JOURNAL)

    with counted() as few:
        manager.get("/desk/tags/")
    with counted() as statements:
        manager.get(JOURNAL)

    of_journal = [each for each in statements if "facts" in each or "payment_methods" in each]
    assert len(of_journal) == 4
    assert len(statements) <= len(few) + 4
