"""Setting up the agency's accounts at banks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, transaction
from kit.errors import DomainError, Refused
from payments.models import MethodSwitchedOff
from payments.statements.account_errors import (
    AccountChangedMeanwhile,
    AccountFixed,
    AccountNameTaken,
    AccountNumberTaken,
    AccountNumberWrong,
    AccountUnknown,
    LocationOutOfReach,
    MethodNotOfBank,
    NotTheCurrencyThere,
)
from payments.statements.accounts import (
    AccountSetup,
    Reach,
    account,
    account_numbered,
    accounts,
    add_account,
    change_account,
)
from payments.statements.models import BankAccount
from payments.statements.numbers import is_iban, plain_number
from payments.statements.storing import StoreStatement, store_statement
from tests import make
from tests.payments.statements.files import NUMBER, camt, entry, part

WHO = Origin(Actor("person", 7, "manager@example.com"))
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def setup(app: Flask) -> AccountSetup:
    """An account of location 1, not stored yet."""
    make.location(1)
    method = make.method("BankTransfer")
    return AccountSetup(
        name="Current", number=NUMBER, currency="EUR", location_id=1, method_id=method
    )


def added(setup: AccountSetup, reach: Reach = None) -> int:
    return in_transaction(lambda c: add_account(c, setup, reach, WHO, clock.now()))


def changed(account_id: int, setup: AccountSetup, reach: Reach = None, **rest: str) -> bool:
    return in_transaction(
        lambda c: change_account(c, account_id, setup, reach, WHO, clock.now(), **rest)
    )


def refused(setup: AccountSetup, reach: Reach = None) -> list[type[Exception]]:
    with pytest.raises((DomainError, Refused)) as error:
        added(setup, reach)
    problems = getattr(error.value, "problems", (error.value,))
    return [type(each) for each in problems]


@pytest.mark.parametrize(
    ("number", "right"),
    [("PT50 0002 0123 1234 5678 9015 4", True), ("GB29 NWBK 6016 1331 9268 19", True),
     ("PT50000201231234567890155", False), ("GB92NWBK60161331926819", False), ("12345", False)],
)  # fmt: skip
def test_the_check_digits_of_an_iban_are_checked(number: str, right: bool) -> None:
    assert is_iban(plain_number(number)) == right


def test_an_account_is_stored_with_its_plain_number_and_logged(setup: AccountSetup) -> None:
    account_id = added(replace(setup, number="pt50 0002-0123 1234.5678 9015 4"))

    row = make.row_of(BankAccount, account_id)
    assert (row.number, row.name, row.columns) == (NUMBER, "Current", None)
    [entry] = make.rows_of(LogEntry, action="bank_account.added")
    assert (entry.severity, entry.actor_id) == ("medium", 7)


def test_everything_that_is_wrong_is_told_at_once(setup: AccountSetup) -> None:
    added(setup)

    wrong = replace(setup, method_id=999, currency="GBP")

    assert refused(wrong) == [
        AccountNameTaken, AccountNumberTaken, NotTheCurrencyThere, MethodNotOfBank,
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["PT50000201231234567890155", "12", "X" * 51, "12345!678"])
def test_a_number_with_a_slip_in_it_is_refused(setup: AccountSetup, number: str) -> None:
    assert refused(replace(setup, number=number)) == [AccountNumberWrong]


def test_a_bank_may_have_numbers_of_its_own(setup: AccountSetup) -> None:
    account_id = added(replace(setup, number="12-34-56 12345678"))

    assert make.row_of(BankAccount, account_id).number == "12345612345678"


@pytest.mark.parametrize(
    "policy",
    [{"kind": "cash"}, {"manual_prohibited": True}, {"paying": "external"}, {"is_refund": True},
     {"active": False}],
)  # fmt: skip
def test_unknown_money_needs_a_method_of_the_bank_that_may_be_typed_in(
    setup: AccountSetup, policy: dict[str, object]
) -> None:
    unusable = make.method("Other", **policy)

    assert refused(replace(setup, method_id=unusable)) == [MethodNotOfBank]


def test_a_method_that_the_location_has_switched_off_cannot_be_used_there(
    setup: AccountSetup,
) -> None:
    with transaction() as connection:
        row = {"method_id": setup.method_id, "location_id": 1}
        connection.execute(MethodSwitchedOff.__table__.insert(), [row])  # type: ignore[attr-defined]

    assert refused(setup) == [MethodNotOfBank]


def test_people_set_up_accounts_of_their_own_locations_only(setup: AccountSetup) -> None:
    make.location(2)

    assert refused(replace(setup, location_id=2), frozenset({1})) == [LocationOutOfReach]
    assert refused(replace(setup, location_id=None), frozenset({1})) == [LocationOutOfReach]
    assert refused(replace(setup, location_id=99)) == [LocationOutOfReach]
    assert added(setup, frozenset({1}))


def test_accounts_are_found_by_those_who_reach_them(setup: AccountSetup) -> None:
    make.location(2)
    one = added(setup)
    everywhere = added(replace(setup, name="All", number="98765", location_id=None))

    with transaction() as connection:
        found = {
            reach: [each.id for each in accounts(connection, reach)]
            for reach in (None, frozenset({1}), frozenset({2}), frozenset[int]())
        }
        assert account(connection, one, frozenset({2})) is None
        assert account_numbered(connection, NUMBER, frozenset({2})) is None
        assert account_numbered(connection, NUMBER, frozenset({1})) is not None

    assert found == {
        None: [everywhere, one],
        frozenset({1}): [one],
        frozenset({2}): [],
        frozenset(): [],
    }


def test_a_change_is_logged_with_what_was_before(setup: AccountSetup) -> None:
    account_id = added(setup)

    assert changed(account_id, replace(setup, name="Savings"))
    assert not changed(account_id, replace(setup, name="Savings"))

    [entry] = make.rows_of(LogEntry, action="bank_account.changed")
    assert '"before":{"name":"Current"}' in entry.body
    assert '"after":{"name":"Savings"}' in entry.body


def test_number_currency_and_location_stay_once_there_is_a_statement(setup: AccountSetup) -> None:
    account_id = added(setup)
    order = StoreStatement(account_id=account_id, name="a.xml", data=camt(part(entry("1.00"))))
    in_transaction(lambda c: store_statement(c, order, WHO, lambda: NOW))

    with pytest.raises(AccountFixed):
        changed(account_id, replace(setup, number="12345678"))
    with pytest.raises(AccountFixed, match="The location stays"):
        changed(account_id, replace(setup, location_id=None))
    with pytest.raises(Refused):
        changed(account_id, replace(setup, location_id=None, number="12345678", currency="GBP"))
    assert changed(account_id, replace(setup, name="Savings"))


def test_a_change_of_an_account_that_was_changed_meanwhile_is_refused(setup: AccountSetup) -> None:
    account_id = added(setup)

    with pytest.raises(AccountChangedMeanwhile):
        changed(account_id, replace(setup, name="Savings"), seen="another state")
    with pytest.raises(AccountUnknown):
        changed(account_id, setup, frozenset({2}))


def test_the_database_refuses_two_accounts_of_one_number(setup: AccountSetup) -> None:
    added(setup)
    row = {"name": "Twin", "number": NUMBER, "currency": "EUR", "method_id": setup.method_id,
           "created_at": clock.now()}  # fmt: skip

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(BankAccount.__table__.insert(), [row])  # type: ignore[attr-defined]
