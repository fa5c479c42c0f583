"""Money of which every report of the desk has something to tell, in two currencies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from bookings.models import ScheduleLine
from kit import clock
from kit.db import transaction
from office.reports.all import REPORTS
from tests import make
from tests.desk.people import Page
from tests.make import Client, Due
from tests.payments.moving import move, paid

EVERY = tuple(REPORTS)
FAILED = {"Status": 1, "AddBookingTag": 20}


def day(later: int = 0) -> date:
    return clock.now().date() + timedelta(days=later)


def money(client: Client) -> int:
    """Payments by two methods, one of them refunded in part, promises, failed attempts, credit, a
    security deposit, lines that are late and to come; the same at a second location in pounds.
    The method that most is paid by."""
    method = make.method("PayPal")
    make.method("Cheque", kind="bank")
    make.tag(20, "Payment Failed", "payment_failed")
    make.location(2, "GBP")
    _of(client, 1, "EUR")
    _of(Client.of_new_partner(client.app, locations=[1, 2]), 2, "GBP")
    return method


def _of(client: Client, location: int, currency: str) -> None:
    def booking(*dues: str | Due) -> int:
        return make.booking(dues, location_id=location, currency=currency)

    def pay(booking: int, amount: str, **fields: Any) -> int:
        return paid(client, booking, amount, Currency=currency, **fields)

    stay = booking(Due("60", due_in=-10), Due("400", 2, 30), Due("20", 2, 30, "Breakages"))
    move(client, pay(stay, "30", Charges="1.50"), "refund", "Amount=10")
    pay(stay, "25", PaymentMethod="Cheque", PaymentDate=day(-3))
    pay(stay, "15", Status=2, PaymentDate=day(9))
    pay(stay, "12", Status=1, PaymentMethod="Cheque", PaymentDate=day(-2))
    pay(stay, "70", Comments="Card declined", **FAILED)
    pay(booking("100"), "70", Comments="Not enough, or 3 > 2", **FAILED)
    pay(booking("50"), "61.25")
    with_deposit = booking(Due("80"), Due("20", 2))
    with transaction() as connection:
        mine = ScheduleLine.booking_id == with_deposit, ScheduleLine.stage == 2
        connection.execute(update(ScheduleLine).where(*mine).values(kind="security_deposit"))
    pay(with_deposit, "100")


def lines(page: Page) -> list[list[str]]:
    """The lines of the tables of a report, as they are read."""
    return [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.root.cssselect("table.dk-rep tbody tr, table.dk-rep tfoot tr")
    ]
