"""Links that set a password, sent by mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import update

from audit.chain import SYSTEM
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, transaction
from outbox.delivering import deliver
from outbox.mail import SmtpSender
from outbox.models import Message
from outbox.posting import Mails
from staff.errors import LinkWorthless
from staff.links import link_to_password
from staff.models import Person
from staff.passwords import change_password
from tests import make
from tests.desk.people import PASSWORD, Desk, Page
from tests.desk.todays import statements
from tests.desk.visitors import (
    EMAIL,
    NEW,
    SIGN_IN,
    Visitor,
    wrong,
)
from tests.outbox.make import part
from tests.outbox.test_smtp import Postbox, free_port
from wsgi import RENDERERS


@pytest.fixture
def _known_to_the_world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://pay.example.com")


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, SmtpSender]]:
    box = Postbox()
    running = Controller(box, hostname="127.0.0.1", port=free_port())
    running.start()
    yield box, SmtpSender("127.0.0.1", running.port, "none")
    running.stop()


def ask(visitor: Visitor, email: str) -> Page:
    return visitor.send("/desk/account/password", {"email": email})


def links(box: Postbox) -> list[str]:
    found = [
        re.search(r"https://pay.example.com(/desk/\S+)", part(m, "plain")) for m in box.received
    ]
    return [each[1] for each in found if each]


@pytest.mark.usefixtures("_known_to_the_world")
def test_a_forgotten_password_is_set_anew_by_the_link_that_comes_by_mail(
    visitor: Visitor, manager_id: int, postbox: tuple[Postbox, SmtpSender]
) -> None:
    box, sender = postbox

    ask(visitor, EMAIL)
    deliver(Mails(RENDERERS, sender), "one")
    [link] = links(box)
    assert f'href="https://pay.example.com{link}"' in part(box.received[0], "html")
    answer = visitor.send(link, {"password": NEW, "again": NEW})

    assert answer.leads_to == SIGN_IN
    assert "Your new password is set" in visitor.get(SIGN_IN).text
    assert visitor.sign_in(password=PASSWORD).status == 422
    assert visitor.sign_in(password=NEW).status == 303
    assert len(make.rows_of(LogEntry, action="staff.password_set")) == 1
    assert [row.kind for row in make.rows_of(Message)] == [
        "email.staff_password_link",
        "email.staff_password_changed",
    ]
    # Once only, and no other link made before works either.
    assert visitor.get(link).status == 404


@pytest.mark.usefixtures("_known_to_the_world")
def test_a_password_set_by_a_link_ends_every_session(
    app: Flask, visitor: Visitor, manager_id: int
) -> None:
    stolen = Desk(app, manager_id)
    link = str(link_to_password(manager_id)).removeprefix("https://pay.example.com")

    visitor.send(link, {"password": NEW, "again": NEW})

    assert stolen.get("/desk/tags/").status == 303


def test_of_two_uses_of_a_link_at_once_the_second_is_refused(app: Flask, manager_id: int) -> None:
    """Both have read the link as good; the row tells the second one under its lock."""
    link_of = str(make.row_of(Person, manager_id).fs_uniquifier)

    def use(fresh: str) -> None:
        in_transaction(
            lambda connection: change_password(
                connection, manager_id, fresh, SYSTEM, clock.now(), link_of=link_of
            )
        )

    use("the first hash")
    with pytest.raises(LinkWorthless):
        use("the second hash")

    assert make.row_of(Person, manager_id).password == "the first hash"


def test_an_address_of_nobody_is_told_the_same_and_nothing_is_sent(
    visitor: Visitor, manager_id: int
) -> None:
    known, unknown = ask(visitor, EMAIL), ask(visitor, "nobody@example.com")

    assert (known.status, known.leads_to) == (unknown.status, unknown.leads_to)
    assert len(make.rows_of(Message)) == 1


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_no_more_than_five_links_an_hour_are_sent_to_one_address_and_whoever_asks_is_told(
    app: Flask, visitor: Visitor, manager_id: int, email: str
) -> None:
    answers = [ask(visitor, email) for _ in range(7)]
    elsewhere = ask(Visitor(app, "203.0.113.8"), email)

    assert [answer.status for answer in answers] == [303] * 5 + [422] * 2
    assert "those that were sent work for two days" in answers[-1].text
    assert elsewhere.status == 303
    assert len(make.rows_of(Message)) == (6 if email == EMAIL else 0)


@pytest.mark.long
def test_no_more_than_twenty_links_an_hour_are_sent_to_one_address_from_all_networks(
    app: Flask, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    clock_of_tests.shift(timedelta(seconds=3601 - clock.now().timestamp() % 3600))
    visitors = [Visitor(app, f"203.0.113.{number}") for number in range(7)]

    for _ in range(3):
        answers = [ask(each, EMAIL) for each in visitors]

    assert [answer.status for answer in answers] == [303] * 6 + [422]
    assert len(make.rows_of(Message)) == 20


@pytest.mark.long
def test_a_network_that_asks_for_very_many_links_is_told_to_wait(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(SIGN_IN_LIMIT="3/minute")
    with app.app_context():
        visitors = [Visitor(app, f"2001:db8::{number}") for number in range(4)]
        answers = [ask(each, f"{number}@example.com") for number, each in enumerate(visitors)]

    assert [answer.status for answer in answers] == [303] * 3 + [429]
    assert int(answers[-1].answer.headers["Retry-After"]) > 0


def test_the_same_is_written_for_an_address_of_nobody_and_undone(
    app: Flask, visitor: Visitor, manager_id: int
) -> None:
    """The time that an answer takes does not tell who works here."""
    ask(visitor, EMAIL)
    asked: list[list[str]] = []

    for email in (EMAIL, "nobody@example.com"):
        form = visitor.get("/desk/account/password").form() | {"email": email}
        with statements() as told:
            visitor.post("/desk/account/password", form)
        asked.append([each.split(" WHERE ")[0] for each in told if "INSERT" in each])

    assert [each for each in asked[0] if "staff_attempts" not in each] == [
        each for each in asked[1] if "staff_attempts" not in each
    ]
    assert any(f"INSERT INTO {Message.__tablename__} " in each for each in asked[1])


def test_a_new_password_by_a_link_opens_an_address_that_was_closed(
    visitor: Visitor, manager_id: int
) -> None:
    wrong(visitor, 10)

    visitor.send(str(link_to_password(manager_id)), {"password": NEW, "again": NEW})

    assert visitor.sign_in(password=NEW).status == 303


def test_a_link_is_worth_nothing_after_two_days_or_when_somebody_has_left(
    visitor: Visitor, manager_id: int, clock_of_tests: time_machine.Traveller
) -> None:
    old = str(link_to_password(manager_id))
    clock_of_tests.shift(timedelta(days=2, seconds=2))
    fresh = str(link_to_password(manager_id))

    assert (visitor.get(old).status, visitor.get(fresh).status) == (404, 200)
    with transaction() as connection:
        connection.execute(update(Person).values(left_at=clock.now()))
    assert visitor.get(fresh).status == 404
    assert link_to_password(manager_id) is None


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [("short", "short", "at least 12 characters"), (NEW, NEW + "x", "are not the same")],
)
def test_a_password_that_is_too_easy_or_mistyped_is_not_set(
    visitor: Visitor, manager_id: int, password: str, again: str, told: str
) -> None:
    answer = visitor.send(str(link_to_password(manager_id)), {"password": password, "again": again})

    assert answer.status == 422
    assert told in answer.text
    assert visitor.sign_in().status == 303


def test_whoever_looks_at_the_message_at_the_desk_does_not_see_the_link(
    app: Flask, visitor: Visitor, manager_id: int
) -> None:
    ask(visitor, EMAIL)
    [message] = make.rows_of(Message)

    with app.test_request_context("/desk/messages/1"):
        shown = RENDERERS[message.kind](message.context)

    assert "/desk/account/password/" not in str(shown) + str(message.context)
