"""Bank accounts at the desk."""

from __future__ import annotations

import pytest

from kit import clock
from payments.statements.models import BankAccount
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.desk.statements import account, send
from tests.payments.statements.files import NUMBER, camt, entry, part

ACCOUNTS = "/desk/statements/accounts/"
NEW = "/desk/statements/accounts/new"


def typed(desk: Desk, **fields: str) -> dict[str, str]:
    """The form of a new account, filled in."""
    known = {"name": "Current", "number": "PT50 0002 0123 1234 5678 9015 4", "currency": "EUR",
             "location_id": "1"}  # fmt: skip
    return {**desk.get(NEW).form("/new"), **known, **fields}


@pytest.fixture
def method_id(manager: Desk) -> str:
    make.location(1)
    return str(make.method("BankTransfer"))


def test_an_account_is_added(manager: Desk, method_id: str) -> None:
    answer = manager.post(NEW, typed(manager, method_id=method_id))

    [row] = make.rows_of(BankAccount)
    assert (answer.status, answer.leads_to) == (303, f"{ACCOUNTS}{row.id}")
    assert (row.number, row.location_id) == (NUMBER, 1)
    assert "Current" in manager.get(ACCOUNTS).text


@pytest.mark.one_database
def test_every_wrong_field_is_told(manager: Desk, method_id: str) -> None:
    given = {"number": "PT50 0002 0123 1234 5678 9015 5", "currency": "eur", "method_id": ""}

    read = manager.post(NEW, typed(manager, **given))
    judged = manager.post(NEW, typed(manager, number=given["number"], method_id="999"))

    assert (read.status, judged.status) == (422, 422)
    assert read.all("#e-currency") == ["Currency is 'eur'; it must be a code such as EUR."]
    assert "Method is missing" in read.all("#e-method_id")[0]
    assert "check digits" in judged.all("#e-number")[0]
    assert "“BankTransfer”" in judged.all("#e-method_id")[0]
    assert make.rows_of(BankAccount) == []


def test_an_account_is_changed_and_keeps_its_number_once_it_has_statements(manager: Desk) -> None:
    account_id = account()
    path = f"{ACCOUNTS}{account_id}"
    assert "number" in manager.get(path).form(str(account_id))
    send(manager, camt(part(entry("1.00", day=clock.now().date().isoformat()))))

    form = manager.get(path).form(str(account_id))
    answers = [
        manager.post(path, form | {"name": "Savings", **more, "form_key": key})
        for key, more in (("one", {"number": "12345678"}), ("two", {}))
    ]

    assert not {"number", "currency", "location_id"} & form.keys()
    assert [each.status for each in answers] == [422, 303]
    assert "The number stays, since statements of this account were stored." in answers[0].text
    row = make.row_of(BankAccount, account_id)
    assert (row.name, row.number) == ("Savings", NUMBER)


@pytest.mark.long
def test_what_somebody_else_changed_meanwhile_is_shown(manager: Desk) -> None:
    account_id = account()
    path = f"{ACCOUNTS}{account_id}"
    old, new = (manager.get(path).form(str(account_id)) for _ in range(2))
    manager.post(path, new | {"name": "Savings"})

    answer = manager.post(path, old | {"name": "Third"})

    assert answer.status == 409
    assert "was changed after this page was made" in answer.text
    assert answer.form(str(account_id))["name"] == "Savings"


def test_people_of_a_location_set_up_its_accounts_and_no_others(
    manager: Desk, desk_of: DeskOf, method_id: str
) -> None:
    make.location(2)
    theirs, others = account(1), account(2, "12345678", "Other")
    desk = desk_of("manager", locations=[1])

    page = desk.get(NEW)
    tried = [
        desk.post(NEW, typed(desk, method_id=method_id, name="New", number="777777",
                             location_id=where)).status
        for where in ("2", "")
    ]  # fmt: skip

    assert page.all("#f-location_id option") == ["Location 1"]
    assert tried == [422, 422]
    assert desk.get(f"{ACCOUNTS}{theirs}").status == 200
    assert desk.get(f"{ACCOUNTS}{others}").status == 404
    assert desk.post(f"{ACCOUNTS}{others}", {"name": "Mine"}).status == 404
    assert "Other" not in desk.get(ACCOUNTS).text


@pytest.mark.parametrize("path", [ACCOUNTS, NEW, f"{ACCOUNTS}1", "/desk/statements/upload"])
def test_operators_have_no_bank_accounts(operator: Desk, path: str) -> None:
    assert operator.get(path).status == 403
