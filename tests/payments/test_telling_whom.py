"""What an event says, to whom, and what it never says."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import orjson
import pytest
from flask import Flask

from audit.chain import SYSTEM
from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from partners.events import TYPES, Event, Listener, message_rows
from partners.models import Endpoint
from partners.registering import revoke_partner
from payments.models import Payment
from payments.telling import Figures, events_of
from tests import make
from tests.make import Client, Due
from tests.meeting import at_once
from tests.outbox.make import NOON
from tests.partners.telling import payload
from tests.payments.conftest import Processes
from tests.payments.given import BOOKING
from tests.payments.listening import in_order, listen, told, types
from tests.payments.moving import move, paid
from tests.payments.writing import STAGES, WRITES, ready

PERSONAL = ("Maria", "Silva", "guest@example", "Ana", "ana@example")
WORDS = ("Paid by her mother", "Order 4711", "Window seat", "Room for a cot", "tok_secret_1234")
# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _ready(client: Client) -> None:
    assert client
    ready()


# --------------------------------------------------------------------------------- what is said


def test_a_payment_is_told_by_its_figures_and_those_of_its_booking(client: Client) -> None:
    listener = listen()
    booking = make.booking(STAGES, account_identifier="A7.1")
    before = clock.now()

    payment = paid(client, booking, "60", Charges="1.50", Tip="0")

    [event] = told(listener)
    today = clock.day_at(clock.now(), "Europe/Lisbon")
    assert set(event) == {"type", "timestamp", "data"}
    assert event["type"] == "payment.recorded"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["timestamp"])
    assert before <= datetime.fromisoformat(event["timestamp"]) <= clock.now()
    assert event["data"] == {
        "number": 1,
        "booking": {
            "id": booking,
            "location_id": 1,
            "account_identifier": "A7.1",
            "status": "booking",
            "currency": "EUR",
            "total": "100.00",
            "paid": "60.00",
            "outstanding": "40.00",
            "credit": "0.00",
        },
        "payment": {
            "id": payment,
            "state": "cleared",
            "amount": "60.00",
            "charges": "1.50",
            "tip": "0.00",
            "method": "PayPal",
            "source": "ipro",
            "reference": None,
            "paid_on": str(today),
            "settled_on": str(today),
            "refund_of": None,
        },
    }


def test_a_refund_points_at_what_it_pays_back(client: Client) -> None:
    listener = listen()
    booking = make.booking(STAGES)
    payment = paid(client, booking, "100")

    move(client, payment, "refund", "Amount=30.00")

    refund = told(listener)[-1]["data"]["payment"]
    assert (refund["id"], refund["refund_of"]) == (make.rows_of(Payment)[-1].id, payment)
    assert (refund["amount"], refund["state"], refund["method"]) == ("-30.00", "cleared", "PayPal")
    assert told(listener)[-1]["data"]["booking"]["outstanding"] == "30.00"


@ONCE
def test_amounts_have_the_decimals_of_their_currency(app: Flask) -> None:
    listener = listen((1, 2))
    for location, currency, amount in ((2, "JPY", "700"), (1, "EUR", "7.00")):
        make.location(location, currency)
        client = Client.of_new_partner(app, locations=(location,))
        booking = make.booking([amount], currency=currency, location_id=location)
        paid(client, booking, amount, Currency=currency)

    amounts = [event["data"]["payment"]["amount"] for event in told(listener)]
    assert amounts == ["700", "7.00"]


@ONCE
def test_a_payment_that_cleared_later_has_the_day_it_did(client: Client) -> None:
    listener = listen()
    payment = paid(client, make.booking(STAGES), "60", Status=1)

    move(client, payment, "clear", f"PaymentDate={clock.now().date()}")

    days = [event["data"]["payment"]["settled_on"] for event in told(listener)]
    states = [event["data"]["payment"]["state"] for event in told(listener)]
    assert (days, states) == ([None, str(clock.now().date())], ["uncleared", "cleared"])


def test_a_booking_is_told_by_its_figures_only(client: Client) -> None:
    listener = listen()
    WRITES["update"](client).send(client)

    [event] = told(listener)
    assert set(event["data"]) == {"number", "booking"}


@ONCE
@pytest.mark.parametrize("name", [name for name in WRITES if name not in ("enquire",)])
def test_no_event_holds_a_word_of_guests_or_senders(client: Client, name: str) -> None:
    listener = listen()
    write = WRITES[name](client)
    more = {
        "pay": f"Comments={WORDS[0]}&Reference={WORDS[1]}&PaymentToken={WORDS[4]}",
        "create": f"GuestNotes={WORDS[2]}&InternalNotes={WORDS[3]}&ExternalReference={WORDS[1]}",
        "update": f"InternalNotes={WORDS[3]}",
        "fail": f"Reason={WORDS[0]}",
        "refund": f"Comments={WORDS[0]}&Reference={WORDS[1]}",
    }.get(name, "")
    body = write.body.replace("Reason=so", "") if more else write.body

    answer = write.send(client, f"{body}&{more}".strip("&"))

    assert answer.status_code == 200, answer.text
    events = orjson.dumps(told(listener)).decode()
    assert told(listener)
    assert not [word for word in (*PERSONAL, *WORDS) if word in events]


def test_a_reference_is_told_to_the_partner_whose_word_it_is(client: Client) -> None:
    own, other = make.endpoint(client.partner_id), listen()
    booking = make.booking(STAGES)

    payment = paid(client, booking, "60", Reference="order-77")
    move(client, payment, "refund", "Amount=10&Reference=back-1")

    def references(endpoint: int) -> list[Any]:
        return [event["data"]["payment"]["reference"] for event in told(endpoint)]

    assert references(own) == ["order-77", "back-1"]
    assert references(other) == [None, None]


def test_what_another_partner_does_to_a_payment_is_told_by_its_senders_reference(
    client: Client,
) -> None:
    own = make.endpoint(client.partner_id)
    payment = paid(client, make.booking(STAGES), "60", Reference="order-77", Status=1)
    move(client, payment, "clear")

    assert [event["data"]["payment"]["reference"] for event in told(own)] == ["order-77"] * 2


# --------------------------------------------------------------------------------- to whom


def test_only_who_reaches_the_location_hears(app: Flask) -> None:
    make.location(2)
    first, second, both = listen((1,)), listen((2,)), listen((1, 2))
    here, there = make.booking(STAGES), make.booking(STAGES, location_id=2)
    client = Client.of_new_partner(app, locations=(1, 2))

    paid(client, here, "60")
    client.post("/apis/booking/update", f"BookingId={there}&GuestNotes=x")

    assert in_order(first, here) == in_order(both, here) == ["payment.recorded"]
    assert in_order(second, there) == in_order(both, there) == ["booking.amended"]
    assert (types(first, there), types(second, here)) == ([], [])


def test_an_endpoint_hears_the_types_it_asked_for_and_their_numbers_have_gaps(
    client: Client,
) -> None:
    some = listen(events="payment.failed booking.confirmed")
    booking = make.booking(STAGES, status="provisional")
    payment = paid(client, booking, "60", Status=1)
    move(client, payment, "fail")

    events = told(some)

    assert [event["type"] for event in events] == ["booking.confirmed", "payment.failed"]
    assert [event["data"]["number"] for event in events] == [2, 3]
    assert make.row_of(Booking, booking).event_count == 3


def test_a_type_is_asked_for_by_its_whole_name() -> None:
    listener = Listener(1, "payment.recorded", 1)

    assert [each for each in TYPES if listener.wants(each)] == ["payment.recorded"]
    assert not listener.wants("payment")
    assert all(Listener(1, "", 1).wants(each) for each in TYPES)


@pytest.mark.parametrize(
    "values",
    [{"live": False}, {"live": False, "removed_at": NOON}, {"kind": "kseries", "secret": None}],
    ids=["off", "removed", "kseries"],
)
def test_who_does_not_listen_hears_nothing(client: Client, values: dict[str, Any]) -> None:
    quiet = listen(**values)

    paid(client, make.booking(STAGES), "60")
    WRITES["update"](client).send(client)

    assert told(quiet) == []
    assert make.rows_of(Message) == []


def test_a_revoked_partner_hears_nothing(client: Client) -> None:
    partner = make.partner(client_id="till")
    mine = make.endpoint(partner)
    with transaction() as connection:
        revoke_partner(connection, "till", SYSTEM, clock.now())

    paid(client, make.booking(STAGES), "60")

    assert told(mine) == []
    assert make.row_of(Endpoint, mine).live is False


def test_each_endpoint_has_a_message_and_an_id_of_its_own(client: Client) -> None:
    partner = make.partner()
    first, second = make.endpoint(partner), make.endpoint(partner)

    paid(client, make.booking(STAGES), "60")

    rows = make.rows_of(Message)
    assert [row.receiver for row in rows] == [f"endpoint {first}", f"endpoint {second}"]
    assert len({row.message_id for row in rows}) == 2
    assert payload(rows[0].context) == payload(rows[1].context)


# --------------------------------------------------------------------------------- numbers


@pytest.mark.long
def test_fifty_payments_at_once_are_numbered_one_to_fifty(
    client: Client, processes: Processes
) -> None:
    listener = listen()
    booking = make.booking([Due("100.00")])
    clients = [client.at(each) for each in processes(3, WEB_THREADS=8)]

    def call(number: int) -> Any:
        mine = clients[number % len(clients)]
        return lambda: mine.at(mine.app).pay(booking, "2.00", Reference=f"r{number}")

    answers = at_once([call(number) for number in range(50)])

    assert [answer.status_code for answer in answers] == [200] * 50
    assert sorted(in_order(listener, booking)) == ["payment.recorded"] * 50
    paid_then = [event["data"]["booking"]["paid"] for event in told(listener)]
    assert paid_then == [f"{2 * number}.00" for number in range(1, 51)]


def test_several_events_of_one_change_are_numbered_in_their_order() -> None:
    events = [Event("payment.recorded", {}), Event("booking.confirmed", {})]
    listeners = [Listener(5, "", 1), Listener(6, "booking.confirmed", 2)]

    rows = message_rows(listeners, events, 41, 7, NOON)

    told_of = [(row["receiver"], payload(row["context"])["data"]["number"]) for row in rows]
    assert told_of == [("endpoint 5", 42), ("endpoint 5", 43), ("endpoint 6", 43)]


def test_what_is_the_houses_own_affair_is_no_event() -> None:
    after = Figures("booking", 1000, 0, 0)

    assert events_of("payment.late", BOOKING, after) == []
    assert events_of("booking.reminded", BOOKING, after) == []
