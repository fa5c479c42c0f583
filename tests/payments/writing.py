"""Every writing call of the house API, ready to be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit import clock
from kit.db import in_transaction
from tests import make
from tests.make import Client, Due
from tests.payments.moving import paid

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@dataclass(frozen=True)
class Write:
    """A call: where to, its fields, and other fields that make it another request."""

    path: str
    body: str
    other: str = ""
    method: str = "POST"

    def send(self, client: Client, body: str | None = None, **headers: str) -> TestResponse:
        body = self.body if body is None else body
        if self.method == "GET":
            return client.get(f"{self.path}?{body}", **headers)
        return client.post(self.path, body, **headers)


def ready() -> None:
    """What the calls need to exist."""
    make.method("PayPal")
    make.tag(2, "VIP")
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")


def _taking(booking: int) -> str:
    return (
        f"Amount=70&BookingId={booking}&PaymentScheduleIds=1,2&Status=0&Currency=EUR"
        f"&PaymentDate={clock.now().date()}&PaymentMethod=PayPal&AddBookingTag=2"
    )


def _pay(_: Client) -> Write:
    body = _taking(make.booking(STAGES))
    return Write("/apis/payments", body, body.replace("70", "71"))


def _share(_: Client) -> Write:
    ids = f"{make.booking(STAGES)},{make.booking(STAGES)}"
    body = _taking(0).replace("Amount=70&BookingId=0", f"Amounts=10,70&BookingIds={ids}")
    return Write("/apis/payments", body, body.replace("70", "71"))


def _move(what: str, **fields: Any) -> Callable[[Client], Write]:
    def make_it(client: Client) -> Write:
        payment = paid(client, make.booking(STAGES), "70", SendEmail=None, **fields)
        return Write(f"/apis/payments/{payment}/{what}", "Reason=so", "Reason=or+so")

    return make_it


def _stay(nights: int = 3) -> str:
    place = make.place(1, rule=make.rule(1, deposit_rate=3000), night_price="100.00")
    first = clock.now().date() + timedelta(days=200)
    return (
        f"Properties[0].Id={place}&Properties[0].Checkin={first}"
        f"&Properties[0].Checkout={first + timedelta(days=nights)}"
    )


GUEST = "Contact.LastName=Silva&Contact.Email=ana@example.com"


def _create(_: Client) -> Write:
    body = f"{GUEST}&{_stay()}&PaidAmount=50&PaymentMethod=PayPal&BookingTagIds=2"
    return Write("/apis/booking", body, f"{body}&GuestNotes=x")


def _booked(client: Client) -> tuple[int, str]:
    stay = _stay()
    answer = client.post("/apis/booking", f"{GUEST}&{stay}")
    assert answer.json is not None
    return answer.json["BookingId"], stay


def _amend(client: Client) -> Write:
    booking, stay = _booked(client)
    body = f"BookingId={booking}&{stay}&Properties[0].AccommodationCost=500"
    return Write("/apis/booking/amend", body, f"{body}.00")


def _update(_: Client) -> Write:
    body = f"BookingId={make.booking(STAGES)}&GuestNotes=Late"
    return Write("/apis/booking/update", body, f"{body}r")


def _cancel(method: str) -> Callable[[Client], Write]:
    def make_it(client: Client) -> Write:
        body = f"BookingId={_booked(client)[0]}"
        return Write("/apis/booking/cancel", body, f"{body}&Reason=x", method)

    return make_it


def _reactivate(method: str) -> Callable[[Client], Write]:
    def make_it(client: Client) -> Write:
        booking, _ = _booked(client)
        order = CancelBooking(booking_id=booking)
        in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))
        body = f"BookingId={booking}"
        return Write("/apis/booking/reactivate", body, f"{body}&Reason=x", method)

    return make_it


def _enquire(_: Client) -> Write:
    body = "firstname=Ana&email=ana@example.com"
    return Write("/apis/enquiry", body, f"{body}&days=3")


WRITES: dict[str, Callable[[Client], Write]] = {
    "pay": _pay,
    "share": _share,
    "clear": _move("clear", Status=2),
    "fail": _move("fail", Status=1),
    "refund": _move("refund"),
    "create": _create,
    "amend": _amend,
    "update": _update,
    "cancel": _cancel("POST"),
    "cancel by GET": _cancel("GET"),
    "reactivate": _reactivate("POST"),
    "reactivate by GET": _reactivate("GET"),
    "enquire": _enquire,
}
