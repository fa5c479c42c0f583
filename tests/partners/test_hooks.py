"""Events on their way to an endpoint: signed, told once, and all of it noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update
from standardwebhooks import Webhook, WebhookVerificationError

from audit.chain import SYSTEM
from kit import clock
from kit.db import in_transaction, transaction
from outbox.models import Message
from partners import hooks
from partners.events import KIND, hook_row
from partners.hooks import CALLS_KEPT, KEPT_ANSWER, Dressed, Hooks, forget_old_calls
from partners.models import Endpoint
from partners.registering import revoke_partner
from tests import make
from tests.make import SIGNING_SECRET
from tests.outbox.make import NOON, Clock, log_lines
from tests.partners.receiver import Answer, Received, Receiver
from tests.partners.telling import calls, endpoint, ids, message, tell, work

OTHER_SECRET = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMsIG9sZCBvbmU="
CARD = "4111 1111 1111 1111"
# Of what no database has a say in.
ONCE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)

# ------------------------------------------------------------------------------------- signed


def told_now(receiver: Receiver) -> Received:
    """An event as it arrives at this very moment."""
    tell(endpoint(receiver), at=clock.now())
    work(Clock(clock.now()))
    [got] = receiver.got
    return got


def test_the_verifier_of_standard_webhooks_accepts_what_arrives(receiver: Receiver) -> None:
    got = told_now(receiver)

    assert Webhook(SIGNING_SECRET).verify(got.body, dict(got.headers)) == got.json
    assert got.json == {"type": "test", "data": {"number": 1}}


@ONCE
def test_a_changed_byte_is_noticed(receiver: Receiver) -> None:
    got = told_now(receiver)

    for changed in (got.body.replace(b"1", b"2"), got.body + b" "):
        with pytest.raises(WebhookVerificationError):
            Webhook(SIGNING_SECRET).verify(changed, dict(got.headers))


@ONCE
@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_a_changed_header_is_noticed(receiver: Receiver, name: str) -> None:
    got = told_now(receiver)
    changed = dict(got.headers) | {name: got.headers[name][:-1] + "x"}
    if name == "webhook-timestamp":
        changed[name] = str(int(got.headers[name]) + 1)

    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNING_SECRET).verify(got.body, changed)


@ONCE
def test_another_secret_does_not_verify(receiver: Receiver) -> None:
    got = told_now(receiver)

    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(got.body, dict(got.headers))


def test_letters_of_every_language_are_signed_as_they_are_sent(receiver: Receiver) -> None:
    [webhook_id] = tell(endpoint(receiver), at=clock.now())
    words = {**message(webhook_id).context, "body": '{"name":"Açores €"}'}
    with transaction() as connection:
        mine = update(Message).where(Message.message_id == webhook_id)
        connection.execute(mine.values(context=words))

    work(Clock(clock.now()))

    [got] = receiver.got
    assert got.body == '{"name":"Açores €"}'.encode()
    assert Webhook(SIGNING_SECRET).verify(got.body, dict(got.headers)) == {"name": "Açores €"}


@ONCE
def test_bytes_are_sent_as_they_were_written(receiver: Receiver) -> None:
    """Numbers with all their digits, which a float would not keep."""
    body = b'{"amount":20.10,"total":90071992547409.93, "id":12345678901234567890}'
    new = hook_row(KIND, endpoint(receiver), body, 7, NOON)
    with transaction() as connection:
        connection.execute(insert(Message), [new])

    work(Clock())

    assert receiver.got[0].body == body


def test_a_retry_has_the_id_and_the_bytes_of_the_first_try_and_a_time_of_its_own(
    receiver: Receiver,
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(500), Answer(200))
    now = Clock()
    work(now)
    now.forward(minutes=1)

    work(now)

    first, second = receiver.got
    assert ids(receiver) == [webhook_id, webhook_id]
    assert first.body == second.body
    times = [int(each.headers["webhook-timestamp"]) for each in (first, second)]
    assert times == [int(NOON.timestamp()), int(NOON.timestamp()) + 60]
    sign = Webhook(SIGNING_SECRET).sign(webhook_id, now(), second.body.decode())
    assert second.headers["webhook-signature"] == sign


@ONCE
def test_ids_are_like_those_of_standard_webhooks_and_never_the_same(receiver: Receiver) -> None:
    told = tell(endpoint(receiver), 50)

    assert len(set(told)) == 50
    assert all(each.startswith("msg_") and "." not in each for each in told)


# ------------------------------------------------------------------------------------- told


@ONCE
@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_good_answer_ends_it(receiver: Receiver, status: int) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(status))
    now = Clock()

    assert work(now) == 1
    now.forward(days=4)
    assert work(now) == 0

    sent = message(webhook_id)
    assert (sent.state, sent.sent_at, sent.attempts, sent.last_error) == ("sent", NOON, 1, None)
    assert ids(receiver) == [webhook_id]


def test_the_call_is_noted_with_what_was_sent_and_what_came_back(receiver: Receiver) -> None:
    mine = endpoint(receiver, "/hooks?key=7")
    [webhook_id] = tell(mine)
    receiver.answers(Answer(201, body=b"thanks"))

    work(Clock())

    [call] = calls()
    assert (call.endpoint_id, call.message_id, call.at) == (mine, message(webhook_id).id, NOON)
    assert call.url == receiver.url("/hooks?key=7")
    assert call.request.encode() == receiver.got[0].body
    assert (call.status, call.answer, call.problem) == (201, "thanks", None)
    assert call.took_ms >= 0


@ONCE
def test_a_call_without_an_answer_is_noted_with_the_reason(receiver: Receiver) -> None:
    tell(endpoint(receiver))
    receiver.answers(Answer(drops=True))

    work(Clock())

    [call] = calls()
    assert (call.status, call.answer, call.problem) == (None, "", "no answer (RemoteDisconnected)")


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"x" * (KEPT_ANSWER + 1), "x" * KEPT_ANSWER),
        (b"a\x00b\xff", "a�b�"),
        ("é".encode() * KEPT_ANSWER, "é" * KEPT_ANSWER),
    ],
    ids=["long", "no text", "letters of two bytes"],
)
def test_the_first_2_kb_of_an_answer_are_kept_as_text(
    receiver: Receiver, body: bytes, kept: str
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    receiver.answers(Answer(200, body=body))

    work(Clock())

    assert [call.answer for call in calls()] == [kept]
    assert message(webhook_id).state == "sent"


@ONCE
@pytest.mark.parametrize(
    "before", ["", "x" * (KEPT_ANSWER - 20) + " ", "x" * (KEPT_ANSWER - 6) + " "]
)
def test_a_card_number_in_an_answer_is_not_kept(receiver: Receiver, before: str) -> None:
    tell(endpoint(receiver))
    receiver.answers(Answer(400, body=f"{before}{CARD} is no card".encode()))

    work(Clock())

    assert [call.answer for call in calls()] == [
        "(withheld: it holds what looks like a card number)"
    ]


@ONCE
def test_a_password_that_is_answered_back_is_not_kept(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dress(endpoint: Any, secret: str | None, *_: Any) -> Dressed:
        return Dressed({"x-id": "7"}, (endpoint.username, secret or ""))

    monkeypatch.setitem(app.extensions, hooks.DRESSES, {"event": dress})
    mine = endpoint(receiver, kind="kseries", username="till", secret="a password")
    tell(mine, 3)
    echoes = [b'"\\u0061 password"', b"a%20password", b""]
    receiver.answers(*(Answer(200, body=echo) for echo in echoes))

    work(Clock())

    assert receiver.got[0].headers["authorization"] == "Basic dGlsbDphIHBhc3N3b3Jk"
    assert receiver.got[0].headers["x-id"] == "7"
    not_kept = "(not kept: it may repeat the password)"
    assert [call.answer for call in calls()] == [not_kept, not_kept, ""]


def test_calls_of_long_ago_are_forgotten(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    for days in (0, 1):
        tell(mine, at=NOON + timedelta(days=days))
        work(Clock(NOON + timedelta(days=days)))
    later = NOON + CALLS_KEPT + timedelta(hours=1)

    assert in_transaction(lambda connection: forget_old_calls(connection, later)) == 1

    assert [call.at for call in calls()] == [NOON + timedelta(days=1)]


# ------------------------------------------------------------------------------------- to whom


@pytest.mark.parametrize("values", [{"live": False}, {"live": False, "removed_at": NOON}])
def test_an_endpoint_that_is_off_or_removed_is_told_nothing_more(
    receiver: Receiver, values: dict[str, Any]
) -> None:
    [webhook_id] = tell(endpoint(receiver, **values))

    work(Clock())

    given_up = message(webhook_id)
    assert given_up.state == "given_up"
    assert given_up.last_error == "the endpoint is switched off or was removed"
    assert receiver.connections == 0


def test_a_revoked_partner_is_told_nothing_more(receiver: Receiver) -> None:
    partner_id = make.partner(client_id="till")
    [webhook_id] = tell(make.endpoint(partner_id, receiver.url()))
    with transaction() as connection:
        revoke_partner(connection, "till", SYSTEM, clock.now())

    work(Clock())

    assert (message(webhook_id).state, receiver.connections) == ("given_up", 0)


def test_each_endpoint_has_its_own_secret(receiver: Receiver) -> None:
    for path, secret in (("/a", SIGNING_SECRET), ("/b", OTHER_SECRET)):
        tell(endpoint(receiver, path, secret=secret), at=clock.now())

    work(Clock(clock.now()))

    for path, secret in (("/a", SIGNING_SECRET), ("/b", OTHER_SECRET)):
        [got] = receiver.at(path)
        assert Webhook(secret).verify(got.body, dict(got.headers))


def test_an_address_that_leads_inside_by_now_is_not_called(
    receiver: Receiver,
) -> None:
    [webhook_id] = tell(make.endpoint(make.partner(), "https://10.0.0.1/hooks"))

    work(Clock())

    waiting = message(webhook_id)
    assert (waiting.state, receiver.connections) == ("waiting", 0)
    assert "private or local network" in waiting.last_error
    assert [call.problem for call in calls()] == [waiting.last_error]


def test_a_message_of_a_kind_that_nothing_sends_waits_for_a_newer_release(
    receiver: Receiver,
) -> None:
    [webhook_id] = tell(endpoint(receiver))
    with transaction() as connection:
        mine = update(Message).where(Message.message_id == webhook_id)
        connection.execute(mine.values(kind="of tomorrow"))

    work(Clock())

    waiting = message(webhook_id)
    assert (waiting.state, waiting.last_error) == (
        "waiting",
        "nothing sends messages of this kind",
    )


def test_a_secret_that_no_key_opens_is_a_failure_that_may_pass(receiver: Receiver) -> None:
    mine = endpoint(receiver)
    [webhook_id] = tell(mine)
    with transaction() as connection:
        connection.execute(update(Endpoint).values(sealed="gAAAAAnonsense"))

    with log_lines() as lines:
        work(Clock())

    assert (message(webhook_id).state, message(webhook_id).last_error) == (
        "waiting",
        "VaultLocked",
    )
    assert "gAAAA" not in repr(lines)


@ONCE
def test_neither_secrets_nor_addresses_are_logged(receiver: Receiver) -> None:
    mine = endpoint(receiver, "/hooks?key=sesame")
    tell(mine, 2)
    receiver.answers(Answer(200), Answer(500))

    with log_lines() as lines:
        work(Clock())

    told = repr(lines)
    assert "message_sent" in told
    assert "message_delayed" in told
    assert "sesame" not in told
    assert SIGNING_SECRET not in told


@ONCE
def test_formats_add_their_own_kinds_of_messages(app: Flask) -> None:
    assert "event" in Hooks.of(app).dresses
    assert Hooks.of(app).programs is True
