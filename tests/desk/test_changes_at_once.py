"""Changes at the desk that meet others: one right answer, and the second one is told."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from bookings.models import Booking
from payments.standing import Standing
from staff import forms as sent_forms
from tests import make
from tests.bookings.given import ARRIVES, book, day, home, log, stay, sums
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client
from tests.meeting import (
    Call,
    Gate,
    after,
    at_once,
    before,
    meanwhile,
    overtaking,
    pause,
    statuses,
)
from tests.payments.conftest import processes
from tests.payments.proofs import broken_chains, wrong_books

__all__ = ["processes"]
pytestmark = pytest.mark.long


@pytest.fixture
def booking(client: Client) -> int:
    """Seven nights for 795.00."""
    make.method()
    return book(client, stay(home()))


def send(desk: Desk, booking: int, what: str, **fields: Any) -> Call:
    """The form of a page that was opened before, ready to be sent by a browser of its own."""
    path = f"/desk/bookings/{booking}/{what}"
    given = desk.get(path).form(f"/{what}") | fields
    given["csrf_token"] = desk.token()
    cookie = desk.http.get_cookie("desk", path="/desk")
    assert cookie is not None

    def call() -> TestResponse:
        http = desk.app.test_client()
        http.set_cookie("desk", cookie.value, path="/desk")
        return http.post(path, data=given)

    return call


def held(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The first that has read a booking's account is kept there."""
    gate = Gate()
    after(monkeypatch, Standing, "of", gate.pass_through)
    return gate


def entries(booking: int, action: str) -> int:
    return len([each for each in log(booking) if each.action == action])


def assert_right() -> None:
    assert wrong_books() == broken_chains() == []


def test_money_that_arrives_while_it_is_cancelled_is_credit(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, client: Client, booking: int
) -> None:
    cancel = send(manager, booking, "cancel", reason="Guest fell ill")
    gate = held(monkeypatch)

    answers = overtaking(gate, cancel, lambda: client.at(client.app).pay(booking, "300.00"))

    assert statuses(answers) == [200, 303]
    row = make.row_of(Booking, booking)
    assert (row.status, row.paid, row.credit) == ("cancelled", 0, 30000)
    assert_right()


def test_who_cancels_while_money_arrives_is_told_of_it_first(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, client: Client, booking: int
) -> None:
    from payments import ledger

    cancel = send(manager, booking, "cancel", reason="Guest fell ill")
    gate = Gate()
    before(monkeypatch, ledger, "write", gate.pass_through)

    paid, cancelled = overtaking(gate, lambda: client.at(client.app).pay(booking, "300.00"), cancel)

    assert (paid.status_code, cancelled.status_code) == (200, 409)
    assert "External payments stay here as credit" in cancelled.text
    assert sums(booking).status == "booking"
    assert_right()


def test_of_two_managers_who_amend_at_once_the_second_is_shown_what_the_first_did(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, desk_of: DeskOf, booking: int
) -> None:
    one = send(manager, booking, "amend", **{"stays[0].leaves_on": day(ARRIVES + 8)})
    two = send(desk_of(), booking, "amend", **{"stays[0].leaves_on": day(ARRIVES + 5)})
    gate = held(monkeypatch)

    first, second = overtaking(gate, one, two)

    assert (first.status_code, second.status_code) == (303, 409)
    assert f'value="{day(ARRIVES + 8)}"' in second.text
    assert "was changed after this page was made" in second.text
    assert entries(booking, "booking.amended") == 1
    assert_right()


def test_a_form_that_is_sent_twice_at_once_acts_once(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, booking: int
) -> None:
    amend = send(manager, booking, "amend", **{"stays[0].leaves_on": day(ARRIVES + 8)})
    before(monkeypatch, sent_forms, "led_to", pause)
    after(monkeypatch, Standing, "of", pause)

    answers = at_once([amend] * 4)

    assert {answer.headers.get("Location") for answer in answers} == {f"/desk/bookings/{booking}"}
    assert entries(booking, "booking.amended") == 1
    assert_right()


def test_a_form_that_is_sent_at_once_with_other_contents_is_shown_again(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, booking: int
) -> None:
    """What was typed in is not lost to a page that only says sorry."""
    one, two = (
        send(manager, booking, "cancel", form_key="same", reason=reason)
        for reason in ("Guest fell ill", "Guest changed plans")
    )

    first, second = overtaking(held(monkeypatch), one, two)

    assert first.status_code == 303
    # SQLite's second one finds the key before it looks at the booking.
    assert second.status_code in (409, 422)
    assert f"Booking {booking} is cancelled" in second.text
    assert entries(booking, "booking.cancelled") == 1
    assert_right()


def browser(desk: Desk) -> Any:
    """A browser of its own in the same session."""
    http, cookie = desk.app.test_client(), desk.http.get_cookie("desk", path="/desk")
    assert cookie is not None
    http.set_cookie("desk", cookie.value, path="/desk")
    return http


def test_who_looks_at_cancelling_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, client: Client, booking: int
) -> None:
    gate, http = held(monkeypatch), browser(manager)

    answers = meanwhile(
        gate,
        lambda: http.get(f"/desk/bookings/{booking}/cancel"),
        lambda: client.at(client.app).pay(booking, "300.00"),
    )

    assert statuses(answers) == [200, 200]
    assert "Still to be paid: 795.00" in Page(answers[0]).text
    assert sums(booking).paid == 30000
    assert_right()


def test_a_preview_of_amending_waits_for_a_change_and_is_not_in_its_way(
    monkeypatch: pytest.MonkeyPatch, manager: Desk, client: Client, booking: int
) -> None:
    path = f"/desk/bookings/{booking}/amend"
    given = manager.get(path).form("/amend") | {"stays[0].leaves_on": day(ARRIVES + 8)}
    given["csrf_token"] = manager.token()
    gate, http = held(monkeypatch), browser(manager)

    answers = overtaking(
        gate,
        lambda: http.post(f"{path}/preview", data=given),
        lambda: client.at(client.app).pay(booking, "300.00"),
    )

    assert statuses(answers) == [200, 200]
    assert sums(booking).paid == 30000
    assert_right()
