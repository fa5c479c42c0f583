"""The guest's page: an abandoned booking is taken up again by a link, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from audit.models import LogEntry
from bookings.abandoning import cancel_abandoned
from bookings.models import Booking, Night, Stay
from kit import clock
from kit.db import Base, reading, transaction
from locations.models import Location
from outbox.models import Message
from payments.books import faults
from payments.checking import all_books
from tests import make
from tests.checkout.given import abandon, begun, path_of, signed, take_nights
from tests.make import Client

BUTTON = "Take up the booking again"


def status(booking_id: int) -> str:
    found: str = make.row_of(Booking, booking_id).status
    return found


def set_all(model: Any, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).values(values))


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    with reading() as session:
        tables = Base.metadata.sorted_tables
        return {t.name: [tuple(row) for row in session.execute(t.select())] for t in tables}


@pytest.fixture
def abandoned(app: Flask) -> int:
    booking_id = begun()
    abandon()
    return booking_id


def test_the_page_shows_what_was_booked_and_a_button(http: FlaskClient, abandoned: int) -> None:
    page = http.get(path_of(abandoned))

    stay = make.rows_of(Stay, booking_id=abandoned)[0]
    assert page.status_code == 200
    for words in ("Hello Maria", "Property 1", "7 nights", "€1,000.00", BUTTON, "Location 1"):
        assert words in page.text
    assert f"{stay.arrives_on.day} {stay.arrives_on:%B %Y}" in page.text


def test_the_page_says_what_is_to_be_paid_first(
    client: Client, http: FlaskClient, abandoned: int
) -> None:
    make.method("PayPal")
    path = path_of(abandoned)
    waiting = http.get(path).text
    held = http.post(path, follow_redirects=True).text
    client.pay(abandoned, "30.00")

    assert "To pay first, of €1,000.00 in all" in waiting
    assert "€100.00" in waiting
    assert "€100.00" in held
    assert "€70.00" in http.get(path).text


def test_looking_changes_nothing(http: FlaskClient, abandoned: int) -> None:
    path, before = path_of(abandoned), everything()

    http.get(path)
    http.head(path)

    assert everything() == before


def test_the_button_takes_the_booking_up_again(http: FlaskClient, abandoned: int) -> None:
    path = path_of(abandoned)

    answer = http.post(path)

    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert status(abandoned) == "provisional"
    assert len(make.rows_of(Night, booking_id=abandoned)) == 7
    assert [line.amount for line in make.lines_of(abandoned)] == [100_00, 900_00]
    with reading() as session:
        assert [fault for books in all_books(session) for fault in faults(books)] == []


def test_the_event_log_says_that_it_was_the_link_and_nothing_of_the_guest(
    http: FlaskClient, abandoned: int
) -> None:
    http.post(path_of(abandoned), environ_base={"REMOTE_ADDR": "203.0.113.9"})

    entry = make.rows_of(LogEntry, chain=abandoned)[-1]
    assert (entry.action, entry.actor_kind) == ("booking.reactivated", "system")
    assert '"name":"guest link"' in entry.body
    assert "203.0.113.9" not in entry.body


@time_machine.travel("2027-03-10 12:00:30+00:00", tick=False)
def test_the_guest_is_told_until_when_it_is_held_in_the_locations_time(app: Flask) -> None:
    make.location(1, time_zone="Atlantic/Azores")
    booking_id = begun()
    abandon()
    http = app.test_client()

    page = http.post(path_of(booking_id), follow_redirects=True)

    assert "Held until 11:30 (Azores Standard Time)." in page.text
    assert BUTTON not in page.text


@time_machine.travel("2027-03-10 23:50:00+00:00", tick=False)
def test_a_hold_that_ends_tomorrow_names_the_day(http: FlaskClient) -> None:
    booking_id = begun()
    abandon()

    page = http.post(path_of(booking_id), follow_redirects=True)

    assert "Held until 11 March 2027, 00:20 " in page.text


def test_it_is_held_anew_so_the_worker_leaves_it_alone(http: FlaskClient, abandoned: int) -> None:
    set_all(Booking, created_at=clock.now() - timedelta(days=1))

    http.post(path_of(abandoned))

    assert cancel_abandoned(lambda: clock.now() + timedelta(minutes=29)) == 0
    assert cancel_abandoned(lambda: clock.now() + timedelta(minutes=31)) == 1


def test_abandoned_again_it_can_be_taken_up_again_but_no_second_mail_is_sent(
    http: FlaskClient, abandoned: int
) -> None:
    path = path_of(abandoned)
    http.post(path)
    abandon()

    assert BUTTON in http.get(path).text
    assert http.post(path).status_code == 303
    assert status(abandoned) == "provisional"
    assert len(make.rows_of(Message)) == 1


def test_the_way_on_is_the_agencys_own_page_with_the_bookings_number(
    http: FlaskClient, abandoned: int
) -> None:
    set_all(Location, checkout_url="https://stay.example.com/pay/{booking}?from=mail")

    page = http.post(path_of(abandoned), follow_redirects=True)

    assert f'href="https://stay.example.com/pay/{abandoned}?from=mail"' in page.text


@pytest.mark.parametrize("url", [None, "", "javascript:alert({booking})", "//elsewhere.example"])
def test_without_a_page_of_the_agency_the_guest_is_asked_to_answer(
    http: FlaskClient, abandoned: int, url: str | None
) -> None:
    set_all(Location, checkout_url=url)

    page = http.post(path_of(abandoned), follow_redirects=True)

    assert "Go on to the payment" not in page.text
    assert "Answer the e-mail that brought you here" in page.text


def test_pressed_twice_it_is_taken_up_once(http: FlaskClient, abandoned: int) -> None:
    path = path_of(abandoned)

    first, second = http.post(path), http.post(path)

    assert (first.status_code, second.status_code) == (303, 303)
    log = [entry.action for entry in make.rows_of(LogEntry, chain=abandoned)]
    assert log.count("booking.reactivated") == 1


def test_nights_that_are_gone_are_told_kindly(http: FlaskClient, abandoned: int) -> None:
    take_nights(of=abandoned, by=make.booking())

    page = http.post(path_of(abandoned), follow_redirects=True)

    assert "the dates were booked in the meantime" in page.text
    assert BUTTON not in page.text
    assert status(abandoned) == "cancelled"


def test_a_booking_that_is_paid_says_so(client: Client, http: FlaskClient, abandoned: int) -> None:
    make.method("PayPal")
    path = path_of(abandoned)
    http.post(path)
    client.pay(abandoned, "100.00")

    page = http.get(path)

    assert "Your booking is made" in page.text
    assert BUTTON not in page.text


def test_what_a_person_has_cancelled_stays_cancelled(
    client: Client, http: FlaskClient, abandoned: int
) -> None:
    path = path_of(abandoned)
    http.post(path)
    assert client.post("/apis/booking/cancel", f"BookingId={abandoned}").status_code == 200

    page = http.post(path, follow_redirects=True)

    assert status(abandoned) == "cancelled"
    assert "It cannot be taken up again here." in page.text


def test_a_stay_that_would_have_begun_is_not_taken_up(http: FlaskClient, abandoned: int) -> None:
    yesterday = clock.now().date() - timedelta(days=2)
    set_all(Stay, arrives_on=yesterday)

    page = http.post(path_of(abandoned), follow_redirects=True)

    assert "The day of arrival has passed" in page.text
    assert status(abandoned) == "cancelled"


def wrong(http: FlaskClient, path: str, method: str = "GET") -> TestResponse:
    answer = http.open(path, method=method)
    assert answer.status_code == 404
    return answer


def test_links_that_are_wrong_or_expired_tell_nothing_and_all_the_same(
    http: FlaskClient, abandoned: int
) -> None:
    good = path_of(abandoned)
    with time_machine.travel(clock.now() - timedelta(days=15)):
        expired = path_of(abandoned)
    nobodys = signed([999_999, 0])

    pages = {
        wrong(http, path, method).text
        for path in (good + "x", expired, nobodys, "/guest/bookings/nothing", "/guest/nowhere")
        for method in ("GET", "POST")
    }

    assert len(pages) == 1
    assert "There is nothing at this address" in pages.pop()
    assert status(abandoned) == "cancelled"


def test_a_good_link_to_a_booking_that_is_not_there_says_the_same(http: FlaskClient) -> None:
    unknown = wrong(http, signed([999_999, 0])).text

    assert unknown == wrong(http, "/guest/bookings/nothing").text


def test_a_link_of_before_links_had_numbers_works_until_links_are_withdrawn(
    http: FlaskClient, abandoned: int
) -> None:
    old = signed(abandoned)

    before = http.get(old).status_code
    set_all(Booking, link_version=1)

    assert before == 200
    assert http.get(old).status_code == 404
    assert http.get(path_of(abandoned)).status_code == 200


@pytest.mark.parametrize("says", [[1], [1, 0, 0], ["1", 0], [True, 0], {}, "1", None, True])
def test_a_link_that_says_something_else_is_nobodys(
    http: FlaskClient, abandoned: int, says: object
) -> None:
    assert wrong(http, signed(says)).status_code == 404


@pytest.mark.long
def test_who_tries_wrong_links_is_soon_told_to_wait(make_app: Callable[..., Flask]) -> None:
    http = make_app(SIGN_IN_LIMIT="3/minute").test_client()

    tried = [http.get("/guest/bookings/nothing").status_code for _ in range(5)]
    elsewhere = http.get("/guest/bookings/nothing", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    answer = http.get("/guest/bookings/nothing")

    assert tried == [404, 404, 404, 429, 429]
    assert elsewhere.status_code == 404
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "Please wait a moment" in answer.text


@pytest.mark.long
def test_good_links_are_not_counted(make_app: Callable[..., Flask], abandoned: int) -> None:
    http = make_app(SIGN_IN_LIMIT="2/minute", PUBLIC_URL="https://pay.example.com").test_client()

    answers = [http.get(path_of(abandoned)).status_code for _ in range(4)]

    assert answers == [200] * 4


@pytest.mark.parametrize("kind", ["good", "wrong"])
def test_pages_allow_no_script_no_frame_no_cookie_and_tell_nobody_their_address(
    http: FlaskClient, abandoned: int, kind: str
) -> None:
    page = http.get(path_of(abandoned) + ("x" if kind == "wrong" else ""))

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    for rule in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers
    for word in ("<script", "style=", "http:", "https:"):
        assert word not in page.text


def test_a_guests_name_is_text_and_never_markup(http: FlaskClient, abandoned: int) -> None:
    set_all(Location, name="<script>alert(1)</script>")

    assert "<script" not in http.get(path_of(abandoned)).text


def test_other_methods_are_refused_as_a_page(http: FlaskClient, abandoned: int) -> None:
    answer = http.delete(path_of(abandoned))

    assert answer.status_code == 405
    assert answer.content_type == "text/html; charset=utf-8"
    assert "GET" in answer.headers["Allow"]


def test_a_failure_of_ours_is_a_page_with_the_requests_number(
    http: FlaskClient, abandoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("secret")

    monkeypatch.setattr("checkout.routes.look", broken)

    answer = http.get(path_of(abandoned))

    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret" not in answer.text
