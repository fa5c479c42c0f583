"""How a payment may be written: everything that was seen on the wire is read as it was meant."""

from __future__ import annotations

from datetime import date

import pytest

from bookings.models import Booking
from payments.models import Payment
from tests import make
from tests.make import Client, Due

pytestmark = pytest.mark.one_database

PATH = "/apis/payments"
# The body of the vendor's public documentation, character for character: a raw "€", raw spaces
# and commas, and a comma where an "&" belongs.
VENDORS_SAMPLE = (
    "Amount=200&BookingId=4354&Charges=10&Currency=€&Comments=Test from iPro&PaymentMethod=PayPal"
    "&PaymentScheduleIds=1,2&PaymentDate=2015-08-22&Status=1&PropertyId=,BalanceDueDate==2015-09-22"
    "&PaymentToken=d7124bc2-7276-473e-9c37-a1b154b8404e&CardPartialNumbers=1234"
    "&IsDeferredPayment=&SagepaySecurityKey=&SagepayVendorTxCode=&SagepayVPSTxId="
    "&SagepayTxAuthNo=&CardType=VISA&SendEmail=false"
)
LEAST = "Amount={}&BookingId={}&PaymentScheduleIds=1,2&Status=0&Currency=EUR&PaymentDate=2026-01-02"
LEAST += "&PaymentMethod=PayPal"


@pytest.fixture
def booking(client: Client) -> int:
    """A booking of 60.00 due with the deposit and 40.00 with the balance."""
    assert client
    make.method("PayPal")
    return make.booking(["60.00", Due("40.00", stage=2, due_in=30)])


def paid(booking: int) -> list[int]:
    return [line.paid for line in make.lines_of(booking)]


def test_the_vendors_published_sample_succeeds_as_it_stands(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["90.00", "25.00", Due("652.00", stage=2)], id=4354)

    answer = client.post(PATH, VENDORS_SAMPLE)

    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    [payment] = make.rows_of(Payment)
    assert answer.json == {"Success": True, "PaymentId": payment.id}
    assert (payment.booking_id, payment.state) == (4354, "uncleared")
    assert (payment.amount, payment.charges, payment.currency) == (20000, 1000, "EUR")
    assert payment.comments == "Test from iPro"
    assert payment.paid_on == date(2015, 8, 22)
    assert (payment.property_id, payment.balance_due_on) == (None, date(2015, 9, 22))
    assert payment.send_email is False
    assert paid(booking) == [0, 0, 0]


def test_the_sample_cleared_moves_the_balance_to_the_day_in_its_slip(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["90.00", "25.00", Due("652.00", stage=2)], id=4354)

    answer = client.post(PATH, VENDORS_SAMPLE.replace("Status=1", "Status=0"))

    assert answer.status_code == 200
    assert paid(booking) == [9000, 2500, 8500]
    assert make.lines_of(booking)[2].due_on == date(2015, 9, 22)
    assert make.row_of(Booking, booking).charges == 1000


@pytest.mark.parametrize(
    "slip",
    [
        "PropertyId=,BalanceDueDate==2027-09-22",
        "PropertyId=,BalanceDueDate=2027-09-22",
        "propertyid=,balanceduedate==2027-09-22",
        "PropertyId=%2CBalanceDueDate%3D%3D2027-09-22",
        "PropertyId= , BalanceDueDate == 2027-09-22",
        "PropertyId=&BalanceDueDate=2027-09-22",
    ],
)
def test_the_slip_of_the_sample_is_an_empty_property_and_a_balance_due_date(
    client: Client, booking: int, slip: str
) -> None:
    answer = client.post(PATH, f"{LEAST.format('70.00', booking)}&{slip}")

    assert answer.status_code == 200, answer.text
    assert make.lines_of(booking)[1].due_on == date(2027, 9, 22)


def test_a_slip_with_a_date_that_is_none_is_refused_as_that_date(
    client: Client, booking: int
) -> None:
    answer = client.post(PATH, f"{LEAST.format('1', booking)}&PropertyId=,BalanceDueDate==soon")
    twice = client.post(
        PATH,
        f"{LEAST.format('1', booking)}&PropertyId=,BalanceDueDate==2027-09-22"
        "&BalanceDueDate=2027-09-22",
    )

    for each, code in ((answer, "invalid"), (twice, "repeated")):
        assert each.status_code == 400
        assert each.json is not None
        assert [(e["Field"], e["Code"]) for e in each.json["Errors"]] == [("BalanceDueDate", code)]


@pytest.mark.parametrize("path", ["/apis/payments", "//apis/payments", "///apis/payments"])
def test_a_base_address_that_ends_in_a_slash_works(client: Client, booking: int, path: str) -> None:
    answer = client.app.test_client().post(
        PATH,
        data=LEAST.format("10", booking),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {client.token}"},
        environ_overrides={"PATH_INFO": path},  # a test client would take //apis for a host
    )

    assert answer.status_code == 200
    assert paid(booking) == [1000, 0]


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
def test_names_of_fields_are_read_in_any_case(client: Client, booking: int, change: object) -> None:
    fields = [field.split("=") for field in LEAST.format("10", booking).split("&")]

    body = "&".join(f"{change(name)}={value}" for name, value in fields)  # type: ignore[operator]

    assert client.post(PATH, body).status_code == 200
    assert paid(booking) == [1000, 0]


@pytest.mark.parametrize(
    "name", ["PaymentSchedules", "paymentschedules", "PAYMENTSCHEDULES", "paymentScheduleIds"]
)
def test_payment_schedules_is_another_name_of_payment_schedule_ids(
    client: Client, booking: int, name: str
) -> None:
    body = LEAST.format("10", booking).replace("PaymentScheduleIds=1,2", f"{name}=2")

    assert client.post(PATH, body).status_code == 200
    assert paid(booking) == [0, 1000]


