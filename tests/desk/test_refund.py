"""Refunds at the desk: the form, the money, and two managers who press at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from audit.models import LogEntry
from outbox.models import Message
from payments import recording, refunding
from payments.models import Payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client, Due
from tests.meeting import Gate
from tests.payments.moving import figures, last_entry, on_lines, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("40.00", 2, 30, "Rental Balance")]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal", takes_tips=True)
    make.method("Cash", kind="cash", from_outside=False)
    make.method("Credit Card", manual_prohibited=True)


@pytest.fixture
def booking() -> int:
    return make.booking(STAGES)


@pytest.fixture
def payment(client: Client, booking: int) -> int:
    return paid(client, booking, "70", Charges="5")


def path_of(payment: int, what: str = "") -> str:
    return f"/desk/payments/{payment}/refund{what}"


def form_of(desk: Desk, payment: int) -> dict[str, Any]:
    return desk.get(path_of(payment)).form("/refund") | {"reason": "The guest fell ill"}


def refund(desk: Desk, payment: int, **fields: Any) -> Page:
    return desk.post(path_of(payment), form_of(desk, payment) | fields)


# --- the form and its preview -----------------------------------------------------------------


def test_the_form_stands_at_all_that_can_go_back_the_way_it_came(
    manager: Desk, payment: int
) -> None:
    page = manager.get(path_of(payment))

    form = page.form("/refund")
    assert (form["amount"], form["charges"], form["method"]) == ("70.00", "", "")
    assert page.all("#f-method option") == ["PayPal, the way it came", "Cash"]
    assert page.all("tbody .dk-plus") == ["− 60.00", "− 10.00"]
    assert "Open on the booking: 30.00 EUR, then 100.00 EUR." in page.text
    assert page.all("button.btn-primary") == ["Refund 70.00 EUR"]


def test_an_address_may_say_the_amount(manager: Desk, payment: int) -> None:
    page = manager.get(path_of(payment, "?amount=12.50"))

    assert page.form("/refund")["amount"] == "12.50"


def test_the_preview_follows_the_amount_and_stores_nothing(manager: Desk, payment: int) -> None:
    form = form_of(manager, payment)

    with unchanged():
        part = manager.post(path_of(payment, "/preview"), form | {"amount": "15", "charges": "2"},
                            HX_Request="true")  # fmt: skip
        wrong = manager.post(path_of(payment, "/preview"), form | {"amount": "70.01"},
                             HX_Request="true")  # fmt: skip

    assert part.all("tbody .dk-plus") == ["− 5.00", "− 10.00"]
    assert part.all("button.btn-primary") == ["Refund 17.00 EUR"]
    assert wrong.all("#e-amount") == [
        f"At most 70.00 EUR of payment {payment} can still be refunded."
    ]
    assert wrong.all("tbody .dk-plus") == []


# --- refunding --------------------------------------------------------------------------------


def test_a_manager_refunds_a_part_by_another_method(
    manager: Desk, booking: int, payment: int
) -> None:
    answer = refund(manager, payment, amount="15", method="Cash")

    back = make.rows_of(Payment, refund_of=payment)[0]
    assert answer.leads_to == f"/desk/bookings/{booking}#payment-{back.id}"
    assert (back.amount, back.charges, back.source) == (-1500, 0, "desk")
    assert back.person_id == manager.person_id
    assert (figures(booking), on_lines(booking)) == ((5500, 0, 500), [5500, 0])
    entry = last_entry(booking)
    assert (entry["severity"], entry["reason"]) == ("high", "The guest fell ill")
    assert "45.00 EUR of the booking is open now." in manager.get("/desk/payments").text
    assert wrong_books() == []


def test_charges_go_back_only_when_asked_for(manager: Desk, booking: int, payment: int) -> None:
    refund(manager, payment, amount="", charges="5", send_email="false")

    assert figures(booking) == (7000, 0, 0)
    assert make.rows_of(Message, kind="email.refund_made") == []


def test_the_guest_is_told_unless_that_is_not_wanted(manager: Desk, payment: int) -> None:
    refund(manager, payment, amount="10")

    assert len(make.rows_of(Message, kind="email.refund_made")) == 1


@pytest.mark.long
def test_what_is_wrong_stands_at_its_field(manager: Desk, payment: int) -> None:
    form = form_of(manager, payment)

    with unchanged():
        nothing = manager.post(path_of(payment), form | {"amount": "", "reason": ""})
        no_parts = manager.post(path_of(payment), form | {"amount": ""})
        too_much = manager.post(path_of(payment), form | {"amount": "70.01", "charges": "6"})
        forged = manager.post(path_of(payment), form | {"method": "Credit Card"})

    assert [each.status for each in (nothing, no_parts, too_much, forged)] == [422] * 4
    assert nothing.all("#e-reason")[0].startswith("Reason is missing")
    assert no_parts.all("#e-amount") == ["Say what goes back: an amount, charges or a tip."]
    assert all("can still be refunded" in too_much.all(f"#e-{name}")[0]
               for name in ("amount", "charges"))  # fmt: skip
    assert forged.all("#e-method") == [
        "Credit Card is never typed in at the desk. Cash or PayPal would be right."
    ]


def test_what_was_paid_back_already_cannot_go_back_again(manager: Desk, payment: int) -> None:
    refund(manager, payment, charges="5")

    assert "All of this payment was paid back already." in manager.get(path_of(payment)).text


@pytest.mark.parametrize("status", [1, 2])
def test_only_money_that_is_there_goes_back(
    client: Client, manager: Desk, booking: int, status: int
) -> None:
    promise = paid(client, booking, "10", Status=status)

    answer = manager.post(path_of(promise), {"amount": "10", "reason": "x"})

    assert "There is nothing to pay back" in manager.get(path_of(promise)).text
    assert answer.status == 422
    assert "only a cleared one can be refunded" in answer.text


def test_an_operator_does_not_refund(operator: Desk, payment: int) -> None:
    with pytest.raises(AssertionError, match="no form"):
        form_of(operator, payment)
    answer = operator.post(path_of(payment), {"amount": "10", "reason": "x"})

    assert answer.status == 403
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 1
    assert make.rows_of(Payment, refund_of=payment) == []


# --- at the same moment -----------------------------------------------------------------------

Post = Callable[[], Page]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The first that is about to write waits until it is let go."""
    made = Gate()
    for module in (recording, refunding):
        real = module.save

        def gated(*args: Any, real: Any = real) -> Any:
            made.pass_through()
            return real(*args)

        monkeypatch.setattr(module, "save", gated)
    yield made
    made.open()


