"""Saying by hand which bookings a bank line is for, and putting one aside."""

from __future__ import annotations

import pytest

from payments.models import Payment
from payments.statements.models import BankLine
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.desk.statementing import cheque, matches, path, row, seen, split
from tests.make import Client, Due
from tests.payments.moving import figures, paid
from tests.payments.statements import bank
from tests.payments.typing_in import record

HX = {"HX_Request": "true"}
POINT = "Type an amount such as 300.00, with a point before the decimals."


def test_one_line_is_split_over_two_bookings(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    first, second = make.booking([Due("248.00")]), make.booking([Due("900.00")])

    done = split(manager, line, row(0, first, "248.00"), row(1, second, "252.00"))

    assert done.leads_to == path(line)
    assert "The line is matched." in manager.get(path(line)).text
    assert matches() == [(first, "recorded", True), (second, "recorded", True)]
    assert figures(first) == (24800, 0, 0)
    assert figures(second) == (25200, 0, 0)
    assert make.row_of(BankLine, line).settled_at is not None


@pytest.mark.parametrize("amount", ["1,377.80", "1377.80", "1377.8"])
def test_an_amount_is_read_as_pages_show_it(manager: Desk, amount: str) -> None:
    line, booking = bank.line(bank.account(), "1377.80"), make.booking([Due("1500.00")])

    split(manager, line, row(0, booking, amount))

    assert figures(booking) == (137780, 0, 0)


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        (("200.00", "200.00"), "100.00 EUR is on no booking yet; the rows must take all of it."),
        (("400.00", "200.00"), "The rows take 100.00 EUR more than there is."),
        (("500", "0"), "Each amount must be more than nothing."),
        (("500", "-1"), "Each amount must be more than nothing."),
        (("500.001", "1"), "EUR has fewer decimals than that."),
        (("all", "1"), POINT),
        (("7,95", "492.05"), POINT),
        (("4,99.00", "1"), POINT),
    ],
)
def test_rows_that_do_not_add_up_are_refused_and_kept_as_typed(
    manager: Desk, amounts: tuple[str, str], told: str
) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")])

    page = split(manager, line, *(row(n, booking, amount) for n, amount in enumerate(amounts)))

    assert page.status == 422
    assert told in page.text
    assert [page.form("split")[f"rows[{n}].amount"] for n in (0, 1)] == list(amounts)
    assert matches() == []
    assert make.rows_of(Payment) == []


