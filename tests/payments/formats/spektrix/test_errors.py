"""Everything that is refused on these paths has one shape; other doors keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bookings.errors import BookingError
from kit.errors import leaves
from partners.errors import PartnerError, TooManyRequests
from payments.errors import PaymentError
from payments.formats.spektrix import baskets
from payments.formats.spektrix.errors import ANSWERS, SpektrixDoor
from tests import make
from tests.payments.formats.spektrix.given import Till, nothing_recorded, payment, told

pytestmark = pytest.mark.one_database

PAY = "baskets/1/custom-payments"


def test_every_refusal_of_the_house_has_an_answer() -> None:
    every = {*leaves(PaymentError), *leaves(PartnerError), *leaves(BookingError)}

    assert set(ANSWERS) == {each for each in every if not each.__module__.startswith("tests.")}


def test_every_answer_is_a_refusal() -> None:
    assert set(ANSWERS.values()) == {400, 401, 403, 404, 409, 429, 503}


@pytest.mark.parametrize(
    "path",
    ["/azores/api/v3", "/azores/api/v3/", "/azores/api/v3/baskets/1", "/a.b~c/api/v3/x",
     "/são/api/v3/custom-payment-types", "/apish/api/v3/x", "/api2/api/v3/x"],
)  # fmt: skip
def test_its_paths_are_its_own(path: str) -> None:
    assert SpektrixDoor().reach(path) > len("/api/v3")


@pytest.mark.parametrize(
    "path",
    ["/", "/apis/payments", "/api/1/access_token", "/api/v3/x", "/apis/api/v3/x", "/api/api/v3/x",
     "/a/b/api/v3/x", "/azores/api/v2/x", "/azores/api/v33/x", "/azores/API/v3/x",
     "/o/op/1/pay", "/Ordering.svc", "//api/v3/x"],
)  # fmt: skip
def test_paths_of_others_are_not(path: str) -> None:
    assert SpektrixDoor().reach(path) == 0


def test_what_is_not_there_is_told_in_its_own_shape(http: FlaskClient) -> None:
    for path in ("", "/baskets", "/baskets/B1/custom-payments", "/baskets/-1", "/events"):
        answer = http.get(f"/azores/api/v3{path}")

        assert told(answer) == (404, [(None, "not_found")]), path
        assert answer.json["message"] == "There is nothing at this address."


def test_another_method_is_told_which_there_are(http: FlaskClient) -> None:
    answer = http.delete("/azores/api/v3/baskets/1")

    assert told(answer) == (405, [(None, "method_not_allowed")])
    allowed = {each.strip() for each in answer.headers["Allow"].split(",")}
    assert allowed == {"GET", "HEAD", "OPTIONS", "PATCH", "POST"}


def test_a_body_that_is_too_large_is_refused(till: Till) -> None:
    body = payment("1.00", more=f',"x":"{"y" * 65536}"')

    assert told(till.post(PAY, body)) == (413, [(None, "body_too_large")])


def test_a_body_without_its_length_or_cut_off_is_refused(till: Till) -> None:
    path, body = till.path(f"baskets/{make.booking()}/custom-payments"), payment("1.00").encode()
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(body[:-9])}
    cut = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body[:-9])}

    def send(changed: Mapping[str, Any]) -> tuple[int, list[tuple[str | None, str]]]:
        http, as_servers_do = till.app.test_client(), {"wsgi.input_terminated": True}
        headers = till.headers("POST", path, body)
        return told(http.post(path, input_stream=BytesIO(body), headers=headers,
                              environ_overrides={**changed, **as_servers_do}))  # fmt: skip

    with nothing_recorded():
        assert send(chunked) == (401, [(None, "signature_wrong")])
        assert send(cut) == (400, [(None, "body_cut_off")])


def test_a_stranger_is_refused_before_its_body_is_read(till: Till) -> None:
    answer = till.send("POST", till.path(PAY), "x" * 100_000, {})

    assert told(answer) == (401, [(None, "signature_wrong")])


def test_a_slip_of_ours_is_told_by_its_request_id_alone(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(baskets, "read_account", fail)

    answer = till.get("baskets/1")

    assert told(answer) == (500, [(None, "internal_error")])
    assert answer.headers["X-Request-Id"] in answer.json["message"]
    assert "hunter2" not in answer.text


def test_a_database_that_is_away_asks_to_come_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise PoolTimeout("hunter2")

    monkeypatch.setattr(baskets, "read_account", away)

    answer = till.get("baskets/1")

    assert told(answer) == (503, [(None, "unavailable")])
    assert answer.headers["Retry-After"] == "5"


def test_a_client_that_pays_too_often_is_told_to_wait(
    app: Flask, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def count(partner_id: int, parts: int = 1) -> None:
        counted.append(partner_id)
        if len(counted) > 1:
            raise TooManyRequests(7)

    monkeypatch.setattr(app.extensions["limits"], "count_payment", count)
    basket = make.booking()

    answers = [till.pay(basket, "1.00"), till.pay(basket, "1.00")]

    assert counted == [till.partner_id] * 2
    assert answers[0].status_code == 200
    assert told(answers[1]) == (429, [(None, "too_many_requests")])
    assert answers[1].headers["Retry-After"] == "7"


def test_other_doors_keep_their_shape(http: FlaskClient) -> None:
    for path in ("/apis/nothing", "/nothing"):
        answer = http.get(path)

        assert (answer.status_code, answer.json and answer.json["Code"]) == (404, "not_found")
