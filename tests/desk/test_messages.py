"""Messages at the desk: what left the house, what did not, and what staff do about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from bookings.mails import BALANCE_REMINDER, RE_ENGAGEMENT
from desk.words import moment_text
from kit import clock
from kit.db import transaction
from outbox.models import Message, Receiver
from partners.events import receiver
from partners.models import WebhookCall
from payments.mails import PAYMENT_LINK, REFUND_MADE
from payments.models import IssuedReceipt, Payment
from tests import make
from tests.desk.messaging import (
    LIST,
    change,
    given_up,
    late_money,
    mail,
    row_of,
    shown,
    store,
    told,
)
from tests.desk.people import Desk
from tests.desk.todays import statements, words
from tests.make import Client


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    make.method("PayPal")


# --- the list -----------------------------------------------------------------------------------


def test_mails_and_events_stand_in_one_list_the_newest_first(client: Client, manager: Desk) -> None:
    booking = make.booking()
    first = mail(client, booking)
    second = told(make.endpoint(client.partner_id, name="hooks"), booking)

    page = manager.get(LIST)

    assert shown(page) == [second, first]
    event, email = (words(each) for each in page.root.cssselect("tbody tr"))
    assert event.startswith(f"payment.failed {second} Event to Partner")
    assert ", hooks" in event
    assert email.startswith(f"Payment received {first} E-mail to guest@example.com")


def test_an_empty_list_says_what_would_stand_there(manager: Desk) -> None:
    assert "Nothing was sent yet." in manager.get(LIST).text
    assert "No message is like that." in manager.get(f"{LIST}?state=sent").text


@pytest.mark.long
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("kind=email", ["mail", "stuck", "aside"]),
        ("kind=event", ["event"]),
        ("state=waiting", ["mail", "stuck"]),
        ("state=sent", ["event"]),
        ("state=undelivered", ["stuck"]),
        ("state=aside", ["aside"]),
        ("booking={booking}", ["mail"]),
        ("partner={partner}", ["event"]),
        ("kind=event&state=waiting", []),
        ("kind=letter&state=lost&booking=x&partner=99999999999999999999", None),
    ],
)
def test_filters_stand_in_the_address(
    client: Client, manager: Desk, asked: str, found: list[str] | None
) -> None:
    booking = make.booking()
    ids = {"mail": mail(client, booking), "stuck": mail(client), "aside": mail(client)}
    ids["event"] = told(make.endpoint(client.partner_id), make.booking())
    change(ids["stuck"], attempts=3)
    change(given_up(ids["aside"]), dismissed_at=clock.now())
    change(ids["event"], state="sent", sent_at=clock.now())

    page = manager.get(f"{LIST}?{asked.format(booking=booking, partner=client.partner_id)}")

    wanted = list(ids) if found is None else found
    assert sorted(shown(page)) == sorted(ids[each] for each in wanted)


def test_a_long_list_comes_in_pages_of_few_statements(client: Client, manager: Desk) -> None:
    mine, booking = make.endpoint(client.partner_id), make.booking()
    ids = [told(mine, booking) for _ in range(60)]
    manager.get(LIST)

    with statements() as asked:
        first = manager.get(f"{LIST}?kind=event")
    [link] = first.root.cssselect("nav.dk-pager a")
    second = manager.get(link.get("href"))

    assert len(asked) == 4
    assert "kind=event" in link.get("href")
    assert shown(first) + shown(second) == ids[::-1]


# --- one message --------------------------------------------------------------------------------


def test_a_mail_is_shown_as_the_guest_sees_it(client: Client, operator: Desk) -> None:
    booking = make.booking()
    message_id = mail(client, booking)

    page = operator.get(f"{LIST}{message_id}")
    preview = operator.get(f"{LIST}{message_id}/preview")

    assert page.all("h1") == ["Payment received Waiting"]
    assert f"Your payment of €30.00 for booking {booking}" in page.text
    [frame] = page.root.cssselect("iframe")
    assert (frame.get("src"), frame.get("sandbox")) == (f"{LIST}{message_id}/preview", "")
    assert page.all("pre")[0].startswith("Dear Maria Silva")
    assert "We received your payment of €30.00" in preview.answer.text


def test_a_mail_is_shown_with_the_name_of_what_it_carries(client: Client, manager: Desk) -> None:
    page = manager.get(f"{LIST}{mail(client)}")

    [payment] = make.rows_of(Payment)
    assert "Attached" in page.all("dt")
    assert f"receipt-{payment.id}.pdf" in page.all("dd")


@pytest.mark.long
def test_looking_at_a_mail_gives_no_way_in_and_issues_nothing(
    app: Flask, client: Client, operator: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://pay.example.com")
    booking = make.booking([make.Due("100.00", 2, due_in=5)], status="booking")
    make.method("Credit Card", paying="external", for_guests=True)
    received = mail(client, booking)
    context = make.row_of(Message, received).context
    refunded = {"amount": 100, "charges": 0}
    ids = [
        received,
        store(row_of(REFUND_MADE, booking, {**context, **refunded})),
        store(row_of(PAYMENT_LINK, booking, {**context, "link_version": 7})),
        store(row_of(BALANCE_REMINDER, booking, {**context, "due": [["Balance", 100, "2031-05-01"]],
                                                 "promised": []})),
        store(row_of(RE_ENGAGEMENT, booking, {**context, "total": 10000})),
    ]  # fmt: skip

    pages = [
        operator.get(f"{LIST}{each}{rest}").answer.text for each in ids for rest in ("", "/preview")
    ]

    for each in pages:
        links = re.findall(r"https://pay\.example\.com/[^\s\"<]+", each)
        assert links
        assert {link.rpartition("/")[2] for link in links} == {"not-shown-here"}
    assert make.rows_of(IssuedReceipt) == []


def test_a_preview_may_look_as_it_likes_and_do_nothing(client: Client, manager: Desk) -> None:
    headers = manager.get(f"{LIST}{mail(client)}/preview").answer.headers

    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    other = manager.get(LIST).answer.headers
    assert "unsafe-inline" not in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"


def test_a_mail_that_cannot_be_made_says_so(client: Client, manager: Desk) -> None:
    message_id = mail(client)
    change(message_id, context={"to": "guest@example.com"})
    report = mail(client)
    change(report, kind="email.of_a_newer_release")

    for each in (message_id, report):
        assert "This message cannot be shown." in manager.get(f"{LIST}{each}").text
        assert manager.get(f"{LIST}{each}/preview").status == 404


def test_a_report_to_the_agency_is_shown_though_its_words_are_of_no_booking(
    manager: Desk,
) -> None:
    page = manager.get(f"{LIST}{late_money()}")

    assert page.all("h1") == ["Promised money has not arrived Waiting"]
    assert "1 promised payment has not arrived" in page.text


def test_an_event_is_shown_with_its_body_and_its_calls(client: Client, operator: Desk) -> None:
    mine = make.endpoint(client.partner_id, name="hooks")
    message_id = told(mine, make.booking(), '{"type":"payment.failed","data":{"amount":"10.00"}}')
    call = {
        "endpoint_id": mine, "message_id": message_id, "at": clock.now(), "status": 500,
        "url": "https://user:secret@example.com/hooks?token=secret", "request": "{}",
        "took_ms": 42, "answer": "<b>Out of order</b>", "problem": None,
    }  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(WebhookCall), [call])

    page = operator.get(f"{LIST}{given_up(message_id)}")

    assert page.all("h1") == ["payment.failed Given up"]
    assert '"amount": "10.00"' in page.all("pre")[0]
    assert "Answered 500" in page.text
    assert "42 ms" in page.text
    assert "<b>Out of order</b>" in page.text
    assert "https://example.com/hooks" in page.text
    assert "secret" not in page.answer.text


def test_numbers_of_an_event_are_shown_as_they_were_written(client: Client, manager: Desk) -> None:
    message_id = told(make.endpoint(client.partner_id), None, '{"amount": 10.00}')

    assert manager.get(f"{LIST}{message_id}").all("pre")[0] == '{"amount": 10.00}'


def test_the_next_try_is_told_and_waits_for_an_endpoint_that_rests(
    client: Client, manager: Desk
) -> None:
    mine, later = make.endpoint(client.partner_id), clock.now() + timedelta(hours=2)
    message_id = told(mine, make.booking())
    with transaction() as connection:
        rests = {"name": receiver(mine), "rests_until": later}
        connection.execute(insert(Receiver), [rests])

    page = manager.get(f"{LIST}{message_id}")

    told_of = f"Next try {moment_text(later, 'Europe/Lisbon')} "
    assert told_of in words(page.root.cssselect("main aside")[0])
