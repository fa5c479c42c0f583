"""What pages of bank lines post, and promises for lines to keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kit import clock
from payments.models import PaymentMethod
from payments.recording import RecordPayment, record_payment
from payments.statements.models import BankMatch
from tests import make
from tests.desk.people import Desk, Page
from tests.payments.statements import bank

LIST = "/desk/statements/"


def path(line_id: int, what: str = "") -> str:
    return f"/desk/statements/lines/{line_id}{what and '/' + what}"


def seen(*line_ids: int) -> dict[str, str]:
    """The hidden fields with which a form says how it saw these lines."""
    return {f"revision_{line_id}": str(bank.revision(line_id)) for line_id in line_ids}


def seen_bookings(*bookings: int) -> dict[str, str]:
    """The hidden fields with which a form says how it saw these bookings."""
    return {f"seen_{booking}": str(bank.count(booking)) for booking in bookings}


def row(place: int, booking: int, amount: str, payment: int | str = "") -> dict[str, str]:
    """The fields of one row of a line that is taken apart."""
    at = f"rows[{place}]."
    return {f"{at}booking": str(booking), f"{at}amount": amount, f"{at}payment": str(payment)}


def split(desk: Desk, line_id: int, *rows: dict[str, str], **fields: Any) -> Page:
    """Post rows for a line as it stands."""
    form = {name: text for each in rows for name, text in each.items()}
    bookings = {int(text) for name, text in form.items() if name.endswith(".booking")}
    showed = {**seen(line_id), **seen_bookings(*bookings)}
    return desk.post(path(line_id, "split"), {**showed, **form, **fields})


def cheque(booking: int, amount: str = "300.00", reference: str | None = None) -> int:
    """A cheque under way that was typed in at the desk; the payment's id."""
    if not make.rows_of(PaymentMethod, name="Cheque"):
        make.method("Cheque", kind="cheque", from_outside=False, code=None, paying="on_site")
    order = RecordPayment(booking_id=booking, amount=Decimal(amount), state="uncleared",
                          method="Cheque", paid_on=clock.now().date(),
                          reference=reference)  # fmt: skip
    return bank.do(lambda connection: record_payment(connection, order, bank.PERSON)).payment_id


def picks(page: Page, *, ticked: bool = False) -> list[str]:
    """What the boxes of the list post; those that are ticked alone, or all."""
    boxes = page.root.cssselect("input[name=pick]")
    return [each.get("value") for each in boxes if not ticked or each.get("checked") is not None]


def matches() -> list[tuple[int, str, bool]]:
    """All matches, the oldest first: booking, kind, and whether it stands."""
    rows = make.rows_of(BankMatch)
    return [(each.booking_id, each.kind, each.undone_at is None) for each in rows]
