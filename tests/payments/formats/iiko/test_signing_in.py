"""Signing in with an apiLogin, and what a token opens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from kit import clock
from kit.db import transaction
from kit.ids import digest
from partners.models import AccessToken, Partner
from tests import make
from tests.payments.formats.iiko.till import LOGIN, Till, refused

pytestmark = pytest.mark.one_database

SIGN_IN = "access_token"


@pytest.fixture
def known(till: Till) -> Till:
    make.credential(till.partner_id, "iiko", LOGIN)
    return till


def test_a_login_gets_a_token_of_one_hour_with_all_scopes_of_its_partner(known: Till) -> None:
    answer = known.ask(SIGN_IN, {"apiLogin": LOGIN}, Authorization="")

    assert answer.status_code == 200
    assert list(answer.json or ()) == ["correlationId", "token"]
    known.token = answer.json["token"]
    assert known.ask("organizations", {}).status_code == 200
    [row] = make.rows_of(AccessToken, token_hash=digest(known.token))
    assert row.expires_at - row.issued_at == timedelta(hours=1)
    assert row.scopes.split() == sorted(make.ALL_SCOPES.split())
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_document_as_a_json_text_is_taken_too(known: Till) -> None:
    text = orjson.dumps({"apiLogin": LOGIN}).decode()

    assert known.ask(SIGN_IN, text).status_code == 200


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "error", "names"),
    [
        (b"{}", "required", "apiLogin"),
        (b'{"apiLogin": null}', "required", "apiLogin"),
        (b'{"apiLogin": ""}', "required", "apiLogin"),
        (b'{"apiLogin": 7}', "invalid", "a number"),
        (b'{"apiLogin": ["a"]}', "invalid", "a list"),
        (b'{"apiLogin": "a\\u0000b"}', "control_character", "NUL"),
        (b'{"apiLogin": "a\\ud800b"}', "not_unicode", "half of a character"),
        (b'"{\\"apiLogin\\""', "malformed_json", "no JSON"),
        (b'"\\ud800"', "not_unicode", "half of a character"),
        (b'"\\"twice\\""', "invalid", "an object"),
        (b" ", "malformed_json", "empty"),
        (b'{"apiLogin": "4111111111111111"}', "card_number", "card number"),
    ],
)
def test_a_sign_in_that_cannot_be_read_is_told_why(
    known: Till, body: bytes, error: str, names: str
) -> None:
    status, code, sentence = refused(known.ask(SIGN_IN, body))

    assert (status, code) == (400, error)
    assert names in sentence
    assert "4111" not in sentence


def test_an_unknown_login_gets_401_and_no_word_of_itself(known: Till) -> None:
    answer = known.ask(SIGN_IN, {"apiLogin": "nobody"})

    expected = "apiLogin is missing, unknown or revoked."
    assert refused(answer) == (401, "credential_wrong", expected)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_partner_gets_no_token(known: Till) -> None:
    with transaction() as connection:
        connection.execute(update(Partner).values(revoked_at=clock.now()))

    assert known.ask(SIGN_IN, {"apiLogin": LOGIN}).status_code == 401


def test_a_login_of_another_format_is_unknown_here(known: Till) -> None:
    make.credential(known.partner_id, "brink", "an access token")

    assert known.ask(SIGN_IN, {"apiLogin": "an access token"}).status_code == 401


@pytest.mark.long
def test_whoever_guesses_logins_has_to_wait(known: Till, make_app: Callable[..., Flask]) -> None:
    http = make_app(SIGN_IN_LIMIT="3/minute").test_client()

    def guess(login: str) -> int:
        body = orjson.dumps({"apiLogin": login})
        return http.post("/api/1/access_token", data=body).status_code

    assert [guess("wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert [guess(LOGIN) for _ in range(4)] == [200] * 4
    answer = http.post("/api/1/access_token", data=b'{"apiLogin": "wrong"}')
    assert refused(answer)[:2] == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.long
@pytest.mark.parametrize("body", [b"{", b"{}", b'{"apiLogin": "' + b"x" * 101 + b'"}'])
def test_a_sign_in_that_cannot_be_read_has_failed_like_a_wrong_one(
    known: Till, make_app: Callable[..., Flask], body: bytes
) -> None:
    http = make_app(SIGN_IN_LIMIT="2/minute").test_client()
    good = orjson.dumps({"apiLogin": LOGIN})

    def sign_in(sent: bytes) -> int:
        return http.post("/api/1/access_token", data=sent).status_code

    assert [sign_in(body) for _ in range(3)] == [400, 400, 429]
    assert sign_in(good) == 200


@pytest.mark.long
def test_an_address_that_failed_too_often_is_not_read_any_more(
    known: Till, make_app: Callable[..., Flask]
) -> None:
    http = make_app(SIGN_IN_LIMIT="1/minute").test_client()
    for number in range(10):
        http.post("/api/1/access_token", data=orjson.dumps({"apiLogin": f"wrong {number}"}))

    body = BytesIO(b"{")
    answer = http.post("/api/1/access_token", input_stream=body, content_length=1)

    assert refused(answer)[:2] == (429, "too_many_requests")
    assert body.tell() == 0


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "missing"),
        ("Bearer", "missing"),
        ("Basic ZGVtbzpkZW1v", "missing"),
        ("Bearer wrong", "unknown, expired or revoked"),
    ],
)
def test_a_call_without_a_good_token_is_told_where_to_get_one(
    till: Till, header: str, why: str
) -> None:
    answer = till.ask("organizations", {}, Authorization=header)

    status, error, sentence = refused(answer)
    assert (status, error) == (401, "unauthenticated")
    assert why in sentence
    assert "/api/1/access_token" in sentence


def test_a_token_that_has_expired_opens_nothing(till: Till) -> None:
    till.token = make.token(till.partner_id, lives=timedelta(seconds=-1))

    assert refused(till.ask("organizations", {}))[:2] == (401, "unauthenticated")


def test_a_token_of_our_own_sign_in_is_as_good(till: Till) -> None:
    """There is one kind of token, whatever door gave it."""
    assert till.ask("organizations", {}).status_code == 200


def test_a_partner_without_the_scope_of_payments_may_not_call(app: Flask) -> None:
    reader = Till(app, scopes="payments:read")

    status, error, sentence = refused(reader.ask("organizations", {}))

    assert (status, error) == (403, "scope_missing")
    assert "payments:write" in sentence


@pytest.mark.parametrize("path", ["/api/1/nothing", "/api/v2/access_token", "/api/"])
def test_addresses_that_do_not_exist_are_told_in_this_wires_form(
    http: FlaskClient, path: str
) -> None:
    assert refused(http.post(path))[:2] == (404, "not_found")


def test_other_methods_than_post_are_refused(http: FlaskClient) -> None:
    answer = http.get("/api/1/organizations")

    assert refused(answer)[:2] == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]
