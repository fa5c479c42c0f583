"""Sessions at the desk: begun anew with every sign-in, ended by time, worth nothing stolen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from structlog.testing import capture_logs

from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from staff import attempts
from staff.links import link_to_password
from staff.models import Attempts, Person
from staff.sessions import IDLE, LONGEST, forget_old
from tests import make
from tests.desk.people import PASSWORD
from tests.desk.visitors import (
    EMAIL,
    NEW,
    SIGN_IN,
    Visitor,
    code_of,
    give,
    switched_on,
    wrong,
)


@pytest.mark.usefixtures("quick")
def test_the_cookie_from_before_the_sign_in_is_worth_nothing_after_it(
    visitor: Visitor, manager_id: int
) -> None:
    visitor.get(SIGN_IN)
    planted = visitor.cookie
    visitor.sign_in()
    other = Visitor(visitor.app)
    other.http.set_cookie("desk", planted, path="/desk")

    assert visitor.is_in()
    assert not other.is_in()
    assert planted != visitor.cookie


@pytest.mark.usefixtures("quick")
def test_a_new_sign_in_ends_the_earlier_one_of_the_same_browser(
    visitor: Visitor, manager_id: int
) -> None:
    visitor.sign_in()
    earlier = visitor.cookie
    token = visitor.get("/desk/tags/").form("sign-out")["csrf_token"]
    visitor.post(SIGN_IN, {"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    stolen = Visitor(visitor.app)
    stolen.http.set_cookie("desk", earlier, path="/desk")

    assert visitor.cookie != earlier
    assert visitor.is_in()
    assert not stolen.is_in()


@pytest.mark.usefixtures("quick")
def test_a_session_ends_after_two_hours_without_a_page(
    visitor: Visitor, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    visitor.sign_in()
    clock_of_tests.shift(IDLE - timedelta(minutes=1))
    assert visitor.is_in()
    clock_of_tests.shift(IDLE + timedelta(seconds=2))

    assert not visitor.is_in()


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    visitor: Visitor, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    visitor.sign_in()
    for _ in range(12):
        clock_of_tests.shift(timedelta(minutes=59))
        assert visitor.is_in()
    clock_of_tests.shift(timedelta(minutes=13))

    assert not visitor.is_in()
    assert timedelta(hours=12) == LONGEST


def test_a_cookie_that_names_a_person_the_way_flask_login_does_is_worth_nothing(
    app: Flask, visitor: Visitor, manager_id: int
) -> None:
    row = make.row_of(Person, manager_id)
    with visitor.http.session_transaction(path="/desk/") as session:
        session["_user_id"] = row.fs_uniquifier
        session["_fresh"] = True

    assert not visitor.is_in()
    assert visitor.get("/desk/account/").status == 303


def test_no_password_token_or_secret_stands_in_log_or_event_log(
    visitor: Visitor, manager_id: int
) -> None:
    sealed, codes = switched_on(manager_id)
    link = str(link_to_password(manager_id))
    with capture_logs() as logged:
        wrong(visitor, 1)
        visitor.sign_in()
        code = code_of(sealed)
        give(visitor, code)
        token = visitor.cookie
        visitor.send(link, {"password": NEW, "again": NEW})

    told = str(logged) + str(make.rows_of(LogEntry))
    row = make.row_of(Person, manager_id)
    for secret in ("a wrong password", PASSWORD, NEW, code, codes[0], link.rpartition("/")[2],
                   token, str(row.password), str(row.tf_totp_secret)):  # fmt: skip
        assert secret not in told


def test_old_attempts_are_forgotten(app: Flask) -> None:
    with transaction() as connection:
        attempts.begin(connection, "sign-in", EMAIL, "", clock.now() - timedelta(days=2))
        attempts.begin(connection, "code", EMAIL, "", clock.now())
        forget_old(connection, clock.now())

    assert len(make.rows_of(Attempts)) == 1


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://localhost/desk/bookings/7/record", "?next=/desk/bookings/7/record"),
        ("https://evil.example/desk/x", "?next=/desk/x"),
        ("https://evil.example/x", ""),
        ("http://[", ""),
    ],
)
def test_a_form_sent_after_the_session_ended_says_that_nothing_was_done_and_leads_back(
    visitor: Visitor, page: str, back: str
) -> None:
    sent = visitor.post("/desk/tags/", {"name": "VIP"}, Referer=page)

    assert (sent.status, sent.leads_to) == (303, SIGN_IN + back)
    told = visitor.get(SIGN_IN)
    assert "You are not signed in any more, so nothing was done." in told.text
    assert "not signed in any more" not in visitor.get(SIGN_IN).text
