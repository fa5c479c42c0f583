"""Signing in with a second step: codes of an app, recovery codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from audit.models import LogEntry
from kit.db import transaction
from kit.rotating import sealed_columns
from kit.vault import vault
from staff.links import link_to_password
from staff.models import Person
from tests import make
from tests.desk.people import PASSWORD
from tests.desk.visitors import EMAIL, SIGN_IN, Visitor, code_of, give, switched_on

pytestmark = pytest.mark.one_database


def test_after_the_password_the_code_of_the_app_is_asked_for(
    visitor: Visitor, manager_id: int
) -> None:
    sealed, _codes = switched_on(manager_id)

    first = visitor.sign_in(next="/desk/tags/")
    assert first.leads_to == "/desk/account/code?next=/desk/tags/"
    assert not visitor.is_in()
    visitor.sign_in()
    second = give(visitor, code_of(sealed))

    assert second.leads_to == "/desk/"
    assert visitor.is_in()


@pytest.mark.usefixtures("quick")
def test_a_code_is_taken_once(visitor: Visitor, manager_id: int) -> None:
    sealed, _codes = switched_on(manager_id)
    code = code_of(sealed)
    visitor.sign_in()
    give(visitor, code)
    other = Visitor(visitor.app)
    other.sign_in()

    answer = give(other, code)

    assert answer.status == 422
    assert "used already" in answer.text
    assert not other.is_in()


@pytest.mark.usefixtures("quick")
def test_a_recovery_code_lets_in_once(visitor: Visitor, manager_id: int) -> None:
    _sealed, codes = switched_on(manager_id)
    visitor.sign_in()
    first = give(visitor, codes[3].upper().replace("-", " "))
    other = Visitor(visitor.app)
    other.sign_in()

    second = give(other, codes[3])

    assert (first.status, second.status) == (303, 422)
    assert len(make.rows_of(LogEntry, action="staff.recovery_code_used")) == 1


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_ten_wrong_codes_close_the_address_and_right_passwords_between_do_not_help(
    visitor: Visitor, manager_id: int
) -> None:
    """From whatever network: who tries codes knows the password."""
    sealed, _codes = switched_on(manager_id)
    for number in range(10):
        elsewhere = Visitor(visitor.app, f"203.0.113.{number}")
        elsewhere.sign_in()
        last = give(elsewhere, "000000")
    visitor.sign_in()

    assert "nobody is let in" in last.text
    assert give(visitor, code_of(sealed)).status == 422


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("code", ["", "12345", "abcdef", "٣٣٣٣٣٣", "0" * 5000, "-", "\0"])
def test_what_is_no_code_lets_nobody_in(visitor: Visitor, manager_id: int, code: str) -> None:
    switched_on(manager_id)
    visitor.sign_in()

    assert give(visitor, code).status == 422


@pytest.mark.usefixtures("quick")
def test_the_password_is_remembered_for_the_second_step_for_five_minutes(
    visitor: Visitor, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    switched_on(manager_id)
    visitor.sign_in()
    clock_of_tests.shift(timedelta(minutes=5, seconds=2))

    answer = visitor.get("/desk/account/code")

    assert answer.leads_to is not None
    assert answer.leads_to.startswith(SIGN_IN)


def test_a_changed_password_ends_a_sign_in_that_is_half_done(
    visitor: Visitor, manager_id: int
) -> None:
    sealed, _codes = switched_on(manager_id)
    visitor.sign_in()
    form = visitor.get("/desk/account/code").form()
    with transaction() as connection:
        connection.execute(update(Person).values(fs_uniquifier="another"))

    answer = visitor.post("/desk/account/code", form | {"code": code_of(sealed)})

    assert answer.leads_to == f"{SIGN_IN}?next=/desk/"
    assert not visitor.is_in()


def test_the_secret_and_the_recovery_codes_are_sealed(app: Flask, manager_id: int) -> None:
    _sealed, codes = switched_on(manager_id)

    row = make.row_of(Person, manager_id)

    assert vault().open(str(row.recovery_codes)).split() == codes
    assert '"key"' in vault().open(str(row.tf_totp_secret))
    assert {str(each) for each in sealed_columns()} >= {
        "staff.tf_totp_secret",
        "staff.recovery_codes",
    }


@pytest.mark.usefixtures("quick")
def test_the_browsers_old_session_ends_where_a_code_is_asked_for(
    visitor: Visitor, manager_id: int
) -> None:
    visitor.sign_in()
    stolen = Visitor(visitor.app)
    stolen.http.set_cookie("desk", visitor.cookie, path="/desk")
    switched_on(manager_id)
    token = visitor.get("/desk/tags/").form("sign-out")["csrf_token"]

    visitor.post(SIGN_IN, {"csrf_token": token, "email": EMAIL, "password": PASSWORD})

    assert not stolen.is_in()


@pytest.mark.usefixtures("quick")
def test_a_new_password_by_a_link_does_not_open_what_wrong_codes_have_closed(
    visitor: Visitor, manager_id: int
) -> None:
    """Whoever reads somebody's mail would guess codes on, ten for each link."""
    sealed, _codes = switched_on(manager_id)
    visitor.sign_in()
    for _ in range(10):
        give(visitor, "000000")

    link = str(link_to_password(manager_id))
    visitor.send(link, {"password": PASSWORD, "again": PASSWORD})
    visitor.sign_in()

    assert give(visitor, code_of(sealed)).status == 422
