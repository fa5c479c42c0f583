"""How forms look in the description: their fields, and those of their parts."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from openapi_spec_validator import validate

from apidocs.describing import HouseApi
from apidocs.routes import spec
from kit import failures, fields, form
from kit.describing import says
from kit.form import FORM, Form, Refusals
from kit.nested import Part, Parts
from tests.apidocs.conftest import Json


class Guest(Form):
    name = fields.PlainText(data_key="Name", most=50)


class Property(Form):
    described: ClassVar[Json] = {"Id": says("The property.", 8849)}

    id = fields.WholeNumber(data_key="Id", required=True)
    guests = Parts(Guest, data_key="Guests", most=12)


class Contact(Form):
    email = fields.Email(data_key="Email", required=True)


class BookingForm(Form):
    """A booking to be made."""

    contact = Part(Contact, data_key="Contact")
    properties = Parts(Property, data_key="Properties", most=20, required=True)
    amounts = fields.Amounts(data_key="Amounts")


@pytest.fixture
def client() -> FlaskClient:
    """A throwaway application that answers what it was sent, and describes itself."""
    app = Flask("throwaway")
    described = deepcopy(spec(None))  # apispec writes into what it is given: other applications'
    described["API_SPEC_OPTIONS"]["components"].pop("schemas", None)
    app.config.from_mapping(described)
    bp = form.Blueprint("bookings", "bookings", description="Bookings.")

    def view(wanted: dict[str, Any]) -> ResponseReturnValue:
        return form.answer(json.dumps(wanted).encode())

    bp.post("/book")(bp.arguments(BookingForm(), location="form_or_query")(view))
    bp.get("/price")(bp.arguments(BookingForm(), location="query")(view))
    HouseApi(app).register_blueprint(bp)
    failures.init_app(app, [failures.HouseDoor(Refusals({}, {}))])
    return app.test_client()


@pytest.fixture
def told(client: FlaskClient) -> Json:
    found: Json = client.get("/openapi.json").get_json()
    return found


def test_a_form_with_parts_is_described_by_its_names_on_the_wire(told: Json) -> None:
    shape = told["components"]["schemas"]["BookingForm"]

    validate(told)
    assert list(shape["properties"]) == [
        "Contact.Email",
        "Properties[0].Id",
        "Properties[0].Guests[0].Name",
        "Amounts",
    ]
    assert shape["required"] == ["Properties[0].Id"]
    assert shape["properties"]["Properties[0].Id"] == {
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "description": "The property.",
        "example": 8849,
    }
    assert shape["properties"]["Contact.Email"]["format"] == "email"
    assert shape["description"] == (
        "A booking to be made. `Properties[0]` is the first of at most 20. "
        "`Properties[0].Guests[0]` is the first of at most 12."
    )
    assert set(told["components"]["schemas"]) == {"BookingForm", "Refusal"}


def test_a_form_or_query_is_described_as_a_form(told: Json) -> None:
    call = told["paths"]["/book"]["post"]

    assert list(call["requestBody"]["content"]) == [FORM]
    assert "parameters" not in call


def test_a_query_with_parts_is_described_by_a_parameter_for_each_name(told: Json) -> None:
    parameters = told["paths"]["/price"]["get"]["parameters"]

    assert [(each["in"], each["name"], each["required"]) for each in parameters] == [
        ("query", "Contact.Email", False),
        ("query", "Properties[0].Id", True),
        ("query", "Properties[0].Guests[0].Name", False),
        ("query", "Amounts", False),
    ]
    assert parameters[1]["description"] == "The property."
    assert parameters[3]["schema"]["pattern"].endswith("{0,49}$")


@pytest.mark.parametrize("as_query", [False, True])
def test_a_described_call_takes_its_fields_in_body_or_query(
    client: FlaskClient, as_query: bool
) -> None:
    given = {"properties[0].ID": "7", "Properties[0].Guests[3].Name": "Rui"}

    answer = (
        client.post("/book", query_string=given) if as_query else client.post("/book", data=given)
    )

    assert answer.get_json() == {"properties": [{"id": 7, "guests": [{"name": "Rui"}]}]}


def test_what_is_wrong_in_parts_is_answered_under_full_names(client: FlaskClient) -> None:
    answer = client.post(
        "/book?Properties[0].Id=x&Properties[20].Id=1", data={"Contact.Email": "a"}
    )

    address = "an e-mail address such as ana@example.com"
    assert answer.status_code == 400
    assert answer.get_json()["Errors"] == [
        {
            "Field": "Contact.Email",
            "Code": "invalid",
            "Message": f"Contact.Email is 'a'; it must be {address}.",
        },
        {
            "Field": "Properties[0].Id",
            "Code": "invalid",
            "Message": "Properties[0].Id is 'x'; it must be a whole number.",
        },
        {
            "Field": "Properties[20]",
            "Code": "too_many_parts",
            "Message": "Properties[20] is past the limit; at most 20, numbered from 0.",
        },
    ]
