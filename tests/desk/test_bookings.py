"""The list of bookings: search, filters, order and pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from bookings.models import Booking, Contact, Stay
from desk.bookings.searching import hits, minor_units
from desk.paging import SIZE
from kit import clock
from kit.db import reading, transaction
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.payments.proofs import counted_queries

LIST = "/desk/bookings"
TODAY = clock.now().date()


def guest(booking: int, **values: Any) -> int:
    """Give a booking's guest another name; the booking's id."""
    contact = make.row_of(Booking, booking).contact_id
    with transaction() as connection:
        connection.execute(update(Contact).where(Contact.id == contact).values(values))
    return booking


def found(desk: Desk, query: str = "") -> list[int]:
    """The ids that the list shows, in its order."""
    page = desk.get(f"{LIST}?{query}")
    assert page.status == 200
    return [int(text.split(",")[0]) for text in page.all(".dk-bk .who .dk-small")]


# --- search --------------------------------------------------------------------------------------


def test_the_id_of_one_booking_leads_to_it_at_once(manager: Desk) -> None:
    booking = make.booking()

    answer = manager.get(f"{LIST}?q=+{booking}+")

    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{booking}")


def test_the_id_of_a_booking_elsewhere_leads_nowhere(desk_of: DeskOf) -> None:
    booking = make.booking(location_id=2)
    make.location(1)

    assert found(desk_of(locations=[1]), f"q={booking}") == []


def test_guests_are_found_by_how_their_names_begin_in_any_case(manager: Desk) -> None:
    ana = guest(make.booking(), first_name="Ana", last_name="Sousa Lima")
    guest(make.booking(), first_name="Joana", last_name="Costa")

    for text in ("ana", "SOU", "Sousa+l", "ana+sou", "sousa+lima,+ana", "lima"):
        assert found(manager, f"q={text}") == ([] if text == "lima" else [ana]), text


def test_guests_are_found_by_how_their_address_begins(manager: Desk) -> None:
    ana = guest(make.booking(), email="Ana.Sousa@example.com")
    make.booking()

    assert found(manager, "q=ana.sou") == [ana]
    assert found(manager, "q=ana.sousa@EXAMPLE") == [ana]


def test_what_looks_like_a_pattern_is_looked_for_as_it_is(manager: Desk) -> None:
    odd = guest(make.booking(), last_name="100%_sure")
    make.booking()

    assert found(manager, "q=100%25_") == [odd]
    assert found(manager, "q=%25") == []
    assert found(manager, "q=_") == []
    assert found(manager, "q=%5C%27%00") == []


def test_accounts_and_references_are_found_when_typed_in_full(
    manager: Desk, client: make.Client
) -> None:
    make.method("PayPal")
    account = make.booking(account_identifier="A1234.56")
    foreign = make.booking(external_reference="XYZ-9")
    paid = make.booking(["100.00"])
    client.pay(paid, "10.00", Reference="INV-77")

    assert found(manager, "q=A1234.56") == [account]
    assert found(manager, "q=XYZ-9") == [foreign]
    assert found(manager, "q=INV-77") == [paid]
    assert found(manager, "q=A1234") == []


@pytest.mark.parametrize("text", ["sil", "maria sil", "guest@ex"])
def test_the_search_reads_indexes_and_no_table_from_end_to_end(app: Flask, text: str) -> None:
    make.booking()
    with reading() as session:
        connection = session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:  # so few rows are read without any index
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        query = select(hits(text)).compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        found = connection.exec_driver_sql(f"{explain} {query}")
        plan = "\n".join(str(row[3 if is_sqlite else 0]) for row in found)

    assert "ix_contacts_" in plan
    assert "ix_payments_reference" in plan
    scanned = [line for line in plan.splitlines() if "SCAN" in line or "Seq Scan" in line]
    assert scanned == ["SCAN hits"] * is_sqlite


def test_an_exact_amount_finds_totals_lines_and_payments(
    manager: Desk, client: make.Client
) -> None:
    make.method("PayPal")
    total = make.booking(["1248.00"])
    line = make.booking(["1000.00", make.Due("248.00", 2)])
    paid = make.booking(["9000.00"])
    client.pay(paid, "248.00")
    make.booking(["248.01"])

    assert found(manager, "q=1,248.00") == [line, total]
    assert found(manager, "q=1248") == [line, total]
    assert found(manager, "q=248.00") == [paid, line]


def test_an_amount_is_read_with_the_decimals_of_the_currency(manager: Desk) -> None:
    yen = make.booking(["2480"], currency="JPY", location_id=2)
    euro = make.booking(["24.80"])

    assert found(manager, "q=2480") == [yen]
    assert found(manager, "q=24.80") == [euro]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("248.00", {2: 24800, 3: 248000}),
        ("1,015.00", {2: 101500, 3: 1015000}),
        ("248", {0: 248, 2: 24800, 3: 248000}),
        ("1.250", {3: 1250}),
        ("795,00", {2: 79500, 3: 795000}),
        ("1,5", {}),
        ("-5", {}),
        ("٣", {}),
        ("a1", {}),
    ],
)
def test_what_is_typed_is_an_amount_or_is_not(text: str, units: dict[int, int]) -> None:
    assert minor_units(text) == units


# --- filters -------------------------------------------------------------------------------------


def test_a_filter_shows_only_what_it_asks_for(manager: Desk) -> None:
    make.tag(2, "VIP")
    here = make.booking(["10.00"], status="provisional", tags=[2])
    there = make.booking(["10.00"], location_id=2, status="cancelled")
    house = make.rows_of(Stay, booking_id=there)[0].property_id

    assert found(manager, "status=provisional") == [here]
    assert found(manager, "location=2") == [there]
    assert found(manager, f"property={house}") == [there]
    assert found(manager, "tag=2") == [here]
    assert found(manager, "status=&location=&tag=") == [there, here]


def test_arrivals_are_filtered_by_day_with_both_ends(manager: Desk) -> None:
    days = [TODAY + timedelta(days=n) for n in (10, 20, 30)]
    first, second, third = (
        make.booking(arrives_on=day, leaves_on=day + timedelta(days=7)) for day in days
    )

    assert found(manager, f"arrives_from={days[1]}&sort=arrival") == [second, third]
    assert found(manager, f"arrives_to={days[1]}&sort=arrival") == [first, second]
    assert found(manager, f"arrives_from={days[1]}&arrives_to={days[1]}") == [second]


def test_money_is_filtered_by_what_is_left_to_do(manager: Desk, client: make.Client) -> None:
    make.method("PayPal")
    fresh = make.booking([make.Due("10.00", due_in=5)])
    late = make.booking([make.Due("10.00", due_in=-5)])
    done = make.booking(["10.00"])
    client.pay(done, "10.00")
    over = make.booking(["10.00"])
    client.pay(over, "12.00")
    coming = make.booking(["10.00"])
    client.pay(coming, "10.00", Status=2)

    gone = make.booking([make.Due("10.00", due_in=-5)], status="cancelled")

    assert found(manager, "money=open") == [gone, late, fresh]
    assert found(manager, "money=overdue") == [late]
    assert found(manager, "money=paid") == [over, done]
    assert found(manager, "money=credit") == [over]
    assert found(manager, "money=promised") == [coming]


def test_what_is_promised_is_neither_open_nor_overdue(manager: Desk, client: make.Client) -> None:
    make.method("PayPal")
    half = make.booking([make.Due("10.00", due_in=-5), make.Due("50.00", due_in=5)])
    client.pay(half, "4.00", Status=2)
    whole = make.booking([make.Due("10.00", due_in=-5), make.Due("50.00", due_in=5)])
    client.pay(whole, "10.00", Status=2)
    more = make.booking([make.Due("10.00", due_in=-5)])
    client.pay(more, "15.00", Status=1)

    page = manager.get(LIST)

    assert page.all(".dk-bk tbody .open") == ["–", "50.00", "56.00"]
    promised = page.all(".dk-bk .dk-st-promised")
    assert promised == ["Promised 10.00", "Promised 10.00", "Promised 4.00"]
    assert found(manager, "money=overdue") == [half]
    assert found(manager, "money=open") == [whole, half]


def test_what_is_promised_to_a_cancelled_booking_will_be_credit(
    manager: Desk, client: make.Client
) -> None:
    make.method("PayPal")
    booking = make.booking(["10.00"])
    client.pay(booking, "10.00", Status=2)
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled"))

    assert manager.get(LIST).all(".dk-bk tbody .open") == ["10.00"]


def test_today_is_the_day_at_the_location(manager: Desk) -> None:
    """Kiribati is 25 hours ahead of Niue, so it is never the same day at the two."""
    make.location(1, time_zone="Pacific/Kiritimati")
    make.location(2, time_zone="Pacific/Niue")
    ahead, behind = (clock.day_at(clock.now(), zone) for zone in
                     ("Pacific/Kiritimati", "Pacific/Niue"))  # fmt: skip
    assert ahead > behind
    days_on = (behind - TODAY).days
    late = make.booking([make.Due("10.00", due_in=days_on)], location_id=1)
    make.booking([make.Due("10.00", due_in=days_on)], location_id=2)

    assert found(manager, "money=overdue") == [late]


def test_a_filter_that_cannot_be_is_passed_over(manager: Desk) -> None:
    booking = make.booking()

    for query in ("status=odd", "money=gold", "sort=size", "arrives_from=x", "location=-1",
                  "tag=99999999999999999999", "after=nonsense"):  # fmt: skip
        assert found(manager, query) == [booking], query


def test_the_filters_stay_in_the_form_and_in_the_links(manager: Desk) -> None:
    make.tag(2, "VIP")
    make.booking(tags=[2])

    page = manager.get(f"{LIST}?q=mar&tag=2&money=open")

    [form] = page.root.cssselect("form[data-filter]")
    assert dict(form.form_values()) == {
        "q": "mar", "tag": "2", "money": "open", "status": "", "property": "",
        "arrives_from": "", "arrives_to": "",
    }  # fmt: skip
    links = [link.get("href") for link in page.root.cssselect(".dk-sort")]
    assert all("q=mar" in link and "tag=2" in link and "money=open" in link for link in links)


def test_nobody_sees_bookings_of_other_locations_or_their_properties(desk_of: DeskOf) -> None:
    mine = make.booking()
    make.booking(location_id=2)
    desk = desk_of("operator", locations=[1])

    page = desk.get(LIST)

    assert found(desk) == [mine]
    assert found(desk, "location=2") == []
    assert len(page.all("#f-property option")) == 2
    assert [text.split(",")[0] for text in page.all(".dk-bk .who .dk-small")] == [str(mine)]


# --- what is shown -------------------------------------------------------------------------------


def test_a_row_says_who_where_when_and_how_much(manager: Desk, client: make.Client) -> None:
    make.method("PayPal")
    make.tag(2, "VIP")
    booking = make.booking(["1000.00", make.Due("15.00", 2, 9)], tags=[2], properties=2)
    client.pay(booking, "115.00")

    page = manager.get(LIST)

    [row] = page.all(".dk-bk tbody tr")
    assert "Maria Silva" in row
    assert "Property 1, Property 2" in row
    assert "BookedVIP" in row
    assert page.all(".dk-bk tbody .dk-money") == ["1,015.00 EUR", "115.00", "900.00"]


def test_the_newest_booking_stands_first_and_headings_turn_the_order(manager: Desk) -> None:
    day = TODAY + timedelta(days=20)
    old = make.booking(created_at=clock.now() - timedelta(days=2))
    new = make.booking(arrives_on=day, leaves_on=day + timedelta(days=2))

    assert found(manager) == [new, old]
    assert found(manager, "sort=oldest") == [old, new]
    assert found(manager, "sort=arrival") == [new, old]
    assert found(manager, "sort=last_arrival") == [old, new]
    page = manager.get(f"{LIST}?sort=arrival")
    headings = page.root.cssselect("th[aria-sort]")
    assert [(each.text_content().strip(), each.get("aria-sort")) for each in headings] == [
        ("Stay, soonest first", "ascending")
    ]
    assert "sort=last_arrival" in headings[0].cssselect("a")[0].get("href")


@pytest.mark.long
def test_pages_follow_on_one_another_and_keep_the_filters(manager: Desk) -> None:
    count = SIZE + 3
    ids = [make.booking(status="provisional") for _ in range(count)]
    first = manager.get(f"{LIST}?status=provisional")
    [onward] = first.root.cssselect("a[rel=next]")

    second = manager.get(onward.get("href"))

    assert "status=provisional" in onward.get("href")
    assert [int(text.split(",")[0]) for text in second.all(".dk-bk .who .dk-small")] == ids[2::-1]
    [back] = second.root.cssselect("a[rel=prev]")
    assert manager.get(back.get("href")).all(".dk-bk .who") == first.all(".dk-bk .who")


def test_the_list_takes_less_than_five_queries_however_long_it_is(
    app: Flask, manager: Desk, client: make.Client
) -> None:
    make.method("PayPal")
    make.tag(2, "VIP")
    for _ in range(4):
        client.pay(make.booking(tags=[2], properties=2), "10.00")

    with counted_queries() as queries:
        manager.get(f"{LIST}?q=mar&tag=2&money=open&sort=arrival")

    # On PostgreSQL the identity is looked up on another engine.
    assert len(queries) <= 4


def test_an_empty_list_says_why(manager: Desk) -> None:
    assert "There are no bookings yet." in manager.get(LIST).text

    make.booking()

    page = manager.get(f"{LIST}?q=nobody")
    assert "No booking fits." in page.text
    assert "Clear" in page.all("form[data-filter] a")
