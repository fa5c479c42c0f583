"""What the world sees when something fails: the right status, and nothing of the inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest

from kit import failures, form, log
from kit.errors import DomainError, Refused
from kit.fields import Fault
from kit.form import Malformed, Refusals
from tests.make import Client
from wsgi import create_app

Raising = Callable[[BaseException], FlaskClient]

SECRET = "tok_hunter2 of guest@example.com"


class Gone(DomainError):
    code = "gone_away"
    field = "amount"


class Busy(DomainError):
    code = "busy"


@pytest.fixture
def raising() -> Iterator[Raising]:
    """Clients of a throwaway application whose one view raises what it is given."""

    def make(error: BaseException) -> FlaskClient:
        app = Flask("throwaway")
        log.configure("INFO")
        log.init_app(app)
        refusals = Refusals({Gone: 422, Busy: 409}, {"amount": "Amount"}, lambda _: {"X-Why": "y"})
        failures.init_app(app, [failures.HouseDoor(refusals)])

        @app.route("/fail", methods=["GET", "POST"])
        def fail() -> str:
            raise error

        return app.test_client()

    yield make
    log.configure("ERROR")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), Exception(SECRET)])
def test_an_unexpected_error_is_told_by_its_request_id_alone(
    raising: Raising,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    answer = raising(error).get(f"/fail?token={SECRET}", headers={"X-Request-Id": "r-1"})

    assert answer.status_code == 500
    assert answer.json == {
        "Success": False,
        "Message": "An unexpected error; it is logged under the request id r-1.",
        "Code": "internal_error",
        "Errors": [
            {
                "Field": None,
                "Code": "internal_error",
                "Message": "An unexpected error; it is logged under the request id r-1.",
            }
        ],
    }
    assert "hunter2" not in str(answer.headers)
    told = lines(capsys)
    assert "hunter2" not in str(told)
    [line] = [each for each in told if each["event"] == "unexpected_error"]
    assert (line["error"], line["request_id"]) == (type(error).__name__, "r-1")
    assert any("test_failures.py" in place for place in line["where"])


def test_an_error_caused_by_another_does_not_tell_of_that_either(
    raising: Raising, capsys: pytest.CaptureFixture[str]
) -> None:
    error = RuntimeError("outer")
    error.__cause__ = ValueError(SECRET)

    answer = raising(error).get("/fail")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text + str(lines(capsys))


@pytest.mark.long
def test_an_error_in_rendering_an_error_is_an_unexpected_one(
    raising: Raising, capsys: pytest.CaptureFixture[str]
) -> None:
    class NowhereListed(DomainError):
        code = "nowhere"

    answer = raising(NowhereListed(SECRET)).get("/fail")

    assert (answer.status_code, answer.json and answer.json["Code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text + str(lines(capsys))


@pytest.mark.parametrize(
    "error",
    [PoolTimeout(SECRET), DBAPIError("SELECT", {}, Exception(SECRET), connection_invalidated=True)],
)
def test_a_database_that_is_away_asks_the_sender_to_come_again(
    raising: Raising,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    answer = raising(error).post("/fail")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json is not None
    assert answer.json["Code"] == "unavailable"
    told = lines(capsys)
    assert "hunter2" not in answer.text + str(told)
    assert [each["event"] for each in told] == ["database_unavailable", "request"]


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "sqlite:////nowhere/at/all/bookings.sqlite",
    ],
)
def test_calls_to_a_service_whose_database_is_away_may_be_sent_again(
    tmp_path: Path, uri: str
) -> None:
    given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": "x" * 32, "LOG_LEVEL": "ERROR"}
    app = create_app(given, tmp_path)

    answer = app.test_client().get("/apis/bookings", headers={"Authorization": "Bearer x"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json is not None
    assert answer.json["Code"] == "unavailable"


def test_an_error_of_the_database_that_is_ours_is_unexpected(
    raising: Raising, capsys: pytest.CaptureFixture[str]
) -> None:
    error = DBAPIError(f"INSERT '{SECRET}'", {"token": SECRET}, Exception(SECRET))

    answer = raising(error).post("/fail")

    assert answer.status_code == 500
    told = lines(capsys)
    assert "hunter2" not in answer.text + str(told)
    assert told[0]["cause"] == "Exception"


def test_a_refusal_is_answered_with_its_status_and_headers(
    raising: Raising,
) -> None:
    answer = raising(Gone("It is gone.")).post("/fail")

    assert (answer.status_code, answer.headers["X-Why"]) == (422, "y")
    assert answer.json is not None
    assert answer.json["Errors"] == [
        {"Field": "Amount", "Code": "gone_away", "Message": "It is gone."}
    ]


def test_several_refusals_are_answered_together(
    raising: Raising,
) -> None:
    answer = raising(Refused([Busy("Busy."), Gone("It is gone.")])).post("/fail")

    assert answer.status_code == 409
    assert answer.json is not None
    assert [each["Code"] for each in answer.json["Errors"]] == ["busy", "gone_away"]


def test_what_cannot_be_read_is_answered_with_its_faults_and_status(
    raising: Raising,
) -> None:
    answer = raising(Malformed([("Amount", Fault("odd", "Odd."))], status=415)).post("/fail")

    assert answer.status_code == 415
    assert answer.json is not None
    assert answer.json["Errors"] == [{"Field": "Amount", "Code": "odd", "Message": "Odd."}]


def test_the_door_with_the_longest_fitting_prefix_answers() -> None:
    class Plain(failures.HouseDoor):
        def failed(self, status: int, code: str, message: str, headers: Any) -> Any:
            return form.answer(b'"plain"', status)

    app = Flask("throwaway")
    log.init_app(app)
    house = Refusals({}, {})
    failures.init_app(app, [failures.HouseDoor(house), Plain(house, "/plain/inner")])
    http = app.test_client()

    assert http.get("/plain/inner/nothing").text == '"plain"'
    assert http.get("/plain/nothing").json is not None
    assert (http.get("/plain/nothing").json or {})["Code"] == "not_found"


class Worded:
    """A door that answers everything in words of its own: which door, and what it was asked."""

    def __init__(self, name: str, *prefixes: str) -> None:
        self.name, self.prefixes = name, prefixes

    def reach(self, path: str) -> int:
        return max(failures.reach_of(prefix, path) for prefix in self.prefixes)

    def refused(self, error: DomainError | Refused) -> Response:
        return Response(f"{self.name}: refused {error}", 418)

    def malformed(self, error: Malformed) -> Response:
        return Response(f"{self.name}: malformed {error}", 418)

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        return Response(f"{self.name}: {status} {code} {sorted(headers)}", status)


def doors(*others: failures.Door, raises: BaseException | None = None) -> FlaskClient:
    """A client of an application with the house's door and these, whose calls raise something."""
    app = Flask("throwaway")
    log.init_app(app)
    app.config["MAX_CONTENT_LENGTH"] = 10
    failures.init_app(app, [failures.HouseDoor(Refusals({}, {}))])

    def fail() -> str:
        if raises is not None:
            raise raises
        return request.get_data(as_text=True)

    for path in ("/till/pay", "/shop/pay", "/shop/inner/pay"):
        app.add_url_rule(path, path, fail, methods=["POST"])
    for door in others:
        failures.add_door(app, door)
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/till/nothing", "till"),
        ("/shop/nothing", "shop"),
        ("/shop/inner/nothing", "inner"),
        ("/more/nothing", "till"),
        ("/shop", "shop"),
        ("/shopping", "shop"),
        ("/Till/nothing", None),
        ("/", None),
    ],
)
def test_each_path_is_answered_by_the_door_that_reaches_farthest(
    path: str, name: str | None
) -> None:
    http = doors(Worded("till", "/till/", "/more/"), Worded("inner", "/shop/inner"),
                 Worded("shop", "/shop"))  # fmt: skip

    answer = http.get(path)

    assert answer.status_code == 404
    assert answer.is_json if name is None else answer.text == f"{name}: 404 not_found []"


