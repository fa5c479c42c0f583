"""Values that must not be taken: each is refused by its name, and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from bookings.models import Booking
from kit import clock
from payments.models import Payment
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal

pytestmark = [pytest.mark.long, pytest.mark.one_database]

WRONG_NUMBERS = ["x", "-1", "1.0", "1e3", "٣", "0x10", "1_000", "1" * 19, "%2B1", "1 1"]


def outcomes(client: Client, booking: int, field: str, values: Iterable[str]) -> dict[str, Any]:
    """What becomes of a payment with each of these values; none of them may be taken, and the
    key of them all must still be good for a right one."""
    key = {"Idempotency-Key": f"not burnt by a wrong {field}"}
    with nothing_written():
        found = {
            value: refusal(client.pay(booking, **{field: value}, headers=key)) for value in values
        }
    right = client.pay(booking, "1.00", headers=key)
    assert right.status_code == 200
    assert "Idempotency-Replayed" not in right.headers
    return found


@pytest.fixture
def booking(client: Client) -> int:
    """A booking of 100.00 EUR, and a method that takes anything."""
    assert client
    make.method("PayPal")
    return make.booking(["60.00", "40.00"])


@pytest.mark.parametrize("field", ["Amount", "Charges"])
def test_an_amount_is_a_plain_decimal_or_it_is_refused(
    client: Client, booking: int, field: str
) -> None:
    wrong = [
        "1e3", "1E3", "1_000", "1,000.00", "1.000,00", "1 000", "٣", "１００", "NaN", "nan",
        "Infinity", "-Infinity", "-1", "-0.01", "%2B1", "0x10", ".5", "5.", "1.2.3", "--1", "abc",
        "1;2", "€100", "100€", "10000000000", "9999999999.999", "1" * 400, "%09 1",
        "true", "1%00",
    ]  # fmt: skip

    found = outcomes(client, booking, field, wrong)

    assert found == dict.fromkeys(wrong, (400, [(field, "invalid")]))


def test_a_payment_of_nothing_is_refused(client: Client, booking: int) -> None:
    nothing = ["0", "0.0", "0.00", "00"]

    found = outcomes(client, booking, "Amount", nothing)

    assert found == dict.fromkeys(nothing, (400, [("Amount", "invalid")]))


def test_more_decimals_than_the_currency_has_are_refused(client: Client, booking: int) -> None:
    # 10.000 too: it may be a thousands separator that went astray.
    wrong = ["10.005", "10.000", "0.0001", "0.00001", "0.30000000000000004"]

    found = outcomes(client, booking, "Amount", wrong)

    assert found == dict.fromkeys(wrong, (400, [("Amount", "too_many_decimals")]))


def test_the_largest_amount_is_taken_and_not_one_cent_more(client: Client, booking: int) -> None:
    too_much = client.pay(booking, "10000000000.00")
    most = client.pay(booking, "9999999999.99")

    assert refusal(too_much) == (400, [("Amount", "invalid")])
    assert most.status_code == 200
    assert make.row_of(Booking, booking).credit == 999_999_999_999 - 10_000


@pytest.mark.parametrize("field", ["BookingId", "PropertyId"])
def test_an_id_is_a_whole_number_or_it_is_refused(client: Client, booking: int, field: str) -> None:
    found = outcomes(client, booking, field, WRONG_NUMBERS)

    assert found == dict.fromkeys(WRONG_NUMBERS, (400, [(field, "invalid")]))


@pytest.mark.parametrize("field", ["PaymentScheduleIds", "AddBookingTag", "RemoveBookingTag"])
def test_a_list_of_ids_is_whole_numbers_or_it_is_refused(
    client: Client, booking: int, field: str
) -> None:
    wrong = [*WRONG_NUMBERS, ",", "1;2", "1,x", "[1,2]", ",".join(["7"] * 1001)]

    found = outcomes(client, booking, field, wrong)

    assert found == dict.fromkeys(wrong, (400, [(field, "invalid")]))


@pytest.mark.parametrize("field", ["PaymentDate", "BalanceDueDate"])
def test_a_date_is_a_real_day_or_it_is_refused(client: Client, booking: int, field: str) -> None:
    wrong = [
        "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01",
        "26-01-01", "2026-1-1", "01/02/2026", "20260101", "2026-W01-1", "2026-01-01T00:00:00",
        "today", "٢٠٢٦-٠١-٠١", "-2026-01-01", "12026-01-01", "2026-01-01 ",
    ]  # fmt: skip

    found = outcomes(client, booking, field, wrong)

    assert found == dict.fromkeys(wrong, (400, [(field, "invalid")]))


@pytest.mark.parametrize("field", ["SendEmail", "IsDeferredPayment"])
def test_a_flag_is_true_or_false_or_it_is_refused(client: Client, booking: int, field: str) -> None:
    wrong = ["1", "0", "yes", "no", "on", "null", "True1", "t", "wahr"]

    found = outcomes(client, booking, field, wrong)

    assert found == dict.fromkeys(wrong, (400, [(field, "invalid")]))


def test_a_status_is_0_1_or_2_or_it_is_refused(client: Client, booking: int) -> None:
    wrong = ["3", "-1", "00", "0.0", "cleared", "٠", "1,2"]

    found = outcomes(client, booking, "Status", wrong)

    assert found == dict.fromkeys(wrong, (400, [("Status", "invalid")]))


def test_money_that_is_there_cannot_be_of_the_day_after_tomorrow(
    client: Client, booking: int
) -> None:
    late = [str(clock.now().date() + timedelta(days=3)), "9999-12-31"]

    found = outcomes(client, booking, "PaymentDate", late)

    assert found == dict.fromkeys(late, (400, [("PaymentDate", "date_in_future")]))


def test_days_far_away_are_taken_where_they_can_be_meant(client: Client, booking: int) -> None:
    promised = client.pay(booking, "1.00", Status=2, PaymentDate="9999-12-31")
    moved = client.pay(booking, "1.00", BalanceDueDate="9999-12-31")
    old = client.pay(booking, "1.00", PaymentDate="1900-01-01")
    nowhen = client.pay(booking, "1.00", PaymentDate="0001-01-01")  # an empty date of .NET

    assert [each.status_code for each in (promised, moved, old)] == [200] * 3
    listed = client.get(f"/apis/payments?BookingId={booking}")
    assert listed.json is not None
    days = [each["PaymentDate"] for each in listed.json["Payments"]]
    assert (days[0], days[2]) == ("01/01/1900", "31/12/9999")
    assert nowhen.status_code == 400
    assert nowhen.json["Errors"][0]["Field"] == "PaymentDate"


def test_lines_of_another_booking_are_unknown_here(client: Client, booking: int) -> None:
    own = [line.id for line in make.lines_of(booking)]
    other = make.lines_of(make.booking(["10.00"]))[0].id
    wrong = [str(other), f"{own[0]},{other}", "3", "1000", "999999999999999999"]

    found = outcomes(client, booking, "PaymentScheduleIds", wrong)

    assert found == dict.fromkeys(wrong, (400, [("PaymentScheduleIds", "line_unknown")]))


def test_a_property_of_another_booking_is_refused(client: Client, booking: int) -> None:
    other = make.lines_of(make.booking(["10.00"]))[0].property_id

    found = outcomes(client, booking, "PropertyId", [str(other), "999999"])

    assert set(map(str, found.values())) == {"(400, [('PropertyId', 'property_not_booked')])"}


def test_tags_there_are_none_of_are_refused(client: Client, booking: int) -> None:
    make.tag(2, "VIP")

    added = outcomes(client, booking, "AddBookingTag", ["7", "2,7"])
    removed = client.pay(booking, RemoveBookingTag="9999999999")

    assert added == dict.fromkeys(["7", "2,7"], (400, [("AddBookingTag", "tag_unknown")]))
    assert refusal(removed) == (400, [("RemoveBookingTag", "tag_unknown")])


def test_another_currency_than_the_bookings_is_refused(client: Client, booking: int) -> None:
    wrong = ["GBP", "£", "$", "XXX", "Euro", "EU", "eurr", "€€", "123"]

    found = outcomes(client, booking, "Currency", wrong)

    assert found == dict.fromkeys(wrong, (400, [("Currency", "currency_mismatch")]))


def test_a_method_is_known_letter_for_letter_and_a_close_one_is_suggested(
    client: Client, booking: int
) -> None:
    wrong = ["paypal", "PAYPAL", "PayPal ", " PayPal", "Pay Pal", "PaуPal", "Bitcoin"]

    found = outcomes(client, booking, "PaymentMethod", wrong)
    answer = client.pay(booking, PaymentMethod="paypal")

    assert found == dict.fromkeys(wrong, (400, [("PaymentMethod", "payment_method_unknown")]))
    assert answer.json is not None
    assert "did you mean 'PayPal'?" in answer.json["Message"]


def test_a_method_that_is_switched_off_is_unknown(client: Client, booking: int) -> None:
    make.method("Old card", active=False)

    answer = client.pay(booking, PaymentMethod="Old card")

    assert refusal(answer) == (400, [("PaymentMethod", "payment_method_unknown")])


def test_a_booking_of_another_location_is_as_unknown_as_one_there_is_not(
    client: Client, booking: int
) -> None:
    make.location(5)
    elsewhere = Client.of_new_partner(client.app, locations=[5])

    with nothing_written():
        hidden = elsewhere.pay(booking)
        none = client.pay(booking + 1000)

    assert refusal(hidden) == refusal(none) == (404, [("BookingId", "booking_unknown")])
    assert hidden.text.replace(str(booking), "N") == none.text.replace(str(booking + 1000), "N")


def test_a_control_character_is_refused_in_every_text(client: Client, booking: int) -> None:
    for field in ("Comments", "PaymentMethod", "Reference", "PaymentToken", "CardType", "Currency"):
        wrong = ["a%00b", "%00", "a%1Bb", "%7F"]

        found = outcomes(client, booking, field, wrong)

        assert found == dict.fromkeys(wrong, (400, [(field, "control_character")]))


def test_a_text_that_is_too_long_is_refused_at_its_exact_length(
    client: Client, booking: int
) -> None:
    limits = {"Comments": 2000, "Reference": 50, "CardType": 50, "PaymentToken": 200}

    for field, most in limits.items():
        found = outcomes(client, booking, field, ["ä" * (most + 1)])
        fits = client.pay(booking, "1.00", **{field: "ä" * most})

        assert list(found.values()) == [(400, [(field, "too_long")])]
        assert fits.status_code == 200


def test_the_last_digits_of_a_card_are_four_digits(client: Client, booking: int) -> None:
    wrong = ["12", "123", "12a4", "٣٣٣٣", "-123"]

    found = outcomes(client, booking, "CardPartialNumbers", wrong)

    assert found == dict.fromkeys(wrong, (400, [("CardPartialNumbers", "invalid")]))


def test_all_that_is_malformed_is_told_in_one_answer(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.pay(
            booking,
            "1e3",
            BookingId="x",
            PaymentScheduleIds="a",
            Status=7,
            Currency=None,
            PaymentDate="2026-02-30",
            PaymentMethod="",
            Charges="-1",
            SendEmail="maybe",
            AddBookingTag="VIP",
            BalanceDueDate="soon",
            CardPartialNumbers="12",
            Reference="r" * 51,
            headers={"Idempotency-Key": "k"},
        )

    status, wrong = refusal(answer)
    assert status == 400
    assert dict(wrong) == {
        "Amount": "invalid",
        "BookingId": "invalid",
        "PaymentScheduleIds": "invalid",
        "Status": "invalid",
        "Currency": "required",
        "PaymentDate": "invalid",
        "PaymentMethod": "required",
        "Charges": "invalid",
        "SendEmail": "invalid",
        "AddBookingTag": "invalid",
        "BalanceDueDate": "invalid",
        "CardPartialNumbers": "invalid",
        "Reference": "too_long",
    }
    assert len(wrong) == 13
    assert answer.json is not None
    assert answer.json["Code"] == "several_problems"


def test_all_that_only_the_booking_can_judge_is_told_in_one_answer(
    client: Client, booking: int
) -> None:
    with nothing_written():
        answer = client.pay(
            booking,
            "1.001",
            Charges="2.0001",
            Currency="GBP",
            PaymentScheduleIds="5",
            PaymentDate="2999-01-01",
            PaymentMethod="Bitcoin",
            PropertyId=77777,
            AddBookingTag=7,
            RemoveBookingTag=8,
            headers={"Idempotency-Key": "k"},
        )

    assert refusal(answer) == (
        400,
        [
            ("Currency", "currency_mismatch"),
            ("Amount", "too_many_decimals"),
            ("Charges", "too_many_decimals"),
            ("PaymentDate", "date_in_future"),
            ("PaymentScheduleIds", "line_unknown"),
            ("PropertyId", "property_not_booked"),
            ("PaymentMethod", "payment_method_unknown"),
            ("AddBookingTag", "tag_unknown"),
            ("RemoveBookingTag", "tag_unknown"),
        ],
    )
    assert make.rows_of(Payment) == []


def test_what_is_malformed_is_told_before_the_booking_is_looked_for(client: Client) -> None:
    make.location(1)

    answer = client.pay(987654, "abc", Currency="GBP")

    assert refusal(answer) == (400, [("Amount", "invalid")])
