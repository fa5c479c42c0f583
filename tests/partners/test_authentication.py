"""Who may call: tokens, their scopes, and the locations of their partner."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update
from werkzeug.test import TestResponse

from kit import clock
from kit.db import transaction
from partners import authentication
from partners.models import AccessToken, Partner, PartnerLocation
from tests import make
from tests.make import Client
from tests.partners.conftest import Watch, basic

TAGS = "/apis/bookingtags"


def call(http: FlaskClient, authorization: str | None) -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return http.get(TAGS, headers=headers)


def has(partner_id: int, scopes: str) -> None:
    """Change what a partner may do."""
    with transaction() as connection:
        connection.execute(update(Partner).where(Partner.id == partner_id).values(scopes=scopes))


def status(client: Client, path: str = TAGS) -> int:
    return client.get(path).status_code


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", basic("a", "b"), "Token abc"])
def test_a_call_without_a_token_is_told_how_to_send_one(
    http: FlaskClient, header: str | None
) -> None:
    answer = call(http, header)

    assert (answer.status_code, answer.json["Code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["nobody's", "é", "x" * 5000, "two words"])
def test_a_token_that_is_nobodys_is_told_to_be_invalid(http: FlaskClient, token: str) -> None:
    answer = call(http, f"Bearer {token}")

    assert (answer.status_code, answer.json["Code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert token not in answer.text


def test_the_word_bearer_is_read_in_any_case(http: FlaskClient, client: Client) -> None:
    assert call(http, f"bEARER {client.token}").status_code == 200


def test_the_hash_of_a_token_is_no_token(http: FlaskClient, client: Client) -> None:
    [row] = make.rows_of(AccessToken)

    assert call(http, f"Bearer {row.token_hash}").status_code == 401


def test_an_expired_token_is_refused(app: Flask) -> None:
    partner = make.partner()
    expired = make.token(partner, lives=timedelta(seconds=-1))

    assert status(Client(app, partner, expired)) == 401


def test_a_token_works_until_the_moment_it_expires(app: Flask, watch: Watch) -> None:
    partner = make.partner()
    client = Client(app, partner, make.token(partner, lives=timedelta(hours=1)))
    expires = make.rows_of(AccessToken)[0].expires_at

    with time_machine.travel(expires - timedelta(seconds=1), tick=False):
        assert status(client) == 200
    watch.seconds += 1
    with time_machine.travel(expires, tick=False):
        assert status(client) == 401


def test_a_token_is_not_known_for_longer_than_it_lives(app: Flask, watch: Watch) -> None:
    """The second for which callers are remembered must not make a token live longer."""
    partner = make.partner()
    client = Client(app, partner, make.token(partner, lives=timedelta(hours=1)))
    expires = make.rows_of(AccessToken)[0].expires_at

    with time_machine.travel(expires - timedelta(seconds=0.25), tick=False):
        assert status(client) == 200
    watch.seconds += 0.25
    with time_machine.travel(expires, tick=False):
        assert status(client) == 401


def test_a_call_that_the_token_has_no_scope_for_is_forbidden(app: Flask) -> None:
    make.method("PayPal")
    client = Client.of_new_partner(app, "bookings:read payments:read")

    answer = client.pay(make.booking())

    assert (answer.status_code, answer.json["Code"]) == (403, "scope_missing")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="api", error="insufficient_scope", scope="payments:write"'
    )
    assert "payments:write" in answer.json["Message"]


def test_a_token_has_no_more_than_it_was_granted(app: Flask) -> None:
    partner = make.partner()

    narrow = Client(app, partner, make.token(partner, "payments:read"))

    assert (status(narrow, "/apis/payments"), status(narrow)) == (200, 403)


def test_a_scope_taken_from_the_partner_is_gone_from_its_tokens(client: Client) -> None:
    has(client.partner_id, "payments:read")

    assert (status(client, "/apis/payments"), status(client)) == (200, 403)


def test_a_scope_given_later_does_not_grow_on_old_tokens(app: Flask) -> None:
    client = Client.of_new_partner(app, "payments:read")
    has(client.partner_id, "payments:read bookings:read")

    assert status(client) == 403


@pytest.mark.parametrize("wait", [0.0, 0.999])
def test_a_caller_is_known_for_a_second_without_asking_the_database(
    client: Client, watch: Watch, wait: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(client) == 200
    monkeypatch.setattr(authentication, "glance", None)  # asking would fail

    watch.seconds += wait

    assert status(client) == 200


def test_a_scope_taken_away_is_gone_within_a_second(client: Client, watch: Watch) -> None:
    assert status(client) == 200
    has(client.partner_id, "payments:read")

    watch.seconds += 1

    assert status(client) == 403


def test_a_revoked_partner_is_out_within_a_second(client: Client, app: Flask, watch: Watch) -> None:
    assert status(client) == 200
    client_id = make.row_of(Partner, client.partner_id).client_id
    told = app.test_cli_runner().invoke(args=["partners", "revoke", client_id])
    assert told.exit_code == 0

    watch.seconds += 1

    assert status(client) == 401


def test_a_revoked_partner_is_out_even_when_a_token_is_left(client: Client) -> None:
    """A token that was being made while the partner was revoked opens nothing."""
    with transaction() as connection:
        revoked = update(Partner).where(Partner.id == client.partner_id)
        connection.execute(revoked.values(revoked_at=clock.now()))

    assert status(client) == 401


def test_a_location_taken_away_is_gone_within_a_second(client: Client, watch: Watch) -> None:
    make.booking()
    assert client.get("/apis/bookings").json["TotalHits"] == 1
    with transaction() as connection:
        connection.execute(delete(PartnerLocation))

    watch.seconds += 1

    assert client.get("/apis/bookings").json["TotalHits"] == 0


def test_one_caller_is_never_taken_for_another(app: Flask, watch: Watch) -> None:
    reader = Client.of_new_partner(app, "bookings:read")
    other = Client.of_new_partner(app, "payments:read")

    assert [(status(each), status(each, "/apis/payments")) for each in (reader, other) * 2] == [
        (200, 403),
        (403, 200),
    ] * 2


def test_what_is_remembered_of_callers_does_not_grow_without_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "MOST_CACHED", 2)
    clients = [Client.of_new_partner(app) for _ in range(5)]

    assert [status(each) for each in clients] == [200] * 5
    assert len(app.extensions["partner_guard"]._known) <= 2
