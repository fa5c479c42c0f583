"""The guest's receipts and statements, opened at the desk."""

from __future__ import annotations

import pytest

from payments.receipts import receipt_pdf
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client
from tests.payments.moving import paid


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")


@pytest.fixture
def booking() -> int:
    return make.booking(["200.00"])


def links(desk: Desk, path: str) -> list[str]:
    return [each.get("href") for each in desk.get(path).root.cssselect("main a")]


@pytest.mark.long
def test_a_receipt_is_the_very_one_that_the_guest_has(
    client: Client, operator: Desk, booking: int
) -> None:
    payment = paid(client, booking, "30")
    path = f"/desk/payments/{payment}/receipt.pdf"

    answer = operator.http.get(path)

    kept = receipt_pdf(payment)
    assert kept is not None
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.data == kept.content
    assert answer.headers["Content-Disposition"] == f"inline; filename={kept.name}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert path in links(operator, f"/desk/payments/{payment}")
    assert path in links(operator, f"/desk/bookings/{booking}")


@pytest.mark.long
def test_a_statement_is_a_link_of_every_booking(operator: Desk, booking: int) -> None:
    path = f"/desk/bookings/{booking}/statement.pdf"

    answer = operator.http.get(path)

    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == f"inline; filename=statement-{booking}.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert path in links(operator, f"/desk/bookings/{booking}")


def test_money_that_has_not_come_has_no_receipt(
    client: Client, operator: Desk, booking: int
) -> None:
    failed = paid(client, booking, "30", Status=1)

    assert operator.get(f"/desk/payments/{failed}/receipt.pdf").status == 404
    assert not [each for each in links(operator, f"/desk/payments/{failed}") if "receipt" in each]
    assert operator.get("/desk/payments/999999/receipt.pdf").status == 404
    assert operator.get("/desk/bookings/999999/statement.pdf").status == 404


def test_papers_are_for_those_who_reach_the_location(
    client: Client, desk_of: DeskOf, booking: int
) -> None:
    payment = paid(client, booking, "30")
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    blind = desk_of("operator", withdrawn=["read"])

    for path in (f"payments/{payment}/receipt.pdf", f"bookings/{booking}/statement.pdf"):
        assert elsewhere.get(f"/desk/{path}").status == 404
        assert blind.get(f"/desk/{path}").status == 403
