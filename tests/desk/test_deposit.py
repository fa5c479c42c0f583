"""Releasing the security deposit at the desk, and on to its refund."""

from __future__ import annotations

import pytest

from audit.models import LogEntry
from tests import make
from tests.bookings.test_releasing import stayed
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client
from tests.payments.moving import figures, paid
from tests.payments.proofs import unchanged


@pytest.fixture(autouse=True)
def _method(client: Client) -> None:
    assert client
    make.method("PayPal")


def path_of(booking: int) -> str:
    return f"/desk/bookings/{booking}/deposit"


def test_the_page_says_what_releasing_does_and_leads_to_the_refund(
    client: Client, manager: Desk
) -> None:
    booking = stayed()
    payment = paid(client, booking, "120")
    page = manager.get(path_of(booking))

    answer = manager.post(path_of(booking), page.form("/deposit"))

    assert page.all("tbody .dk-plus") == ["− 20.00", "+ 20.00"]
    assert f"Credit to refund: 20.00 EUR of payment {payment}." in page.text
    assert answer.leads_to == f"/desk/payments/{payment}/refund?amount=20.00"
    refund = manager.get(str(answer.leads_to))
    assert "The security deposit was released. 20.00 EUR is credit to refund." in refund.text
    assert refund.form("/refund")["amount"] == "20.00"
    assert figures(booking) == (10000, 2000, 0)


def test_money_that_pays_what_else_is_open_is_foretold(client: Client, manager: Desk) -> None:
    booking = stayed()
    deposit = make.lines_of(booking)[-1].id
    paid(client, booking, "95", PaymentScheduleIds=f"{deposit},1,2")
    page = manager.get(path_of(booking))

    answer = manager.post(path_of(booking), page.form("/deposit"))

    assert "The money first pays what else is open: 25.00 EUR, then 5.00 EUR." in page.text
    assert "Nothing is left to refund." in page.text
    assert answer.leads_to == f"/desk/bookings/{booking}"


def test_before_check_out_and_without_a_deposit_there_is_nothing_to_press(
    client: Client, manager: Desk
) -> None:
    early, without = stayed(days_ago=-3), make.booking(["10.00"])
    paid(client, early, "120")

    pages = [manager.get(path_of(each)) for each in (early, without)]
    with unchanged():
        answers = [manager.post(path_of(each)) for each in (early, without)]

    assert "The security deposit is released after check-out" in pages[0].text
    assert "has no security deposit, or it was released already" in pages[1].text
    assert [page.all("main .btn-primary") for page in pages] == [[], []]
    assert [answer.status for answer in answers] == [422, 422]


@pytest.mark.long
def test_it_takes_the_permission_to_refund_and_the_booking_in_reach(
    client: Client, operator: Desk, desk_of: DeskOf
) -> None:
    make.location(2)
    booking = stayed()
    paid(client, booking, "120")
    elsewhere = desk_of("manager", locations=[2])

    assert operator.post(path_of(booking)).status == 403
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 1
    assert elsewhere.get(path_of(booking)).status == 404
    assert elsewhere.post(path_of(booking)).status == 404
    assert figures(booking) == (12000, 0, 0)


def test_a_stale_page_releases_nothing(client: Client, manager: Desk) -> None:
    booking = stayed()
    paid(client, booking, "100")
    stale = manager.get(path_of(booking)).form("/deposit")
    paid(client, booking, "20")

    answer = manager.post(path_of(booking), stale)

    assert answer.status == 409
    assert figures(booking) == (12000, 0, 0)