def test_of_two_doors_of_one_path_the_first_answers() -> None:
    http = doors(Worded("one", "/till/"), Worded("other", "/till/"))

    assert http.get("/till/nothing").text == "one: 404 not_found []"


AWAY = DBAPIError("SELECT", {}, Exception(SECRET), connection_invalidated=True)


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (Gone("It is gone."), 418, "till: refused It is gone."),
        (Refused([Gone("Gone."), Busy("Busy.")]), 418, "till: refused Gone. Busy."),
        (Malformed([(None, Fault("odd", "Odd."))]), 418, "till: malformed Odd."),
        (RuntimeError(SECRET), 500, "till: 500 internal_error []"),
        (AWAY, 503, "till: 503 unavailable ['Retry-After']"),
        (BadRequest(SECRET), 400, "till: 400 bad_request []"),
    ],
)
def test_a_format_answers_whatever_fails_inside_its_paths(
    error: BaseException, status: int, told: str
) -> None:
    http = doors(Worded("till", "/till/"), raises=error)

    inside, outside = http.post("/till/pay"), http.post("/shop/pay")

    assert (inside.status_code, inside.text) == (status, told)
    assert outside.is_json


def test_a_format_answers_wrong_methods_and_large_bodies_too() -> None:
    http = doors(Worded("till", "/till/"))

    assert http.get("/till/pay").text == "till: 405 method_not_allowed ['Allow']"
    assert http.post("/till/pay", data="x" * 11).text == "till: 413 body_too_large []"
    assert http.post("/till/pay", data="x" * 10).text == "x" * 10


