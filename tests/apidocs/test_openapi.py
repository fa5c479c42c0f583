"""/openapi.json tells of every call, and nothing that is not so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from openapi_spec_validator import validate

import bookings.routes
import payments.routes
from bookings import describing_calls
from bookings.errors import BookingError
from bookings.forms import (
    AmendForm,
    CalcForm,
    CancelForm,
    CreateForm,
    EnquiryForm,
    ReactivateForm,
    UpdateForm,
)
from kit import nested
from kit.errors import DomainError, leaves
from kit.form import Form
from payments import describing
from payments.errors import PaymentError
from payments.forms import ClearForm, FailForm, RefundForm, TakePaymentForm
from tests.apidocs.conftest import Json, all_parameters, operations, resolved

FORM = "application/x-www-form-urlencoded"
FORMS = [
    TakePaymentForm, ClearForm, FailForm, RefundForm, CreateForm, AmendForm, CalcForm, UpdateForm,
    CancelForm, ReactivateForm, EnquiryForm,
]  # fmt: skip
INSTEAD = (
    "BookingIds",
    "Amounts",
)  # of BookingId and Amount: a page that fills in all has one pair
SECRETS = (
    "PaymentToken", "SagepaySecurityKey", "SagepayVendorTxCode", "SagepayVPSTxId",
    "SagepayTxAuthNo",
)  # fmt: skip


@pytest.mark.long
def test_the_description_is_valid_openapi(spec: Json) -> None:
    validate(spec)

    assert spec["openapi"] == "3.1.0"


def test_every_route_of_the_house_api_is_described_and_no_other(
    spec: Json, described_app: Flask
) -> None:
    served = {
        (re.sub(r"<.*?(\w+)>", r"{\1}", rule.rule), method)
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


@pytest.mark.parametrize("form", FORMS, ids=lambda each: each.__name__)
def test_every_field_of_a_form_is_described_with_type_and_example(
    spec: Json, form: type[Form]
) -> None:
    described = spec["components"]["schemas"][form.__name__]["properties"]

    assert set(described) == {leaf.name for leaf in nested.leaves(form())}
    for name, field in described.items():
        assert field["description"].endswith("."), name
        assert field["type"], name
        assert "example" in field, name


@pytest.mark.parametrize("form", FORMS, ids=lambda each: each.__name__)
def test_nothing_is_described_that_a_form_does_not_have(form: type[Form]) -> None:
    """A description under a name with a slip would be shown nowhere."""

    def strange(each: nested.Readable) -> set[str]:
        said = set(getattr(each, "described", {})) - set(each.fields_by_key)
        parts = (f.form for f in each.fields_by_key.values() if isinstance(f, nested.Part))
        return said.union(*map(strange, parts))

    assert strange(form()) == set()


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS, ids=lambda each: each.__name__)
def test_the_required_fields_of_a_form_are_marked(spec: Json, form: type[Form]) -> None:
    required = {leaf.name for leaf in nested.leaves(form()) if leaf.required}

    assert set(spec["components"]["schemas"][form.__name__].get("required", [])) == required


def test_a_payment_needs_its_status_and_a_booking_its_property_and_dates(spec: Json) -> None:
    shapes = spec["components"]["schemas"]

    assert {"Status", "Currency"} <= set(shapes["TakePaymentForm"]["required"])
    assert shapes["CreateForm"]["required"] == [
        "Properties[0].Checkin", "Properties[0].Checkout", "Properties[0].Id",
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", SECRETS)
def test_secret_fields_are_said_to_be_kept_encrypted(spec: Json, name: str) -> None:
    field = spec["components"]["schemas"]["TakePaymentForm"]["properties"][name]

    assert "encrypted" in field["description"]
    assert field["format"] == "password"


def test_passports_are_said_to_be_kept_encrypted(spec: Json) -> None:
    fields = spec["components"]["schemas"]["CreateForm"]["properties"]

    for name in ("Properties[0].Guests[0].Passport", "Properties[0].LeadGuestPassport"):
        assert "encrypted" in fields[name]["description"]
        assert fields[name]["format"] == "password"


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
        for parameter in all_parameters(spec, path, operation):
            assert parameter.get("description"), (method, path, parameter["name"])
            assert parameter["schema"].get("type"), (method, path, parameter["name"])


def headers_of(operation: Json) -> list[str]:
    return [each["name"] for each in operation.get("parameters", []) if each["in"] == "header"]


def test_every_call_that_writes_takes_a_key_and_a_preference_as_headers(spec: Json) -> None:
    writing = {
        (path, method)
        for path, method, operation in operations(spec)
        if headers_of(operation) == ["Idempotency-Key", "Prefer"]
    }
    others = {
        (path, method)
        for path, method, operation in operations(spec)
        if headers_of(operation) == []
    }

    assert {(path, method) for path, method in writing if method == "GET"} == {
        ("/apis/booking/cancel", "GET"),
        ("/apis/booking/reactivate", "GET"),
    }
    assert {path for path, method in others if method == "POST"} == {
        "/oauth/2.0/token", "/apis/booking/calc", "/apis/payments/{payment_id}/void",
    }  # fmt: skip
    assert len(writing) + len(others) == len(list(operations(spec)))


def test_a_get_with_effect_says_so(spec: Json) -> None:
    for path in ("/apis/booking/cancel", "/apis/booking/reactivate"):
        assert "GET with effect" in spec["paths"][path]["get"]["description"]
        assert "GET with effect" not in spec["paths"][path]["post"]["description"]


def test_every_call_that_writes_tells_what_a_dry_run_answers(spec: Json) -> None:
    for path, method, operation in operations(spec):
        if "Prefer" not in headers_of(operation):
            continue
        answer = operation["responses"]["200"]
        content = answer["content"]["application/json"]
        assert {"$ref": "#/components/schemas/DryRun"} in content["schema"]["anyOf"], path
        assert content["examples"]["dry-run"]["value"]["DryRun"] is True, (method, path)
        assert "Preference-Applied" in answer["headers"], (method, path)


def test_bodies_are_forms(spec: Json) -> None:
    for path, method, operation in operations(spec):
        if "requestBody" in operation:
            assert list(operation["requestBody"]["content"]) == [FORM], (method, path)


def test_every_call_names_the_scope_that_its_view_demands(spec: Json, described_app: Flask) -> None:
    adapter = described_app.url_map.bind("localhost")

    for path, method, operation in operations(spec):
        view = described_app.view_functions[adapter.match(re.sub(r"{\w+}", "1", path), method)[0]]
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


READS, EMPTY = [200, 400, 401, 403, 500, 503], [200, 401, 403, 500, 503]
WRITES = [200, 400, 401, 403, 404, 409, 411, 413, 415, 422, 500, 503]
BY_GET = [200, 400, 401, 403, 404, 409, 422, 500, 503]


def test_calls_name_only_the_refusals_that_they_can_give(spec: Json) -> None:
    found = {
        (method, path): sorted(map(int, operation["responses"]))
        for path, method, operation in operations(spec)
    }

    assert found == {
        ("POST", "/oauth/2.0/token"): [200, 400, 401, 413, 429, 500, 503],
        ("POST", "/apis/payments"): sorted([*WRITES, 429]),
        ("GET", "/apis/payments"): READS,
        ("POST", "/apis/payments/{payment_id}/clear"): WRITES,
        ("POST", "/apis/payments/{payment_id}/fail"): WRITES,
        ("POST", "/apis/payments/{payment_id}/refund"): WRITES,
        ("POST", "/apis/payments/{payment_id}/void"): [401, 403, 404, 500, 503],
        ("GET", "/apis/bookings"): READS,
        ("GET", "/apis/properties"): EMPTY,
        ("GET", "/apis/sources"): EMPTY,
        ("GET", "/apis/bookingtags"): EMPTY,
        ("POST", "/apis/booking"): [each for each in WRITES if each != 404],
        ("POST", "/apis/booking/calc"): [each for each in WRITES if each not in (404, 409)],
        ("POST", "/apis/booking/amend"): WRITES,
        ("POST", "/apis/booking/update"): WRITES,
        ("POST", "/apis/booking/cancel"): WRITES,
        ("GET", "/apis/booking/cancel"): BY_GET,
        ("POST", "/apis/booking/reactivate"): WRITES,
        ("GET", "/apis/booking/reactivate"): BY_GET,
        ("POST", "/apis/enquiry"): [each for each in WRITES if each != 404],
        ("GET", "/apis/reports"): EMPTY,
        ("GET", "/apis/reports/{name}"): sorted([*READS, 404]),
        ("GET", "/apis/reports/{name}/rows"): sorted([*READS, 404]),
    }


def codes_of(operation: Json) -> set[tuple[str, int]]:
    """The codes that a call shows, and their statuses, but for what can befall every request, and
    for those of tokens, which have a shape of their own."""
    if operation["security"] == [{"client": []}]:
        return set()
    return {
        (code, int(status))
        for status, response in operation["responses"].items()
        if status in ("400", "403", "404", "409", "422") and "content" in response
        for code in response["content"]["application/json"]["examples"]
    } - {("invalid", 400), ("scope_missing", 403), ("not_found", 404)}


def test_every_error_is_shown_under_its_status_where_it_can_be_met(spec: Json) -> None:
    shown = {code for _, _, operation in operations(spec) for code in codes_of(operation)}
    of_formats = [*describing.IN_FORMATS, *describing_calls.IN_FORMATS]
    elsewhere = {type(each) for each in [*describing.AT_THE_DESK, *of_formats]}

    statuses = payments.routes.STATUS | bookings.routes.STATUS
    met = {error: status for error, status in statuses.items() if error not in elsewhere}
    assert shown == {(error.code, status) for error, status in met.items()}


def test_every_code_that_is_shown_is_named_beside_it(spec: Json) -> None:
    for path, _, operation in operations(spec):
        for code, status in codes_of(operation):
            assert f"`{code}`" in operation["responses"][str(status)]["description"], (path, code)


def test_a_payment_is_refused_with_what_payments_are_refused_with(spec: Json) -> None:
    taking = codes_of(spec["paths"]["/apis/payments"]["post"])
    clearing = codes_of(spec["paths"]["/apis/payments/{payment_id}/clear"]["post"])

    assert ("overpaid", 422) in taking
    assert ("overpaid", 422) not in clearing
    assert ("payment_not_coming", 409) in clearing
    assert ("payment_not_coming", 409) not in taking


def test_what_is_wrong_inside_a_property_is_told_by_the_names_on_the_wire(spec: Json) -> None:
    shown = spec["paths"]["/apis/booking"]["post"]["responses"]["400"]["content"]

    example = shown["application/json"]["examples"]["extra_unknown"]["value"]

    assert example["Errors"][0]["Field"] == "Properties[0].Extras[0].Id"


@pytest.mark.parametrize(
    ("samples", "base"),
    [(describing.samples, PaymentError), (describing_calls.samples, BookingError)],
)
def test_there_is_a_sample_of_every_error(
    samples: Callable[[], list[DomainError]], base: type[DomainError]
) -> None:
    shown = {type(sample) for sample in samples()}

    assert set(leaves(base)) <= shown
