"""What is wrong with a request is told at once, all of it, in the vendor's shape."""

from __future__ import annotations

from typing import Any

import pytest

from payments.models import AcceptedCommand
from tests import make
from tests.payments.formats.kseries.given import OTHER_BUSINESS, Raw, Till, body, errors, refusal
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database

PAY = "/o/op/1/pay"
CARD = "4111111111111111"

# What is sent, and what is told of it.
WRONG: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"thirdPartyPaymentReference": None}, ("thirdPartyPaymentReference", "NotNull")),
    ({"thirdPartyPaymentReference": ""}, ("thirdPartyPaymentReference", "Size")),
    ({"thirdPartyPaymentReference": "x" * 51}, ("thirdPartyPaymentReference", "Size")),
    ({"thirdPartyPaymentReference": 7}, ("thirdPartyPaymentReference", "typeMismatch")),
    ({"thirdPartyPaymentReference": "a\0b"}, ("thirdPartyPaymentReference", "Pattern")),
    ({"thirdPartyPaymentReference": Raw('"\\ud800"')}, ("thirdPartyPaymentReference", "Pattern")),
    ({"thirdPartyPaymentReference": f"no {CARD}"}, ("thirdPartyPaymentReference", "Pattern")),
    ({"endpointId": None}, ("endpointId", "NotNull")),
    ({"endpointId": ["till"]}, ("endpointId", "typeMismatch")),
    ({"businessLocationId": None}, ("businessLocationId", "NotNull")),
    ({"businessLocationId": "here"}, ("businessLocationId", "typeMismatch")),
    ({"businessLocationId": Raw("1001.0")}, ("businessLocationId", "typeMismatch")),
    ({"businessLocationId": Raw("9" * 30)}, ("businessLocationId", "typeMismatch")),
    ({"businessLocationId": True}, ("businessLocationId", "typeMismatch")),
    ({"paymentAmount": None}, ("paymentAmount", "NotNull")),
    ({"paymentAmount": Raw("0")}, ("paymentAmount", "Min")),
    ({"paymentAmount": "0.00"}, ("paymentAmount", "Min")),
    ({"paymentAmount": Raw("-20.06")}, ("paymentAmount", "Min")),
    ({"paymentAmount": Raw("2.006e1")}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": "20,06"}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": "1_000"}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": "٣"}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": ""}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": {"amount": 1}}, ("paymentAmount", "typeMismatch")),
    # More than a float can hold, and more than anybody pays.
    ({"paymentAmount": Raw("12345678901234567")}, ("paymentAmount", "typeMismatch")),
    ({"paymentAmount": Raw("1" * 41)}, ("paymentAmount", "typeMismatch")),
    # What 0.1 + 0.2 becomes as a float: whoever sends that has lost count already.
    ({"paymentAmount": Raw("0.30000000000000004")}, ("paymentAmount", "Digits")),
    ({"paymentAmount": Raw("20.065")}, ("paymentAmount", "Digits")),
    ({"paymentAmount": "20.060"}, ("paymentAmount", "Digits")),
    ({"tipAmount": Raw("-0.01")}, ("tipAmount", "Min")),
    ({"tipAmount": Raw("0.001")}, ("tipAmount", "Digits")),
    ({"taskTtlInMs": 59_999}, ("taskTtlInMs", "Min")),
    ({"taskTtlInMs": -1}, ("taskTtlInMs", "Min")),
    ({"taskTtlInMs": 2**31}, ("taskTtlInMs", "typeMismatch")),
    ({"taskTtlInMs": "soon"}, ("taskTtlInMs", "typeMismatch")),
    ({"staffId": "Ana"}, ("staffId", "typeMismatch")),
    ({"deviceId": 1.5}, ("deviceId", "typeMismatch")),
    ({"paymentMethod": ""}, ("paymentMethod", "Size")),
    ({"paymentMethod": 11}, ("paymentMethod", "typeMismatch")),
    ({"iKaccountIdentifier": 12}, ("iKaccountIdentifier", "typeMismatch")),
    ({"iKaccountId": "A1234.56"}, ("iKaccountId", "typeMismatch")),
]  # fmt: skip


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_a_wrong_value_is_told_by_its_field(till: Till, booking: int) -> None:
    assert booking
    answers = [till.pay(**sent) for sent, _ in WRONG]

    told = [(sent, errors(answer)) for (sent, _), answer in zip(WRONG, answers, strict=True)]
    assert told == [(sent, [fault]) for sent, fault in WRONG]
    assert make.rows_of(AcceptedCommand) == []
    assert not any(CARD in answer.text for answer in answers)


def test_everything_that_is_wrong_is_told_at_once(till: Till) -> None:
    with nothing_written():
        answer = till.call(
            "POST", PAY, '{"taskTtlInMs":1000,"tipAmount":"much","staffId":-1,"endpointId":null}'
        )

    assert refusal(answer)["errors"] == [
        {
            "field": field,
            "code": code,
            "defaultMessage": text,
            "objectName": "apeStandalonePayment",
        }
        for field, code, text in [
            ("thirdPartyPaymentReference", "NotNull", "must not be null"),
            ("endpointId", "NotNull", "must not be null"),
            ("businessLocationId", "NotNull", "must not be null"),
            ("taskTtlInMs", "Min", "taskTtlInMs is '1000'; it must be 60000 or more."),
            ("staffId", "Min", "staffId is '-1'; it must be 0 or more."),
            ("paymentAmount", "NotNull", "must not be null"),
            (
                "tipAmount",
                "typeMismatch",
                "tipAmount is 'much'; it must be a plain decimal such as 20.06, "
                "at most 9999999999.99.",
            ),
            ("iKaccountIdentifier", "NotNull", "Invalid account identifier"),
        ]
    ]
    assert refusal(answer)["message"].startswith(
        "thirdPartyPaymentReference must not be null; endpointId must not be null; "
    )