def test_empty_values_bare_names_and_a_trailing_ampersand_are_nothing(
    client: Client, booking: int
) -> None:
    empty = "&Charges=&Comments&PropertyId&BalanceDueDate=&AddBookingTag=&&Reference&SendEmail="
    empty += "&Comments=&CardType&"

    answer = client.post(PATH, LEAST.format("10", booking) + empty)

    assert answer.status_code == 200, answer.text
    [payment] = make.rows_of(Payment)
    assert (payment.charges, payment.comments, payment.reference) == (0, "", None)
    assert payment.send_email is True


@pytest.mark.parametrize(
    ("text", "sends"),
    [("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False)],
)
def test_flags_are_read_in_any_case(client: Client, booking: int, text: str, sends: bool) -> None:
    client.post(PATH, f"{LEAST.format('10', booking)}&SendEmail={text}")

    [payment] = make.rows_of(Payment)
    assert payment.send_email is sends


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("200", 20000), ("200.5", 20050), ("200.50", 20050), ("0.01", 1), ("007", 700)],
)
def test_an_amount_may_have_fewer_decimals_than_its_currency(
    client: Client, booking: int, amount: str, minor: int
) -> None:
    answer = client.post(PATH, LEAST.format(amount, booking))

    assert answer.status_code == 200
    assert [payment.amount for payment in make.rows_of(Payment)] == [minor]


@pytest.mark.parametrize("spelled", ["EUR", "eur", "Eur", "€", "%E2%82%AC"])
def test_a_currency_is_its_code_in_any_case_or_its_symbol(
    client: Client, booking: int, spelled: str
) -> None:
    body = LEAST.format("10", booking).replace("Currency=EUR", f"Currency={spelled}")

    assert client.post(PATH, body).status_code == 200


@pytest.mark.parametrize(
    ("currency", "spelled"),
    [
        ("GBP", "£"),
        ("USD", "$"),
        ("AUD", "$"),
        ("SEK", "kr"),
        ("DKK", "kr"),
        ("JPY", "¥"),
        ("CNY", "¥"),
    ],
)
def test_a_symbol_of_several_currencies_fits_when_the_bookings_currency_uses_it(
    client: Client, currency: str, spelled: str
) -> None:
    make.method("PayPal")
    booking = make.booking(["60"], currency=currency)
    body = LEAST.format("10", booking).replace("Currency=EUR", f"Currency={spelled}")

    assert client.post(PATH, body).status_code == 200


def test_plus_signs_and_percent_codes_are_read_as_forms_write_them(
    client: Client, booking: int
) -> None:
    text = "&Comments=caf%C3%A9+%2B+p%C3%A3o%0Aline+2%26%3D"

    client.post(PATH, LEAST.format("10", booking) + text)

    assert make.rows_of(Payment)[0].comments == "café + pão\nline 2&="


def test_unknown_names_are_ignored_whatever_they_hold(client: Client, booking: int) -> None:
    more = "&TransactionType=Sale&amount2=x&Amount%00=7&[]=1&=5&Prefer=return&CardNumbers=oops"

    answer = client.post(PATH, LEAST.format("10", booking) + more)

    assert answer.status_code == 200
    assert paid(booking) == [1000, 0]


def test_the_query_of_a_post_is_ignored(client: Client, booking: int) -> None:
    answer = client.post(f"{PATH}?Amount=99&Status=7&x=%FF", LEAST.format("10", booking))

    assert answer.status_code == 200
    assert paid(booking) == [1000, 0]


@pytest.mark.parametrize("since", ["Sat, 01 Jan 2015 00:00:00 GMT", "2024-01-31", "nonsense"])
def test_if_modified_since_is_never_an_error_and_never_304(
    client: Client, booking: int, since: str
) -> None:
    headers = {"If_Modified_Since": since, "version": "2.0"}

    posted = client.post(PATH, LEAST.format("10", booking), **headers)
    listed = client.get(PATH, **headers)

    assert (posted.status_code, listed.status_code) == (200, 200)


@pytest.mark.parametrize("wishes", ["2,1", "2, 1", "2,,1,", " 2 ,1"])
def test_a_list_may_have_spaces_and_commas_too_many(
    client: Client, booking: int, wishes: str
) -> None:
    body = LEAST.format("50", booking).replace(
        "PaymentScheduleIds=1,2", f"PaymentScheduleIds={wishes}"
    )

    assert client.post(PATH, body).status_code == 200
    assert paid(booking) == [1000, 4000]


def test_lines_asked_for_by_id_are_filled_first_and_the_rest_goes_over_the_others(
    client: Client,
) -> None:
    make.method("PayPal")
    booking = make.booking(["10.00", "20.00", "30.00"])
    ids = [line.id for line in make.lines_of(booking)]

    client.pay(booking, "55.00", PaymentScheduleIds=f"{ids[2]},{ids[1]}")

    assert paid(booking) == [500, 2000, 3000]


def test_a_property_is_filled_first_but_a_line_named_outranks_it(client: Client) -> None:
    make.method("PayPal")
    dues = [Due("10.00"), Due("20.00", property=1), Due("30.00", stage=2, property=1)]
    one, two = (make.booking(dues, properties=2) for _ in range(2))
    second = make.lines_of(one)[1].property_id

    client.pay(one, "25.00", PropertyId=second)
    lines = make.lines_of(two)
    client.pay(two, "25.00", PropertyId=lines[1].property_id, PaymentScheduleIds=lines[0].id)

    assert paid(one) == [0, 2000, 500]
    assert paid(two) == [1000, 1500, 0]
