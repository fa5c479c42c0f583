"""What each list has as a file: documented columns, the filters of its page, and only what the
person reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from desk.exports.lists import LISTS
from desk.exports.making import MEANT
from kit import clock
from kit.db import transaction
from kit.money import Money
from office.models import DayClose
from partners.models import Partner
from payments.models import Payment
from staff.permissions import Permission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.exporting import HERE, of, rows, workbook
from tests.desk.people import Desk
from tests.make import Client

DOCUMENT = Path(__file__).parents[2] / "docs" / "office" / "exports.md"
ROW = re.compile(r"\| `(\w+)` \| (\w+) \| (.+) \|")
# The pages of lists, and what these are called as files.
PAGES = {
    "/desk/bookings": "bookings",
    "/desk/payments": "payments",
    "/desk/messages/": "messages",
    "/desk/log/": "event-log",
    "/desk/dangerous/": "dangerous-operations",
    "/desk/methods/": "methods",
    "/desk/tags/": "tags",
    "/desk/partners/": "partners",
    "/desk/staff/": "staff",
    "/desk/locations/": "locations",
    "/desk/statements/": "bank-lines",
}


def documented() -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """The name and the columns of each list, as the document tells them."""
    _, *parts = re.split(r"^### ", DOCUMENT.read_text(), flags=re.MULTILINE)
    for part in parts:
        name, _, told = part.partition("\n")
        yield name.strip(), ROW.findall(told)


@pytest.fixture
def client(app: Flask) -> Client:
    make.method("PayPal")
    make.location(1)
    make.location(2)
    make.tag(20, "Payment Failed", "payment_failed")
    return Client.of_new_partner(app, locations=(1, 2))


@pytest.fixture
def two(client: Client) -> tuple[int, int]:
    """A booking at each of two locations, with a payment, a promise and a failed attempt."""
    found = make.booking(["100.00", "50.00"]), make.booking(["100.00"], location_id=2)
    for booking in found:
        client.pay(booking, "60.00", Reference=f"R{booking}")
        client.pay(booking, "10.00", Status=2)
        client.pay(booking, "5.00", Status=1, AddBookingTag=20, Comments="declined")
    return found


# --- columns -------------------------------------------------------------------------------------


def test_the_columns_of_every_list_are_documented() -> None:
    told = dict(documented())

    assert list(told) == list(LISTS)
    for name, listed in LISTS.items():
        columns = [(each.name, each.kind, each.meaning) for each in listed.columns]
        assert told[name] == columns, name


def test_a_list_names_each_column_once() -> None:
    for name, listed in LISTS.items():
        names = [column.name for column in listed.columns]
        assert len(names) == len(set(names)), name


def test_amounts_stand_beside_their_currency() -> None:
    for name, listed in LISTS.items():
        kinds = {column.name: column.kind for column in listed.columns}
        assert "amount" not in kinds.values() or kinds.get("currency") == "text", name


@pytest.mark.long
def test_every_list_counts_what_it_writes_in_the_kinds_it_promises(
    two: tuple[int, int], desk_of: DeskOf
) -> None:
    desk = desk_of("administrator")
    fits: dict[str, Any] = {"text": str, "number": int, "amount": (int, float)}

    for name, listed in LISTS.items():
        found = workbook(desk.get(f"{HERE}{name}.xlsx"))
        more = name == "event-log"  # the file before is in it
        assert len(of(desk, name)) == len(found) + more, name
        for row in found:
            for column in listed.columns:
                value, kind = row[column.name], fits.get(column.kind)
                is_date = column.kind in ("day", "moment") and hasattr(value, "year")
                right = value is None or is_date or (kind and isinstance(value, kind))
                assert right, (name, column.name, value)
    assert set(MEANT.values()) == {"yes", "no"}


# --- rows ----------------------------------------------------------------------------------------


def test_a_booking_is_told_with_its_money(two: tuple[int, int], manager: Desk) -> None:
    first, _ = two

    [row] = of(manager, "bookings", f"q={first}&location=1")

    money = {name: row[name] for name in ("total", "paid", "promised", "open", "credit")}
    assert money == {
        "total": "150.00", "paid": "60.00", "promised": "10.00", "open": "80.00", "credit": "0.00",
    }  # fmt: skip
    assert (row["first_name"], row["last_name"]) == ("Maria", "Silva")
    assert row["properties"] == "Property 1"


def test_each_payment_says_where_it_came_from(client: Client, desk_of: DeskOf) -> None:
    booking = make.booking(["100.00"])
    for _ in range(3):
        client.pay(booking, "10.00")
    desk = desk_of("manager", email="ana@example.com")
    with transaction() as connection:
        by_hand = {"source": "desk", "partner_id": None, "person_id": desk.person_id}
        for id, values in ((2, by_hand), (3, {"source": "guest", "partner_id": None})):
            connection.execute(update(Payment).where(Payment.id == id).values(**values))

    found = {row["payment"]: row for row in of(desk, "payments")}

    came = {id: (row["source"], row["partner"], row["person"]) for id, row in found.items()}
    partner = make.row_of(Partner, client.partner_id)
    assert came == {
        "1": ("ipro", partner.name, ""),
        "2": ("desk", "", "ana@example.com"),
        "3": ("guest", "", ""),
    }


def test_lines_and_allocations_add_up(two: tuple[int, int], manager: Desk) -> None:
    lines = of(manager, "schedule-lines")
    ledger = of(manager, "allocations")

    for line in lines:
        lies = [
            Money.parse(each["amount"], "EUR") for each in ledger if each["line"] == line["line"]
        ]
        assert Money.sum(lies, "EUR").plain == line["paid"]
    assert {each["cause"] for each in ledger} == {"payment"}


def test_failed_attempts_say_why(two: tuple[int, int], manager: Desk) -> None:
    assert {row["failure_reason"] for row in of(manager, "failed-attempts")} == {"declined"}
    assert len(of(manager, "failed-attempts")) == 2


def test_no_secret_of_partners_or_staff_is_in_a_file(client: Client, desk_of: DeskOf) -> None:
    make.credential(client.partner_id, "spektrix", "a till's secret", "a till's login")
    desk = desk_of("administrator", password="an argon2 hash")
    partner = make.row_of(Partner, client.partner_id)

    text = "".join(
        desk.get(f"{HERE}{name}.csv").answer.text
        for name in ("partners", "staff", "methods", "locations")
    )

    assert partner.client_id in text
    assert not [each for each in ("till", partner.secret_hash, "argon2") if each in text]


# --- filters and reach ---------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "query", "count"),
    [
        ("payments", "state=cleared", 2),
        ("payments", "state=cleared&location=2", 1),
        ("payments", "to=2000-01-01", 0),
        ("payments", "after=nonsense&page=3", 6),
        ("bookings", "location=2", 1),
        ("bookings", "money=credit", 0),
        ("schedule-lines", "location=1", 2),
        ("schedule-lines", "to=2000-01-01", 0),
        ("schedule-lines", "from=2000-01-01", 3),
        ("allocations", "to=2000-01-01", 0),
        ("allocations", "from=2000-01-01&location=2", 1),
        ("failed-attempts", "location=1", 1),
        ("event-log", "group=settings", 0),
        ("messages", "kind=email&state=sent", 0),
    ],
)
def test_the_filters_of_the_address_are_those_of_the_file(
    two: tuple[int, int], manager: Desk, name: str, query: str, count: int
) -> None:
    assert len(of(manager, name, query)) == count


@pytest.mark.long
def test_a_file_has_only_what_the_person_reaches(two: tuple[int, int], desk_of: DeskOf) -> None:
    first, second = two
    with transaction() as connection:
        now = clock.now()
        closes = [
            {"location_id": n, "day": now.date(), "since": now, "until": now.replace(year=2099),
             "closed_at": now} for n in (1, 2)
        ]  # fmt: skip
        connection.execute(insert(DayClose), closes)
    desk = desk_of("manager", locations=[1], granted=["settings", "staff", "partners"])

    for name, listed in LISTS.items():
        found = of(desk, name)
        columns = {column.name for column in listed.columns}
        for row in found:
            assert row.get("booking", row.get("booking_id", "")) != str(second), name
            if "location" in columns:
                assert row["location"] in ("client1", "Location 1", "1"), name
    assert [row["booking"] for row in of(desk, "bookings")] == [str(first)]
    assert len(of(desk, "closes")) == 1
    assert of(desk, "payments", "location=2") == []


@pytest.mark.long
@pytest.mark.one_database
def test_the_page_of_a_list_leads_to_its_files_with_its_filters(desk_of: DeskOf) -> None:
    desk = desk_of("administrator")

    for path, name in PAGES.items():
        page = desk.get(path)
        found = [a.get("href").partition("?")[0] for a in page.root.cssselect("main a[href]")]
        assert {f"{HERE}{name}.csv", f"{HERE}{name}.xlsx"} <= set(found), path
    page = desk.get("/desk/payments?state=failed&from=2026-01-01")
    assert f'"{HERE}payments.csv?state=failed&amp;from=2026-01-01"' in page.answer.text


@pytest.mark.one_database
def test_a_list_needs_what_its_page_asks_for(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    ends = {rule.rule: rule.endpoint for rule in rules}

    for path, name in PAGES.items():
        view: Any = app.view_functions[ends[path]]
        assert view.needs == (Permission(LISTS[name].needs),), path


@pytest.mark.one_database
def test_the_old_addresses_still_give_the_files(manager: Desk) -> None:
    dangerous, log = manager.get("/desk/dangerous.csv"), manager.get("/desk/log.csv")

    assert rows(dangerous) == []
    assert "export.downloaded" in {row["action"] for row in rows(log)}


@pytest.mark.one_database
def test_the_page_of_exports_asks_for_all_bank_lines_though_their_page_begins_with_some(
    manager: Desk,
) -> None:
    [asks] = {
        str(link.get("href")).partition("?")[2]
        for link in manager.get(HERE).root.cssselect("a[href*='bank-lines.']")
    }

    assert asks == "state=all"
