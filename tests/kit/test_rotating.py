"""flask keys rotate: afterwards the newest key alone opens everything that is stored."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import insert

from bookings.models import Guest, Stay
from kit import rotating
from kit.db import transaction
from kit.rotating import sealed_columns
from kit.vault import Vault, VaultLocked, vault
from payments.models import CardOnFile
from tests import make
from tests.make import Client

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()

MakeApp = Callable[..., Flask]


def take_cards(app: Flask, tokens: list[str | None]) -> None:
    """Payments with these tokens (None: card digits only), stored by the application's vault."""
    with app.app_context():
        make.method("PayPal")
        booking = make.booking(["1000.00"])
        client = Client.of_new_partner(app)
    for number, token in enumerate(tokens, 1):
        answer = client.pay(booking, f"{number}.00", PaymentToken=token, CardPartialNumbers="4242")
        assert answer.status_code == 200, answer.text


def stored(app: Flask) -> list[str | None]:
    with app.app_context():
        return [row.sealed for row in make.rows_of(CardOnFile)]


def opened(app: Flask, *keys: str) -> list[str | None]:
    """The stored tokens, opened with these keys."""
    vault = Vault(keys)
    return [json.loads(vault.open(each))["PaymentToken"] if each else None for each in stored(app)]


def rotate(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["keys", "rotate"])


@pytest.mark.long
def test_after_rotation_the_old_key_is_no_longer_needed(make_app: MakeApp) -> None:
    take_cards(make_app(ENCRYPTION_KEYS=OLD), ["tok_1", "tok_2", "tok_3"])
    app = make_app(ENCRYPTION_KEYS=f"{NEW},{OLD}")

    result = rotate(app)

    assert (result.exit_code, result.output) == (0, "3 values are encrypted with the newest key.\n")
    assert opened(app, NEW) == ["tok_1", "tok_2", "tok_3"]
    with pytest.raises(VaultLocked):
        opened(app, OLD)


@pytest.mark.long
def test_passports_are_rotated_as_well(make_app: MakeApp) -> None:
    before, app = make_app(ENCRYPTION_KEYS=OLD), make_app(ENCRYPTION_KEYS=f"{NEW},{OLD}")
    with before.app_context():
        booking = make.booking(["100.00"])
        [stay] = make.rows_of(Stay, booking_id=booking)
        guest = {"booking_id": booking, "property_id": stay.property_id, "is_lead": True}
        with transaction() as connection:
            connection.execute(
                insert(Guest), [{**guest, "name": "Ana", "passport": vault().seal("AB123456")}]
            )

    result = rotate(app)

    assert result.exit_code == 0, result.output
    with app.app_context():
        [row] = make.rows_of(Guest)
    assert Vault([NEW]).open(row.passport) == "AB123456"


@pytest.mark.long
def test_rotation_may_be_repeated(make_app: MakeApp) -> None:
    take_cards(make_app(ENCRYPTION_KEYS=OLD), ["tok_1"])
    rotate(make_app(ENCRYPTION_KEYS=f"{NEW},{OLD}"))
    app = make_app(ENCRYPTION_KEYS=NEW)

    result = rotate(app)

    assert result.exit_code == 0
    assert opened(app, NEW) == ["tok_1"]


@pytest.mark.long
def test_more_rows_than_fit_one_transaction_are_all_rotated(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_cards(make_app(ENCRYPTION_KEYS=OLD), ["tok_1", None, "tok_3", "tok_4", "tok_5"])
    app = make_app(ENCRYPTION_KEYS=f"{NEW},{OLD}")
    monkeypatch.setattr(rotating, "ROWS_AT_ONCE", 2)

    result = rotate(app)

    assert result.output == "4 values are encrypted with the newest key.\n"
    assert opened(app, NEW) == ["tok_1", None, "tok_3", "tok_4", "tok_5"]


@pytest.mark.long
def test_rotation_stops_and_names_the_row_when_its_key_is_missing(make_app: MakeApp) -> None:
    take_cards(make_app(ENCRYPTION_KEYS=OLD), ["tok_1"])
    app = make_app(ENCRYPTION_KEYS=NEW)
    before = stored(app)

    result = rotate(app)

    assert result.exit_code == 1
    assert result.output == (
        "Error: cards_on_file 1 cannot be opened with the keys of FLASK_ENCRYPTION_KEYS "
        "(or FLASK_SECRET_KEY); add the key it was sealed with.\n"
    )
    assert stored(app) == before
    assert opened(app, OLD) == ["tok_1"]


@pytest.mark.long
def test_with_nothing_stored_there_is_nothing_to_do(make_app: MakeApp) -> None:
    result = rotate(make_app(ENCRYPTION_KEYS=NEW))

    assert (result.exit_code, result.output) == (0, "0 values are encrypted with the newest key.\n")


def test_the_columns_to_rotate_say_so_themselves() -> None:
    assert {str(column) for column in sealed_columns()} == {
        "card_intents.sealed",
        "cards_on_file.sealed",
        "guests.passport",
        "partner_credentials.sealed",
        "sandbox_transactions.sealed_back",
        "staff.recovery_codes",
        "staff.tf_totp_secret",
        "webhook_endpoints.sealed",
    }
