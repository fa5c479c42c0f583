"""Failed sign-ins are limited always, a partner's payments only when a setting says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit.db import db
from partners.errors import TooManyRequests
from partners.limits import Limits
from payments.models import Payment
from tests import make
from tests.make import Client
from tests.partners.conftest import CLIENT_ID, sign_in

pytestmark = pytest.mark.one_database

Limited = Callable[..., Flask]
PAYMENTS = "/apis/payments"


@pytest.fixture
def limited(app: Flask, make_app: Callable[..., Flask]) -> Iterator[Limited]:
    """Makes applications with limits of their own on the test's database."""
    made: list[Flask] = []

    def start(**settings: str) -> Flask:
        made.append(make_app(**settings))
        return made[-1]

    yield start
    for each in made:
        with each.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def door(limited: Limited, partner: int) -> FlaskClient:
    """Where three sign-ins a minute may fail."""
    return limited(SIGN_IN_LIMIT="3/minute").test_client()


def fail_to_sign_in(door: FlaskClient, times: int, client_id: str = CLIENT_ID) -> list[int]:
    return [sign_in(door, client_id, "wrong").status_code for _ in range(times)]


def assert_told_to_wait(answer: TestResponse) -> None:
    """429 in the house dialect, with the seconds to wait."""
    assert (answer.status_code, answer.json["Code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


@pytest.mark.long
def test_sign_ins_that_keep_failing_are_told_to_wait(door: FlaskClient) -> None:
    assert fail_to_sign_in(door, 3) == [401, 401, 401]

    assert_told_to_wait(sign_in(door, CLIENT_ID, "wrong"))


@pytest.mark.long
def test_a_right_secret_does_not_open_the_door_either_while_it_is_shut(door: FlaskClient) -> None:
    """Otherwise guessing would go on: the answer would tell when a guess was right."""
    fail_to_sign_in(door, 3)

    assert_told_to_wait(sign_in(door))


@pytest.mark.long
def test_another_client_at_the_same_address_still_gets_in(door: FlaskClient) -> None:
    make.partner(client_id="other", client_secret="s")
    fail_to_sign_in(door, 4)

    assert sign_in(door, "other", "s").status_code == 200


@pytest.mark.long
def test_the_same_client_at_another_address_still_gets_in(door: FlaskClient) -> None:
    fail_to_sign_in(door, 4)

    assert sign_in(door, REMOTE_ADDR="203.0.113.9").status_code == 200


@pytest.mark.long
def test_sign_ins_without_credentials_are_limited_too(door: FlaskClient) -> None:
    answers = [door.post("/oauth/2.0/token", data={"grant_type": "client_credentials"})
               for _ in range(4)]  # fmt: skip

    assert [each.status_code for each in answers] == [401, 401, 401, 429]


@pytest.mark.long
def test_sign_ins_that_succeed_are_not_counted(door: FlaskClient) -> None:
    assert [sign_in(door).status_code for _ in range(6)] == [200] * 6
    assert fail_to_sign_in(door, 3) == [401] * 3


@pytest.mark.long
def test_requests_that_are_malformed_are_not_counted(door: FlaskClient) -> None:
    answers = [sign_in(door, body="grant_type=password").status_code for _ in range(6)]

    assert answers == [400] * 6


@pytest.mark.long
def test_the_door_opens_again_after_the_time_told(door: FlaskClient) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as clock:
        fail_to_sign_in(door, 3)
        clock.shift(timedelta(seconds=20))
        wait_s = int(sign_in(door).headers["Retry-After"])
        clock.shift(timedelta(seconds=wait_s + 1))

        assert sign_in(door).status_code == 200
        assert 39 <= wait_s <= 41


@pytest.mark.long
def test_payments_beyond_the_setting_are_told_to_wait(limited: Limited, client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["100.00"])
    sender = client.at(limited(PARTNER_PAYMENTS_LIMIT="2/minute"))

    answers = [sender.pay(booking, "10.00") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert_told_to_wait(answers[2])
    assert len(make.rows_of(Payment)) == 2
    assert sender.get(PAYMENTS).status_code == 200  # only recording is limited


@pytest.mark.long
def test_a_limit_is_each_partners_own(limited: Limited, client: Client, app: Flask) -> None:
    make.method("PayPal")
    booking, other = make.booking(["100.00"]), Client.of_new_partner(app)
    process = limited(PARTNER_PAYMENTS_LIMIT="2/minute")
    for _ in range(3):
        client.at(process).pay(booking, "10.00")

    assert other.at(process).pay(booking, "10.00").status_code == 200


@pytest.mark.long
def test_without_the_setting_payments_are_not_limited(limited: Limited, client: Client) -> None:
    sender = client.at(limited(SIGN_IN_LIMIT="1/day"))

    answers = {sender.pay(999_999).status_code for _ in range(30)}

    assert answers == {404}


def test_a_wait_is_told_in_whole_seconds_and_never_as_none() -> None:
    counters = Limits("memory://", "1/second", "1/second")
    counters.count_payment(7)

    with pytest.raises(TooManyRequests) as refused:
        counters.count_payment(7)

    assert refused.value.wait_s == 1


def test_who_tries_many_client_ids_from_one_address_is_stopped_too() -> None:
    counters = Limits("memory://", "2/minute", None)
    for number in range(20):
        counters.check_sign_in("192.0.2.1", f"client {number}")
        counters.count_failed_sign_in("192.0.2.1", f"client {number}")

    with pytest.raises(TooManyRequests):
        counters.check_sign_in("192.0.2.1", "one more")

    counters.check_sign_in("192.0.2.2", "one more")


def test_a_store_of_counters_that_is_away_stops_nobody(app: Flask) -> None:
    counters = Limits("redis://127.0.0.1:1/0", "1/minute", "1/minute")

    for _ in range(3):
        counters.check_sign_in("192.0.2.1", "a client")
        counters.count_failed_sign_in("192.0.2.1", "a client")
        counters.count_payment(7)
