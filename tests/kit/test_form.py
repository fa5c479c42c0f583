"""How form-encoded calls are read (formats/ipro.md section 2): names, values, and both together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote_plus

import marshmallow as ma
import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from kit import fields, form
from kit.fields import Fault
from kit.form import HouseParser, Malformed

VISA = "4111 1111 1111 1111"


class Sample(form.Form):
    """One field of each kind, as a call of the house API has them."""

    aliases: ClassVar = {"paymentschedules": "PaymentScheduleIds"}

    booking_id = fields.WholeNumber(data_key="BookingId")
    amount = fields.Amount(data_key="Amount", positive=True)
    wishes = fields.Numbers(data_key="PaymentScheduleIds")
    currency = fields.PlainText(data_key="Currency", most=10)
    comments = fields.PlainText(data_key="Comments", most=40, lines=True)
    paid_on = fields.Day(data_key="PaymentDate")
    token = fields.PlainText(data_key="PaymentToken", most=6, pattern="[a-z]+", secret=True)
    send_email = fields.Flag(data_key="SendEmail")


SCHEMA = Sample()


def read(raw: bytes | str) -> Any:
    """What a body says, through all of the reading."""
    return SCHEMA.load(form.gather(raw if isinstance(raw, bytes) else raw.encode(), SCHEMA))


def faults(raw: bytes | str) -> dict[str, list[tuple[str, str]]]:
    """What is wrong with a body: codes and sentences by field."""
    with pytest.raises(ma.ValidationError) as caught:
        read(raw)
    told: dict[str, list[Fault]] = caught.value.normalized_messages()  # type: ignore[no-untyped-call]
    return {field: [(each.code, str(each)) for each in some] for field, some in told.items()}


@pytest.mark.parametrize("name", ["BookingId", "bookingId", "BOOKINGID", "bookingid", "BookingID"])
def test_names_are_read_in_any_case(name: str) -> None:
    assert read(f"{name}=7") == {"booking_id": 7}


@pytest.mark.parametrize("name", ["PaymentScheduleIds", "PaymentSchedules", "PAYMENTSCHEDULES"])
def test_another_name_of_a_field_means_that_field(name: str) -> None:
    assert read(f"{name}=1,2") == {"wishes": (1, 2)}


@pytest.mark.parametrize("name", ["Booking%49d", "%42ookingId"])
def test_names_may_be_percent_encoded(name: str) -> None:
    assert read(f"{name}=7") == {"booking_id": 7}


@pytest.mark.parametrize(
    "body",
    [
        "BookingId=7&Currency=",
        "BookingId=7&Currency",
        "BookingId=7&",
        "BookingId=7&&&",
        "&BookingId=7",
        "BookingId=7\n",
        "BookingId=7\r\n",
        "BookingId=&BookingId=7",
        "BookingId&BookingId=7&BookingId=",
    ],
)
def test_what_is_empty_or_bare_is_absent(body: str) -> None:
    assert read(body) == {"booking_id": 7}


@pytest.mark.parametrize("body", ["", "&", "\n", "=", "=7", "BookingId", "BookingId="])
def test_a_body_that_says_nothing_is_read_as_nothing(body: str) -> None:
    assert read(body) == {}


@pytest.mark.parametrize(
    "body",
    [
        "Currency=€".encode(),
        b"Currency=%E2%82%AC",
        b"Currency=%e2%82%ac",
        b"Currency=\xe2%82\xac",
    ],
)
def test_utf8_is_read_raw_and_percent_encoded_alike(body: bytes) -> None:
    assert read(body) == {"currency": "€"}


def test_raw_spaces_commas_and_equals_signs_belong_to_the_value() -> None:
    assert read("Comments=paid at the desk, in cash = all&BookingId=7") == {
        "comments": "paid at the desk, in cash = all",
        "booking_id": 7,
    }


def test_plus_is_a_space_and_an_encoded_plus_is_a_plus() -> None:
    assert read("Comments=a+b%2Bc%20d") == {"comments": "a b+c d"}


@pytest.mark.parametrize("text", ["100%", "%zz", "%", "50 % off", "%4"])
def test_a_percent_sign_that_encodes_nothing_is_itself(text: str) -> None:
    assert read(f"Comments={text}") == {"comments": text}


@pytest.mark.parametrize("value", [b"\xff", b"%FF", b"caf\xe9", b"%C3", b"\xed\xa0\x80"])
def test_a_value_that_is_not_utf8_is_told_by_its_field(value: bytes) -> None:
    assert faults(b"BookingId=7&Comments=" + value) == {
        "Comments": [("not_utf8", "Comments is not valid UTF-8.")]
    }


def test_a_strange_field_that_is_not_utf8_is_refused_too() -> None:
    assert faults(b"BookingId=7&Strange=\xff") == {
        "Strange": [("not_utf8", "Strange is not valid UTF-8.")]
    }


def test_a_name_that_is_not_utf8_is_a_name_nobody_knows() -> None:
    assert read(b"\xff\xfe=1&BookingId=7") == {"booking_id": 7}


@pytest.mark.parametrize("body", ["BookingId=7&BookingId=8", "BookingId=7&BOOKINGID=7"])
def test_a_repeated_name_is_an_error_that_names_it(body: str) -> None:
    assert faults(body) == {
        "BookingId": [("repeated", "BookingId is given more than once; give it once.")]
    }


def test_a_name_and_its_other_name_together_are_one_list() -> None:
    assert read("PaymentSchedules=1003&PaymentScheduleIds=1001,1002") == {
        "wishes": (1003, 1001, 1002)
    }


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("1,2", (1, 2)),
        ("2,1", (2, 1)),
        ("1002", (1002,)),
        (" 1 , 2 ,", (1, 2)),
        ("1%2C2", (1, 2)),
        ("1,1,2,1", (1, 2)),
        ("1&PaymentScheduleIds=2&PaymentScheduleIds=1", (1, 2)),
    ],
)
def test_a_list_keeps_the_order_given_and_each_number_once(
    body: str, numbers: tuple[int, ...]
) -> None:
    assert read(f"PaymentScheduleIds={body}") == {"wishes": numbers}


@pytest.mark.parametrize("text", ["a", "1;2", ",", "1,-2", "1.5", "1,٣", "1,,a", "1" * 19])
def test_a_list_of_something_else_is_refused(text: str) -> None:
    [(code, sentence)] = faults(f"PaymentScheduleIds={text}")["PaymentScheduleIds"]

    assert code == "invalid"
    assert sentence.startswith("PaymentScheduleIds is ")


@pytest.mark.parametrize("values", [("1", "%FF"), ("%FF", "1"), ("%FF", "%FF")])
def test_one_unreadable_part_of_a_repeated_list_is_not_lost(values: tuple[str, str]) -> None:
    wrong = faults("&".join(f"PaymentScheduleIds={value}" for value in values))

    assert wrong == {"PaymentScheduleIds": [("not_utf8", "PaymentScheduleIds is not valid UTF-8.")]}


def test_names_nobody_knows_are_ignored() -> None:
    assert read("BookingId=7&LoyaltyPoints=12&LoyaltyPoints=13&x=%00") == {"booking_id": 7}


@pytest.mark.parametrize("name", ["Strange", VISA, "%FF", "_schema", "x" * 5000])
def test_a_card_number_in_a_field_nobody_knows_is_refused_and_not_repeated(name: str) -> None:
    [(named, told)] = faults(f"BookingId=7&{name}={VISA}").items()

    assert named == (name if name in ("Strange", "_schema") else "?")
    assert [code for code, _ in told] == ["card_number"]
    assert "4111" not in str(told)


def test_everything_wrong_with_fields_nobody_knows_is_told_with_the_rest() -> None:
    wrong = faults(f"BookingId=x&One={VISA}".encode() + b"&Two=\xff&One=7")

    assert set(wrong) == {"BookingId", "One", "Two"}


@pytest.mark.parametrize("value", [VISA, quote_plus(f"card {VISA}, thanks"), VISA.replace(" ", "")])
def test_a_card_number_in_a_text_is_refused_by_its_field_and_not_repeated(value: str) -> None:
    [(code, sentence)] = faults(f"Comments={value}")["Comments"]

    assert code == "card_number"
    assert "4111" not in sentence


def test_an_id_may_look_like_a_card_number() -> None:
    assert read("BookingId=4111111111111111") == {"booking_id": 4111111111111111}


@pytest.mark.parametrize("field", ["BookingId", "Amount", "PaymentDate", "PaymentScheduleIds"])
def test_a_card_number_that_is_no_number_of_ours_is_not_repeated(field: str) -> None:
    [(code, sentence)] = faults(f"{field}={VISA}")[field]

    assert code == "invalid"
    assert "4111" not in sentence


def test_a_thousand_fields_are_read_and_one_more_are_not() -> None:
    thousand = "BookingId=7" + "&x=1" * 999

    assert read(thousand) == {"booking_id": 7}
    with pytest.raises(Malformed) as caught:
        read(thousand + "&x=1")
    assert [fault.code for _, fault in caught.value.faults] == ["too_many_fields"]


@pytest.mark.parametrize("sign", ["%00", "%01", "%08", "%0B", "%1F", "%7F"])
def test_control_characters_in_a_text_are_refused(sign: str) -> None:
    assert faults(f"Comments=a{sign}b") == {
        "Comments": [("control_character", "Comments holds a control character.")]
    }


def test_line_ends_and_tabs_in_a_text_are_kept() -> None:
    assert read("Comments=a%0D%0Ab%09c") == {"comments": "a\r\nb\tc"}


@pytest.mark.parametrize("sign", ["%0D", "%0A", "%09"])
def test_a_text_of_one_line_has_no_line_ends(sign: str) -> None:
    assert [fault[0][0] for fault in faults(f"Currency=E{sign}").values()] == ["control_character"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = faults(b"BookingId=x&Amount=-1&PaymentDate=2026-02-30&SendEmail=yes&Comments=\xff")

    assert set(wrong) == {"BookingId", "Amount", "PaymentDate", "SendEmail", "Comments"}


def test_a_secret_is_never_repeated_in_an_error() -> None:
    wrong, long = faults("PaymentToken=TOK_9"), faults("PaymentToken=toknine")
    control = faults("PaymentToken=tok%00")

    assert "PaymentToken is not readable" in str(wrong)
    assert "TOK_9" not in str(wrong)
    assert "tok" not in str(long) + str(control)


def test_a_long_wrong_value_is_repeated_in_part_only() -> None:
    [(_, sentence)] = faults(f"BookingId={'x' * 5000}")["BookingId"]

    assert len(sentence) < 150


@given(st.dictionaries(st.sampled_from(["Comments", "Currency"]), st.text(min_size=1, max_size=10)))
def test_whatever_text_is_encoded_is_read_back_or_refused_by_its_field(
    given: dict[str, str],
) -> None:
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in given.items())

    found = form.gather(body.encode(), SCHEMA)

    assert found == given


@given(st.binary(max_size=200))
def test_no_body_at_all_makes_reading_fail_otherwise_than_by_a_refusal(raw: bytes) -> None:
    try:
        found = read(raw)
    except ma.ValidationError as error:
        told = error.normalized_messages()  # type: ignore[no-untyped-call]
        assert all(isinstance(each, Fault) for some in told.values() for each in some)
    else:
        assert set(found) <= set(SCHEMA.fields)


def test_a_whole_body_is_read_into_typed_values() -> None:
    body = "BookingId=7&Amount=200.50&PaymentDate=2024-02-29&SendEmail=True&Currency=%E2%82%AC"

    assert read(body) == {
        "booking_id": 7,
        "amount": Decimal("200.50"),
        "paid_on": date(2024, 2, 29),
        "send_email": True,
        "currency": "€",
    }


# --- where a request has its fields ------------------------------------------------------------


def sent(location: str, query: str = "", body: bytes | None = None, **environ: Any) -> Any:
    """What a request says at this location; without a body there is no content type either."""
    kind = None if body is None else form.FORM
    builder = EnvironBuilder(method="POST", query_string=query, data=body, content_type=kind)
    given = {k: v for k, v in (builder.get_environ() | environ).items() if v is not None}
    return HouseParser().parse(SCHEMA, Request(given), location=location)


def refused(query: str, body: bytes | None = None, **environ: Any) -> list[Any]:
    """HTTP's status, then (field, code) of all that is wrong with a request."""
    with pytest.raises(Malformed) as caught:
        sent("form_or_query", query, body, **environ)
    return [caught.value.status, *((name, f.code) for name, f in caught.value.faults)]


