"""Changing partners: what they may do and where, what they sign in with, and what is logged."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from flask import Flask

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction
from kit.ids import digest
from partners.changing import (
    CredentialUnknown,
    PartnerIsRevoked,
    PartnerUnknown,
    Rights,
    change_rights,
    give_credential,
    rename_partner,
    renew_client_secret,
    revoke_credential,
)
from partners.credentials import by_secret, find
from partners.models import AccessToken, Credential, Partner, PartnerLocation
from partners.registering import PartnerRefused, revoke_partner
from tests import make
from tests.make import Client

pytestmark = pytest.mark.usefixtures("app")

SOMEBODY = Origin(Actor("person", 7, "admin@example.com"), "192.0.2.1")
SCOPES = ("bookings:read", "payments:write")


def rename(partner_id: int, name: str) -> None:
    in_transaction(lambda each: rename_partner(each, partner_id, name, SOMEBODY, clock.now()))


def rights(partner_id: int, reason: str | None = None, **wanted: Any) -> list[str]:
    values = {"scopes": SCOPES, "locations": (1,)} | wanted
    return list(
        in_transaction(
            lambda each: change_rights(
                each, partner_id, Rights(**values), SOMEBODY, clock.now(), reason
            )
        )
    )


def renew(partner_id: int) -> str:
    return in_transaction(lambda each: renew_client_secret(each, partner_id, SOMEBODY, clock.now()))


def give(partner_id: int, kind: Any) -> dict[str, str]:
    made = in_transaction(
        lambda each: give_credential(each, partner_id, kind, SOMEBODY, clock.now())
    )
    return dict(made)


def take(partner_id: int, credential_id: int, reason: str | None = None) -> None:
    in_transaction(
        lambda each: revoke_credential(
            each, partner_id, credential_id, SOMEBODY, clock.now(), reason
        )
    )


def logged() -> list[dict[str, Any]]:
    """The entries about no booking, who did it beside what."""
    bodies = [orjson.loads(each.body) for each in make.rows_of(LogEntry, chain=0)]
    return [{**body["entry"], "by": body["origin"]["actor"]["id"]} for body in bodies]


def at(partner_id: int) -> list[int]:
    return sorted(row.location_id for row in make.rows_of(PartnerLocation, partner_id=partner_id))


def test_a_partner_is_renamed_and_the_log_says_so() -> None:
    partner_id = make.partner()
    was = make.row_of(Partner, partner_id).name

    rename(partner_id, "Checkout page")
    rename(partner_id, "Checkout page")

    assert make.row_of(Partner, partner_id).name == "Checkout page"
    [entry] = logged()
    assert (entry["action"], entry["by"]) == ("partner.renamed", 7)
    assert (entry["before"], entry["after"]) == ({"name": was}, {"name": "Checkout page"})


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    partner_id = make.partner()

    with pytest.raises(PartnerRefused, match="1 to 100 characters"):
        rename(partner_id, name)

    assert logged() == []


def test_rights_are_changed_with_an_entry_of_high_severity_for_each_kind() -> None:
    make.location(2)
    partner_id = make.partner("bookings:read", (1,))

    changed = rights(
        partner_id, "the new till", scopes=SCOPES, locations=(2, 1), may_waive_commission=True
    )

    row = make.row_of(Partner, partner_id)
    assert changed == ["scopes", "locations", "may_waive_commission"]
    assert (row.scopes, row.may_waive_commission) == ("bookings:read payments:write", True)
    assert at(partner_id) == [1, 2]
    assert [(each["action"], each["severity"], each["reason"]) for each in logged()] == [
        ("partner.scopes_changed", "high", "the new till"),
        ("partner.locations_changed", "high", "the new till"),
        ("partner.waiving_changed", "high", "the new till"),
    ]
    assert [(each["before"], each["after"]) for each in logged()] == [
        ({"scopes": ["bookings:read"]}, {"scopes": ["bookings:read", "payments:write"]}),
        ({"locations": [1]}, {"locations": [1, 2]}),
        ({"may_waive_commission": False}, {"may_waive_commission": True}),
    ]


def test_what_stays_as_it_is_makes_no_entry() -> None:
    partner_id = make.partner(" ".join(SCOPES), (1,))

    assert rights(partner_id, scopes=tuple(reversed(SCOPES))) == []
    assert logged() == []


def test_a_partner_may_lose_every_location() -> None:
    partner_id = make.partner(" ".join(SCOPES), (1,))

    assert rights(partner_id, locations=()) == ["locations"]
    assert at(partner_id) == []


@pytest.mark.parametrize(
    ("wanted", "why"),
    [({"scopes": ("everything",)}, "no scope everything"), ({"locations": (9,)}, "no location 9")],
)
def test_a_right_that_there_is_not_is_refused(wanted: dict[str, Any], why: str) -> None:
    partner_id = make.partner()

    with pytest.raises(PartnerRefused, match=why):
        rights(partner_id, **wanted)

    assert logged() == []


def test_what_is_taken_away_is_gone_for_tokens_that_are_out(app: Flask) -> None:
    client = Client.of_new_partner(app)
    assert client.get("/apis/bookingtags").status_code == 200

    rights(client.partner_id, scopes=("payments:write",))
    app.extensions["partner_guard"] = type(app.extensions["partner_guard"])()

    assert client.get("/apis/bookingtags").status_code == 403


def test_a_new_secret_ends_the_old_one_and_its_tokens(app: Flask) -> None:
    client = Client.of_new_partner(app)
    other = make.partner()
    make.token(other)

    made = renew(client.partner_id)

    assert make.row_of(Partner, client.partner_id).secret_hash == digest(made)
    assert [row.partner_id for row in make.rows_of(AccessToken)] == [other]
    [entry] = logged()
    assert (entry["action"], entry["severity"]) == ("partner.secret_renewed", "high")
    assert made not in orjson.dumps(logged()).decode()


def test_a_credential_of_a_format_is_given_and_revoked_alone() -> None:
    partner_id = make.partner()
    kept, ended = give(partner_id, "brink")["AccessToken"], give(partner_id, "brink")["AccessToken"]
    login = give(partner_id, "spektrix")["Login"]
    [credential] = make.rows_of(Credential, lookup=digest(ended))

    take(partner_id, credential.id, "it was seen in a mail")

    assert by_secret("brink", ended) is None
    assert by_secret("brink", kept) is not None
    assert find("spektrix", login) is not None
    entry = logged()[-1]
    assert (entry["action"], entry["severity"]) == ("credential.revoked", "high")
    assert (entry["before"], entry["reason"]) == ({"kind": "brink"}, "it was seen in a mail")
    told = orjson.dumps(logged()).decode()
    assert not [each for each in (kept, ended, login) if each in told]


def test_a_credential_whose_scopes_are_lacking_is_not_given() -> None:
    partner_id = make.partner("bookings:read")

    with pytest.raises(PartnerRefused, match="payments:write"):
        give(partner_id, "iiko")

    assert make.rows_of(Credential) == []


def test_a_credential_of_another_partner_is_unknown() -> None:
    credential = make.credential(make.partner(), "iiko", "a secret")

    with pytest.raises(CredentialUnknown):
        take(make.partner(), credential)

    assert make.rows_of(Credential) != []


def test_a_revoked_partner_is_changed_in_no_way() -> None:
    partner_id = make.partner()
    credential = make.credential(partner_id, "iiko", "a secret")
    client_id = make.row_of(Partner, partner_id).client_id
    in_transaction(
        lambda each: revoke_partner(each, client_id, SOMEBODY, clock.now(), "the till was stolen")
    )

    for change in (
        lambda: rename(partner_id, "Another"),
        lambda: rights(partner_id),
        lambda: renew(partner_id),
        lambda: give(partner_id, "iiko"),
        lambda: take(partner_id, credential),
    ):
        with pytest.raises(PartnerIsRevoked):
            change()

    [entry] = logged()
    assert (entry["action"], entry["reason"]) == ("partner.revoked", "the till was stolen")


def test_a_partner_that_there_is_not_cannot_be_changed() -> None:
    with pytest.raises(PartnerUnknown):
        rename(4711, "Nobody")
