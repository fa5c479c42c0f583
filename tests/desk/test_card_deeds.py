"""Money and promises that stand on a card: released, given up, paid back and void at the provider,
each with its outcome told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from payments.gateways.gateway import Outcome
from payments.gateways.sandbox.gateway import Sandbox
from payments.models import Payment, PaymentMethod
from payments.ordering import UseCard
from payments.settling import settle_pending, use_card
from tests import make
from tests.desk.carding import asked, charge, charged, deed, refund, with_card
from tests.desk.people import Desk
from tests.make import Client, Due
from tests.payments.moving import figures, last_entry
from tests.payments.proofs import broken_chains, unchanged, wrong_books

pytestmark = pytest.mark.usefixtures("card_methods")

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("140.05", 2, 30, "Rental Balance")]


@pytest.fixture
def booking() -> int:
    return make.booking(STAGES)


def own(desk: Desk, card: int, amount: str = "40") -> int:
    """Money that a gateway took for us."""
    return charged(desk, card, amount)


def test_where_no_more_than_is_open_is_taken_the_page_offers_no_more(
    manager: Desk, card: int
) -> None:
    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(overpayment="refuse"))
    path = f"/desk/payments/{card}/charge"

    page = manager.get(path)
    typed = page.form("/charge") | {"amount": "500", "reason": ""}
    preview = manager.post(f"{path}/preview", typed)
    refused = charge(manager, card, "500", confirmed="true")

    assert page.all("#f-confirmed") == []
    assert "takes no more: it will be refused" in preview.text
    assert (refused.status, asked()) == (422, [])


@pytest.mark.long
@pytest.mark.parametrize("act", ["refund", "void"])
def test_while_the_provider_may_be_paying_it_back_the_pages_say_so(
    client: Client, manager: Desk, booking: int, act: str
) -> None:
    payment = with_card(client, booking, "30.05")
    form = manager.get(f"/desk/payments/{payment}/{act}").form(f"/{act}")
    refund(manager, payment, way="card")

    found = manager.get(f"/desk/payments/{payment}/{act}")
    with unchanged():
        late = form | {"seen": "", "reason": "x", "typed": "30.05", "way": "recorded"}
        answer = manager.post(f"/desk/payments/{payment}/{act}", late)

    assert "What its provider was asked for, 30.05 EUR, is not settled yet." in found.text
    assert (found.all("#f-reason"), answer.status) == ([], 422)


@pytest.mark.long
@pytest.mark.parametrize("act", ["clear", "fail", "void", "release", "abort"])
def test_while_the_provider_may_be_releasing_it_the_pages_say_so(
    client: Client, manager: Desk, booking: int, act: str
) -> None:
    promise = with_card(client, booking, "60.05", Status=2, PaymentDate="2099-01-01")
    deed(manager, promise, "release", "60.05")

    found = manager.get(f"/desk/payments/{promise}/{act}")

    assert "What its provider was asked for, 60.05 EUR, is not settled yet." in found.text
    assert found.all("#f-reason") == []


# --- promises -----------------------------------------------------------------------------------


def test_a_released_promise_is_paid(manager: Desk, booking: int, promise: int) -> None:
    answer = deed(manager, promise, "release", "60.00")

    page = manager.get(str(answer.leads_to))
    assert "The provider takes the money. It counts as paid." in page.text
    assert asked() == [("release", 6000, "paid")]
    assert (make.row_of(Payment, promise).state, figures(booking)) == ("cleared", (6000, 0, 0))
    assert last_entry(booking)["severity"] == "high"
    assert wrong_books() == broken_chains() == []


def test_a_promise_that_is_given_up_has_failed(manager: Desk, booking: int, promise: int) -> None:
    answer = deed(manager, promise, "abort", "60")

    assert "The provider takes no money." in manager.get(str(answer.leads_to)).text
    assert asked() == [("abort", 6000, "paid")]
    assert (make.row_of(Payment, promise).state, figures(booking)) == ("failed", (0, 0, 0))


@pytest.mark.long
@pytest.mark.parametrize("act", ["release", "abort"])
def test_a_promise_needs_reason_and_amount_and_is_one_only_while_it_is_promised(
    manager: Desk, promise: int, act: str
) -> None:
    with unchanged():
        assert deed(manager, promise, act, "6.00").status == 422
        assert deed(manager, promise, act, "60", reason="").status == 422
    path = f"/desk/payments/{promise}/{act}"
    form = manager.get(path).form(f"/{act}") | {"reason": "x", "typed": "60", "form_key": ""}
    manager.post(path, form)

    again = manager.post(path, form | {"seen": ""})

    assert again.status == 422
    assert "is not promised any more" in manager.get(path).text
    assert len(asked()) == 1


def test_the_dialogs_begin_with_the_safe_button(manager: Desk, promise: int) -> None:
    page = manager.get(f"/desk/payments/{promise}/abort", HX_Request="true", X_Dialog="true")

    assert page.all("h2") == ["Give up the promised 60.00 EUR?"]
    buttons = page.all("footer .btn")
    assert (buttons[0].split()[0], buttons[1]) == ("Leave", "Give up 60.00 EUR")


# --- refunds and voids --------------------------------------------------------------------------


@pytest.mark.long
def test_money_that_a_gateway_took_goes_back_to_the_card(
    manager: Desk, booking: int, card: int
) -> None:
    payment = own(manager, card)
    page = manager.get(f"/desk/payments/{payment}/refund")
    assert page.form("/refund")["way"] == "card"
    assert "To the card, through Sandbox" in page.text

    refund(manager, payment, amount="15")

    assert asked()[1:] == [("refund", 1500, "paid")]
    [back] = make.rows_of(Payment, refund_of=payment)
    assert (back.amount, back.gateway) == (-1500, "sandbox")
    assert figures(booking) == (5500, 0, 0)
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_a_refund_that_is_recorded_only_asks_no_provider(
    manager: Desk, booking: int, card: int
) -> None:
    payment = own(manager, card)

    refund(manager, payment, amount="15", way="recorded")

    assert len(asked()) == 1
    [back] = make.rows_of(Payment, refund_of=payment)
    assert (back.amount, back.gateway) == (-1500, None)


def test_of_a_card_from_outside_the_refund_is_recorded_unless_somebody_chooses_the_card(
    manager: Desk, card: int
) -> None:
    assert manager.get(f"/desk/payments/{card}/refund").form("/refund")["way"] == "recorded"

    refund(manager, card, amount="10", way="card")

    assert asked() == [("refund", 1000, "paid")]


def test_charges_do_not_go_back_to_the_card(client: Client, manager: Desk, booking: int) -> None:
    payment = with_card(client, booking, "30", Charges="5")
    path = f"/desk/payments/{payment}/refund"
    form = manager.get(path).form("/refund") | {"reason": "x", "way": "card", "charges": "5"}

    with unchanged():
        answer = manager.post(path, form)

    assert answer.status == 422
    assert answer.all("#e-charges")[0].startswith("Only the amount goes back to the card.")


@pytest.mark.long
def test_a_refund_that_the_provider_made_cannot_be_made_void(manager: Desk, card: int) -> None:
    payment = own(manager, card)
    refund(manager, payment, amount="15")
    [back] = make.rows_of(Payment, refund_of=payment)

    page = manager.get(f"/desk/payments/{back.id}/void")
    answer = manager.post(f"/desk/payments/{back.id}/void", {"reason": "x", "typed": "15"})

    assert "has paid it back to the card; that cannot be undone" in page.text
    assert answer.status == 422
    assert make.row_of(Payment, back.id).state == "cleared"


@pytest.mark.long
def test_money_that_a_gateway_took_is_void_when_the_provider_says_so(
    manager: Desk, booking: int, card: int
) -> None:
    payment = own(manager, card)
    page = manager.get(f"/desk/payments/{payment}/void")
    assert page.all("main h1") == ["Void the payment of 40.00 EUR at the provider?"]
    assert "Refund it instead" in page.text

    answer = deed(manager, payment, "void", "40.00")

    assert "The payment is void." in manager.get(str(answer.leads_to)).text
    assert asked()[1:] == [("void", 4000, "paid")]
    assert (make.row_of(Payment, payment).state, figures(booking)) == ("void", (3000, 0, 0))
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_a_void_that_the_provider_refuses_leaves_everything(
    manager: Desk, booking: int, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = own(manager, card)
    no = Outcome("failed", decline="refused_by_us", reason="4026 too late")
    monkeypatch.setattr(Sandbox, "perform", lambda self, order: no)

    answer = deed(manager, payment, "void", "40")

    page = manager.get(str(answer.leads_to))
    assert "Nothing was changed; the payment stands as it was." in page.text
    assert make.row_of(Payment, payment).state == "cleared"


def test_an_external_payment_is_deleted_as_before_whatever_card_it_came_with(
    manager: Desk, card: int
) -> None:
    deed(manager, card, "void", "30")

    assert asked() == []
    assert make.row_of(Payment, card).state == "void"


class Other(Sandbox):
    """Another provider, who can do the same."""

    @property
    def name(self) -> str:
        return "other"


def test_nobody_but_the_provider_that_took_the_money_is_offered(
    app: Flask, manager: Desk, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = own(manager, card)
    other = Other(b"a key", page_of=str)
    monkeypatch.setitem(app.extensions, "gateways", {"other": other})

    acts = [
        [link.get("href").rpartition("/")[2] for link in page.root.cssselect(".dk-pay-acts a")]
        for page in (manager.get(f"/desk/payments/{each}") for each in (payment, card))
    ]

    assert acts == [["refund", "void", "receipt.pdf"], ["charge", "refund", "void", "receipt.pdf"]]


def test_where_the_provider_is_gone_the_way_out_is_a_refund(
    app: Flask, manager: Desk, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = own(manager, card)
    monkeypatch.setitem(app.extensions, "gateways", {})

    page = manager.get(f"/desk/payments/{payment}/void")

    assert "which cannot void it from here. Refund it instead." in page.text
    assert "Charge the card again" not in manager.get(f"/desk/payments/{payment}").text


@pytest.mark.parametrize(
    ("act", "amount", "told"),
    [
        ("void", "30.03", "Not made void: the provider has not done it"),
        ("release", "60.03", "Not released: the provider has not done it"),
    ],
)
def test_what_a_provider_refuses_is_in_the_log_and_on_the_report(
    client: Client, manager: Desk, booking: int, act: str, amount: str, told: str
) -> None:
    promised = {"Status": 2, "PaymentDate": "2099-01-01"} if act == "release" else {}
    payment = with_card(client, booking, amount, **promised)

    order = UseCard(act=act, payment_id=payment, reason="Twice")  # type: ignore[arg-type]
    after = use_card(order, Origin(Actor("person", manager.person_id, "m@example.com")))

    assert after.state == "failed"
    said = [(row.action, row.severity, row.actor_id) for row in make.rows_of(LogEntry)][-2:]
    assert said == [
        ("card.ordered", "medium", manager.person_id),
        ("card.refused", "high", manager.person_id),
    ]
    assert last_entry(booking)["reason"] == "Twice"
    [row] = manager.get("/desk/dangerous/").all(".dk-why")
    assert row == f"{told}Twice"
    log = " ".join(manager.get(f"/desk/bookings/{booking}").all(".dk-ev"))
    assert f"{amount} EUR, payment {payment}" in log
    assert "the provider has not done it. Reason: Twice" in log
    assert broken_chains() == []


def test_a_charge_that_never_reached_the_provider_is_in_the_log(
    manager: Desk, booking: int, card: int
) -> None:
    charge(manager, card, "10.10")
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        settle_pending()

    entry = last_entry(booking)
    assert (entry["action"], entry["after"]["state"]) == ("card.refused", "cancelled")
    [row] = manager.get("/desk/dangerous/").all(".dk-why")
    assert row.startswith("Charging a stored card came to nothing")