def meet(app: Flask, gate: Gate, one: Post, two: Post) -> list[Page]:
    """The second comes while the first is between reading and writing."""

    def within(post: Post) -> Page:
        with app.app_context():
            return post()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(within, one)
        assert gate.reached.wait(timeout=10)
        second = pool.submit(within, two)
        time.sleep(0.3)  # long enough to be waiting for the booking
        assert not second.done()
        gate.open()
        return [first.result(), second.result()]


def without_token(form: dict[str, Any]) -> dict[str, Any]:
    """Whoever sends it adds the token of their own session."""
    return {name: value for name, value in form.items() if name != "csrf_token"}


@pytest.mark.long
def test_two_managers_refund_the_same_payment_at_once_and_it_goes_back_once(
    app: Flask, desk_of: DeskOf, booking: int, payment: int, gate: Gate
) -> None:
    one, two = desk_of("manager"), desk_of("manager")
    forms = [without_token(form_of(each, payment)) for each in (one, two)]
    posts: list[Post] = [
        lambda: one.post(path_of(payment), forms[0]),
        lambda: two.post(path_of(payment), forms[1]),
    ]

    answers = meet(app, gate, *posts)

    assert [answer.status for answer in answers] == [303, 409]
    assert "was changed after this page was made, so nothing was done" in answers[1].text
    assert "Nothing of the amount is left to go back." in answers[1].text
    assert [each.amount for each in make.rows_of(Payment, refund_of=payment)] == [-7000]
    assert figures(booking) == (0, 0, 500)
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.long
def test_two_refunds_without_the_page_s_state_are_never_more_than_there_is(
    app: Flask, desk_of: DeskOf, booking: int, payment: int, gate: Gate
) -> None:
    """Forms written by hand have no `seen`: then the ledger's own rule refuses the second."""
    one, two = desk_of("manager"), desk_of("manager")
    wanted = {"amount": "50", "reason": "x"}
    posts: list[Post] = [
        lambda: one.post(path_of(payment), wanted),
        lambda: two.post(path_of(payment), wanted),
    ]

    answers = meet(app, gate, *posts)

    assert [answer.status for answer in answers] == [303, 422]
    assert "At most 20.00 EUR" in answers[1].all("#e-amount")[0]
    assert [each.amount for each in make.rows_of(Payment, refund_of=payment)] == [-5000]
    assert wrong_books() == []


@pytest.mark.long
def test_one_form_sent_twice_at_once_is_one_payment(
    app: Flask, operator: Desk, booking: int, gate: Gate
) -> None:
    path = f"/desk/bookings/{booking}/record"
    form = without_token(operator.get(path).form("/record") | {"method": "Cash"})
    other = Desk(app, operator.person_id)
    posts: list[Post] = [lambda: operator.post(path, form), lambda: other.post(path, form)]

    answers = meet(app, gate, *posts)

    assert [answer.status for answer in answers] == [303, 303]
    assert len({answer.leads_to for answer in answers}) == 1
    assert len(make.rows_of(Payment, booking_id=booking)) == 1
    assert wrong_books() == []


def test_the_back_button_sends_a_refund_again_and_leads_to_the_same_page(
    manager: Desk, booking: int, payment: int
) -> None:
    form = form_of(manager, payment) | {"amount": "10"}

    answers = [manager.post(path_of(payment), form) for _ in range(2)]
    changed = manager.post(path_of(payment), form | {"amount": "20"})

    assert [answer.status for answer in answers] == [303, 303]
    assert len({answer.leads_to for answer in answers}) == 1
    assert changed.status == 422
    assert "carried out already, with other contents" in changed.text
    assert len(make.rows_of(Payment, refund_of=payment)) == 1


@pytest.mark.long
def test_a_refund_from_a_stale_page_shows_how_it_stands_now(manager: Desk, payment: int) -> None:
    stale = form_of(manager, payment)
    refund(manager, payment, amount="30")

    answer = manager.post(path_of(payment), stale)

    assert answer.status == 409
    assert "At most 40.00 EUR can still go back." in answer.text
    assert len(make.rows_of(Payment, refund_of=payment)) == 1
