"""Every error of the business has an answer at every door."""

from __future__ import annotations

import ast
import inspect

import partners.routes
import payments.routes
from kit.errors import DomainError, leaves
from partners.errors import PartnerError
from partners.registering import PartnerRefused
from payments import deciding, errors
from payments.errors import PaymentError

# Met by commands only: there the sentence is the answer.
OF_COMMANDS = {PartnerRefused}


def ours() -> set[type[DomainError]]:
    """The errors of the house; tests make others, of their own."""
    return {each for each in leaves(DomainError) if not each.__module__.startswith("tests.")}


def test_the_house_has_a_status_for_every_refusal_of_the_ledger() -> None:
    assert set(payments.routes.STATUS) == set(leaves(PaymentError))


def test_the_house_has_a_status_for_every_refusal_at_the_door() -> None:
    assert set(partners.routes.STATUS) == set(leaves(PartnerError))


def test_every_other_error_is_one_that_only_commands_meet() -> None:
    at_the_door = {*partners.routes.STATUS, *payments.routes.STATUS}

    assert ours() - at_the_door == OF_COMMANDS


def test_every_status_is_a_refusal() -> None:
    statuses = {*partners.routes.STATUS.values(), *payments.routes.STATUS.values()}

    assert statuses <= {400, 401, 403, 404, 409, 422, 429}


def test_no_two_errors_share_a_code_by_accident() -> None:
    codes = [each.code for each in ours()]

    assert len(codes) == len(set(codes))


def test_every_field_an_error_speaks_of_has_a_word_on_the_wire() -> None:
    fields = {each.field for each in ours() if each.field is not None}

    assert fields <= set(payments.routes.WORDS)


def test_every_field_an_error_is_given_has_a_word_on_the_wire() -> None:
    """Some errors learn their field where they are raised: a word in `deciding`, or a variable
    that runs over the names of such words."""
    takes_field = {each.__name__ for each in leaves(PaymentError) if "field" in parameters(each)}
    given = [
        call.args[0]
        for call in ast.walk(ast.parse(inspect.getsource(deciding)))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in takes_field
    ]
    words = {each.value for each in given if isinstance(each, ast.Constant)}

    assert len(takes_field) >= 4
    assert {"state", "add_tags", "reference", "vps_tx_id"} <= words
    assert words <= set(payments.routes.WORDS)


def parameters(error: type[DomainError]) -> set[str]:
    return set(inspect.signature(error).parameters)


def test_errors_know_nothing_of_http() -> None:
    """Two doors may answer one error differently; a status would be a word of one of them."""
    attributes = {name for each in ours() for name in vars(each)}

    assert not attributes & {"status", "status_code", "http_status"}
    assert "werkzeug" not in inspect.getsource(errors)
