"""Voiding what was recorded at the desk, and deleting what came from outside."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from audit.models import LogEntry
from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from partners.models import WebhookCall
from payments.models import Allocation, Payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client, Due
from tests.payments.listening import listen, types
from tests.payments.moving import figures, last_entry, move, on_lines, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("40.00", 2, 30, "Rental Balance")]
SURE = {"reason": "Paid twice", "typed": "70.00"}


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Cash", kind="cash", from_outside=False)


@pytest.fixture
def booking() -> int:
    return make.booking(STAGES)


@pytest.fixture
def external(client: Client, booking: int) -> int:
    return paid(client, booking, "70")


@pytest.fixture
def own(operator: Desk, booking: int) -> int:
    """A payment that was typed in."""
    path = f"/desk/bookings/{booking}/record"
    operator.post(path, operator.get(path).form("/record") | {"amount": "70", "method": "Cash"})
    [payment] = make.rows_of(Payment, source="desk")
    found: int = payment.id
    return found


def path_of(payment: int) -> str:
    return f"/desk/payments/{payment}/void"


def void(desk: Desk, payment: int, **fields: Any) -> Page:
    return desk.post(path_of(payment), desk.get(path_of(payment)).form("/void") | SURE | fields)


# --- the second look --------------------------------------------------------------------------


def test_the_dialog_asks_with_the_amount_and_numbers_what_follows(
    client: Client, manager: Desk, booking: int, external: int
) -> None:
    make.endpoint(client.partner_id)

    page = manager.get(path_of(external), HX_Request="true", X_Dialog="true")

    assert page.all("h2") == ["Delete the external payment of 70.00 EUR?"]
    steps = page.all("ol li")
    assert steps[0] == "The payment becomes void. Its row stays, with your name and reason."
    assert "2 lines open again: Rental Deposit 60.00, Rental Balance 10.00." in steps[1]
    assert f"Open on {booking}: 30.00 → 100.00 EUR." in steps[1]
    assert "No money moves here." in steps[2]
    assert "is told with payment.deleted and must cancel the money itself" in steps[2]
    buttons = [link.text_content().split()[0] for link in page.root.cssselect("footer .btn")]
    assert buttons == ["Keep", "Delete"]
    assert "data-safe" in dict(page.root.cssselect("footer .btn")[0].attrib)
    assert page.root.cssselect("html main") == []


@pytest.mark.long
def test_without_script_it_is_a_page(manager: Desk, external: int, own: int) -> None:
    assert manager.get(path_of(external)).all("main h1") == [
        "Delete the external payment of 70.00 EUR?"
    ]
    assert manager.get(path_of(own)).all("main h1") == ["Void the payment of 70.00 EUR?"]


def test_a_partner_that_hears_of_nothing_must_be_told_by_a_person(
    manager: Desk, external: int
) -> None:
    text = manager.get(path_of(external)).text

    assert "has no address that hears of payment.deleted: tell it yourself" in text


@pytest.mark.long
def test_reason_and_amount_must_be_typed(manager: Desk, external: int) -> None:
    with unchanged():
        empty = void(manager, external, reason="", typed="")
        wrong = void(manager, external, typed="7.00")

    assert (empty.status, wrong.status) == (422, 422)
    assert empty.all("#e-reason")[0].startswith("Reason is missing")
    assert empty.all("#e-typed")[0].startswith("The amount is missing")
    assert wrong.all("#e-typed") == ["To confirm, type 70.00, the amount of the payment."]
    assert void(manager, external, typed="70").status == 303


def test_a_refused_dialog_is_shown_again_in_the_dialog(manager: Desk, external: int) -> None:
    form = manager.get(path_of(external)).form("/void") | {"reason": "", "typed": "70"}

    answer = manager.post(path_of(external), form, HX_Request="true")

    assert answer.status == 422
    assert answer.root.cssselect("nav") == []
    assert answer.form("/void")["typed"] == "70"


# --- deleting what came from outside ----------------------------------------------------------


def test_a_manager_deletes_an_external_payment_and_the_partner_is_told(
    client: Client, manager: Desk, booking: int, external: int
) -> None:
    listener = make.endpoint(client.partner_id)

    answer = void(manager, external)

    assert answer.leads_to == f"/desk/bookings/{booking}#payment-{external}"
    row = make.row_of(Payment, external)
    assert (row.state, row.amount, row.failure_reason) == ("void", 7000, "Paid twice")
    assert (figures(booking), on_lines(booking)) == ((0, 0, 0), [0, 0])
    assert sum(each.amount for each in make.rows_of(Allocation)) == 0
    assert types(listener, booking) == ["payment.deleted"]
    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("payment.deleted", "high")
    assert (entry["reason"], entry["after"]["external"]) == ("Paid twice", True)
    [logged] = make.rows_of(LogEntry, action="payment.deleted")
    assert (logged.actor_kind, logged.actor_id) == ("person", manager.person_id)
    assert wrong_books() == []
    assert broken_chains() == []


def test_an_operator_has_no_button_and_a_forged_request_is_refused_and_logged(
    operator: Desk, booking: int, external: int
) -> None:
    page = operator.get(f"/desk/payments/{external}")
    looked = operator.get(path_of(external))
    answer = operator.post(path_of(external), SURE)

    assert "Delete" not in " ".join(page.all(".dk-pay-acts a"))
    assert (looked.status, answer.status) == (403, 403)
    assert "This needs the permission “Delete external payments”" in answer.text
    [entry] = make.rows_of(LogEntry, action="staff.refused")
    assert (entry.severity, entry.actor_id) == ("medium", operator.person_id)
    assert (f"/desk/payments/{external}/void" in entry.body, "D_DEP" in entry.body) == (True, True)
    assert make.row_of(Payment, external).state == "cleared"


@pytest.mark.long
def test_each_kind_needs_its_own_permission(desk_of: DeskOf, external: int, own: int) -> None:
    only_own = desk_of("operator", granted=["void"])
    only_external = desk_of("operator", granted=["D_DEP"])

    assert only_own.post(path_of(external), SURE).status == 403
    assert only_external.post(path_of(own), SURE).status == 403
    assert void(only_own, own).status == 303
    assert void(only_external, external).status == 303


@pytest.mark.long
def test_the_partner_s_answer_shows_at_the_deleted_payment(
    client: Client, manager: Desk, external: int
) -> None:
    make.endpoint(client.partner_id)
    void(manager, external)
    [message] = make.rows_of(Message, kind="event")
    path = f"/desk/payments/{external}"

    def shown() -> str:
        return " ".join(manager.get(path).all("[aria-labelledby=deleted-title]"))

    waiting = shown()
    answered(message, 503)
    refused = shown()
    answered(message, 204, state="sent", sent_at=clock.now())
    taken = shown()
    assert "is being told; there is no answer yet." in waiting
    assert "has not taken it yet (answered 503, " in refused
    assert "answered 204 on " in taken
    with transaction() as connection:
        values = {"state": "given_up", "sent_at": None, "last_error": "no connection"}
        connection.execute(update(Message).values(values))
    assert "could not be told (answered 204). Tell it yourself, or send it again." in shown()


def answered(message: Any, status: int, **columns: Any) -> None:
    """What the worker notes of a call."""
    call = {
        "endpoint_id": message.context["endpoint"],
        "message_id": message.id,
        "status": status,
        "at": clock.now(),
        "url": "https://example.com",
        "request": "",
        "took_ms": 1,
    }
    with transaction() as connection:
        connection.execute(insert(WebhookCall), [call])
        if columns:
            connection.execute(update(Message).where(Message.id == message.id).values(columns))


def test_nobody_who_listens_is_said_at_the_deleted_payment(manager: Desk, external: int) -> None:
    void(manager, external)

    text = manager.get(f"/desk/payments/{external}").text
    assert "was not told: it has no address that hears of payment.deleted." in text


def test_others_who_listen_are_no_answer_of_its_sender(
    client: Client, manager: Desk, external: int
) -> None:
    listen()

    text = manager.get(path_of(external)).text

    assert "has no address that hears of payment.deleted: tell it yourself" in text
    assert "Told with payment.deleted: Partner" in text


# --- voiding what was recorded here -----------------------------------------------------------


def test_a_manager_voids_what_was_typed_in_by_mistake(
    manager: Desk, booking: int, own: int
) -> None:
    void(manager, own)

    assert make.row_of(Payment, own).state == "void"
    assert figures(booking) == (0, 0, 0)
    assert last_entry(booking)["severity"] == "medium"
    assert "70.00 EUR is void now; its row stays." in manager.get("/desk/payments").text


def test_an_operator_does_not_void(operator: Desk, own: int) -> None:
    answer = operator.post(path_of(own), SURE)

    assert answer.status == 403
    assert "Void payments that were recorded at the desk" in answer.text


def test_a_refund_is_voided_and_its_money_counts_again(
    client: Client, manager: Desk, booking: int, external: int
) -> None:
    refund = move(client, external, "refund", "Amount=30").json["PaymentId"]

    page = manager.get(path_of(refund))
    void(manager, refund, typed="30.00")

    assert page.all("main h1") == ["Delete the external payment of 30.00 EUR?"]
    assert figures(booking) == (7000, 0, 0)


def test_what_was_paid_back_in_part_is_not_voided_as_a_whole(
    client: Client, manager: Desk, external: int
) -> None:
    move(client, external, "refund", "Amount=30")

    page = manager.get(path_of(external))
    answer = manager.post(path_of(external), SURE)

    assert "30.00 EUR of it was paid back. Void that refund first" in page.text
    assert page.all("button.btn-danger") == []
    assert answer.status == 422
    assert "was refunded; void the refund first, or refund the rest." in answer.text


@pytest.mark.long
def test_what_has_ended_stays_as_it_is(manager: Desk, external: int) -> None:
    void(manager, external)

    assert "has ended already and stays as it is" in manager.get(path_of(external)).text
    with unchanged():
        assert manager.post(path_of(external), SURE).status == 422


def test_a_promise_that_is_voided_moves_nothing(
    client: Client, manager: Desk, booking: int
) -> None:
    promise = paid(client, booking, "70", Status=2)

    page = manager.get(path_of(promise))
    void(manager, promise)

    assert "No line changes: nothing of it had counted as paid." in page.text
    assert make.row_of(Payment, promise).state == "void"


# --- once -------------------------------------------------------------------------------------


def test_sent_again_it_leads_to_the_same_page(manager: Desk, external: int) -> None:
    form = manager.get(path_of(external)).form("/void") | SURE

    answers = [manager.post(path_of(external), form) for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]
    assert len({answer.leads_to for answer in answers}) == 1
    assert len(make.rows_of(LogEntry, action="payment.deleted")) == 1


def test_from_a_stale_page_nothing_is_deleted(
    client: Client, manager: Desk, booking: int, external: int
) -> None:
    stale = manager.get(path_of(external)).form("/void") | SURE
    paid(client, booking, "10")

    answer = manager.post(path_of(external), stale)

    assert answer.status == 409
    assert f"Open on {booking}: 20.00 → 90.00 EUR." in answer.text
    assert make.row_of(Payment, external).state == "cleared"
    assert make.row_of(Booking, booking).paid == 8000
