"""Every error of the business has an answer at every door."""

from __future__ import annotations

import inspect

import partners.routes
import payments.routes
from kit.errors import DomainError, leaves
from partners.errors import PartnerError
from payments import errors
from payments.errors import PaymentError


def test_the_house_has_a_status_for_every_refusal_of_the_ledger() -> None:
    assert set(payments.routes.STATUS) == set(leaves(PaymentError))


def test_the_house_has_a_status_for_every_refusal_at_the_door() -> None:
    assert set(partners.routes.STATUS) == set(leaves(PartnerError))


def test_no_two_errors_share_a_code_by_accident() -> None:
    codes = [each.code for each in leaves(DomainError)]

    assert len(codes) == len(set(codes))


def test_every_field_an_error_speaks_of_has_a_word_on_the_wire() -> None:
    fields = {each.field for each in leaves(PaymentError) if each.field is not None}

    assert fields <= set(payments.routes.WORDS)


def test_errors_know_nothing_of_http() -> None:
    """Two doors may answer one error differently; a status would be a word of one of them."""
    attributes = {name for each in leaves(DomainError) for name in vars(each)}

    assert not attributes & {"status", "status_code", "http_status"}
    assert "werkzeug" not in inspect.getsource(errors)
