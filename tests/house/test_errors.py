"""Every error of the business has an answer at every door."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest
from werkzeug.utils import import_string

import bookings.routes
import partners.routes
import payments.routes
from bookings import amending, cancelling, creating, enquiring, quoting
from bookings.errors import BookingError, ExtraUnknown
from kit.errors import DomainError, PageError, leaves
from kit.form import Refusals
from partners.errors import PartnerError
from partners.registering import PartnerRefused
from payments import deciding, errors, refunding
from payments.errors import PaymentError
from payments.gateways.sandbox import api as sandbox
from payments.gateways.sandbox.errors import SandboxError
from wsgi import FORMATS

# Met by commands only: there the sentence is the answer.
OF_COMMANDS = {PartnerRefused}


def ours() -> set[type[DomainError]]:
    """The errors of the house; tests make others, of their own."""
    return {each for each in leaves(DomainError) if not each.__module__.startswith("tests.")}


def test_the_house_has_a_status_for_every_refusal_of_the_ledger() -> None:
    assert set(payments.routes.STATUS) == set(leaves(PaymentError))


def test_the_house_has_a_status_for_every_refusal_of_bookings() -> None:
    assert set(bookings.routes.STATUS) == set(leaves(BookingError))


def test_the_house_has_a_status_for_every_refusal_at_the_door() -> None:
    assert set(partners.routes.STATUS) == set(leaves(PartnerError))


def test_the_sandbox_has_a_status_for_every_refusal_of_its_own() -> None:
    assert set(sandbox.STATUS) == set(leaves(SandboxError))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_an_answer_for_every_refusal(name: str) -> None:
    answers: dict[type[DomainError], object] = import_string(f"{name}.errors:ANSWERS")

    refusals = {*leaves(PaymentError), *leaves(PartnerError), *leaves(BookingError)}
    assert set(answers) == ours() & refusals


def test_every_other_error_is_one_that_only_commands_meet() -> None:
    house = {*partners.routes.STATUS, *payments.routes.STATUS, *bookings.routes.STATUS}
    at_the_door = house | set(sandbox.STATUS)

    assert ours() - at_the_door - set(leaves(PageError)) == OF_COMMANDS


def test_every_status_is_a_refusal() -> None:
    house = (partners.routes.STATUS, payments.routes.STATUS, bookings.routes.STATUS)
    tables = (*house, sandbox.STATUS)
    statuses = {status for table in tables for status in table.values()}

    assert statuses <= {400, 401, 403, 404, 409, 422, 429}


def test_no_two_errors_share_a_code_by_accident() -> None:
    codes = [each.code for each in ours()]

    assert len(codes) == len(set(codes))


# The fields that errors of a room speak of, and the door that gives them their words.
@pytest.mark.parametrize(
    ("base", "words"),
    [
        (PaymentError, payments.routes.WORDS),
        (BookingError, bookings.routes.WORDS),
        (SandboxError, sandbox.WORDS),
    ],
)
def test_every_field_an_error_speaks_of_has_a_word_on_the_wire(
    base: type[DomainError], words: dict[str, str]
) -> None:
    fields = {each.field for each in leaves(base) if each.field is not None}

    assert fields
    assert fields <= set(words)


def test_a_payment_that_comes_with_a_booking_has_words_too() -> None:
    fields = {each.field for each in leaves(PaymentError) if each.field is not None}

    assert fields - {"payment_id"} <= set(bookings.routes.WORDS)
    assert bookings.routes.WORDS["amount"] == "PaidAmount"
    assert payments.routes.WORDS["amount"] == "Amount"


def given_to(base: type[DomainError], *modules: ModuleType) -> set[str]:
    """Fields that errors learn where they are raised: the texts among first arguments. What is
    put together ("stays[0].property") counts by its last word."""
    takes_field = {each.__name__ for each in leaves(base) if "field" in parameters(each)}
    found = set[str]()
    for module in modules:
        for call in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(call, ast.Call) and called(call) in takes_field and call.args:
                found |= last_words(call.args[0])
    return found


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def last_words(text: ast.expr) -> set[str]:
    """The word of "reference", and the last of f"{at}.extras[{n}].extra"; nothing of a variable."""
    last = text.values[-1] if isinstance(text, ast.JoinedStr) else text
    if not isinstance(last, ast.Constant):
        return set()
    return {str(last.value).rpartition(".")[2]}


def test_every_field_an_error_of_the_ledger_is_given_has_a_word_on_the_wire() -> None:
    words = given_to(PaymentError, deciding, refunding)

    assert {"state", "add_tags", "reference", "vps_tx_id"} <= words
    assert words | {"amount", "charges", "tip"} <= set(payments.routes.WORDS)


def test_every_field_an_error_of_bookings_is_given_has_a_word_on_the_wire() -> None:
    words = given_to(BookingError, quoting, creating, amending, cancelling)

    assert {"property", "extra", "breakages", "voucher"} <= words
    assert words | {"arrives_on", "accommodation", "owner_amount"} <= set(bookings.routes.WORDS)


def test_every_field_an_error_of_an_enquiry_is_given_has_a_word_on_the_wire() -> None:
    words = given_to(BookingError, enquiring)

    assert {"property_ids", "budget"} <= words
    assert words | {"brand_id", "currency"} <= set(bookings.routes.ENQUIRY_WORDS)


def test_a_nested_field_is_told_in_the_words_of_the_wire() -> None:
    door = Refusals(bookings.routes.STATUS, bookings.routes.WORDS)
    error = ExtraUnknown("stays[2].extras[1].extra", 7, 8849, [])

    told = door.render(error).get_json()

    assert told["Errors"][0]["Field"] == "Properties[2].Extras[1].Id"


def parameters(error: type[DomainError]) -> set[str]:
    return set(inspect.signature(error).parameters)


def test_errors_know_nothing_of_http() -> None:
    """Two doors may answer one error differently; a status would be a word of one of them."""
    attributes = {name for each in ours() for name in vars(each)}

    assert not attributes & {"status", "status_code", "http_status"}
    assert "werkzeug" not in inspect.getsource(errors)
