"""Every wrong line is told with its number, and nothing is written when one is."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import insert

from bookings.models import Booking, Property
from kit.db import transaction
from tests import make
from tests.bookings.importing.sheets import (
    ASKED,
    MONEY,
    agency,
    imported,
    line,
    sheet,
    told,
    villa,
)
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _agency(app: Flask) -> None:
    agency()


def test_every_wrong_line_is_told_and_nothing_is_written(app: Flask) -> None:
    wrong = [
        line(arrival="01/06/2030"),
        line(account="OLD-2", arrival="2030-07-01", departure="2030-07-03"),
        line(account="OLD-3", location="clientl"),
        line(account="OLD-4", property="Casa Azol", source="Wob", tags="VIP;VIPS;99"),
        line(account="OLD-5", property="10133", **ASKED | {"deposit": "10.005"}),
    ]

    with nothing_written():
        sentences = told(app, *wrong)

    assert sentences == [
        "line 2: arrival is '01/06/2030'; it must be a real date, yyyy-mm-dd.",
        "line 4: location is 'clientl'; no location is called that; did you mean client1?",
        "line 5: property is 'Casa Azol'; no property of client1 is called that; "
        "did you mean Casa Azul?",
        "line 5: source is 'Wob'; no source is called that.",
        "line 5: tags is 'VIPS'; no tag is called that; did you mean VIP?",
        "line 5: tags is 99; no tag has this id.",
        "line 6: property is 10133; no property of client1 has this id.",
        "line 6: deposit is 10.005; EUR has 2 decimals.",
    ]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"created": "2999-01-01"}, "created is 2999-01-01; it must not be after today."),
        ({"created": "0001-01-01"}, "created is 0001-01-01; it must not be before 1900-01-01."),
        ({"created": "1899-12-31"}, "created is 1899-12-31; it must not be before 1900-01-01."),
        ({**MONEY, "paid_on": "2999-01-01"}, "paid_on is 2999-01-01; it must not be after today."),
        ({"currency": "USD"}, "currency is 'USD'; client1 has EUR."),
        ({**MONEY, "method": "Paypal"},
         "method is 'Paypal'; no payment method is called that; did you mean PayPal?"),
        ({"property": "Quinta"},
         "property is 10132, which has no price or no payment rule here; give deposit and "
         "balance."),
    ],
)  # fmt: skip
def test_what_the_agency_does_not_have_is_told(
    app: Flask, cells: dict[str, str], sentence: str
) -> None:
    assert told(app, line(**cells)) == [f"line 2: {sentence}"]


def test_a_method_is_known_by_its_code_too_and_when_it_is_not_active(app: Flask) -> None:
    make.method("Cheque", code="CHQ", active=False)

    result = imported(app, sheet([line(**MONEY | {"method": "CHQ"})]))

    assert result.exit_code == 0


def test_a_method_that_pays_back_brings_no_money(app: Flask) -> None:
    make.method("Refund", code="BACK", is_refund=True)

    (sentence,) = told(app, line(**MONEY | {"method": "Refund"}))

    assert sentence == "line 2: method is 'Refund'; no payment method is called that."


def test_a_name_that_two_properties_have_needs_the_id(app: Flask) -> None:
    villa(7, "Casa Azul")

    assert told(app, line()) == [
        "line 2: property is 'Casa Azul', and so are 7 and 8849 called; write the id."
    ]


def test_a_property_of_another_location_is_not_found(app: Flask) -> None:
    make.location(2)
    villa(7, "Casa Rosa", 2)

    assert told(app, line(property="7")) == [
        "line 2: property is 7; no property of client1 has this id."
    ]


def test_two_lines_on_one_night_are_told_by_line(app: Flask) -> None:
    sentences = told(
        app,
        line(),
        line(account="OLD-2", arrival="2030-06-05", departure="2030-06-12"),
        line(account="OLD-3", arrival="2030-06-08", departure="2030-06-09"),
    )

    assert sentences == [
        "line 3: Casa Azul is taken for the nights of 2030-06-05 to 2030-06-07 by line 2.",
        "line 4: Casa Azul is taken for the night of 2030-06-08 by line 3.",
    ]


def test_a_line_and_a_booking_on_one_night_are_told_by_booking(app: Flask) -> None:
    assert imported(app, sheet([line()])).exit_code == 0
    (booking,) = make.rows_of(Booking)

    with nothing_written():
        sentences = told(app, line(account="OLD-2", arrival="2030-05-30", departure="2030-06-02"))

    assert sentences == [
        f"line 2: Casa Azul is taken for the night of 2030-06-01 by booking {booking.id}."
    ]


def test_leaving_and_arriving_on_one_day_is_no_clash(app: Flask) -> None:
    next_week = line(account="OLD-2", arrival="2030-06-08", departure="2030-06-15")

    assert imported(app, sheet([line(), next_week])).exit_code == 0


def test_cancelled_bookings_and_other_properties_are_in_nobody_s_way(app: Flask) -> None:
    lines = [
        line(),
        line(account="OLD-2", status="cancelled"),
        line(account="OLD-3", property="10132", **ASKED),
    ]

    assert imported(app, sheet(lines)).exit_code == 0


def test_a_line_that_is_wrong_otherwise_still_holds_its_nights(app: Flask) -> None:
    sentences = told(app, line(email="nobody"), line(account="OLD-2"))

    assert [each.split(" is ")[0] for each in sentences] == ["line 2: email", "line 3: Casa Azul"]


def test_an_account_that_is_there_already_is_an_error(app: Flask) -> None:
    """A file cannot be imported twice by mistake."""
    content = sheet([line(), line(account="OLD-2", property="10132", **ASKED)])
    assert imported(app, content).exit_code == 0
    ids = {row.account_identifier: row.id for row in make.rows_of(Booking)}

    with nothing_written():
        result = imported(app, content)

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"line 2: account OLD-1 is there already: booking {ids['OLD-1']}.",
        f"line 3: account OLD-2 is there already: booking {ids['OLD-2']}.",
        "2 errors on 2 lines; nothing is imported.",
    ]


def test_an_account_that_is_twice_in_the_file_is_told_by_line(app: Flask) -> None:
    assert told(app, line(), line()) == ["line 3: account OLD-1 is there already: line 2."]


def test_accounts_are_unique_at_their_location_only(app: Flask) -> None:
    for number in (2, 3):
        make.location(number)
        villa(number, "Casa Rosa", number)
    others = [line(location=f"client{n}", property=str(n), **ASKED) for n in (2, 3)]

    first = imported(app, sheet([line(), others[0]]))
    later = imported(app, sheet([others[1]]))

    assert (first.exit_code, later.exit_code) == (0, 0)


@pytest.mark.long
def test_a_thousand_errors_are_told_and_the_others_counted(app: Flask) -> None:
    wrong = [line(account=f"OLD-{n}", arrival="x") for n in range(1005)]

    result = imported(app, sheet(wrong))

    sentences = result.stderr.splitlines()
    assert len(sentences) == 1002
    assert sentences[-2:] == [
        "... and 5 more.", "1005 errors on 1005 lines; nothing is imported."
    ]  # fmt: skip


def test_check_tells_what_would_be_and_writes_nothing(app: Flask) -> None:
    with nothing_written():
        right = imported(app, sheet([line(**MONEY)]), "--check")
        wrong = imported(app, sheet([line(arrival="x")]), "--check")

    assert (right.exit_code, wrong.exit_code) == (0, 1)
    assert right.stdout == ("Nothing is wrong: 1 booking, 1 payment. Nothing is imported yet.\n")


@pytest.mark.long
def test_thousands_of_nights_are_held_against_the_database_at_once(app: Flask) -> None:
    """More than one statement could name one by one."""
    with transaction() as connection:
        rows = [{"id": n, "location_id": 1, "name": f"V{n}"} for n in range(1, 101)]
        connection.execute(insert(Property), rows)
    year = {"arrival": "2030-01-01", "departure": "2031-01-01"}
    lines = [line(account=f"O{n}", property=str(n), **year, **ASKED) for n in range(1, 101)]
    assert imported(app, sheet(lines)).exit_code == 0
    again = [each | {"account": f"{each['account']}b"} for each in lines]

    sentences = told(app, *again)

    assert len(sentences) == 100
    assert all("2030-01-01 to 2030-12-31 by booking" in each for each in sentences)
