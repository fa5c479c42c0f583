"""What is refused, in which order, and everything of a kind at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kit.errors import DomainError, Refused
from payments import errors
from payments.commands import Card
from payments.facts import TagFacts, TwinFacts
from tests.payments.given import METHOD, PLACE, TODAY, booking, decided, facts, order

FAILED = TagFacts(20, "Payment Failed", "payment_failed", on_booking=False)
CANCELLED = booking(status="cancelled")
REFUSING = replace(METHOD, overpayment="refuse")


def problems(call: Callable[[], Any]) -> list[tuple[type[DomainError], str | None]]:
    """Everything that a call is refused for: the class and the field of each."""
    try:
        call()
    except Refused as several:
        return [(type(each), each.field) for each in several.problems]
    except DomainError as one:
        return [(type(one), one.field)]
    pytest.fail("it is not refused")


def test_a_booking_that_is_not_there_or_not_reached_is_unknown() -> None:
    not_there = facts(booking=None, place=None, guest=None)
    elsewhere = facts(booking=booking(location_id=2))

    for each in (not_there, elsewhere):
        found = problems(lambda each=each: decided(order("0.001", currency="GBP"), each))  # type: ignore[misc]
        assert found == [(errors.BookingUnknown, "booking_id")]


def test_slips_and_unknown_names_are_told_together() -> None:
    came = order(
        "1.001",
        charges=Decimal("2.0001"),
        tip=Decimal("0.001"),
        currency="GBP",
        paid_on=date(2026, 3, 12),
        wishes=(1, 5555),
        property_id=5,
        add_tags=(20, 88),
        remove_tags=(99,),
    )

    found = problems(lambda: decided(came, facts(method=None, tags=[FAILED])))

    assert found == [
        (errors.WrongCurrency, "currency"),
        (errors.WrongDecimals, "amount"),
        (errors.WrongDecimals, "charges"),
        (errors.WrongDecimals, "tip"),
        (errors.PaidInTheFuture, "paid_on"),
        (errors.LineUnknown, "wishes"),
        (errors.PropertyNotBooked, "property_id"),
        (errors.MethodUnknown, "method"),
        (errors.TagUnknown, "add_tags"),
        (errors.TagUnknown, "remove_tags"),
        (errors.FailedAndPaid, "state"),
        (errors.FailedAndPaid, "add_tags"),
    ]


def test_slips_are_told_before_conflicts_and_conflicts_before_rules_of_the_business() -> None:
    twin = [TwinFacts(3, "r1", None)]
    strict = replace(METHOD, paying="external", overpayment="refuse")
    all_wrong = facts(booking=CANCELLED, method=strict, twins=twin)
    came = order("99.00", state="deferred", reference="r1")

    slips = problems(lambda: decided(replace(came, currency="GBP"), all_wrong))
    conflicts = problems(lambda: decided(came, all_wrong))
    rules = problems(lambda: decided(replace(came, reference=None), facts(method=strict)))

    assert slips == [(errors.WrongCurrency, "currency")]
    assert conflicts == [
        (errors.ReferenceAlreadyUsed, "reference"),
        (errors.BookingCancelled, "booking_id"),
    ]
    assert rules == [(errors.OnlyCompleted, "method"), (errors.Overpaid, "amount")]


@pytest.mark.parametrize("state", ["cleared", "deferred"])
def test_the_tag_of_a_failed_payment_contradicts_money_that_is_there_or_will_be(
    state: str,
) -> None:
    came = order(state=state, add_tags=(20,))

    found = problems(lambda: decided(came, facts(tags=[FAILED])))

    assert found == [(errors.FailedAndPaid, "state"), (errors.FailedAndPaid, "add_tags")]


def test_cleared_money_may_be_of_tomorrow_and_no_later() -> None:
    tomorrow, later = date(2026, 3, 11), date(2026, 3, 12)

    assert decided(order(paid_on=tomorrow), facts()).state == "cleared"
    assert decided(order(paid_on=later, state="deferred"), facts()).state == "deferred"
    assert decided(order(paid_on=later, state="uncleared"), facts()).state == "uncleared"
    assert problems(lambda: decided(order(paid_on=later), facts())) == [
        (errors.PaidInTheFuture, "paid_on")
    ]
    assert tomorrow > TODAY


@pytest.mark.parametrize("state", ["uncleared", "deferred"])
def test_money_that_is_not_there_yet_is_refused_by_a_cancelled_booking(state: str) -> None:
    found = problems(lambda: decided(order(state=state), facts(booking=CANCELLED)))

    assert found == [(errors.BookingCancelled, "booking_id")]


def test_a_failed_attempt_is_recorded_on_a_cancelled_booking() -> None:
    tried = order("99.00", state="uncleared", add_tags=(20,))
    strict = facts(booking=CANCELLED, tags=[FAILED], method=REFUSING)

    assert decided(tried, strict).state == "failed"


def test_a_reference_that_is_used_names_the_first_payment() -> None:
    twins = [TwinFacts(31, "other", None), TwinFacts(32, "r1", None)]

    with pytest.raises(errors.ReferenceAlreadyUsed, match="payment 32") as caught:
        decided(order(reference="r1"), facts(twins=twins))

    assert caught.value.payment_id == 32


def test_a_sagepay_transaction_that_is_used_names_the_first_payment_and_not_itself() -> None:
    twins = [TwinFacts(33, None, "hash")]
    came = order(card=Card({"SagepayVPSTxId": "{SECRET}"}, "{SECRET}"))

    with pytest.raises(errors.ReferenceAlreadyUsed, match="payment 33") as caught:
        decided(came, facts(twins=twins), vps_hash="hash")

    assert caught.value.field == "vps_tx_id"
    assert "SECRET" not in caught.value.message


@pytest.mark.parametrize("state", ["cleared", "uncleared", "deferred"])
@pytest.mark.parametrize(
    ("given", "refuser"),
    [
        ({"method": REFUSING}, "PayPal"),
        ({"place": replace(PLACE, overpayment="refuse")}, "Azores Villas"),
    ],
)
def test_overpaying_is_refused_where_method_or_location_takes_no_more(
    state: str, given: dict[str, Any], refuser: str
) -> None:
    with pytest.raises(errors.Overpaid) as caught:
        decided(order("10.01", state=state), facts(**given))

    assert caught.value.excess.plain == "0.01"
    assert "0.01 EUR" in caught.value.message
    assert refuser in caught.value.message
    assert decided(order("10.00", state=state), facts(**given)).covers.credit == 0


def test_money_that_has_moved_to_a_cancelled_booking_is_kept_even_where_no_more_is_taken() -> None:
    strict = facts(booking=CANCELLED, method=REFUSING)

    assert decided(order("99.00"), strict).credit == 9900


def test_an_instalment_without_a_date_is_refused_where_the_setting_says_so() -> None:
    came = order("4.00")

    found = problems(lambda: decided(came, facts(), due_date_required=True))
    dated = decided(replace(came, balance_due_on=TODAY), facts(), due_date_required=True)
    whole = decided(order("3.00"), facts(), due_date_required=True)
    tills = decided(replace(came, no_credit=True), facts(), due_date_required=True)

    assert found == [(errors.DueDateMissing, "balance_due_on")]
    assert (dated.paid, whole.paid, tills.paid) == (400, 300, 400)


def test_an_unknown_method_comes_with_what_may_have_been_meant() -> None:
    with pytest.raises(errors.MethodUnknown, match=r"did you mean 'PayPal'\?"):
        decided(order(method="paypal"), facts(method=None), close_methods=["PayPal"])
