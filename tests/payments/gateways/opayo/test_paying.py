"""The whole way of a guest: a page at Opayo, and what Opayo tells of it, once, often, late, never
or forged. Opayo takes money only when it is answered OK: then the ledger has it, and else not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import responses
from flask import Flask

from audit.chain import SYSTEM
from bookings.models import Booking
from kit import clock
from payments import settling
from payments.gateways.models import CardIntent
from payments.intents import Intent
from payments.models import CardOnFile, Payment
from payments.ordering import PayOnline, UseCard
from payments.settling import Opened
from tests import make
from tests.payments.gateways.opayo.given import URL, answered, notice, opened, service, visit
from tests.payments.proofs import broken_chains, unchanged, wrong_books

Server = responses.RequestsMock
BACK = visit().back_url
YES, NO = f"Status=OK\r\nRedirectURL={BACK}", f"Status=INVALID\r\nRedirectURL={BACK}"
LATER = timedelta(minutes=31)


@pytest.fixture
def booking(with_opayo: Flask) -> int:
    assert with_opayo
    make.tag(20, "Payment Failed", "payment_failed")
    return make.booking(["248.00"])


@pytest.fixture
def method(booking: int) -> int:
    assert booking
    return make.method("Credit Card", paying="external", for_guests=True)


@pytest.fixture
def page(booking: int, method: int, server: Server) -> Intent:
    """A page that is open for the guest."""
    server.post(service("vspserver-register"), opened())
    return go_to_pay(booking, method).intent


def go_to_pay(booking: int, method: int, **guest: str) -> Opened:
    order = PayOnline(booking_id=booking, whole=True, shown=24800, method_id=method)
    return settling.open_page(order, lambda _: visit(**guest))


def tell(page: Intent, **changes: str) -> str | None:
    return settling.believe("opayo", notice(VendorTxCode=page.code, **changes))


def state_of(page: Intent) -> str:
    return str(make.row_of(CardIntent, page.id).state)


def paid() -> list[tuple[str, int]]:
    assert wrong_books() == broken_chains() == []
    return [(row.state, row.amount) for row in make.rows_of(Payment)]


def expire() -> None:
    settling.settle_pending(lambda: clock.now() + LATER)


def test_what_opayo_tells_is_recorded_once_however_often_it_tells(page: Intent) -> None:
    replies = [tell(page) for _ in range(3)]

    assert [(reply or "")[: len(YES)] for reply in replies] == [YES, YES, YES]
    assert paid() == [("cleared", 24800)]
    [card] = make.rows_of(CardOnFile)
    assert (card.last_digits, card.card_type) == ("0006", "VISA")


def test_the_same_page_is_opened_for_a_second_click(
    page: Intent, booking: int, method: int, server: Server
) -> None:
    again = go_to_pay(booking, method)

    assert (again.intent.id, again.url) == (page.id, f"{URL}/gateway/service/cardselection?"
                                            "vpstxid=BPabcdefghijklmnopqrstuvwx")  # fmt: skip
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "forged", [{"VPSSignature": "0" * 32}, {"Status": "OK", "TxAuthNo": "1"}, {"VPSTxId": "{}"}]
)
def test_who_has_not_signed_it_is_a_stranger(page: Intent, forged: dict[str, str]) -> None:
    signed = notice(VendorTxCode=page.code)

    with unchanged():
        assert settling.believe("opayo", signed | forged) is None
        assert settling.believe("opayo", notice(VendorTxCode="BPsomebodyelse")) is None
        assert settling.believe("sandbox", signed) is None


def test_a_declined_card_is_a_failed_attempt_that_opayo_is_told_was_heard(page: Intent) -> None:
    reply = tell(page, Status="NOTAUTHED", StatusDetail="2000 : Declined by the bank.")

    assert (reply or "").startswith(YES)
    assert paid() == [("failed", 24800)]
    assert make.row_of(CardIntent, page.id).decline == "declined"


def test_a_guest_who_leaves_has_tried_nothing(page: Intent) -> None:
    assert (tell(page, Status="ABORT", TxAuthNo="") or "").startswith(YES)

    assert (state_of(page), paid()) == ("cancelled", [])


@pytest.mark.parametrize("status", ["PENDING", "AUTHENTICATED", "SOMETHING NEW"])
def test_what_is_not_understood_is_not_taken(page: Intent, status: str) -> None:
    assert (tell(page, Status=status) or "").startswith(NO)

    assert (state_of(page), paid()) == ("open", [])


def test_more_money_than_was_ordered_is_not_taken(page: Intent) -> None:
    assert (tell(page, Surcharge="2.48") or "").startswith(NO)

    assert state_of(page) == "failed"
    assert paid() == [("failed", 24800)]


def test_a_page_is_given_up_when_its_time_is_over_and_what_comes_later_is_not_taken(
    page: Intent, booking: int
) -> None:
    settling.settle(page.code)
    assert state_of(page) == "open"

    expire()

    assert state_of(page) == "cancelled"
    assert (tell(page) or "").startswith(NO)
    assert (state_of(page), paid()) == ("cancelled", [])
    assert make.row_of(Booking, booking).paid == 0


def test_another_page_takes_the_place_of_one_that_opayo_cannot_close(
    page: Intent, booking: int, method: int, server: Server
) -> None:
    other = make.method("Debit Card", paying="external", for_guests=True)

    assert go_to_pay(booking, other).url is not None

    assert len(server.calls) == 2
    assert (tell(page) or "").startswith(NO)
    assert paid() == []


def test_money_that_opayo_did_not_take_after_all_is_taken_out_of_the_books(
    page: Intent, booking: int
) -> None:
    """It did not hear our yes: a quarter of an hour later it gives the payment up, and says so."""
    assert (tell(page) or "").startswith(YES)
    assert make.row_of(Booking, booking).paid == 24800

    replies = [tell(page, Status="ABORT", StatusDetail="2013 : Cancelled.") for _ in range(3)]

    assert [(reply or "")[: len(YES)] for reply in replies] == [YES, YES, YES]
    assert paid() == [("void", 24800)]
    assert make.row_of(Booking, booking).paid == 0
    intent = make.row_of(CardIntent, page.id)
    assert (intent.state, intent.decline) == ("failed", "provider_fault")
    assert (tell(page) or "").startswith(NO)
    assert paid() == [("void", 24800)]


def test_what_was_paid_back_meanwhile_staff_are_shown(page: Intent, server: Server) -> None:
    server.post(service("refund"), answered())
    tell(page)
    [payment] = make.rows_of(Payment)
    order = UseCard(act="refund", payment_id=payment.id, reason="asked for", amount=Decimal(48))
    assert settling.use_card(order, SYSTEM).state == "succeeded"

    assert (tell(page, Status="ABORT") or "").startswith(NO)

    intent = make.row_of(CardIntent, page.id)
    assert intent.state == "unknown"
    assert intent.trouble.startswith("opayo did not hear in time that it was recorded")
    assert [row.amount for row in make.rows_of(Payment)] == [24800, -4800]


def test_a_page_that_opayo_does_not_give_is_no_payment(
    booking: int, method: int, server: Server
) -> None:
    server.post(service("vspserver-register"), answered("ERROR", "5003 : Internal server error."))

    first = go_to_pay(booking, method)

    assert (first.url, first.intent.state) == (None, "cancelled")
    assert paid() == []


def test_the_notice_is_answered_in_the_words_of_the_protocol_over_http(
    page: Intent, with_opayo: Flask
) -> None:
    http = with_opayo.test_client()

    answer = http.post("/pay/notices/opayo", data=notice(VendorTxCode=page.code))
    forged = http.post("/pay/notices/opayo", data=notice("other", VendorTxCode=page.code))

    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.text.startswith(YES)
    assert (forged.status_code, BACK in forged.text) == (404, False)
    assert paid() == [("cleared", 24800)]


def test_a_guest_without_an_address_has_tried_nothing(
    booking: int, method: int, server: Server
) -> None:
    tried = go_to_pay(booking, method, city="", postcode="")

    assert (tried.url, tried.intent.state) == (None, "cancelled")
    assert make.rows_of(Payment) == []
    assert len(server.calls) == 0
