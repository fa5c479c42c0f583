"""Signing in by a login or a bare secret, where a format takes no access tokens of ours."""

from __future__ import annotations

import base64
import string

import orjson
import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from audit.chain import SYSTEM
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, transaction
from kit.ids import digest
from kit.vault import vault
from partners.authentication import Caller
from partners.credentials import Kind, add_credential, by_secret, find
from partners.models import Credential, Partner
from tests import make

pytestmark = pytest.mark.usefixtures("app")

KINDS: list[Kind] = ["spektrix", "brink", "iiko"]
SECRET = base64.b64encode(b"a secret of thirty-two letters!!").decode()


@pytest.fixture
def partner() -> int:
    return make.partner("payments:write bookings:read", [1, 2])


def change(partner_id: int, **values: object) -> None:
    with transaction() as connection:
        connection.execute(update(Partner).where(Partner.id == partner_id).values(**values))


def add(partner_id: int, kind: Kind) -> dict[str, str]:
    return in_transaction(
        lambda connection: add_credential(connection, partner_id, kind, SYSTEM, clock.now())
    )


# --- finding -----------------------------------------------------------------------------------


def test_a_login_leads_to_its_partner_and_the_secret_of_its_signature(partner: int) -> None:
    make.credential(partner, "spektrix", SECRET, login="till")

    found = find("spektrix", "till")

    assert found is not None
    name = make.row_of(Partner, partner).name
    scopes = frozenset({"payments:write", "bookings:read"})
    assert found.caller == Caller(partner, name, scopes, frozenset({1, 2}))
    assert found.may_waive_commission is False
    assert vault().open(found.sealed or "") == SECRET


@pytest.mark.parametrize("kind", ["brink", "iiko"])
def test_a_secret_that_is_sent_as_it_is_leads_to_its_partner(partner: int, kind: Kind) -> None:
    make.credential(partner, kind, "a secret")

    found = by_secret(kind, "a secret")

    assert found is not None
    assert (found.caller.partner_id, found.sealed) == (partner, None)


def test_who_may_waive_the_commission_is_known_at_once(partner: int) -> None:
    make.credential(partner, "brink", "a secret")
    change(partner, may_waive_commission=True)

    found = by_secret("brink", "a secret")

    assert found is not None
    assert found.may_waive_commission is True


@pytest.mark.parametrize(
    "secret", ["A secret", "a secret ", "", "a secret\0", digest("a secret"), "x" * 5000]
)
def test_another_secret_is_nobodys(partner: int, secret: str) -> None:
    make.credential(partner, "brink", "a secret")

    assert by_secret("brink", secret) is None


@pytest.mark.parametrize("login", ["Till", "till ", "", "till\0", "t%", "x" * 5000])
def test_another_login_is_nobodys(partner: int, login: str) -> None:
    make.credential(partner, "spektrix", SECRET, login="till")

    assert find("spektrix", login) is None


def test_a_secret_opens_its_own_format_only(partner: int) -> None:
    make.credential(partner, "brink", "a secret")

    assert by_secret("iiko", "a secret") is None
    assert find("spektrix", digest("a secret")) is None


def test_formats_may_have_the_same_secret_for_different_partners(partner: int) -> None:
    other = make.partner()
    make.credential(partner, "brink", "a secret")
    make.credential(other, "iiko", "a secret")

    found = [by_secret("brink", "a secret"), by_secret("iiko", "a secret")]

    assert [each and each.caller.partner_id for each in found] == [partner, other]


@pytest.mark.parametrize("kind", KINDS)
def test_a_partner_that_was_revoked_signs_in_no_more(partner: int, kind: Kind) -> None:
    login = "till" if kind == "spektrix" else None
    make.credential(partner, kind, SECRET, login)
    change(partner, revoked_at=clock.now())

    assert find(kind, login or digest(SECRET)) is None


def test_a_partner_without_a_location_reaches_none() -> None:
    make.credential(make.partner(locations=[]), "brink", "a secret")

    found = by_secret("brink", "a secret")

    assert found is not None
    assert found.caller.locations == frozenset()


# --- adding ------------------------------------------------------------------------------------


def test_a_spektrix_client_is_told_a_login_and_a_key_in_base64(partner: int) -> None:
    told = add(partner, "spektrix")

    assert list(told) == ["Login", "Secret"]
    assert len(told["Login"]) == 20
    assert set(told["Login"]) <= set(string.ascii_lowercase + string.digits)
    assert len(base64.b64decode(told["Secret"], validate=True)) == 32
    found = find("spektrix", told["Login"])
    assert found is not None
    assert found.caller.partner_id == partner
    assert vault().open(found.sealed or "") == told["Secret"]


@pytest.mark.parametrize(("kind", "word"), [("brink", "AccessToken"), ("iiko", "apiLogin")])
def test_others_are_told_a_secret_of_thirty_two_characters(
    partner: int, kind: Kind, word: str
) -> None:
    told = add(partner, kind)

    assert list(told) == [word]
    assert len(told[word]) == 32
    found = by_secret(kind, told[word])
    assert found is not None
    assert found.caller.partner_id == partner


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_stored_where_it_can_be_read(partner: int, kind: Kind) -> None:
    told = add(partner, kind)
    secret = list(told.values())[-1]

    [row] = make.rows_of(Credential)
    assert secret not in f"{row.lookup} {row.sealed}"
    assert row.lookup == (told["Login"] if kind == "spektrix" else digest(secret))


@pytest.mark.parametrize("kind", KINDS)
def test_a_partner_may_have_several_of_a_kind(partner: int, kind: Kind) -> None:
    one, other = add(partner, kind), add(partner, kind)

    assert list(one.values())[-1] != list(other.values())[-1]
    assert len(make.rows_of(Credential, partner_id=partner)) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_adding_one_is_logged_as_grave_and_without_it(partner: int, kind: Kind) -> None:
    told = add(partner, kind)

    [entry] = make.rows_of(LogEntry)
    body = orjson.loads(entry.body)["entry"]
    assert (entry.action, entry.severity) == ("credential.added", "high")
    assert (body["about"], body["after"]) == ({"partner": partner}, {"kind": kind})
    assert [value for value in told.values() if value in entry.body] == []


def test_one_login_is_nobody_elses(partner: int) -> None:
    make.credential(partner, "spektrix", SECRET, login="till")

    other = make.partner()

    with pytest.raises(IntegrityError):
        make.credential(other, "spektrix", SECRET, login="till")
