"""Adding and revoking partners, what the event log says of it, and what is stored of secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from audit.chain import SYSTEM
from audit.models import LogEntry
from kit import clock
from kit.db import Base, in_transaction, reading
from partners.credentials import by_secret
from partners.models import AccessToken, Credential, Endpoint, Partner, PartnerLocation
from partners.registering import (
    Credentials,
    PartnerRefused,
    add_partner,
    forget_expired_tokens,
    issue_token,
    revoke_partner,
)
from partners.scopes import FORMATS, scopes_for
from tests import make
from tests.partners.conftest import basic, sign_in

pytestmark = pytest.mark.usefixtures("app")


def add(scopes: Sequence[str] = (), locations: Sequence[int] = (1,), **more: Any) -> Credentials:
    """Add a partner: of formats with the scopes that they need, otherwise one that may look."""
    formats = more.get("formats", ())
    scopes = scopes or (scopes_for(formats) if formats else ("payments:read",))
    make.location(1)
    make.location(2)
    name, now = more.pop("name", "Checkout page"), clock.now()
    return in_transaction(
        lambda connection: add_partner(connection, name, scopes, locations, SYSTEM, now, **more)
    )


def revoke(client_id: str) -> None:
    in_transaction(lambda connection: revoke_partner(connection, client_id, SYSTEM, clock.now()))


def logged() -> list[tuple[str, str, dict[str, Any]]]:
    """Action, severity and text of the entries about no booking."""
    entries = make.rows_of(LogEntry, chain=0)
    return [(each.action, each.severity, orjson.loads(each.body)["entry"]) for each in entries]


def test_a_new_partner_has_what_was_asked_for(http: FlaskClient) -> None:
    made = add(["bookings:read", "payments:read"], [2, 1])

    row = make.row_of(Partner, made.partner_id)
    assert (row.name, row.client_id) == ("Checkout page", made.client_id)
    assert (row.scopes, row.may_waive_commission) == ("bookings:read payments:read", False)
    assert [each.location_id for each in make.rows_of(PartnerLocation)] == [1, 2]
    assert sign_in(http, made.client_id, made.client_secret).status_code == 200


def test_scopes_and_locations_given_twice_count_once() -> None:
    made = add(["payments:read"] * 60, [1, 1])

    assert make.row_of(Partner, made.partner_id).scopes == "payments:read"
    assert len(make.rows_of(PartnerLocation)) == 1


def test_two_partners_of_one_name_have_different_credentials() -> None:
    one, other = add(), add()

    assert one.client_id != other.client_id
    assert one.client_secret != other.client_secret
    assert len(one.client_secret) >= 43


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"scopes": ["payments:read", "payments:all"]}, ["payments:all", "payments:refund"]),
        ({"locations": [1, 77]}, ["77", "1, 2"]),
        ({"name": "x" * 101}, ["100"]),
        ({"name": "  "}, ["100"]),
    ],
    ids=["scope", "location", "long name", "no name"],
)
def test_what_does_not_exist_is_refused_with_what_does(
    asked: dict[str, Any], names: list[str]
) -> None:
    with pytest.raises(PartnerRefused) as refused:
        add(**asked)

    assert [each for each in names if each not in refused.value.message] == []
    assert make.rows_of(Partner) == []
    assert make.rows_of(LogEntry) == []


def test_adding_is_logged_as_grave_with_every_permission_given() -> None:
    made = add(["payments:read"], [2], may_waive_commission=True)

    [(action, severity, entry)] = logged()
    assert (action, severity) == ("partner.added", "high")
    assert entry["about"] == {"partner": made.partner_id}
    assert entry["after"] == {
        "scopes": ["payments:read"],
        "locations": [2],
        "may_waive_commission": True,
    }


def test_revoking_takes_credentials_and_tokens_of_this_partner_alone(http: FlaskClient) -> None:
    gone, stays = add(), add()
    for each in (gone, stays, gone):
        assert sign_in(http, each.client_id, each.client_secret).status_code == 200

    revoke(gone.client_id)

    assert [each.partner_id for each in make.rows_of(AccessToken)] == [stays.partner_id]
    assert make.row_of(Partner, gone.partner_id).revoked_at is not None
    assert make.row_of(Partner, stays.partner_id).revoked_at is None
    assert sign_in(http, gone.client_id, gone.client_secret).status_code == 401
    assert [each[:2] for each in logged()][2:] == [("partner.revoked", "high")]
    assert logged()[2][2]["about"] == {"partner": gone.partner_id}


def test_revoking_nobody_is_refused() -> None:
    with pytest.raises(PartnerRefused, match="'nobody'"):
        revoke("nobody")


def test_revoking_twice_is_refused_with_the_day_and_not_logged() -> None:
    made = add()
    revoke(made.client_id)

    with pytest.raises(PartnerRefused, match=f"{clock.now():%Y-%m-%d}"):
        revoke(made.client_id)

    assert [action for action, *_ in logged()] == ["partner.added", "partner.revoked"]


def test_only_tokens_that_open_nothing_any_more_are_forgotten() -> None:
    partner, now = make.partner(), clock.now()

    def issue(name: str, lives_s: int, ago: timedelta) -> None:
        in_transaction(
            lambda connection: issue_token(connection, partner, "a", name, lives_s, now - ago)
        )

    issue("over", 3600, timedelta(hours=2))
    issue("just over", 3600, timedelta(hours=1))
    issue("good", 3601, timedelta(hours=1))

    assert in_transaction(lambda connection: forget_expired_tokens(connection, now)) == 2
    [left] = make.rows_of(AccessToken)
    assert left.expires_at == now + timedelta(seconds=1)


@pytest.mark.parametrize("format", ["spektrix", "brink", "iiko"])
def test_a_partner_of_a_format_gets_its_credentials_besides_its_own(format: str) -> None:
    made = add(formats=[format, format])

    [told] = made.others.values()
    [row] = make.rows_of(Credential)
    assert (list(made.others), row.kind, row.partner_id) == ([format], format, made.partner_id)
    assert [action for action, *_ in logged()] == ["partner.added", "credential.added"]
    assert all(told.values())
    assert made.client_secret not in told.values()


def test_a_partner_that_lacks_a_scope_that_its_format_needs_is_not_added() -> None:
    for format, needed in FORMATS.items():
        for missing in needed:
            given = ["payments:read", *(scope for scope in needed if scope != missing)]

            with pytest.raises(PartnerRefused, match=f"{format} needs .* not given: {missing}\\."):
                add(given, formats=[format])

    assert make.rows_of(Partner) == make.rows_of(Credential) == []


def test_no_format_lets_a_till_cancel_bookings() -> None:
    assert "bookings:write" not in scopes_for(FORMATS)


def test_a_format_that_takes_our_tokens_needs_no_credentials_of_its_own() -> None:
    made = add(formats=["kseries"])

    assert made.others == {}
    assert make.rows_of(Credential) == []


def test_a_partner_of_several_formats_has_them_all() -> None:
    made = add(formats=["spektrix", "kseries", "brink", "iiko"])

    assert {format: list(told) for format, told in made.others.items()} == {
        "spektrix": ["Login", "Secret"],
        "brink": ["AccessToken"],
        "iiko": ["apiLogin"],
    }


def test_revoking_a_partner_takes_its_credentials_and_switches_its_endpoints_off() -> None:
    gone, stays = add(formats=["iiko"]), add(formats=["iiko"])
    mine, others = make.endpoint(gone.partner_id), make.endpoint(stays.partner_id)

    revoke(gone.client_id)

    secrets = [made.others["iiko"]["apiLogin"] for made in (gone, stays)]
    found = [by_secret("iiko", secret) for secret in secrets]
    assert [each and each.caller.partner_id for each in found] == [None, stays.partner_id]
    assert [make.row_of(Endpoint, each).live for each in (mine, others)] == [False, True]


def everything_stored() -> str:
    """All rows of all tables, as text."""
    with reading() as session:
        return "\n".join(
            str(row)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )


def test_secrets_and_tokens_are_in_no_column_of_any_table(http: FlaskClient) -> None:
    make.method("PayPal")
    made = add(["payments:write", "bookings:read"], formats=["spektrix", "brink", "iiko"])
    token = sign_in(http, made.client_id, made.client_secret).json["access_token"]
    wrong = sign_in(http, made.client_id, "a wrong secret, perhaps of another service")
    client = make.Client(http.application, made.partner_id, token)
    assert client.pay(make.booking()).status_code == 200

    stored = everything_stored()

    assert wrong.status_code == 401
    assert made.client_id in stored  # the scan sees what is there
    header = basic(made.client_id, made.client_secret).removeprefix("Basic ")
    secrets = {made.client_secret, token, header, "perhaps of another service"}
    secrets |= {list(told.values())[-1] for told in made.others.values()}
    assert {each for each in secrets if each in stored} == set()
