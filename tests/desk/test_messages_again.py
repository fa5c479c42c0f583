"""Messages at the desk: sending them again, putting them aside."""

from __future__ import annotations

import orjson
import pytest
from sqlalchemy import update

from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from outbox.models import REPLACED, Message
from partners.models import Endpoint
from staff import mails
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.messaging import (
    LIST,
    change,
    given_up,
    mail,
    shown,
    told,
)
from tests.desk.people import Desk
from tests.make import Client


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    make.method("PayPal")


def test_a_mail_that_was_given_up_goes_out_again(client: Client, manager: Desk) -> None:
    message_id = given_up(mail(client))
    page = manager.get(f"{LIST}{message_id}")

    answer = manager.post(f"{LIST}{message_id}/again", page.form("/again"))

    assert (answer.status, answer.leads_to) == (303, f"{LIST}{message_id}")
    row = make.row_of(Message, message_id)
    assert (row.state, row.attempts) == ("waiting", 0)
    page = manager.get(f"{LIST}{message_id}")
    assert "The message goes out again, with the same id as before." in page.text
    [entry] = make.rows_of(LogEntry, action="message.sent_again")
    assert (entry.actor_kind, entry.actor_id) == ("person", manager.person_id)


def test_a_mail_that_left_goes_out_as_another_one_once(client: Client, manager: Desk) -> None:
    message_id = mail(client)
    change(message_id, state="sent", sent_at=clock.now())
    form = manager.get(f"{LIST}{message_id}").form("/again")

    answers = [manager.post(f"{LIST}{message_id}/again", form) for _ in range(2)]

    first, second = make.rows_of(Message)
    assert [answer.leads_to for answer in answers] == [f"{LIST}{second.id}"] * 2
    assert (first.state, second.state) == ("sent", "waiting")
    assert f"as message {second.id} with an id of its own" in manager.get(LIST).text


def test_an_event_goes_out_again_with_its_id(client: Client, manager: Desk) -> None:
    message_id = given_up(told(make.endpoint(client.partner_id), make.booking()))
    known_as = make.row_of(Message, message_id).message_id

    manager.post(f"{LIST}{message_id}/again")

    [row] = make.rows_of(Message)
    assert (row.state, row.message_id) == ("waiting", known_as)


def test_an_event_of_an_endpoint_that_is_off_says_why_it_stays(
    client: Client, manager: Desk
) -> None:
    message_id = given_up(told(make.endpoint(client.partner_id), make.booking()))
    with transaction() as connection:
        connection.execute(update(Endpoint).values(live=False))

    answer = manager.post(f"{LIST}{message_id}/again")

    assert answer.status == 422
    assert "is switched off or was removed" in answer.text
    assert make.row_of(Message, message_id).state == "given_up"


def test_a_message_that_was_given_up_is_put_aside_and_taken_up_again(
    client: Client, manager: Desk
) -> None:
    message_id = given_up(mail(client))

    answer = manager.post(f"{LIST}{message_id}/dismiss")
    page = manager.get(f"{LIST}{message_id}")

    assert answer.leads_to == f"{LIST}{message_id}"
    assert page.all("h1") == ["Payment received Put aside"]
    assert shown(manager.get(f"{LIST}?state=undelivered")) == []
    [undo] = [each.get("action") for each in page.root.cssselect("#said form")]
    manager.post(undo)
    assert shown(manager.get(f"{LIST}?state=undelivered")) == [message_id]
    assert [orjson.loads(row.body)["entry"]["about"]["message"] for row in
            make.rows_of(LogEntry, chain=0) if row.action.startswith("message.")] == [
        message_id] * 2  # fmt: skip


def test_what_is_still_tried_is_not_put_aside(client: Client, manager: Desk) -> None:
    answer = manager.post(f"{LIST}{mail(client)}/dismiss")

    assert answer.status == 422
    assert "only such a message can be put aside" in answer.text


def test_what_was_replaced_offers_nothing(client: Client, manager: Desk) -> None:
    page = manager.get(f"{LIST}{given_up(mail(client), REPLACED)}")

    assert page.all("h1") == ["Payment received Replaced"]
    assert page.all("main form button") == []


def test_an_operator_sees_messages_and_sends_none(client: Client, operator: Desk) -> None:
    message_id = given_up(mail(client))

    page = operator.get(f"{LIST}{message_id}")
    answers = [operator.post(f"{LIST}{message_id}/{what}") for what in ("again", "dismiss")]

    assert page.all("main form button") == []
    assert [answer.status for answer in answers] == [403, 403]
    assert make.row_of(Message, message_id).dismissed_at is None


def test_a_mail_with_a_link_into_an_account_goes_out_again_by_who_may_change_staff_only(
    manager: Desk, desk_of: DeskOf
) -> None:
    """Whose mail it is could be let in by it: that is for those who decide about staff."""
    at = clock.now()
    with transaction() as connection:
        mails.write(connection, mails.PASSWORD_LINK, manager.person_id, "a@example.com", at)
    [row] = make.rows_of(Message)
    given_up(row.id)
    other = desk_of("manager", granted=["staff"])

    refused = manager.post(f"{LIST}{row.id}/again")
    state = make.row_of(Message, row.id).state

    assert (refused.status, state) == (403, "given_up")
    assert "Send again" not in manager.get(f"{LIST}{row.id}").text
    assert "Send again" not in manager.get("/desk/").text
    assert other.post(f"{LIST}{row.id}/again").status == 303