def test_a_request_with_a_body_is_read_from_body_and_query_together() -> None:
    found = sent("form_or_query", "BookingId=7&Currency=&Amount", b"Currency=EUR&Amount=2\r\n")

    assert found == {"booking_id": 7, "currency": "EUR", "amount": 2}


@pytest.mark.parametrize("environ", [{}, {"CONTENT_LENGTH": "0"}, {"CONTENT_TYPE": "text/plain"}])
def test_a_request_without_a_body_is_read_from_the_query_and_needs_no_content_type(
    environ: dict[str, Any],
) -> None:
    assert sent("form_or_query", "BookingId=7", **environ) == {"booking_id": 7}


def test_a_body_without_a_query_is_read_alone() -> None:
    assert sent("form_or_query", "", b"BookingId=7") == {"booking_id": 7}


def test_a_name_in_both_body_and_query_came_twice_and_lists_are_joined() -> None:
    assert refused("bookingid=7", b"BookingId=7") == [400, ("BookingId", "repeated")]
    assert sent("form_or_query", "PaymentSchedules=3,1", b"PaymentScheduleIds=1,2") == {
        "wishes": (1, 2, 3)
    }


def test_body_and_query_together_have_the_most_fields() -> None:
    half = "&".join(["x=1"] * 500)

    assert sent("form_or_query", half, half.encode()) == {}
    assert refused(half, half.encode() + b"&x=1") == [400, (None, "too_many_fields")]


