"""`flask partners`, as whoever runs the service uses it."""

from __future__ import annotations

import re

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from partners.models import Partner, PartnerLocation
from partners.scopes import DEFAULT
from tests import make
from tests.partners.conftest import sign_in


def partners(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["partners", *words])


def credentials(told: Result) -> tuple[str, str]:
    """Client id and secret, out of what `partners add` printed."""
    assert told.exit_code == 0, told.output
    [client_id] = re.findall(r"^Client id: +(\S+)$", told.stdout, re.MULTILINE)
    [secret] = re.findall(r"^Client secret: +(\S+)$", told.stdout, re.MULTILINE)
    return client_id, secret


def test_add_prints_credentials_that_open_the_door(app: Flask, http: FlaskClient) -> None:
    make.location(1)

    told = partners(app, "add", "Checkout page", "--location", "1")

    answer = sign_in(http, *credentials(told))
    assert (answer.status_code, answer.json["scope"].split()) == (200, list(DEFAULT))
    assert "cannot be shown again" in told.stdout


def test_refunds_are_not_among_the_scopes_given_by_default(app: Flask) -> None:
    make.location(1)
    partners(app, "add", "Checkout page", "--location", "1")

    [row] = make.rows_of(Partner)

    assert "payments:refund" not in row.scopes.split()
    assert row.may_waive_commission is False


def test_add_takes_several_scopes_and_locations(app: Flask) -> None:
    make.location(1)
    make.location(2)

    scopes = ("--scope", "payments:read", "--scope", "payments:refund")
    told = partners(
        app, "add", "Till", *scopes, "--location", "1", "--location", "2", "--may-waive-commission"
    )

    assert told.exit_code == 0, told.output
    [row] = make.rows_of(Partner)
    assert (row.name, row.scopes) == ("Till", "payments:read payments:refund")
    assert row.may_waive_commission is True
    assert [each.location_id for each in make.rows_of(PartnerLocation)] == [1, 2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--location", "1", "--scope", "payments:all"], "payments:refund"),
        (["--location", "7"], "There is no location 7; there are 1."),
        (["--location", "one"], "is not a valid integer"),
        ([], "Missing option '--location'"),
        (
            ["--location", "1", "--format", "spektrix", "--scope", "bookings:read"],
            "The format spektrix needs scopes that are not given: payments:write. Give them too,",
        ),
    ],
    ids=["scope", "location", "no number", "no location", "scopes of a format"],
)
def test_a_partner_that_cannot_be_added_is_refused_in_a_sentence(
    app: Flask, words: list[str], says: str
) -> None:
    make.location(1)

    told = partners(app, "add", "Checkout page", *words)

    assert told.exit_code in (1, 2)
    assert says in told.stderr
    assert "Traceback" not in told.output
    assert make.rows_of(Partner) == []


def test_list_shows_every_partner_with_ids_that_can_be_copied(app: Flask) -> None:
    for each in (1, 2):
        make.location(each)
    kept = partners(app, "add", "Checkout page", "--location", "1", "--location", "2")
    gone, _ = credentials(partners(app, "add", "An old till", "--location", "1"))
    client_id, secret = credentials(kept)
    partners(app, "revoke", gone)

    told = partners(app, "list")

    assert told.exit_code == 0
    [line] = [line for line in told.stdout.splitlines() if client_id in line]
    assert "Checkout page" in line
    assert "1, 2" in line
    [old] = [line for line in told.stdout.splitlines() if gone in line]
    today = f"{make.rows_of(Partner)[1].revoked_at:%Y-%m-%d}"
    assert (line.count(today), old.count(today)) == (1, 2)  # since; since and revoked
    assert all(scope in told.stdout for scope in DEFAULT)
    assert secret not in told.stdout


def test_revoke_shuts_the_door(app: Flask, http: FlaskClient) -> None:
    make.location(1)
    made = credentials(partners(app, "add", "Checkout page", "--location", "1"))

    told = partners(app, "revoke", made[0])

    assert (told.exit_code, told.stdout) == (0, f"{made[0]} is revoked.\n")
    assert sign_in(http, *made).status_code == 401


def test_revoking_an_unknown_client_is_refused_in_a_sentence(app: Flask) -> None:
    told = partners(app, "revoke", "nobody")

    assert told.exit_code == 1
    assert told.stderr == "Error: There is no partner with the client id 'nobody'.\n"
