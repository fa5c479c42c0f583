"""/metrics: what was answered by which route, told to this machine or to who has the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import BOTH_DATABASES
from tests.make import Client

pytestmark = pytest.mark.one_database

TOKEN = "a token for whoever gathers metrics"
MakeApp = Callable[..., Flask]


def values(http: FlaskClient) -> dict[str, float]:
    """Every series and its number."""
    answer = http.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines)}


def test_requests_are_counted_by_method_route_and_status(client: Client, http: FlaskClient) -> None:
    series = 'http_requests_total{method="GET",route="/apis/payments",status="200"}'
    before = values(http).get(series, 0)

    client.get("/apis/payments")
    client.get("/apis/payments?BookingId=")

    assert values(http)[series] == before + 2


def test_how_long_requests_take_is_counted_by_route(client: Client, http: FlaskClient) -> None:
    series = 'http_request_seconds_count{route="/apis/bookings"}'
    before = values(http).get(series, 0)

    client.get("/apis/bookings")

    assert values(http)[series] == before + 1


def test_paths_that_lead_nowhere_are_one_series_and_not_repeated(http: FlaskClient) -> None:
    for number in range(3):
        http.get(f"/hunter2/{number}")

    told = values(http)

    assert told['http_requests_total{method="GET",route="none",status="404"}'] >= 3
    assert not [name for name in told if "hunter2" in name]


@BOTH_DATABASES
def test_the_backlog_of_messages_is_told(http: FlaskClient) -> None:
    told = values(http)

    counts = ("mails_waiting", "programs_waiting", "given_up")
    ages = ("mails_oldest_due_seconds", "programs_oldest_due_seconds")
    names = [f"outbox_{name}" for name in counts + ages]
    assert {name: told[name] for name in names} == dict.fromkeys(names, 0)


@pytest.mark.long
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_without_a_token_this_machine_may_read(http: FlaskClient, address: str) -> None:
    assert http.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.1", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
    ],
)
def test_without_a_token_nobody_else_may_read_nor_anybody_through_a_proxy(
    http: FlaskClient, address: str, headers: dict[str, Any]
) -> None:
    environ = {"REMOTE_ADDR": address}

    answer = http.get("/metrics", headers=headers, environ_overrides=environ)

    assert (answer.status_code, (answer.json or {})["Code"]) == (403, "forbidden")


@pytest.mark.long
@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}!", 403),
        (TOKEN, 403),
        ("Bearer ", 403),
        ("Bearer é", 403),
        (None, 403),
    ],
)
def test_with_a_token_only_who_shows_it_may_read_wherever_from(
    make_app: MakeApp, header: str | None, status: int
) -> None:
    http = make_app(METRICS_TOKEN=TOKEN).test_client()
    headers = {"Authorization": header} if header is not None else {}

    here = http.get("/metrics", headers=headers)
    far = http.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})

    assert (here.status_code, far.status_code) == (status, status)
