"""Stored cards at the desk: charged once, by those who may, every outcome told; where it shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from audit.models import LogEntry
from bookings.models import Booking
from payments.gateways.gateway import Order, Outcome
from payments.gateways.sandbox.gateway import Sandbox
from payments.models import Payment
from tests import make
from tests.desk.carding import asked, charge, charged, deed, last_intent, refund, with_card
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client, Due
from tests.payments.listening import listen, types
from tests.payments.moving import figures, last_entry, on_lines, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books

pytestmark = pytest.mark.usefixtures("card_methods")

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("140.05", 2, 30, "Rental Balance")]


@pytest.fixture
def booking() -> int:
    return make.booking(STAGES)


# --- charging -----------------------------------------------------------------------------------


def test_the_page_shows_the_masked_card_who_is_asked_and_what_the_money_covers(
    manager: Desk, card: int
) -> None:
    page = manager.get(f"/desk/payments/{card}/charge")

    assert page.form("/charge")["amount"] == "30.00"
    assert page.all(".dk-the-card dd") == ["VISA 4242", "****7890", "Sandbox"]
    assert "tok_1234567890" not in page.answer.text
    assert "170.05 EUR of the booking is open." in page.text
    assert page.all("#preview tbody .dk-plus") == ["+ 30.00"]
    assert page.all("#go") == ["Charge 30.00 EUR"]
    assert asked() == []


def test_a_charged_card_pays_the_booking_and_its_page_says_so(
    manager: Desk, booking: int, card: int
) -> None:
    hears = listen()

    answer = charge(manager, card, "100")

    intent = last_intent()
    assert (answer.status, answer.leads_to) == (303, f"/desk/cards/{intent.id}")
    page = manager.get(f"/desk/cards/{intent.id}")
    assert "The card was charged. The money counts as paid." in page.text
    assert page.all(".dk-head .dk-st") == ["Done"]
    assert asked() == [("charge", 10000, "paid")]
    assert figures(booking) == (13000, 0, 0)
    assert on_lines(booking) == [6000, 7000]
    assert types(hears) == ["payment.recorded"]
    entry = last_entry(booking)
    assert (entry["action"], entry["severity"], entry["reason"]) == (
        "card.charged", "high", "Agreed by telephone",
    )  # fmt: skip
    assert entry["about"]["card_of"] == card
    assert wrong_books() == broken_chains() == []


def test_a_declined_charge_tells_the_providers_words_and_plain_ones(
    manager: Desk, booking: int, card: int
) -> None:
    charge(manager, card, "100.01")

    page = manager.get(f"/desk/cards/{last_intent().id}")
    assert "There is not enough money on the card. No money was taken." in page.text
    assert "Sandbox says: 2000 NOTAUTHED insufficient funds" in page.text
    assert "Try again" in page.all("main .btn")
    assert make.rows_of(Payment)[-1].state == "failed"
    assert figures(booking) == (3000, 0, 0)


@pytest.mark.long
def test_a_lost_answer_is_not_known_yet_and_nothing_else_is_charged_until_it_is(
    manager: Desk, booking: int, card: int
) -> None:
    charge(manager, card, "100.05")
    intent = last_intent()

    page = manager.get(f"/desk/cards/{intent.id}")
    assert "We are asking the provider; nothing else can be charged until then." in page.text
    assert "Nothing can be charged now." in manager.get(f"/desk/payments/{card}/charge").text
    answer = manager.post(f"/desk/payments/{card}/charge", {"amount": "5", "reason": "x"})
    assert answer.status == 422
    assert asked() == [("charge", 10005, "paid")]

    after = manager.post(f"/desk/cards/{intent.id}/ask")

    assert after.leads_to == f"/desk/cards/{intent.id}"
    assert last_intent().state == "succeeded"
    assert figures(booking) == (13005, 0, 0)
    assert asked() == [("charge", 10005, "paid")]
    assert wrong_books() == broken_chains() == []


def test_the_same_form_sent_again_charges_nothing_and_leads_to_the_same_page(
    manager: Desk, booking: int, card: int
) -> None:
    path = f"/desk/payments/{card}/charge"
    form = manager.get(path).form("/charge") | {"amount": "20", "reason": "Agreed"}

    answers = [manager.post(path, form).leads_to for _ in range(3)]

    assert answers == [f"/desk/cards/{last_intent().id}"] * 3
    assert asked() == [("charge", 2000, "paid")]
    assert figures(booking) == (5000, 0, 0)


def test_the_same_form_sent_again_after_a_decline_tries_nothing(manager: Desk, card: int) -> None:
    path = f"/desk/payments/{card}/charge"
    form = manager.get(path).form("/charge") | {"amount": "20.01", "reason": "Agreed"}

    answers = {manager.post(path, form).leads_to for _ in range(2)}

    assert len(answers) == 1
    assert asked() == [("charge", 2001, "declined")]


def test_a_double_click_is_one_charge(app: Flask, manager: Desk, booking: int, card: int) -> None:
    path = f"/desk/payments/{card}/charge"
    form = manager.get(path).form("/charge") | {"amount": "20", "reason": "Agreed"}
    form["csrf_token"] = manager.token()
    cookie = manager.http.get_cookie("desk", path="/desk")
    assert cookie is not None

    def click(_: int) -> str | None:
        http = app.test_client()
        http.set_cookie("desk", cookie.value, path="/desk")
        return http.post(path, data=form).headers.get("Location")

    with ThreadPoolExecutor(4) as pool:
        led = set(pool.map(click, range(4)))

    assert led == {f"/desk/cards/{last_intent().id}"}
    assert asked() == [("charge", 2000, "paid")]
    assert figures(booking) == (5000, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_no_provider_is_called_inside_a_transaction(
    client: Client, manager: Desk, booking: int, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the intent can be read, and others change the booking without waiting."""
    seen = []
    perform = Sandbox.perform

    def slowly(self: Sandbox, order: Order) -> Outcome:
        seen.append(last_intent().state)
        paid(client, booking, "1")
        return perform(self, order)

    monkeypatch.setattr(Sandbox, "perform", slowly)

    charge(manager, card, "20")

    assert seen == ["open"]
    assert figures(booking) == (5100, 0, 0)


