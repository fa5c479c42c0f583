"""Signing in: passwords, lock-out, and where it leads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from flask import Flask
from flask_security.proxies import _security

from audit.models import LogEntry
from desk.account import entering
from kit import clock
from outbox.models import Message
from staff import attempts
from staff.models import Attempts
from staff.passwords import hashed
from tests import make
from tests.desk.people import PASSWORD, person
from tests.desk.visitors import (
    EMAIL,
    SIGN_IN,
    Visitor,
    stored,
    wrong,
)
from tests.outbox.make import part
from wsgi import RENDERERS

# Passwords


def test_who_knows_the_password_is_let_in_and_led_to_the_page_asked_for(
    visitor: Visitor, manager_id: int
) -> None:
    asked = visitor.get("/desk/tags/?colour=red")
    assert asked.leads_to == "/desk/account/sign-in?next=/desk/tags/?colour%3Dred"

    answer = visitor.sign_in(" Manager@Example.com ", next="/desk/tags/?colour%3Dred")

    assert (answer.status, answer.leads_to) == (303, "/desk/tags/?colour=red")
    assert visitor.is_in()
    [entry] = make.rows_of(LogEntry, action="staff.signed_in")
    assert (entry.actor_kind, entry.actor_id) == ("person", manager_id)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "next",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/desk/%0d%0aX: y",
     "javascript:1", "/desk/account/sign-in", "/desk\\@evil.example", "http://localhost/desk/",
     "/guest/"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_host(
    visitor: Visitor, manager_id: int, next: str
) -> None:
    assert visitor.sign_in(next=next).leads_to == "/desk/"


def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(
    visitor: Visitor, manager_id: int
) -> None:
    [wrong_password] = wrong(visitor, 1)
    [unknown] = wrong(visitor, 1, "nobody@example.com")
    [odd] = wrong(visitor, 1, "no\0body")

    assert {page.status for page in (wrong_password, unknown, odd)} == {422}
    assert wrong_password.text == unknown.text == odd.text
    assert "do not go together" in unknown.text


def test_an_unknown_address_takes_a_password_hash_as_a_known_one_does(
    visitor: Visitor, manager_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    context = _security.pwd_context
    for name in ("hash", "verify"):
        real = getattr(type(context), name)

        def counted(self: Any, *given: Any, real: Any = real, **named: Any) -> Any:
            worked.append("argon2")
            return real(self, *given, **named)

        monkeypatch.setattr(type(context), name, counted)

    each = []
    for email in (EMAIL, "nobody@example.com"):
        worked.clear()
        wrong(visitor, 1, email)
        each.append(len(worked))

    assert each == [1, 1]


@pytest.mark.long
def test_passwords_are_kept_as_argon2id_with_64_mib_and_three_rounds(
    make_app: Callable[..., Flask],
) -> None:
    """Not those that other tests hash: they are made with less work."""
    with make_app().app_context():
        assert hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_who_has_left_is_not_let_in(visitor: Visitor) -> None:
    person("manager", EMAIL, password=stored(), left_at=clock.now())

    assert visitor.sign_in().status == 422
    assert not visitor.is_in()


def test_who_has_no_password_yet_is_not_let_in(visitor: Visitor) -> None:
    person("manager", EMAIL)

    assert visitor.sign_in(password="").status == 422


def test_a_sign_in_without_its_token_does_nothing_and_shows_the_page_anew(
    visitor: Visitor, manager_id: int
) -> None:
    answer = visitor.post(SIGN_IN, {"email": EMAIL, "password": PASSWORD})

    assert (answer.status, answer.leads_to) == (303, SIGN_IN)
    assert "The page was too old" in visitor.get(SIGN_IN).text
    assert not visitor.is_in()


def test_flask_securitys_own_pages_are_not_there(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert {each for each in endpoints if each.startswith("security.")} == {
        "security.login",
        "security.try_login",
        "security.second_factor",
        "security.try_second_factor",
        "security.forgot_password",
        "security.send_password_link",
        "security.reset_password",
        "security.set_password",
    }


# Lock-out and limits


@pytest.mark.usefixtures("quick")
def test_ten_wrong_passwords_in_a_row_close_the_address_for_a_quarter_of_an_hour(
    visitor: Visitor, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    *before, tenth = wrong(visitor, 10)

    assert all("do not go together" in page.text for page in before)
    assert "From your network nobody is let in with it for the next 15 minutes." in tenth.text
    assert visitor.sign_in().status == 422  # the right one
    assert not visitor.is_in()
    clock_of_tests.shift(timedelta(minutes=15, seconds=1))
    assert visitor.sign_in().status == 303
    [entry] = make.rows_of(LogEntry, action="staff.locked")
    assert entry.severity == "medium"
    assert orjson.loads(entry.body)["entry"]["about"] == {"person": manager_id}
    assert [row.kind for row in make.rows_of(Message)] == ["email.staff_locked"]


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_an_address_of_nobody_is_closed_alike_and_nobody_written_to(
    visitor: Visitor, manager_id: int
) -> None:
    known = [page.text for page in wrong(visitor, 11)]

    unknown = [page.text for page in wrong(Visitor(visitor.app), 11, "nobody@example.com")]

    assert unknown == known
    assert len(make.rows_of(Message)) == 1


@pytest.mark.long
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("theirs", "also_theirs", "mine"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("2001:db8:0:1::7", "2001:db8:0:1:8::", "2001:db8:0:2::7"),
        ("::ffff:203.0.113.7", "203.0.113.7", "::ffff:203.0.113.8"),
    ],
)
def test_a_stranger_closes_an_address_for_their_own_network_only(
    app: Flask, manager_id: int, theirs: str, also_theirs: str, mine: str
) -> None:
    wrong(Visitor(app, theirs), 10)

    assert Visitor(app, also_theirs).sign_in().status == 422
    assert Visitor(app, mine).sign_in().status == 303
    [mail] = make.rows_of(Message)
    shown = part(RENDERERS[mail.kind](mail.context), "plain")
    assert "from the network they came from; elsewhere it works" in shown


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_very_many_wrong_passwords_from_all_networks_close_the_address_for_everybody(
    app: Flask,
    manager_id: int,
    monkeypatch: pytest.MonkeyPatch,
    clock_of_tests: time_machine.Traveller,
) -> None:
    assert attempts.EVERYWHERE["sign-in"] == 100
    monkeypatch.setitem(attempts.EVERYWHERE, "sign-in", 20)
    clock_of_tests.shift(timedelta(seconds=901 - clock.now().timestamp() % 900))
    # Tries while a network is locked out count for nothing more.
    wrong(Visitor(app, "203.0.113.1"), 15)
    first = wrong(Visitor(app, "203.0.113.2"), 9)
    second = wrong(Visitor(app, "203.0.113.3"), 1)

    owner = Visitor(app, "203.0.113.4")
    assert all("do not go together" in page.text for page in first)
    assert "nobody is let in" in second[0].text
    assert owner.sign_in().status == 422
    clock_of_tests.shift(timedelta(minutes=15))
    assert owner.sign_in().status == 303


@pytest.mark.usefixtures("quick")
def test_a_right_password_ends_the_row_of_wrong_ones(visitor: Visitor, manager_id: int) -> None:
    wrong(visitor, 9)
    visitor.sign_in()

    [page] = wrong(Visitor(visitor.app), 1)

    assert "do not go together" in page.text


@pytest.mark.usefixtures("quick")
def test_the_tenth_try_may_still_be_right(visitor: Visitor, manager_id: int) -> None:
    wrong(visitor, 9)

    assert visitor.sign_in().status == 303


@pytest.mark.long
def test_of_many_wrong_passwords_at_once_no_more_than_ten_are_looked_at(
    app: Flask, manager_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(_stored: str | None, typed: str) -> bool:
        looked.append(typed)
        return False

    monkeypatch.setattr(entering, "fits", look)
    browsers = [Visitor(app) for _ in range(14)]
    forms = [each.get(SIGN_IN).form() | {"email": EMAIL, "password": "x"} for each in browsers]
    threads = [
        threading.Thread(target=each.http.post, args=(SIGN_IN,), kwargs={"data": form})
        for each, form in zip(browsers, forms, strict=True)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked) == 10
    assert [row.locked_until is not None for row in make.rows_of(Attempts)].count(True) == 1


@pytest.mark.long
def test_an_address_of_the_network_is_limited_and_told_when_to_come_back(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(SIGN_IN_LIMIT="3/minute")
    with app.app_context():
        person("manager", EMAIL, password=stored())
        visitor = Visitor(app)
        wrong(visitor, 3)

        answer = visitor.sign_in()

    assert answer.status == 429
    assert int(answer.answer.headers["Retry-After"]) > 0
    assert "<h1>" in answer.answer.text
