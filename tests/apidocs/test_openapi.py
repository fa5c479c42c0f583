"""/openapi.json tells of every call, and nothing that is not so."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from openapi_spec_validator import validate

from kit.errors import DomainError, leaves
from payments import describing, routes
from payments.errors import PaymentError
from payments.schemas import TakePaymentForm
from tests.apidocs.conftest import Json, operations, resolved

FORM = "application/x-www-form-urlencoded"
SECRETS = (
    "PaymentToken", "SagepaySecurityKey", "SagepayVendorTxCode", "SagepayVPSTxId",
    "SagepayTxAuthNo",
)  # fmt: skip


def test_the_description_is_valid_openapi(spec: Json) -> None:
    validate(spec)

    assert spec["openapi"] == "3.1.0"


def test_every_route_of_the_house_api_is_described_and_no_other(
    spec: Json, described_app: Flask
) -> None:
    served = {
        (rule.rule, method)
        for rule in described_app.url_map.iter_rules()
        if rule.rule.startswith(("/apis", "/oauth"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, method, _ in operations(spec)} == served


def test_every_call_has_a_group_with_a_description_a_summary_and_a_name(spec: Json) -> None:
    groups = {group["name"]: group["description"] for group in spec["tags"]}
    names = []

    for path, method, operation in operations(spec):
        names.append(operation["operationId"])
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert all(groups[group] for group in operation["tags"]), (method, path)
    assert len(names) == len(set(names))


def test_every_field_of_the_payment_form_is_described_with_type_and_example(spec: Json) -> None:
    described = spec["components"]["schemas"]["TakePaymentForm"]["properties"]

    assert set(described) == set(TakePaymentForm().fields_by_key)
    for name, field in described.items():
        assert field["description"].endswith("."), name
        assert field["type"], name
        assert "example" in field, name


def test_the_required_fields_of_the_payment_form_are_marked(spec: Json) -> None:
    form = TakePaymentForm()

    required = {name for name, field in form.fields_by_key.items() if field.required}

    assert set(spec["components"]["schemas"]["TakePaymentForm"]["required"]) == required
    assert {"Amount", "Status", "Currency"} <= required


@pytest.mark.parametrize("name", SECRETS)
def test_secret_fields_are_said_to_be_kept_encrypted(spec: Json, name: str) -> None:
    field = spec["components"]["schemas"]["TakePaymentForm"]["properties"][name]

    assert "encrypted" in field["description"]
    assert field["format"] == "password"


def test_amounts_are_texts_and_choices_are_lists(spec: Json) -> None:
    fields = spec["components"]["schemas"]["TakePaymentForm"]["properties"]

    assert re.fullmatch(fields["Amount"]["pattern"], "200.50")
    assert not re.fullmatch(fields["Amount"]["pattern"], "1e3")
    assert fields["Status"]["enum"] == ["0", "1", "2"]
    assert re.fullmatch(fields["PaymentScheduleIds"]["pattern"], "1,2")


def test_forms_may_carry_unknown_names_and_answers_may_grow_keys(spec: Json) -> None:
    assert "additionalProperties" not in json.dumps(spec)


def test_every_parameter_says_what_it_means(spec: Json) -> None:
    for path, method, operation in operations(spec):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (method, path, parameter["name"])
            assert parameter["schema"].get("type"), (method, path, parameter["name"])


def test_a_payment_takes_its_idempotency_key_and_preference_as_headers(spec: Json) -> None:
    parameters = spec["paths"]["/apis/payments"]["post"]["parameters"]

    assert [(each["in"], each["name"]) for each in parameters] == [
        ("header", "Idempotency-Key"),
        ("header", "Prefer"),
    ]
    assert list(spec["paths"]["/apis/payments"]["post"]["requestBody"]["content"]) == [FORM]


def test_every_call_names_the_scope_that_its_view_demands(spec: Json, described_app: Flask) -> None:
    adapter = described_app.url_map.bind("localhost")

    for path, method, operation in operations(spec):
        view = described_app.view_functions[adapter.match(path, method)[0]]
        scope = getattr(view, "required_scope", None)
        expected = [{"client": []}] if scope is None else [{"token": [scope]}]
        assert operation["security"] == expected, (method, path)


def test_nothing_of_the_library_s_own_errors_is_described(spec: Json) -> None:
    schemas = set(spec["components"]["schemas"])

    assert not {"Error", "PaginationMetadata"} & schemas
    for path, method, operation in operations(spec):
        assert "default" not in operation["responses"], (method, path)
    assert "DEFAULT_ERROR" not in json.dumps(spec)


def test_every_refusal_has_the_shape_of_the_house(spec: Json) -> None:
    for path, method, operation in operations(spec):
        for status, response in operation["responses"].items():
            told = resolved(spec, response)
            assert told["description"] not in ("OK", ""), (method, path, status)
            if status == "200" or (path.startswith("/oauth") and status in ("400", "401")):
                continue
            schema = told["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Refusal"}, (method, path, status)


def test_calls_name_only_the_refusals_that_they_can_give(spec: Json) -> None:
    found = {
        (method, path): sorted(map(int, operation["responses"]))
        for path, method, operation in operations(spec)
    }

    assert found == {
        ("POST", "/oauth/2.0/token"): [200, 400, 401, 413, 429, 500, 503],
        ("POST", "/apis/payments"):
            [200, 400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 500, 501, 503],
        ("GET", "/apis/payments"): [200, 400, 401, 403, 500, 503],
        ("GET", "/apis/bookings"): [200, 400, 401, 403, 500, 503],
        ("GET", "/apis/properties"): [200, 401, 403, 500, 503],
        ("GET", "/apis/sources"): [200, 401, 403, 500, 503],
        ("GET", "/apis/bookingtags"): [200, 401, 403, 500, 503],
    }  # fmt: skip


def test_every_error_of_the_ledger_is_shown_under_its_status(spec: Json) -> None:
    responses = spec["paths"]["/apis/payments"]["post"]["responses"]

    shown = {
        (code, int(status))
        for status, response in responses.items()
        if status in ("400", "404", "409", "422")
        for code in response["content"]["application/json"]["examples"]
    }

    assert shown == {(error.code, status) for error, status in routes.STATUS.items()}
    for code, status in shown:
        assert f"`{code}`" in responses[str(status)]["description"]


def test_there_is_a_sample_of_every_error_of_the_ledger() -> None:
    shown: set[type[DomainError]] = {type(sample) for sample in describing.samples()}

    assert shown == set(leaves(PaymentError))