def test_what_is_left_of_a_line_may_go_on_waiting_when_that_is_said(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")])

    split(manager, line, row(0, booking, "300.00"), rest="true")
    page = manager.get(path(line))

    assert matches() == [(booking, "recorded", True)]
    assert "Part matched" in page.text
    assert "200.00 EUR of it is still waiting" in page.text
    assert bank.waits(line)


@pytest.mark.long
def test_a_row_keeps_the_promise_it_names(manager: Desk) -> None:
    line = bank.line(bank.account(), "300.00")
    booking = make.booking([Due("900.00")])
    payment = cheque(booking)

    split(manager, line, row(0, booking, "300.00", payment))

    assert matches() == [(booking, "cleared", True)]
    assert make.row_of(Payment, payment).state == "cleared"
    assert figures(booking) == (30000, 0, 0)


def test_lines_of_one_payer_are_put_together(manager: Desk) -> None:
    account = bank.account()
    first, second, stranger = (
        bank.line(account, amount, party=party, party_account=number)
        for amount, party, number in (
            ("100.00", "Grupo", "PT1"), ("200.00", "GRUPO LDA", "PT1"), ("1.00", "Grupo", "PT2"),
        )
    )  # fmt: skip
    booking = make.booking([Due("900.00")])
    payment = cheque(booking)

    offered = manager.get(path(first)).root.cssselect("input[name=join]")
    split(manager, first, row(0, booking, "300.00", payment), **seen(first, second), join=[second])

    assert [each.get("value") for each in offered] == [str(second)]
    assert matches() == [(booking, "cleared", True)]
    assert not bank.waits(first)
    assert not bank.waits(second)
    assert bank.waits(stranger)


def test_the_preview_tells_the_remainder_and_stores_nothing(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")])
    fields = row(0, booking, "248.00")

    page = manager.post(path(line, "split/preview"), fields, **HX)
    wrong = manager.post(path(line, "split/preview"), row(0, booking, "2,4x"), **HX)

    assert "252.00 EUR of 500.00 EUR is on no booking yet." in page.text
    assert "Records 248.00 EUR by Bank transfer on booking" in page.text
    assert page.all("td.dk-money") == ["900.00", "652.00"]
    assert POINT in wrong.text
    assert make.rows_of(Payment) == []


def test_the_preview_tells_two_rows_of_a_booking_one_after_the_other(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")])
    payment = cheque(booking)
    fields = row(0, booking, "300.00", payment) | row(1, booking, "200.00")

    page = manager.post(path(line, "split/preview"), fields)

    assert page.all("#preview td.dk-money") == ["900.00", "600.00", "600.00", "400.00"]
    assert "It adds up: 500.00 EUR." in page.text


def test_a_row_that_would_be_refused_says_so_before(manager: Desk) -> None:
    account = bank.account()
    line = bank.line(account, "500.00")
    booking = make.booking([Due("100.00")])
    make.location(1)
    with_rule = bank.line(bank.account(method="Strict"), "500.00")
    bank.do(lambda connection: connection.exec_driver_sql(
        "UPDATE payment_methods SET overpayment = 'refuse' WHERE name = 'Strict'"))  # fmt: skip

    kept = manager.post(path(line, "split/preview"), row(0, booking, "500.00"))
    refused = manager.post(path(with_rule, "split/preview"), row(0, booking, "500.00"))

    assert "400.00 EUR fits no open line; it is kept as credit." in kept.text
    assert len(refused.all("#preview .dk-wrong")) == 1


def test_choosing_a_booking_adds_a_row_for_what_is_left_with_its_promise(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    first, second = make.booking([Due("900.00")]), make.booking([Due("900.00")])
    payment = cheque(second)

    page = manager.post(
        path(line, "split/preview"), {**row(0, first, "200.00"), "add": str(second)}
    )
    form = page.form("split")
    less = manager.post(path(line, "split/preview"), {**form, "drop": "0"})

    assert form["rows[1].booking"] == str(second)
    assert form["rows[1].amount"] == "300.00"
    assert form["rows[1].payment"] == str(payment)
    assert less.form("split")["rows[0].booking"] == str(second)
    assert "rows[1].booking" not in less.form("split")


def test_money_that_is_there_already_is_offered_but_never_taken_for_granted(
    manager: Desk, client: Client
) -> None:
    make.method("PayPal")
    booking = make.booking([Due("900.00")])
    there = paid(client, booking, "300.00")
    line = bank.line(bank.account(), "300.00")

    form = manager.post(path(line, "split/preview"), {"add": str(booking)}).form("split")
    page = manager.post(path(line, "split"), {**form, "rows[0].payment": str(there)})

    assert form["rows[0].payment"] == ""
    assert page.status == 303
    assert matches() == [(booking, "found", True)]
    assert figures(booking) == (30000, 0, 0)


def test_bookings_are_found_by_number_guest_and_account_identifier(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")], account_identifier="A77.1")
    make.booking([Due("900.00")], location_id=2, account_identifier="A78.1")

    def found(words: str) -> list[str]:
        return manager.get(f"{path(line, 'find')}?q={words}", **HX).all("td:first-child a")

    assert found(str(booking)) == [str(booking)]
    assert found("A77.1") == [str(booking)]
    assert found("silv") == [str(booking)]  # and nobody of another place
    assert found("A78.1") == []
    assert "is called “A78.1”" in manager.get(f"{path(line, 'find')}?q=A78.1").text


def test_a_search_with_a_script_leaves_the_rows_alone(manager: Desk) -> None:
    """They may have been changed since the page came: only what was found is put into it."""
    page = manager.get(path(bank.line(bank.account(), "500.00")))

    [search] = page.root.cssselect("main form[role=search]")

    assert search.get("hx-target") == "#found"
    assert search.get("hx-get") == search.get("action").partition("#")[0]


def test_the_address_of_a_preview_shows_the_line(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")

    assert manager.get(path(line, "split/preview")).status == 200


def test_a_search_without_a_script_keeps_the_rows(manager: Desk) -> None:
    line = bank.line(bank.account(), "500.00")
    booking = make.booking([Due("900.00")])
    page = manager.post(path(line, "split/preview"), row(0, booking, "200.00"))
    [search] = [form for form in page.root.cssselect("main form") if form.get("role") == "search"]
    kept = {name: value for name, value in search.form_values() if name != "q"}

    again = manager.get(
        f"{path(line, 'find')}?q={booking}&" + "&".join(f"{n}={v}" for n, v in kept.items())
    )

    assert again.form("split")["rows[0].amount"] == "200.00"
    assert again.all("#found td:first-child a") == [str(booking)]


def test_who_comes_second_is_told_and_sees_how_it_stands(desk_of: DeskOf) -> None:
    line = bank.line(bank.account(), "500.00")
    mine, theirs = make.booking([Due("900.00")]), make.booking([Due("900.00")])
    first, second = desk_of("manager"), desk_of("manager")
    old = seen(line)
    split(first, line, row(0, theirs, "300.00"), rest="true")

    page = second.post(path(line, "split"), {**old, **row(0, mine, "200.00")})

    assert page.status == 409
    assert "was changed by somebody else meanwhile" in page.text
    assert "200.00 EUR of it is still waiting" in page.text
    assert page.form("split")["rows[0].amount"] == "200.00"
    assert matches() == [(theirs, "recorded", True)]
    assert second.post(path(line, "split"), page.form("split")).status == 303
    assert figures(mine) == (20000, 0, 0)


def test_a_row_of_new_money_is_refused_when_its_booking_changed_meanwhile(manager: Desk) -> None:
    line = bank.line(bank.account(), "300.00")
    booking = make.booking([Due("900.00")])
    form = manager.post(path(line, "split/preview"), {"add": str(booking)}).form("split")
    record(booking, "300", method=bank.METHOD)

    page = manager.post(path(line, "split"), form)

    assert page.status == 409
    assert f"Booking {booking} was changed by somebody else meanwhile" in page.text
    assert (matches(), figures(booking)) == ([], (30000, 0, 0))
    assert manager.post(path(line, "split"), page.form("split")).status == 303


@pytest.mark.long
def test_money_that_left_is_a_refund_that_was_recorded(manager: Desk, client: Client) -> None:
    make.method("PayPal")
    booking = make.booking([Due("900.00")])
    payment = paid(client, booking, "300.00")
    line = bank.line(bank.account(), "-120.00")
    manager.post(f"/desk/payments/{payment}/refund", {"amount": "120.00", "reason": "Left early"})
    [refund] = make.rows_of(Payment, refund_of=payment)

    refused = split(manager, line, row(0, booking, "120.00"))
    split(manager, line, row(0, booking, "120.00", refund.id))

    assert "Say which refund this is." in refused.text
    assert matches() == [(booking, "found", True)]
    assert figures(booking) == (18000, 0, 0)


@pytest.mark.parametrize("booking", ["", "x", "999999", str(2**63), "²"])
@pytest.mark.one_database
def test_a_row_of_no_booking_is_refused(manager: Desk, booking: str) -> None:
    line = bank.line(bank.account(), "500.00")
    fields = {"rows[0].booking": booking, "rows[0].amount": "500.00"}

    page = manager.post(path(line, "split"), {**seen(line), **fields})

    assert page.status == 422
    assert "There is no booking" in page.text


def test_a_line_is_put_aside_with_a_reason_and_taken_up_again(manager: Desk) -> None:
    line = bank.line(bank.account(), "-12.50")

    without = manager.post(path(line, "aside"), seen(line))
    manager.post(path(line, "aside"), {**seen(line), "reason": "Fees of November"})
    page = manager.get(path(line))

    assert without.status == 422
    assert "Reason is missing" in without.text
    assert "It is no booking's money: Fees of November" in page.text
    assert not bank.waits(line)
    manager.post(path(line, "up"))  # as the "Undo" of the message does
    assert bank.waits(line)
    assert "The line waits again." in manager.get(path(line)).text


def test_a_line_that_was_changed_meanwhile_is_not_put_aside(manager: Desk) -> None:
    line = bank.line(bank.account(), "100.00")
    old = seen(line)
    bank.confirm(line, bank.part(make.booking([Due("40.00")]), "40.00"))

    page = manager.post(path(line, "aside"), {**old, "reason": "Ours"})

    assert page.status == 409
    assert bank.waits(line)


def test_a_proposal_is_confirmed_on_the_lines_own_page(manager: Desk) -> None:
    booking = make.booking([Due("900.00")], id=4354)
    cheque(booking)
    line = bank.line(bank.account(), "300.00", remittance="Booking 4354", party="Maria Silva")
    [offer] = manager.get(path(line)).root.cssselect("button[name=only]")[:1]

    done = manager.post(path(line, "confirm"), {"only": offer.get("value")})
    late = manager.post(path(line, "confirm"), {"only": offer.get("value")})

    assert done.leads_to == path(line)
    assert matches() == [(booking, "cleared", True)]
    assert late.status == 422
    assert "has changed meanwhile" in late.text