def test_a_body_of_another_kind_is_refused_though_the_query_says_all() -> None:
    kinds = ["application/json", ""]

    codes = [refused("BookingId=7", b"{}", CONTENT_TYPE=kind) for kind in kinds]

    assert codes == [[415, (None, "unsupported_media_type")]] * 2


def test_a_body_that_was_cut_off_or_has_no_length_is_refused_though_there_is_a_query() -> None:
    served = {"wsgi.input_terminated": True}
    unsized = served | {"CONTENT_LENGTH": None}

    cut = refused("BookingId=7", b"Currency=EUR", **served, CONTENT_LENGTH="40")
    untold = refused("BookingId=7", b"Currency=EUR", **unsized)
    chunked = refused("BookingId=7", b"", **unsized, HTTP_TRANSFER_ENCODING="chunked")

    assert cut == [400, (None, "body_cut_off")]
    assert untold == chunked == [411, (None, "length_required")]


def test_a_query_is_not_a_form_and_a_form_is_not_a_query() -> None:
    assert sent("form", "BookingId=7", b"Currency=EUR") == {"currency": "EUR"}
    assert sent("query", "BookingId=7", b"Currency=EUR") == {"booking_id": 7}


@pytest.mark.parametrize("name", [VISA, "x" * 5000])
def test_a_strange_name_that_is_not_to_be_shown_is_not_shown_with_a_value_that_is_not_utf8(
    name: str,
) -> None:
    assert faults(name.encode() + b"=\xff") == {"?": [("not_utf8", "A field is not valid UTF-8.")]}