def test_more_than_is_open_is_charged_only_when_that_is_confirmed(
    manager: Desk, booking: int, card: int
) -> None:
    refused = charge(manager, card, "180")

    assert refused.status == 422
    assert refused.all("#e-amount") == [
        "170.05 EUR is open. To charge more, confirm that the rest is kept as credit."
    ]
    assert "9.95 EUR is more than is open" in refused.text
    assert asked() == []

    assert charge(manager, card, "180", confirmed="true").status == 303
    assert figures(booking) == (20005, 995, 0)


@pytest.mark.long
def test_a_charge_needs_a_reason_and_an_amount(manager: Desk, card: int) -> None:
    with unchanged():
        empty = charge(manager, card, "", reason="")
        long = charge(manager, card, "5", reason="x" * 501)
        wrong = charge(manager, card, "5.001")

    assert [each.status for each in (empty, long, wrong)] == [422, 422, 422]
    assert empty.all("#e-amount")[0].startswith("Amount is missing")
    assert empty.all("#e-reason")[0].startswith("Reason is missing")
    assert long.all("#e-reason")
    assert wrong.all("#e-amount")


def test_a_booking_that_changed_meanwhile_is_looked_at_anew(
    client: Client, manager: Desk, booking: int, card: int
) -> None:
    path = f"/desk/payments/{card}/charge"
    form = manager.get(path).form("/charge") | {"reason": "Agreed"}
    paid(client, booking, "10")

    answer = manager.post(path, form)

    assert answer.status == 409
    assert asked() == []


def test_the_preview_stores_nothing_and_asks_nobody(manager: Desk, card: int) -> None:
    path = f"/desk/payments/{card}/charge"
    with unchanged():
        page = manager.post(f"{path}/preview", {"amount": "170.05"}, HX_Request="true")
        wrong = manager.post(f"{path}/preview", {"amount": "a lot"}, HX_Request="true")

    assert page.all("#go") == ["Charge 170.05 EUR"]
    assert "it must be a plain decimal" in wrong.answer.text


def test_a_payment_without_a_card_has_no_button_and_its_page_says_why(
    client: Client, manager: Desk, booking: int
) -> None:
    plain = paid(client, booking, "5")

    assert "Charge the card again" not in manager.get(f"/desk/payments/{plain}").text
    page = manager.get(f"/desk/payments/{plain}/charge")
    assert "This payment came with no card" in page.text
    answer = manager.post(f"/desk/payments/{plain}/charge", {"amount": "5", "reason": "x"})
    assert answer.status == 422
    assert asked() == []


# --- who may ------------------------------------------------------------------------------------


def test_an_operator_sees_no_button_and_a_forged_form_is_refused_and_logged(
    operator: Desk, card: int, promise: int
) -> None:
    for payment in (card, promise):
        assert operator.get(f"/desk/payments/{payment}").all(".dk-pay-acts a")[2:] == []
    deeds = [f"/desk/payments/{card}/charge", f"/desk/payments/{card}/refund"]
    deeds += [f"/desk/payments/{promise}/{act}" for act in ("release", "abort")]

    statuses = {
        operator.post(path, {"amount": "5", "typed": "60", "reason": "x", "way": "card"}).status
        for path in deeds
    }

    assert statuses == {403}
    assert asked() == []
    assert len(make.rows_of(LogEntry, action="staff.refused")) == len(deeds)