def test_both_amounts_with_too_many_decimals_are_told_at_once(till: Till, booking: int) -> None:
    assert booking
    answer = till.pay(paymentAmount=Raw("1.001"), tipAmount=Raw("0.001"))

    assert errors(answer) == [("paymentAmount", "Digits"), ("tipAmount", "Digits")]
    assert refusal(answer)["message"] == (
        "paymentAmount: 1.001 has more decimals than EUR has; it has 2; "
        "tipAmount: 0.001 has more decimals than EUR has; it has 2."
    )


def test_decimals_are_judged_by_the_currency_of_the_booking(till: Till) -> None:
    make.location(1)  # in EUR
    make.booking(["1.000"], currency="KWD", account_identifier="K1.1")
    make.booking(["3000"], currency="JPY", account_identifier="J1.1")

    till.accepted(iKaccountIdentifier="K1.1", paymentAmount=Raw("0.125"))
    answer = till.pay(
        iKaccountIdentifier="J1.1", paymentAmount=Raw("20.5"), thirdPartyPaymentReference="order-2"
    )

    assert errors(answer) == [("paymentAmount", "Digits")]
    assert "20.5 has more decimals than JPY has; it has 0." in refusal(answer)["message"]


NAMELESS: list[dict[str, Any]] = [
    {"iKaccountIdentifier": None},
    {"iKaccountIdentifier": None, "iKaccountId": 0},
    {"iKaccountIdentifier": ""},
    {"iKaccountIdentifier": "A" * 51},
    {"iKaccountIdentifier": "A\n"},
    {"iKaccountIdentifier": "", "iKaccountId": 4354},
]


def test_an_account_must_be_named_in_one_way_or_the_other(till: Till) -> None:
    for names in NAMELESS:
        answer = till.pay(**names)

        assert [field for field, _ in errors(answer)] == ["iKaccountIdentifier"], names
        assert refusal(answer)["message"] == "Invalid account identifier", names


def test_an_account_number_that_cannot_be_read_is_told_alone(till: Till) -> None:
    assert errors(till.pay(iKaccountIdentifier=None, iKaccountId="x")) == [
        ("iKaccountId", "typeMismatch")
    ]


def test_null_is_as_good_as_absent_and_strange_names_are_left_alone(till: Till) -> None:
    till.accepted(taskTtlInMs=Raw("null"), iKaccountId=Raw("null"), targetPrinterProfileId=17)


def test_numbers_may_come_as_texts_of_digits(till: Till) -> None:
    till.accepted(businessLocationId="1001", taskTtlInMs="60000", staffId="42")


UNREADABLE = {
    b'{"iKaccountId":': "no JSON: line 1, column 16",
    b" ": "empty",
    b"\xff": "UTF-8",
    body(paymentAmount=Raw("NaN")).encode(): "NaN is no JSON",
    body(paymentAmount=Raw("-Infinity")).encode(): "Infinity is no JSON",
    b"[" * 5000: "nested",
    b"[]": "a list; it must be an object",
    b'"pay"': "a text; it must be an object",
    b'{"paymentAmount":1,"paymentAmount":100}': "paymentAmount is given",
}


@pytest.mark.long
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_a_body_that_cannot_be_read_is_told_so(till: Till) -> None:
    for sent, words in UNREADABLE.items():
        with nothing_written():
            answer = till.call("POST", PAY, sent)

        told = refusal(answer)
        assert (answer.status_code, told["error"], told["path"]) == (400, "Bad Request", PAY)
        assert words in told["message"]
        assert "errors" not in told


def test_a_location_that_is_not_the_callers_does_not_exist(till: Till) -> None:
    make.location(2)

    others, nobodys = till.pay(businessLocationId=OTHER_BUSINESS), till.pay(businessLocationId=99)

    assert (others.status_code, refusal(others)["message"]) == (404, "There is no location 1002.")
    assert (nobodys.status_code, refusal(nobodys)["message"]) == (404, "There is no location 99.")


def test_the_endpoint_must_be_one_of_the_partners_letter_for_letter(till: Till) -> None:
    make.endpoint(till.partner_id, name="events")
    make.endpoint(make.partner(), kind="kseries", name="theirs", secret=None)

    for name in ("TILL", "theirs", "events"):
        answer = till.pay(endpointId=name)

        assert (answer.status_code, refusal(answer)["error"]) == (404, "Not Found")
        assert refusal(answer)["message"] == f"endpoint ID not found for {name}"
    assert make.rows_of(AcceptedCommand) == []


def test_a_reference_is_the_partners_own_and_of_one_location(till: Till) -> None:
    make.location(2)
    both = Till(till.app, make.partner(locations=(1, 2)))
    make.endpoint(both.partner_id, kind="kseries", name="till", secret=None)

    till.accepted()
    both.accepted()
    both.accepted(businessLocationId=OTHER_BUSINESS)

    assert both.pay(businessLocationId=OTHER_BUSINESS).status_code == 400
