"""One story told through all five formats: the ledger tells them apart by the source alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

import wsgi
from audit.models import LogEntry
from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.clock import day_at
from kit.db import reading, transaction
from outbox.models import Message
from payments.inbox import apply_accepted
from payments.models import Allocation, Payment
from tests import make
from tests.make import Client
from tests.partners.telling import payload

SECRET = base64.b64encode(b"a secret of thirty-two letters!!").decode()
CLIENT, BUSINESS, LOCATION_TOKEN = "client1", 1001, "location token 1"
PUBLIC_ID = "ONE" * 11
ORDERING = "http://www.brinksoftware.com/webservices/ordering/20140219"

Pay = Callable[[int, str, int], bool]  # booking, amount, number: whether it was taken


def house(app: Flask, partner_id: int) -> Pay:
    client = Client(app, partner_id, make.token(partner_id))
    today = day_at(clock.now(), "Europe/Lisbon").isoformat()

    def pay(booking_id: int, amount: str, number: int) -> bool:
        wishes: dict[str, Any] = {"PaymentDate": today, "SendEmail": None, "PaymentMethod": "Till"}
        return client.pay(booking_id, amount, **wishes).status_code == 200

    return pay


def spektrix(app: Flask, partner_id: int) -> Pay:
    make.credential(partner_id, "spektrix", SECRET, login="till")
    http = app.test_client()

    def pay(booking_id: int, amount: str, number: int) -> bool:
        path = f"/{CLIENT}/api/v3/baskets/{booking_id}/custom-payments"
        body = f'{{"PaymentTypeId":"{PUBLIC_ID}","Amount":{amount}}}'.encode()
        date = formatdate(clock.now().timestamp() + number, usegmt=True)
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        text = f"POST\nhttp://localhost{path}\n{date}\n{digest}"
        key = base64.b64decode(SECRET)
        mac = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha1).digest()).decode()
        headers = {"Date": date, "Authorization": f"SpektrixAPI3 till:{mac}"}
        answer = http.post(path, data=body, headers=headers, content_type="application/json")
        return answer.status_code == 200

    return pay


def kseries(app: Flask, partner_id: int) -> Pay:
    make.endpoint(partner_id, kind="kseries", name="till", secret=None)
    bearer = {"Authorization": f"Bearer {make.token(partner_id)}"}
    http = app.test_client()

    def pay(booking_id: int, amount: str, number: int) -> bool:
        account = make.row_of(Booking, booking_id).account_identifier
        body = (
            f'{{"iKaccountIdentifier":"{account}","thirdPartyPaymentReference":"r{number}",'
            f'"endpointId":"till","businessLocationId":{BUSINESS},"paymentMethod":"TILL",'
            f'"paymentAmount":{amount}}}'
        )
        answer = http.post(
            "/o/op/1/pay", data=body, headers=bearer, content_type="application/json"
        )
        assert answer.json == {"status": "ok"}
        assert apply_accepted() == 1
        [told] = make.rows_of(Message, kind="kseries")[-1:]
        return bool(payload(told.context)["status"] == "SUCCESS")

    return pay


def brink(app: Flask, partner_id: int) -> Pay:
    make.credential(partner_id, "brink", "an access token")
    http = app.test_client()
    headers = {
        "AccessToken": "an access token",
        "LocationToken": LOCATION_TOKEN,
        "SOAPAction": f'"{ORDERING}/IOrderingWebService/ApplyPayment"',
    }

    def pay(booking_id: int, amount: str, number: int) -> bool:
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<s:Body><ApplyPayment xmlns="{ORDERING}"><request><OrderId>{booking_id}</OrderId>'
            f"<Payment><Amount>{amount}</Amount><Id>{number}</Id><TenderId>77</TenderId></Payment>"
            "</request></ApplyPayment></s:Body></s:Envelope>"
        )
        answer = http.post("/Ordering.svc", data=body, headers=headers, content_type="text/xml")
        assert answer.status_code == 200
        return "<ResultCode>0</ResultCode>" in answer.text

    return pay


def iiko(app: Flask, partner_id: int) -> Pay:
    make.credential(partner_id, "iiko", "a login")
    http = app.test_client()

    def ask(call: str, body: str, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        answer = http.post(f"/api/1/{call}", data=body, headers=headers,
                           content_type="application/json")  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json

    token = ask("access_token", '{"apiLogin":"a login"}')["token"]
    [place] = ask("organizations", "{}", token)["organizations"]
    kinds = ask("payment_types", orjson.dumps({"organizationIds": [place["id"]]}).decode(), token)
    [kind] = [each for each in kinds["paymentTypes"] if each["code"] == "TILL"]

    def pay(booking_id: int, amount: str, number: int) -> bool:
        body = (
            f'{{"organizationId":"{place["id"]}","orderId":"{booking_id}","payments":'
            f'[{{"paymentTypeKind":"Card","sum":{amount},"paymentTypeId":"{kind["id"]}",'
            '"isProcessedExternally":true}]}'
        )
        ticket = ask("order/add_payments", body, token)["correlationId"]
        assert apply_accepted() == 1
        asked = orjson.dumps({"organizationId": place["id"], "correlationId": ticket}).decode()
        return bool(ask("commands/status", asked, token)["state"] == "Success")

    return pay


OURS = {"ipro": house}
THERE = {"spektrix": spektrix, "kseries": kseries, "brink": brink, "iiko": iiko}
# A format may have been deleted.
FORMATS = OURS | {
    name: open_ for name, open_ in THERE.items() if f"payments.formats.{name}" in wsgi.FORMATS
}
# What may differ: who is who, when it was, and the words that only one wire has.
THEIRS = {
    "id", "booking_id", "payment_id", "line_id", "partner_id", "source", "created_at", "cleared_at",
    "reference", "attributes", "property_id",
}  # fmt: skip


@pytest.fixture
def partner_id(app: Flask) -> int:
    make.location(1)
    make.method("Till", code="TILL", number=77, public_id=PUBLIC_ID, overpayment="refuse")
    return make.partner()


def tell(app: Flask, pay: Pay, partner_id: int) -> int:
    """A deposit in full, a part of the balance, too much, the rest, and 20.06 paid back."""
    booking_id = make.booking(dues=["100.00", make.Due("200.30", stage=2, due_in=30)])
    assert pay(booking_id, "100.00", 1)
    assert pay(booking_id, "20.06", 2)
    assert not pay(booking_id, "180.25", 3)
    assert pay(booking_id, "180.24", 4)
    second = make.rows_of(Payment, booking_id=booking_id)[1].id
    client = Client(app, partner_id, make.token(partner_id))
    assert client.post(f"/apis/payments/{second}/refund", "").status_code == 200
    return booking_id


def told(model: Any, booking_id: int) -> list[dict[str, Any]]:
    """The rows of a booking, without what may differ; a refund names the payment by its place."""
    with transaction() as connection:
        query = select(model.__table__).where(model.booking_id == booking_id).order_by(model.id)
        rows = connection.execute(query).mappings().all()
    place = {row["id"]: n for n, row in enumerate(rows)}
    return [
        {name: value for name, value in row.items() if name not in THEIRS}
        | {"refund_of": place.get(row.get("refund_of"))}
        for row in rows
    ]


def logged(booking_id: int) -> list[Any]:
    """What the event log says happened: actions, and figures before and after."""
    with reading() as session:
        query = select(LogEntry.body).where(LogEntry.chain == booking_id).order_by(LogEntry.no)
        entries = [orjson.loads(body)["entry"] for body in session.scalars(query)]
    return [
        (each["action"], each["severity"], each["before"], amounts(each["after"]))
        for each in entries
    ]


def amounts(after: dict[str, Any]) -> dict[str, Any]:
    """Without ids of lines and payments."""
    moves = {name: [move[-1] for move in after.get(name, ())] for name in ("lines", "moves")}
    return {name: value for name, value in after.items() if name != "due_on"} | moves


@pytest.mark.long
def test_one_story_leaves_the_same_ledger_whatever_format_tells_it(
    app: Flask, partner_id: int
) -> None:
    stories = {name: tell(app, open_(app, partner_id), partner_id)
               for name, open_ in FORMATS.items()}  # fmt: skip

    first = stories["ipro"]
    assert [row["amount"] for row in told(Payment, first)] == [100_00, 20_06, 180_24, -20_06]
    for name, booking_id in stories.items():
        assert told(Payment, booking_id) == told(Payment, first), name
        assert told(Allocation, booking_id) == told(Allocation, first), name
        assert told(ScheduleLine, booking_id) == told(ScheduleLine, first), name
        assert logged(booking_id) == logged(first), name
        ours, others = make.row_of(Booking, booking_id), make.row_of(Booking, first)
        figures = ("status", "total", "paid", "credit", "charges", "event_count", "log_count")
        assert [getattr(ours, f) for f in figures] == [getattr(others, f) for f in figures], name


@pytest.mark.long
def test_each_format_is_named_as_the_source_of_its_payments(app: Flask, partner_id: int) -> None:
    stories = {name: tell(app, open_(app, partner_id), partner_id)
               for name, open_ in FORMATS.items()}  # fmt: skip

    sources = {
        name: {row.source for row in make.rows_of(Payment, booking_id=booking_id, refund_of=None)}
        for name, booking_id in stories.items()
    }
    assert sources == {name: {name} for name in FORMATS}