@pytest.mark.long
@pytest.mark.parametrize(
    ("withdrawn", "act"), [("charge", "charge"), ("refund", "refund"), ("void", "void")]
)
def test_each_deed_has_a_permission_of_its_own(
    manager: Desk, desk_of: DeskOf, card: int, withdrawn: str, act: str
) -> None:
    payment = charged(manager, card, "40")
    other = desk_of("manager", withdrawn=[withdrawn])

    page = other.get(f"/desk/payments/{payment}")
    links = [link.get("href") for link in page.root.cssselect(".dk-pay-acts a")]

    here = f"/desk/payments/{payment}"
    left = {"charge", "refund", "void", "receipt.pdf"} - {act}
    assert set(links) == {f"{here}/{each}" for each in left}
    form = {"amount": "5", "typed": "40", "reason": "x", "way": "card"}
    assert other.post(f"{here}/{act}", form).status == 403
    assert len(asked()) == 1


@pytest.mark.long
def test_cards_at_other_locations_are_not_there(
    manager: Desk, desk_of: DeskOf, booking: int, card: int
) -> None:
    charged(manager, card, "10")
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    form = {"amount": "5", "typed": "30", "reason": "x", "way": "card"}
    acts = ("charge", "charge/preview", "refund", "release", "abort", "void")

    posts = {elsewhere.post(f"/desk/payments/{card}/{act}", form).status for act in acts}
    intent = f"/desk/cards/{last_intent().id}"
    posts |= {elsewhere.post(f"{intent}/{act}", form).status for act in ("ask", "settle")}

    assert posts == {404}
    assert elsewhere.get(intent).status == 404
    assert manager.get(intent).status == 200
    assert len(asked()) == 1


# --- where it shows -----------------------------------------------------------------------------


@pytest.mark.long
def test_the_booking_lists_its_card_payments_with_their_states(
    manager: Desk, booking: int, card: int
) -> None:
    for amount in ("10", "10.01", "10.05"):
        charge(manager, card, amount)

    page = manager.get(f"/desk/bookings/{booking}")

    assert page.all("#cards .dk-st") == ["Under way", "Declined", "Done"]
    assert page.all("#cards a") == [
        "Charge of 10.05 EUR", "Charge of 10.01 EUR", "Charge of 10.00 EUR",
    ]  # fmt: skip
    assert all(cell.cssselect("svg") for cell in page.root.cssselect("#cards .dk-st"))


@pytest.mark.long
def test_the_log_tells_what_was_done_with_cards(
    manager: Desk, booking: int, card: int, promise: int
) -> None:
    payment = charged(manager, card, "40")
    refund(manager, payment, amount="15")
    charge(manager, card, "10.01")
    deed(manager, promise, "release", "60")
    deed(manager, charged(manager, card, "5"), "void", "5")

    page = manager.get(f"/desk/bookings/{booking}")

    texts = " ".join(page.all(".dk-ev"))
    assert f"charged the card of payment {card} again: 40.00 EUR by PayPal" in texts
    assert f"refunded 15.00 EUR of payment {payment} to the card" in texts
    declined = f"tried to charge the card of payment {card} again: 10.01 EUR by PayPal was declined"
    assert declined in texts
    assert "had the provider release 60.00 EUR" in texts
    assert "had the provider void 5.00 EUR" in texts
    assert "Chain verified" in page.text
    assert make.row_of(Booking, booking).log_count == len(make.rows_of(LogEntry, chain=booking))


@pytest.mark.long
def test_what_was_done_with_cards_is_on_the_report_of_dangerous_operations(
    client: Client, manager: Desk, booking: int, card: int, promise: int
) -> None:
    other = with_card(client, booking, "20", Status=2, PaymentDate="2099-01-01")
    payment = charged(manager, card, "40")
    charge(manager, card, "10.01")
    deed(manager, promise, "release", "60")
    deed(manager, other, "abort", "20")
    deed(manager, payment, "void", "40")

    page = manager.get("/desk/dangerous/")
    sheet = manager.get("/desk/dangerous.csv").answer.text

    whats = [" ".join(cell.text_content().split()) for cell in page.root.cssselect(".dk-why")]
    assert [what.removesuffix("Agreed by telephone") for what in whats] == [
        "Void at the provider", "Given up at the provider", "Released at the provider",
        "Charging a stored card failed", "Stored card charged",
    ]  # fmt: skip
    assert page.all(".dk-dg td.dk-money") == [
        "40.00 EUR", "20.00 EUR", "60.00 EUR", "10.01 EUR", "40.00 EUR",
    ]  # fmt: skip
    counts = dict(zip(page.all(".dk-figs dt"), page.all(".dk-figs dd"), strict=True))
    assert (counts["Stored cards"], counts["Deletions"]) == ("5", "–")
    assert sheet.count(",card,") == 5


@pytest.mark.long
def test_clearing_and_failing_at_the_desk_are_not_on_that_report(
    client: Client, manager: Desk, booking: int
) -> None:
    for act, extra in (("clear", {}), ("fail", {"reason": "It bounced"})):
        payment = paid(client, booking, "20", Status=2, PaymentDate="2099-01-01")
        path = f"/desk/payments/{payment}/{act}"
        assert manager.post(path, manager.get(path).form(f"/{act}") | extra).status == 303

    assert "0 operations" in manager.get("/desk/dangerous/").text