def test_a_door_that_fails_itself_is_an_unexpected_error_of_its_format() -> None:
    class Broken(Worded):
        def refused(self, error: DomainError | Refused) -> Response:
            raise KeyError(SECRET)

    answer = doors(Broken("till", "/till/"), raises=Gone("It is gone.")).post("/till/pay")

    assert (answer.status_code, answer.text) == (500, "till: 500 internal_error []")


def test_an_unknown_address_is_answered_in_the_house_form(http: FlaskClient) -> None:
    answer = http.get("/apis/nothing/4111111111111111")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json == {
        "Success": False,
        "Message": "There is nothing at this address.",
        "Code": "not_found",
        "Errors": [
            {"Field": None, "Code": "not_found", "Message": "There is nothing at this address."}
        ],
    }


def test_another_method_is_answered_with_those_that_are_allowed(http: FlaskClient) -> None:
    answer = http.delete("/apis/payments")

    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["Allow"].split(",")} >= {"GET", "POST"}
    assert answer.json is not None
    assert answer.json["Code"] == "method_not_allowed"


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    largest = "x=" + "y" * (form.BODY_LIMIT - 2)

    fits = client.post("/apis/payments", largest)
    larger = client.post("/apis/payments", largest + "y")

    assert fits.status_code == 400
    assert larger.status_code == 413
    assert larger.json is not None
    assert larger.json["Code"] == "body_too_large"
    assert larger.json["Message"] == "The body is larger than 65536 bytes."


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_a_body_of_another_kind_is_refused(client: Client, kind: str) -> None:
    answer = client.post("/apis/payments", "{}", Content_Type=kind)

    assert answer.status_code == 415
    assert answer.json is not None
    assert answer.json["Code"] == "unsupported_media_type"
    assert "application/x-www-form-urlencoded" in answer.json["Message"]


def test_a_form_with_a_charset_is_a_form(client: Client) -> None:
    kind = "application/x-www-form-urlencoded; charset=utf-8"

    answer = client.post("/apis/payments", "Amount=x", Content_Type=kind)

    assert answer.status_code == 400
