"""Nested names (formats/ipro.md section 7): "Contact.FirstName", "Properties[0].Guests[1].Age"."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

import marshmallow as ma
import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from kit import fields
from kit.fields import Fault
from kit.form import FORM, MOST_FIELDS, Form, HouseParser, Malformed, gather
from kit.nested import Part, Parts, leaves

VISA = "4111 1111 1111 1111"
PAST = "is past the limit; at most"


class Guest(Form):
    name = fields.PlainText(data_key="Name", most=50)
    age = fields.WholeNumber(data_key="Age")


class Extra(Form):
    id = fields.WholeNumber(data_key="Id", required=True)
    quantity = fields.WholeNumber(data_key="Qty")


@dataclass(frozen=True)
class Stay:
    """What a property of the form is loaded to."""

    id: int
    checkout: str = ""
    guests: tuple[Any, ...] = ()
    extras: tuple[Any, ...] = ()


class Property(Form):
    aliases: ClassVar[Mapping[str, str]] = {"propertyid": "Id", "people": "Guests"}

    id = fields.WholeNumber(data_key="Id", required=True)
    checkout = fields.PlainText(data_key="Checkout", most=10, required=True)
    guests = Parts(Guest, data_key="Guests", most=12)
    extras = Parts(Extra, data_key="Extras", most=5)

    @ma.validates_schema
    def check_together(self, values: Mapping[str, Any], **_: Any) -> None:
        if values["checkout"] == "never":
            text = "Checkout is never, and Guests want their beds."
            raise ma.ValidationError({"Checkout": [Fault("contradiction", text)]})
        if values["checkout"] == "whole":
            raise ma.ValidationError([Fault("contradiction", "All of it is wrong.")])

    @ma.post_load
    def stay(self, values: dict[str, Any], **_: Any) -> Stay:
        return Stay(**values)


class Contact(Form):
    first_name = fields.PlainText(data_key="FirstName", most=50)
    email = fields.Email(data_key="Email")
    tags = fields.Numbers(data_key="Tags")


class BookingForm(Form):
    contact = Part(Contact, data_key="Contact")
    properties = Parts(Property, data_key="Properties", most=20, required=True)
    source = fields.PlainText(data_key="Source", most=50)


SCHEMA = BookingForm()
CHECKOUT = "Properties[0].Checkout=x"
STAY = f"Properties[0].Id=8849&{CHECKOUT}"


def read(body: bytes | str) -> Any:
    """What a body says, through all of the reading of a request."""
    raw = body if isinstance(body, bytes) else body.encode()
    builder = EnvironBuilder(method="POST", data=raw, content_type=FORM)
    return HouseParser().parse(SCHEMA, Request(builder.get_environ()), location="form")


def faults(body: bytes | str) -> dict[str | None, list[tuple[str, str]]]:
    """What is wrong with a body: codes and sentences by field."""
    with pytest.raises(Malformed) as caught:
        read(body)
    told: dict[str | None, list[tuple[str, str]]] = {}
    for name, fault in caught.value.faults:
        told.setdefault(name, []).append((fault.code, str(fault)))
    return told


# --- what is read ----------------------------------------------------------------------------


def test_a_part_is_loaded_by_its_own_form() -> None:
    body = (
        "Contact.FirstName=Ana&Properties[0].Id=8849&Properties[0].Checkout=x&Source=web"
        "&Properties[0].Guests[1].Name=Rui&Properties[0].Extras[0].Id=8297"
    )

    assert read(body) == {
        "contact": {"first_name": "Ana"},
        "properties": (Stay(8849, "x", ({"name": "Rui"},), ({"id": 8297},)),),
        "source": "web",
    }


@pytest.mark.parametrize(
    "name",
    [
        "properties[0].guests[0].name",
        "PROPERTIES[0].GUESTS[0].NAME",
        "Properties%5B0%5D.Guests%5b0%5d%2EName",
        "pROPERTIES[00].people[000].nAME",
    ],
)
def test_names_are_read_in_any_case_at_every_level_encoded_and_by_their_other_names(
    name: str,
) -> None:
    found = read(f"propertyid[0]=1&properties[0].propertyid=8849&{CHECKOUT}&{name}=Rui")

    assert found["properties"] == (Stay(8849, "x", ({"name": "Rui"},)),)


def test_parts_come_in_the_order_of_their_indexes_and_gaps_are_nothing() -> None:
    numbers = [11, 2, 0, 10]

    body = "&".join(f"{STAY}&Properties[0].Guests[{n}].Age={n}" if n == 11 else
                    f"Properties[0].Guests[{n}].Age={n}" for n in numbers)  # fmt: skip

    assert [guest["age"] for guest in read(body)["properties"][0].guests] == [0, 2, 10, 11]


@pytest.mark.parametrize(
    "more",
    [
        "Properties[0].Extras[1].Id=&Properties[0].Extras[1].Qty=",
        "Properties[1].Id=&Properties[1].Checkout",
        "Properties[1].Extras[0].Id=",
        "Properties[2000].Id=",
        "Contact.FirstName=&Contact.Email=",
        "Contact.",
    ],
)
def test_a_part_of_which_no_field_has_a_value_is_absent(more: str) -> None:
    assert read(f"{STAY}&{more}") == {"properties": (Stay(8849, "x"),)}


@pytest.mark.parametrize(
    "name",
    [
        *["Properties[1].Id.Id", "Properties[1].Id[0]", "Properties[0].Nothing", "Properties.x.Id"],
        *["Properties[2000].Nothing", "Contact[Nothing]", "Properties[0][Nothing]", "Contact.Id"],
        *["Source.Source", "Source[0]", "FirstName", "[0].Id", "Id", "." * 900, "[" * 900, "[]"],
        *["Properties.Guests.Nothing", "Properties[0].Guests[0].Guests[0].Name", "Id.Properties"],
    ],
)
def test_what_is_no_name_of_a_field_is_ignored(name: str) -> None:
    assert read(f"{STAY}&{quote(name)}=7") == {"properties": (Stay(8849, "x"),)}


def test_a_list_in_a_part_may_be_repeated() -> None:
    assert read(f"{STAY}&Contact.Tags=2&contact.tags=1,2")["contact"] == {"tags": (2, 1)}


# --- what is wrong ---------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_under_full_names() -> None:
    wrong = faults(
        "contact.email=x&properties[0].ID=y&Properties[3].guests[1].age=z"
        "&Properties[3].Extras[4].Qty=1&Properties[3].Id=7"
    )

    mail = "an e-mail address such as ana@example.com"
    text = "a text of at most 10 characters"
    assert wrong == {
        "Contact.Email": [("invalid", f"Contact.Email is 'x'; it must be {mail}.")],
        "Properties[0].Id": [("invalid", "Properties[0].Id is 'y'; it must be a whole number.")],
        "Properties[0].Checkout": [
            ("required", f"Properties[0].Checkout is missing; it must be {text}.")
        ],
        "Properties[3].Checkout": [
            ("required", f"Properties[3].Checkout is missing; it must be {text}.")
        ],
        "Properties[3].Guests[1].Age": [
            ("invalid", "Properties[3].Guests[1].Age is 'z'; it must be a whole number.")
        ],
        "Properties[3].Extras[4].Id": [
            ("required", "Properties[3].Extras[4].Id is missing; it must be a whole number.")
        ],
    }


@pytest.mark.parametrize("body", ["", "Source=web", "Properties[0].Nothing=1", "Properties[0].Id="])
def test_required_parts_that_are_missing_are_told_with_how_to_give_them(body: str) -> None:
    told = "Properties is missing; it must be given by fields such as Properties[0].Id."

    assert faults(body) == {"Properties": [("required", told)]}


def test_a_required_part_that_is_missing_is_told() -> None:
    class Needs(Form):
        contact = Part(Contact, data_key="Contact", required=True)

    with pytest.raises(ma.ValidationError) as caught:
        Needs().load(gather(b"Contact.Nothing=1", Needs()))

    told = "Contact is missing; it must be given by fields such as Contact.FirstName."
    assert caught.value.messages == {"Contact": [told]}


def test_a_repeated_name_is_an_error_whatever_its_case_and_its_zeros() -> None:
    name = "Properties[1].Guests[0].Name"

    wrong = faults(f"{STAY}&{name}=a&properties[01].GUESTS[00].name=a&Properties[1].PropertyId=1")

    assert wrong[name] == [("repeated", f"{name} is given more than once; give it once.")]


@pytest.mark.parametrize("value", [VISA, quote_plus(f"card {VISA}, thanks")])
@pytest.mark.parametrize("name", ["Contact.FirstName", "Properties[0].Guests[1].Name"])
def test_a_card_number_in_a_text_of_a_part_is_refused_and_not_repeated(
    name: str, value: str
) -> None:
    wrong = faults(f"{STAY}&{name.upper()}={value}")

    assert [code for code, _ in wrong[name]] == ["card_number"]
    assert "4111" not in str(wrong)


@pytest.mark.parametrize("name", ["Contact.Nothing", "Properties[0].Notes", "Properties[0][No]"])
def test_a_card_number_in_a_field_of_a_part_that_nobody_knows_is_refused(name: str) -> None:
    wrong = faults(f"{STAY}&{name}={VISA}")

    assert [(field, told[0][0]) for field, told in wrong.items()] == [(name, "card_number")]


def test_an_id_of_a_part_may_look_like_a_card_number() -> None:
    assert read(f"Properties[0].Id=4111111111111111&{CHECKOUT}")["properties"][0].id > 4 * 10**15


@pytest.mark.parametrize("value", [b"\xff", b"%FF"])
def test_a_value_of_a_part_that_is_not_utf8_is_told_by_its_full_name(value: bytes) -> None:
    wrong = faults(f"{STAY}&properties[0].guests[1].NAME=".encode() + value)

    name = "Properties[0].Guests[1].Name"
    assert wrong == {name: [("not_utf8", f"{name} is not valid UTF-8.")]}


def test_what_a_part_s_own_form_refuses_has_the_full_name() -> None:
    wrong = faults("Properties[2].Id=1&Properties[2].Checkout=never")

    told = "Properties[2].Checkout is never, and Guests want their beds."
    assert wrong == {"Properties[2].Checkout": [("contradiction", told)]}


def test_what_is_wrong_with_a_part_as_a_whole_is_told_by_the_part() -> None:
    wrong = faults("Properties[2].Id=1&Properties[2].Checkout=whole")

    assert wrong == {"Properties[2]": [("contradiction", "All of it is wrong.")]}


# --- limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "shown"),
    [("20", "20"), ("1000", "1000"), ("0000", "0000"), ("9" * 5000, "999999…")],
)
def test_an_index_past_the_limit_is_one_fault_that_names_it(index: str, shown: str) -> None:
    wrong = faults(f"{STAY}&properties[{index}].id=7&Properties[{index}].Guests[0].Name=Rui")

    sentence = f"Properties[{shown}] {PAST} 20, numbered from 0."
    assert wrong == {f"Properties[{shown}]": [("too_many_parts", sentence)]}


def test_the_last_index_within_the_limit_is_read() -> None:
    assert read("Properties[19].Id=8849&Properties[019].Checkout=x")["properties"] == (
        Stay(8849, "x"),
    )


def test_an_index_past_the_limit_inside_a_part_has_its_full_name() -> None:
    wrong = faults(f"{STAY}&Properties[0].Extras[5].Id=7&Properties[0].Extras[6].Id=7")

    name = "Properties[0].Extras[5]"
    assert wrong == {name: [("too_many_parts", f"{name} {PAST} 5, numbered from 0.")]}


def test_an_index_that_is_a_card_number_is_not_repeated() -> None:
    wrong = faults(f"{STAY}&Properties[4111111111111111].Id=7")

    assert "411111…" in str(wrong)
    assert "4111111" not in str(wrong)


def test_fields_of_parts_count_among_the_most_fields() -> None:
    with pytest.raises(Malformed) as caught:
        read(STAY + "&Properties[0].Nothing=1" * (MOST_FIELDS - 1))

    assert [fault.code for _, fault in caught.value.faults] == ["too_many_fields"]


# --- every body ------------------------------------------------------------------------------


PIECES = [
    *["Properties", "properties", "Contact", "Guests", "Extras", "Id", "Name", "Qty", "Email"],
    *["[", "]", "[]", "[0]", "[1]", "[19]", "[20]", "[999999999999]", "0", "-1", "7", "x", "é"],
    *[".", "..", "=", "&", "%5B", "%5D", "%2E", "%FF", "%00", "4111111111111111", "_schema"],
]
GARBAGE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60).map("".join)


@pytest.mark.long
@given(GARBAGE | st.binary(max_size=200))
def test_no_garbage_of_names_makes_reading_fail_otherwise_than_by_a_refusal(
    body: str | bytes,
) -> None:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        found, told = read(raw), []
    except Malformed as error:
        found, told = {}, error.faults

    assert set(found) <= set(SCHEMA.fields)
    assert all(isinstance(fault, Fault) for _, fault in told)
    assert all(name is None or len(name) < 80 for name, _ in told)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        "Properties[{n}].Id",
        "Properties[{n}].Guests[{n}].Name",
        "Properties[99999999{n}].Id",
        "Properties[1].Guests[9{n}].Name",
        "Contact.{n}.FirstName",
        "{n}[0].Id",
        "Properties[{n}][Id]",
        "Properties.{n}.Extras.Id",
    ],
)
def test_what_a_body_takes_of_memory_does_not_grow_with_its_indexes(name: str) -> None:
    body = "&".join(f"{name.format(n=n)}=1" for n in range(MOST_FIELDS)).encode()
    deep = b"Properties[0]." * 4000 + b"Id=1&" + b"Contact." * 900 + b"[" * 900 + b"=1"

    tracemalloc.start()
    for raw in (body, deep):
        with pytest.raises(Malformed):
            read(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40 * (len(body) + len(deep))


# --- what a form knows of itself -------------------------------------------------------------


def test_a_form_knows_its_parts_as_its_other_fields() -> None:
    assert list(SCHEMA.fields_by_key) == ["Contact", "Properties", "Source"]
    assert SCHEMA.names == {"contact": "Contact", "properties": "Properties", "source": "Source"}


def test_all_fields_of_a_form_and_its_parts_can_be_listed_by_their_names_on_the_wire() -> None:
    listed = {leaf.name: leaf.required for leaf in leaves(SCHEMA)}

    assert listed == {
        "Contact.FirstName": False,
        "Contact.Email": False,
        "Contact.Tags": False,
        "Properties[0].Id": True,
        "Properties[0].Checkout": True,
        "Properties[0].Guests[0].Name": False,
        "Properties[0].Guests[0].Age": False,
        "Properties[0].Extras[0].Id": False,  # only when there is an extra
        "Properties[0].Extras[0].Qty": False,
        "Source": False,
    }
