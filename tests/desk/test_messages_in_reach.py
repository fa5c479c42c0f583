"""Who finds which message at the desk: one about a booking is for those who reach its location,
one about no booking for those who reach all of them."""

from __future__ import annotations

import pytest

from audit.models import LogEntry
from kit import clock
from partners.events import hook_row
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.messaging import LIST, given_up, late_money, mail, shown, store
from tests.desk.people import Desk
from tests.desk.test_log import rows as entries
from tests.desk.todays import rows
from tests.make import Client


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    make.method("PayPal")


def test_messages_of_other_locations_are_not_there(client: Client, desk_of: DeskOf) -> None:
    ours = mail(client)
    report = store(hook_row("event", make.endpoint(client.partner_id), {}, None, clock.now()))
    elsewhere = desk_of("manager", locations=[make.location(2)])

    page = elsewhere.get(LIST)
    answers = [
        *(elsewhere.get(f"{LIST}{each}{what}") for each in (ours, report)
          for what in ("", "/preview")),
        *(elsewhere.post(f"{LIST}{each}/{what}") for each in (ours, report)
          for what in ("again", "dismiss", "undismiss")),
    ]  # fmt: skip

    assert shown(page) == []
    assert {answer.status for answer in answers} == {404}
    assert make.rows_of(LogEntry, action="message.sent_again") == []


def test_a_message_about_no_booking_is_for_those_who_reach_everything(
    client: Client, manager: Desk
) -> None:
    report = store(hook_row("event", make.endpoint(client.partner_id), {}, None, clock.now()))

    assert shown(manager.get(LIST)) == [report]


@pytest.mark.long
@pytest.mark.parametrize("location", [1, 2])
def test_a_report_to_a_location_is_not_even_for_those_who_reach_only_that_one(
    client: Client, desk_of: DeskOf, location: int
) -> None:
    """It names bookings of its location, but nothing in the database says of which it is."""
    report = given_up(late_money())
    limited = desk_of("manager", locations=[make.location(location)])

    answers = [limited.get(f"{LIST}{report}{what}") for what in ("", "/preview")]
    answers += [limited.post(f"{LIST}{report}/{what}") for what in ("again", "dismiss")]

    assert shown(limited.get(LIST)) == []
    assert {answer.status for answer in answers} == {404}
    today = limited.get("/desk/")
    assert rows(today, "Undelivered messages") == []
    assert today.all("nav.dk-side .dk-count") == []


def test_what_was_done_to_a_message_about_no_booking_is_hidden_with_it(
    client: Client, manager: Desk, desk_of: DeskOf
) -> None:
    report = given_up(late_money())
    limited = desk_of("manager", locations=[1])

    manager.post(f"{LIST}{report}/again")

    actions = [[row["action"] for row in entries(desk)] for desk in (manager, limited)]
    assert "message.sent_again" in actions[0]
    assert actions[1] == []
