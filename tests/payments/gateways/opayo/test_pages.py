"""Opening a page at Opayo for the guest to pay on."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
import responses

from payments.gateways.gateway import Outcome, Page
from payments.gateways.opayo.messages import latin
from tests.payments.gateways.opayo.given import (
    CODE,
    OPAYO,
    PAGE,
    URL,
    answered,
    lines,
    opened,
    order,
    service,
    visit,
)

REGISTER = service("vspserver-register")
NEXT = f"{URL}/gateway/service/cardselection?vpstxid={CODE}"


def sent() -> dict[str, str]:
    body = str(responses.calls[0].request.body)
    return dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True, encoding="iso-8859-1"))


@responses.activate
def test_a_payment_is_registered_and_the_guest_goes_on_to_the_page() -> None:
    responses.post(REGISTER, opened())

    page = OPAYO.start(order("pay", "248.00"), visit())

    assert page == Page(NEXT, PAGE)
    assert sent() == {
        "VPSProtocol": "4.00",
        "TxType": "PAYMENT",
        "Vendor": "ExampleVillas",
        "VendorTxCode": CODE,
        "Amount": "248.00",
        "Currency": "EUR",
        "Description": "Booking 4354",
        "NotificationURL": "https://pay.example.com/pay/notices/opayo",
        "BillingSurname": "Silva",
        "BillingFirstnames": "Maria João",
        "BillingAddress1": "Rua das Flores 8, 2.º",
        "BillingCity": "Ponta Delgada",
        "BillingPostCode": "9500-123",
        "BillingCountry": "PT",
        "DeliverySurname": "Silva",
        "DeliveryFirstnames": "Maria João",
        "DeliveryAddress1": "Rua das Flores 8, 2.º",
        "DeliveryCity": "Ponta Delgada",
        "DeliveryPostCode": "9500-123",
        "DeliveryCountry": "PT",
        "CustomerEMail": "maria@example.com",
    }


@responses.activate
def test_what_is_registered_again_is_the_same_page() -> None:
    again = opened().replace(b"Status=OK", b"Status=OK REPEATED")
    responses.post(REGISTER, again)

    assert OPAYO.start(order("pay", "248.00"), visit()) == Page(NEXT, PAGE)


@responses.activate
def test_values_are_cut_and_cleaned_to_what_opayo_takes() -> None:
    responses.post(REGISTER, opened())
    guest = visit(
        first_name="Łukasz Dvořák <b>" + "x" * 50,
        last_name="O'Brien-Müller, 3rd",
        address1="1" * 80,
        city="c" * 80,
        postcode="SW1A 1AA / London",
        country="us",
        state=" ny ",
        email="e" * 70 + "@example.com",
    )

    OPAYO.start(order("pay", description="d" * 200), guest)

    found = sent()
    assert found["BillingFirstnames"] == "ukasz Dvorák b xxxxx"
    assert found["BillingSurname"] == "O'Brien-Müller rd"
    assert (len(found["BillingAddress1"]), len(found["BillingCity"])) == (50, 40)
    assert found["BillingPostCode"] == "SW1A 1AA L"
    assert (found["BillingCountry"], found["BillingState"]) == ("US", "NY")
    assert len(found["Description"]) == 100
    assert "CustomerEMail" not in found


def test_letters_of_other_alphabets_are_written_as_near_as_can_be() -> None:
    assert latin("Dvořák Żółć ﬁ Ωμέγα\x07 é e\u0301") == "Dvorák Zóc fi  é é"


@pytest.mark.parametrize(
    ("lacks", "name"),
    [
        ({"address1": ""}, "BillingAddress1"),
        ({"city": " "}, "BillingCity"),
        ({"postcode": ""}, "BillingPostCode"),
        ({"country": "Atlantis"}, "BillingCountry"),
        ({"country": "United States"}, "BillingState"),
        ({"last_name": "Παπαδόπουλος"}, "BillingSurname"),
        ({"first_name": ""}, "BillingFirstnames"),
    ],
)
@responses.activate
def test_without_what_opayo_asks_for_it_says_what_is_missing_and_is_not_called(
    lacks: dict[str, str], name: str
) -> None:
    assert OPAYO.lacks(visit()) == ()
    assert OPAYO.lacks(visit(**lacks)) == (name,)
    assert OPAYO.start(order("pay"), visit(**lacks)) == Outcome("cancelled")
    assert len(responses.calls) == 0


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (answered("INVALID", "3003 : The Currency is invalid."), "failed"),
        (answered("MALFORMED", "3013 : The Description is missing."), "failed"),
        (answered("ERROR", "5003 : Internal server error."), "unknown"),
        (answered("OK", "no page"), "unknown"),
        (lines({"Status": "OK", "NextURL": NEXT}), "unknown"),
        (opened().replace(URL.encode(), b"https://evil.example.com"), "unknown"),
        (opened().replace(URL.encode(), b"https://opayo.example.com.evil.example"), "unknown"),
        (opened().replace(b"NextURL=https:", b"NextURL=http:"), "unknown"),
        (opened().replace(URL.encode(), b"//["), "unknown"),
        (b"<html>sorry</html>", "unknown"),
    ],
)
@responses.activate
def test_without_a_page_there_is_an_outcome(answer: bytes, end: str) -> None:
    responses.post(REGISTER, answer)

    outcome = OPAYO.start(order("pay"), visit())

    assert isinstance(outcome, Outcome)
    assert outcome.status == end


def test_nothing_of_the_page_or_of_the_guest_shows_when_it_is_printed() -> None:
    assert PAGE["SecurityKey"] not in repr(Page(NEXT, PAGE))
    assert "Flores" not in repr(visit())


def test_browsers_are_let_go_to_the_service_alone() -> None:
    assert OPAYO.pages == (URL,)
    assert (OPAYO.name, OPAYO.title) == ("opayo", "Opayo")


def test_opayo_can_neither_be_asked_nor_told_to_close_a_page() -> None:
    assert OPAYO.ask(CODE).status == "unknown"
    assert OPAYO.give_up(CODE).status == "pending"


@pytest.mark.parametrize("lacking", ["SagepaySecurityKey", "SagepayTxAuthNo", None])
def test_stored_transactions_are_used_when_all_four_values_are_there(lacking: str | None) -> None:
    secrets = {name: value for name, value in order("charge").secrets.items() if name != lacking}

    assert OPAYO.can("charge", secrets | {"PaymentToken": "t"}) == (lacking is None)
    assert OPAYO.can("pay", {})
    assert not OPAYO.can("refund", {"PaymentToken": "t"})
