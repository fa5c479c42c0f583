"""`flask events`, as whoever runs the service uses it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from standardwebhooks import Webhook

from audit.chain import SYSTEM
from kit import clock
from kit.db import transaction
from outbox import models
from partners.events import TYPES
from partners.models import Endpoint
from partners.registering import revoke_partner
from tests import make
from tests.outbox.make import NOON, Clock, log_lines
from tests.partners.commands import refused, said
from tests.partners.receiver import Answer, Receiver
from tests.partners.telling import endpoint, ids, logged, message, row, tell, work

# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


@pytest.fixture
def till(app: Flask) -> int:
    return make.partner(client_id="till")


# ------------------------------------------------------------------------------------- add


def secret_in(told: str) -> str:
    [secret] = re.findall(r"^Signing secret: (whsec_\S+)$", told, re.MULTILINE)
    return str(secret)


def test_add_prints_the_secret_that_events_are_signed_with(
    app: Flask, till: int, receiver: Receiver
) -> None:
    told = said(app, "add", "till", receiver.url())

    [mine] = make.rows_of(Endpoint, partner_id=till)
    tell(mine.id, at=clock.now())
    work(Clock(clock.now()))
    [got] = receiver.got
    assert Webhook(secret_in(told)).verify(got.body, dict(got.headers))
    assert "cannot be shown again" in told
    assert f"Endpoint:       {mine.id} ({mine.name})" in told


def test_add_takes_a_name_and_types_of_events_each_once(
    app: Flask, till: int, receiver: Receiver
) -> None:
    types = ["booking.created", "payment.failed", "booking.created"]
    options = [word for each in types for word in ("--event", each)]
    said(app, "add", "till", receiver.url(), *options, "--name", "Bücher")

    [mine] = make.rows_of(Endpoint)
    assert (mine.name, mine.events) == ("Bücher", "booking.created payment.failed")


@ONCE
def test_names_that_are_made_up_are_all_different(
    app: Flask, till: int, receiver: Receiver
) -> None:
    for _ in range(2):
        said(app, "add", "till", receiver.url())

    first, second = make.rows_of(Endpoint)
    assert first.name != second.name
    assert first.sealed != second.sealed


@ONCE
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody", "https://127.0.0.1/"], "There is no partner with the client id 'nobody'."),
        (["till", "http://example.com/"], "it must begin with https://, not http://."),
        (["till", "https://10.0.0.1/"], "its host is in a private or local network."),
        (["till", "hooks"], "it is no address such as https://example.com/hooks."),
        (["till", "https://user:sesame@127.0.0.1/"], "it must hold no user name, password"),
        (["till", "https://127.0.0.1/", "--event", "payment.lost"], "'payment.recorded'"),
        (["till", "https://127.0.0.1/", "--name", ""], "1 to 100 characters"),
        (["till", "https://127.0.0.1/", "--name", "x" * 101], "1 to 100 characters"),
        (["till", "https://127.0.0.1/", "--name", "a\nb"], "1 to 100 characters"),
        (["till"], "Missing argument 'URL'"),
        ([], "Missing argument 'CLIENT_ID'"),
    ],
)
@pytest.mark.usefixtures("receiver", "till")
def test_an_endpoint_that_cannot_be_added_is_refused_in_a_sentence(
    app: Flask, words: list[str], says: str
) -> None:
    told = refused(app, "add", *words)

    assert says in told
    assert "sesame" not in told
    assert make.rows_of(Endpoint) == []


def test_a_name_that_is_taken_is_refused(app: Flask, till: int, receiver: Receiver) -> None:
    said(app, "add", "till", receiver.url(), "--name", "books")

    told = refused(app, "add", "till", receiver.url(), "--name", "books")

    assert "endpoint ID already exists: books" in told
    assert "whsec_" not in told
    assert len(make.rows_of(Endpoint)) == 1


def test_a_revoked_partner_gets_no_endpoint(app: Flask, till: int, receiver: Receiver) -> None:
    with transaction() as connection:
        revoke_partner(connection, "till", SYSTEM, NOON)

    assert "There is no partner" in refused(app, "add", "till", receiver.url())


def test_the_secret_is_neither_logged_nor_stored_in_clear(
    app: Flask, till: int, receiver: Receiver
) -> None:
    with log_lines() as lines:
        told = said(app, "add", "till", receiver.url())
        renewed = said(app, "renew", make.rows_of(Endpoint)[0].id)

    for secret in (secret_in(told), secret_in(renewed)):
        entries = [*logged("endpoint.added"), *logged("endpoint.secret_renewed")]
        stored = repr(make.rows_of(Endpoint)) + repr([entry.body for entry in entries])
        assert len(entries) == 2
        assert secret not in repr(lines) + stored


# ------------------------------------------------------------------------------------- list


def test_list_tells_all_endpoints_and_how_they_are(app: Flask, till: int) -> None:
    on = make.endpoint(till, "https://example.com/[bold]/on", events="booking.created")
    make.endpoint(till, "https://example.com/off", live=False)
    make.endpoint(till, "https://example.com/bad", failing_since=NOON)
    make.endpoint(till, "https://example.com/gone", live=False, removed_at=NOON)
    make.endpoint(till, "https://example.com/light", kind="kseries", secret=None)
    tell(on, 3)

    told = said(app, "list").splitlines()

    lines = {
        name: line for line in told for name in ("on", "off", "bad", "light") if f"/{name} " in line
    }
    assert re.search(r"till +events +\S+ .*\[bold\]/on +booking.created +on +3 +0", lines["on"])
    assert re.search(r"all +off +0 +0", lines["off"])
    assert "failing since 2026-11-20 12:00 UTC" in lines["bad"]
    assert re.search(r"till +kseries", lines["light"])
    assert not any("/gone" in line for line in told)
    assert "whsec_" not in "".join(told)


def test_list_without_any_endpoint_is_an_empty_table(app: Flask) -> None:
    assert "address" in said(app, "list")


# ------------------------------------------------------------------------- remove, on, renew


def test_what_waits_for_a_removed_endpoint_is_given_up(app: Flask, receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)

    assert said(app, "remove", mine) == f"Endpoint {mine} is removed.\n"
    work(Clock())

    assert (message(webhook_id).state, receiver.connections) == ("given_up", 0)
    assert len(logged("endpoint.removed")) == 1


def test_on_lets_everything_that_waits_be_tried_at_once(app: Flask, receiver: Receiver) -> None:
    mine = endpoint(receiver)
    told = tell(mine, 3)
    receiver.answers(Answer(503, {"Retry-After": "86400"}), Answer(200))
    work(Clock())
    assert len(make.rows_of(models.Receiver)) == 1

    assert said(app, "on", mine) == f"Endpoint {mine} is on already.\n"
    work(Clock(clock.now()))

    assert sorted(ids(receiver)[1:]) == sorted(told)
    assert row(mine).failing_since is None
    assert [each.rests_until for each in make.rows_of(models.Receiver)] == [None]


def test_on_switches_an_endpoint_on_that_answered_410(app: Flask, receiver: Receiver) -> None:
    mine = endpoint(receiver)
    tell(mine)
    receiver.answers(Answer(410), Answer(200))
    work(Clock())

    assert said(app, "on", mine) == f"Endpoint {mine} is on.\n"
    [after] = tell(mine)
    work(Clock())

    assert message(after).state == "sent"
    assert len(logged("endpoint.switched_on")) == 1


def test_renew_prints_a_secret_and_ends_the_old_one(app: Flask, receiver: Receiver) -> None:
    mine = endpoint(receiver)

    secret = secret_in(said(app, "renew", mine))
    tell(mine, at=clock.now())
    work(Clock(clock.now()))

    [got] = receiver.got
    assert Webhook(secret).verify(got.body, dict(got.headers))
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(make.SIGNING_SECRET).verify(got.body, dict(got.headers))


def test_endpoints_of_kseries_have_no_signing_secret(app: Flask, till: int) -> None:
    mine = make.endpoint(till, kind="kseries", secret=None)

    assert "Only the endpoints of events have a signing secret." in refused(app, "renew", mine)
    assert row(mine).sealed is None


@pytest.mark.parametrize("command", ["on", "renew"])
def test_endpoints_of_a_revoked_partner_stay_off(app: Flask, till: int, command: str) -> None:
    mine = make.endpoint(till)
    with transaction() as connection:
        revoke_partner(connection, "till", SYSTEM, NOON)

    assert f"The partner of endpoint {mine} was revoked." in refused(app, command, mine)
    assert row(mine).live is False


@ONCE
@pytest.mark.parametrize("command", ["remove", "on", "renew"])
@pytest.mark.parametrize(
    ("id", "says"),
    [
        (999, "There is no endpoint 999."),
        (0, "is not in the range"),
        (2**63, "is not in the range"),
        ("one", "is not a valid integer"),
    ],
)
def test_an_endpoint_that_is_not_there_is_refused_in_a_sentence(
    app: Flask, command: str, id: object, says: str
) -> None:
    assert says in refused(app, command, id)


# ------------------------------------------------------------------------------------- calls


def test_calls_tells_what_was_sent_and_what_came_back(app: Flask, receiver: Receiver) -> None:
    mine, other = endpoint(receiver), endpoint(receiver, "/other")
    [webhook_id] = tell(mine, booking=4354)
    tell(other, booking=12)
    receiver.answers(Answer(500, body=b"out of [red]paper[/red] \x1b[2J"), path="/hooks")
    work(Clock())

    told = said(app, "calls")
    of_mine, of_booking = (
        said(app, "calls", "--endpoint", mine),
        said(app, "calls", "--booking", 12),
    )
    full = said(app, "calls", "--full", "--endpoint", mine)

    line = rf"{message(webhook_id).id} +{mine} +4354 +test +2026-11-20 12:00:00 +500 +\d+ +waiting"
    assert re.search(line, told)
    assert re.search(r"12 +test .* 200 +\d+ +sent", told)
    assert re.search(line, of_mine)
    assert " 4354 " not in of_booking
    assert '"number":1' in full
    assert "out of [red]paper[/red] �[2J" in full
    assert "\x1b" not in full
    assert "paper" not in told


def test_calls_without_an_answer_tell_why(app: Flask, receiver: Receiver) -> None:
    tell(endpoint(receiver))
    receiver.answers(Answer(drops=True))
    work(Clock())

    assert "no answer (RemoteDisconnected)" in said(app, "calls")


def test_the_newest_calls_come_first_and_not_too_many(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partners.events_cli.MOST_CALLS", 2)
    told = tell(endpoint(receiver), 3)
    work(Clock())

    shown = re.findall(r"^ +(\d+) ", said(app, "calls"), re.MULTILINE)

    assert shown == [str(message(each).id) for each in (told[2], told[1])]


@ONCE
def test_the_commands_offer_every_type_of_events(app: Flask) -> None:
    told = said(app, "add", "--help")

    assert all(each in told.replace("\n", "").replace(" ", "") for each in TYPES)
