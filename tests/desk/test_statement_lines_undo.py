"""Undoing matches at the desk, and where payments say that they are matched."""

from __future__ import annotations

import pytest

from audit.models import LogEntry
from kit import clock
from payments.models import Payment
from payments.statements.models import BankMatch
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.desk.statementing import cheque, matches, path
from tests.make import Client, Due
from tests.payments.moving import figures, paid
from tests.payments.statements import bank


def undo_path(match: int) -> str:
    return f"/desk/statements/matches/{match}/undo"


def why(amount: str = "", reason: str = "Another guest's") -> dict[str, str]:
    return {"reason": reason, **({"typed": amount} if amount else {})}


def recorded() -> tuple[int, int, int]:
    """New money of a line: the booking, the line and the match."""
    booking = make.booking([Due("900.00")])
    line = bank.line(bank.account(), "300.00")
    return booking, line, bank.match(line, bank.part(booking, "300.00")).id


@pytest.mark.long
def test_undoing_new_money_voids_it_with_a_reason_and_its_amount(manager: Desk) -> None:
    booking, line, match = recorded()
    page = manager.get(undo_path(match))

    short = manager.post(undo_path(match), why("30.00"))
    done = manager.post(undo_path(match), why("300.00"))

    assert "Void the 300.00 EUR that this line recorded?" in page.text
    assert "Open on" in page.text
    assert "No money moves here." in page.text
    assert short.status == 422
    assert done.leads_to == path(line)
    told = manager.get(path(line)).text
    assert "300.00 EUR is void now, and the line waits." in told
    assert "Another guest's" in told
    assert matches() == [(booking, "recorded", False)]
    assert figures(booking) == (0, 0, 0)


@pytest.mark.long
def test_undoing_what_was_cleared_lets_the_promise_wait_again(manager: Desk) -> None:
    booking = make.booking([Due("900.00")])
    payment = cheque(booking)
    line = bank.line(bank.account(), "300.00")
    match = bank.match(line, bank.part(booking, "300.00", payment)).id

    manager.post(undo_path(match), why("300.00"))

    [again] = make.rows_of(Payment, state="uncleared")
    assert make.row_of(Payment, payment).state == "void"
    told = manager.get(path(line))
    assert f"300.00 EUR waits to be cleared again, as payment {again.id}." in told.text
    assert f"Payment {again.id} waits in its place." in told.text
    assert figures(booking) == (0, 0, 0)


def test_what_was_found_is_let_go_of_without_the_permission_to_void(desk_of: DeskOf) -> None:
    desk = desk_of("manager", withdrawn=["void", "D_DEP"])
    booking = make.booking([Due("900.00")])
    payment = cheque(booking)
    cashier = desk_of("manager")
    cashier.post(f"/desk/payments/{payment}/clear", {"paid_on": clock.now().date().isoformat()})
    line = bank.line(bank.account(), "300.00")
    match = bank.match(line, bank.part(booking, "300.00", payment)).id

    page = desk.get(undo_path(match))
    desk.post(undo_path(match), why())

    assert f"Let go of payment {payment}?" in page.text
    assert "Type the amount" not in page.text
    assert matches() == [(booking, "found", False)]
    assert make.row_of(Payment, payment).state == "cleared"
    assert bank.waits(line)


@pytest.mark.long
def test_voiding_by_an_undo_needs_the_permission_for_it(desk_of: DeskOf, client: Client) -> None:
    _, line, match = recorded()
    make.method("PayPal")
    booking = make.booking([Due("900.00")])
    promise = paid(client, booking, "300.00", Status=2)
    outside = bank.line(bank.account(), "300.00")
    external = bank.match(outside, bank.part(booking, "300.00", promise)).id
    without = desk_of("manager", withdrawn=["void"])
    no_external = desk_of("manager", withdrawn=["D_DEP"])

    statuses = [
        without.post(undo_path(match), why("300.00")).status,
        no_external.post(undo_path(external), why("300.00")).status,
        without.get(undo_path(match)).status,
    ]

    assert statuses == [403, 403, 403]
    assert [stands for *_, stands in matches()] == [True, True]
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 2
    assert "matches/" not in without.get(path(line)).answer.text
    assert desk_of("manager").post(undo_path(external), why("300.00")).status == 303


def test_a_match_of_another_place_is_unknown(desk_of: DeskOf) -> None:
    make.location(2)
    _, _, match = recorded()
    there = desk_of("manager", locations=[2])

    assert there.get(undo_path(match)).status == 404
    assert there.post(undo_path(match), why("300.00")).status == 404
    assert make.row_of(BankMatch, match).undone_at is None


@pytest.mark.long
def test_what_was_paid_back_meanwhile_cannot_be_undone(manager: Desk) -> None:
    booking, _, match = recorded()
    [payment] = make.rows_of(Payment)
    page = manager.get(undo_path(match))
    manager.post(f"/desk/payments/{payment.id}/refund", {"amount": "50.00", "reason": "Kind"})

    refused = manager.post(undo_path(match), {**page.form("undo"), **why("300.00")})

    assert refused.status == 422
    assert "50.00 EUR of it was paid back. Void that refund first." in refused.text
    assert matches() == [(booking, "recorded", True)]
    assert figures(booking) == (25000, 0, 0)


def test_a_match_that_is_undone_already_says_so(manager: Desk) -> None:
    _, _, match = recorded()
    bank.undo(match)

    assert "This match is undone already." in manager.get(undo_path(match)).text
    assert manager.post(undo_path(match), why("300.00")).status == 422


@pytest.mark.long
def test_payments_lead_to_their_line_and_are_not_voided_alone(
    manager: Desk, operator: Desk
) -> None:
    booking, line, match = recorded()
    [payment] = make.rows_of(Payment)
    void = f"/desk/payments/{payment.id}/void"

    def links(desk: Desk, address: str) -> int:
        return len(desk.get(address).root.cssselect(f"a[href='{path(line)}']"))

    assert links(manager, f"/desk/bookings/{booking}") == 1
    assert links(manager, f"/desk/payments/{payment.id}") == 1
    assert links(operator, f"/desk/payments/{payment.id}") == 0
    assert f"line {line}" in operator.get(f"/desk/payments/{payment.id}").text
    assert links(manager, void) == 1
    refused = manager.post(void, {"reason": "Wrong", "typed": "300.00"})
    assert refused.status == 422
    assert make.row_of(Payment, payment.id).state == "cleared"
    bank.undo(match)
    assert links(manager, f"/desk/payments/{payment.id}") == 0
