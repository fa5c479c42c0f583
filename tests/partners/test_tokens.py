"""POST /oauth/2.0/token: the shapes of RFC 6749, and the headers that clients really send."""

from __future__ import annotations

import base64
from collections.abc import Callable

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from partners.models import AccessToken
from partners.tokens import TOKEN_LIFETIME_S
from tests import make
from tests.conftest import BOTH_DATABASES
from tests.make import ALL_SCOPES
from tests.partners.conftest import CLIENT_ID, FORM, SECRET, basic, sign_in

GRANT = "grant_type=client_credentials"
pytestmark = [pytest.mark.usefixtures("partner"), pytest.mark.one_database]


def lists_tags(http: FlaskClient, token: str) -> int:
    answer = http.get("/apis/bookingtags", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def assert_refused(answer: TestResponse, status: int, error: str) -> None:
    """The error of the RFC, in JSON, without a token."""
    body = orjson.loads(answer.data)
    assert (answer.status_code, body["error"]) == (status, error), answer.text
    assert set(body) <= {"error", "error_description"}
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert make.rows_of(AccessToken) == []


def test_right_credentials_get_a_token_in_exactly_these_words(http: FlaskClient) -> None:
    answer = sign_in(http)

    assert answer.status_code == 200
    body = orjson.loads(answer.data)
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == TOKEN_LIFETIME_S >= 300
    assert body["scope"] == ALL_SCOPES
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_opens_the_api(http: FlaskClient) -> None:
    token = sign_in(http).json["access_token"]

    assert lists_tags(http, token) == 200


def test_two_slashes_before_oauth_are_one(http: FlaskClient) -> None:
    assert sign_in(http, PATH_INFO="//oauth/2.0/token").status_code == 200


@pytest.mark.parametrize(
    "secret",
    ["with:colons::inside:", "per%3Acent+plus%", "sécret ✓ ß", " spaces around "],
)
def test_a_secret_is_read_raw_after_the_first_colon(http: FlaskClient, secret: str) -> None:
    make.partner(client_id="raw", client_secret=secret)

    assert sign_in(http, "raw", secret).status_code == 200


def test_a_client_id_may_be_anything_without_a_colon(http: FlaskClient) -> None:
    make.partner(client_id="Agência 100%", client_secret="s")

    assert sign_in(http, "Agência 100%", "s").status_code == 200


def test_the_word_basic_is_read_in_any_case(http: FlaskClient) -> None:
    header = basic(CLIENT_ID, SECRET).replace("Basic", "bAsIc")

    answer = http.post(
        "/oauth/2.0/token", data=GRANT, content_type=FORM, headers={"Authorization": header}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [(CLIENT_ID, "wrong"), ("nobody", SECRET), (CLIENT_ID, ""), ("", SECRET),
     (CLIENT_ID.upper(), SECRET), (CLIENT_ID, SECRET + " "), ("with\x00nul", SECRET),
     ("x" * 500, SECRET)],
    ids=["secret", "client", "no secret", "no client", "case", "space", "NUL", "long"],
)  # fmt: skip
def test_wrong_credentials_are_an_invalid_client(
    http: FlaskClient, client_id: str, client_secret: str
) -> None:
    answer = sign_in(http, client_id, client_secret)

    assert_refused(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic ", "Basic !!!", "Basic é", "Bearer abc", basic("a", "b")[:-1],
     "Basic " + base64.b64encode(b"no colon").decode(),
     "Basic " + base64.b64encode(b"\xff\xfe:secret").decode()],
)  # fmt: skip
def test_a_header_without_readable_credentials_is_an_invalid_client(
    http: FlaskClient, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = http.post("/oauth/2.0/token", data=GRANT, content_type=FORM, headers=headers)

    assert_refused(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_credentials_in_the_body_are_not_looked_at(http: FlaskClient) -> None:
    """RFC 6749 allows them; our format has one way in only."""
    body = f"{GRANT}&client_id={CLIENT_ID}&client_secret=secret"

    answer = http.post("/oauth/2.0/token", data=body, content_type=FORM)

    assert_refused(answer, 401, "invalid_client")


def test_a_revoked_partner_is_an_invalid_client(http: FlaskClient, app: Flask) -> None:
    app.test_cli_runner().invoke(args=["partners", "revoke", CLIENT_ID])

    assert_refused(sign_in(http), 401, "invalid_client")


@pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", 'é"\\'])
def test_another_grant_type_is_not_supported(http: FlaskClient, grant: str) -> None:
    answer = sign_in(http, body=f"grant_type={grant}")

    assert_refused(answer, 400, "unsupported_grant_type")
    assert answer.json == {"error": "unsupported_grant_type"}  # and no echo


@pytest.mark.parametrize(
    "body",
    ["", "grant_type=", "grant_type", f"{GRANT}&{GRANT}", f"{GRANT}&grant_type=password",
     "scope=bookings:read", f"{GRANT}&scope=bookings:read&scope=payments:read"],
)  # fmt: skip
def test_a_missing_or_repeated_parameter_is_an_invalid_request(
    http: FlaskClient, body: str
) -> None:
    assert_refused(sign_in(http, body=body), 400, "invalid_request")


def test_a_grant_type_in_the_address_does_not_count(http: FlaskClient) -> None:
    answer = sign_in(http, body="", path=f"/oauth/2.0/token?{GRANT}")

    assert_refused(answer, 400, "invalid_request")


def test_a_narrower_scope_is_granted_as_asked(http: FlaskClient) -> None:
    answer = sign_in(http, body=f"{GRANT}&scope=payments:read+bookings:read")

    assert answer.json["scope"].split() == ["payments:read", "bookings:read"]
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert http.get("/apis/payments", headers=token).status_code == 200
    assert http.post("/apis/payments", data="", headers=token).status_code == 403


def test_an_empty_scope_is_all_that_the_partner_has(http: FlaskClient) -> None:
    assert sign_in(http, body=f"{GRANT}&scope=").json["scope"] == ALL_SCOPES


def test_of_the_scopes_asked_for_only_those_of_the_partner_are_granted(http: FlaskClient) -> None:
    make.partner("bookings:read payments:read", client_id="few", client_secret="s")

    answer = sign_in(http, "few", "s", f"{GRANT}&scope=payments:read+payments:write")

    assert answer.json["scope"] == "payments:read"


def test_a_scope_asked_for_again_and_again_is_granted_once(http: FlaskClient) -> None:
    answer = sign_in(http, body=f"{GRANT}&scope=" + "+".join(["bookings:read"] * 50))

    assert (answer.status_code, answer.json["scope"]) == (200, "bookings:read")


@pytest.mark.parametrize("scope", ["payments:write", "everything", "payments:read+everything"])
def test_a_scope_that_is_unknown_or_not_the_partners_is_invalid(
    http: FlaskClient, scope: str
) -> None:
    make.partner("bookings:read payments:read", client_id="few", client_secret="s")

    assert_refused(sign_in(http, "few", "s", f"{GRANT}&scope={scope}"), 400, "invalid_scope")


@pytest.mark.long
@BOTH_DATABASES
def test_a_token_survives_a_restart_and_opens_every_process(
    http: FlaskClient, make_app: Callable[..., Flask]
) -> None:
    token = sign_in(http).json["access_token"]

    assert lists_tags(make_app().test_client(), token) == 200


@BOTH_DATABASES
def test_two_tokens_of_a_partner_both_work(http: FlaskClient) -> None:
    first, second = (sign_in(http).json["access_token"] for _ in range(2))

    assert first != second
    assert (lists_tags(http, first), lists_tags(http, second)) == (200, 200)
