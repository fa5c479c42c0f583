"""Who may apply payments: a partner's AccessToken and the LocationToken of one of its places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from audit.chain import SYSTEM
from kit import clock
from kit.db import transaction
from partners.models import Partner
from partners.registering import revoke_partner
from tests import make
from tests.payments.formats.brink import given
from tests.payments.formats.brink.given import ACCESS, HERE, Till, code, fault, result
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database

NO_ACCESS = (4, "AccessToken is missing, unknown or revoked.")
NO_LOCATION = (4, "LocationToken is missing, unknown or revoked.")


@pytest.mark.parametrize(
    ("access", "here", "told"),
    [
        (None, HERE, NO_ACCESS),
        ("", HERE, NO_ACCESS),
        ("wrong", HERE, NO_ACCESS),
        (ACCESS.upper(), HERE, NO_ACCESS),
        (HERE, ACCESS, NO_ACCESS),
        ("\x00", HERE, NO_ACCESS),
        (ACCESS, None, NO_LOCATION),
        (ACCESS, "wrong", NO_LOCATION),
        (ACCESS, "location token 2", NO_LOCATION),
    ],
)
def test_a_missing_wrong_or_foreign_token_is_access_denied(
    till: Till, order: int, access: str | None, here: str | None, told: tuple[int, str]
) -> None:
    make.location(2)

    with nothing_written():
        answer = Till(till.app, access, here).pay(order)

    assert result(answer) == told


def test_who_is_not_let_in_is_told_so_whatever_was_sent(till: Till) -> None:
    nobody = Till(till.app, None, None)

    bodies = ["", "<a>", "<!DOCTYPE a>", "x" * 70_000]
    assert [result(nobody.send(body)) for body in bodies] == [NO_ACCESS] * 4
    assert result(nobody.send("", SOAPAction=None)) == NO_ACCESS


def test_a_credential_of_another_format_opens_nothing(till: Till, order: int) -> None:
    make.credential(make.partner(), "iiko", "an apiLogin")

    assert result(Till(till.app, "an apiLogin").pay(order)) == NO_ACCESS


def test_a_revoked_partner_is_access_denied(till: Till, order: int) -> None:
    [partner] = make.rows_of(Partner)
    with transaction() as connection:
        revoke_partner(connection, partner.client_id, SYSTEM, clock.now())

    assert result(till.pay(order)) == NO_ACCESS


def test_without_the_scope_access_is_denied(app: Flask, order: int) -> None:
    reader = given.till(app, access="of a reader", scopes="payments:read")

    with nothing_written():
        answer = reader.pay(order)

    sentence = "This call needs the scope payments:write; the token has payments:read."
    assert result(answer) == (4, sentence)


@pytest.mark.long
def test_too_many_wrong_tokens_are_asked_to_wait(
    till: Till, order: int, make_app: Callable[..., Flask]
) -> None:
    app = make_app(SIGN_IN_LIMIT="2/minute")
    wrong = Till(app, "wrong")

    answers = [wrong.pay(order) for _ in range(3)]
    other_till = till.at(app).pay(order)

    assert [code(answer) for answer in answers] == [4, 4, 3]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert code(other_till) == 0


@pytest.mark.long
def test_right_tokens_are_let_in_however_many_others_were_wrong(
    till: Till, order: int, make_app: Callable[..., Flask]
) -> None:
    app = make_app(SIGN_IN_LIMIT="1/minute")

    answers = [Till(app, f"wrong {n}").pay(order) for n in range(12)]

    assert [code(answer) for answer in answers] == [4] * 10 + [3] * 2
    assert code(till.at(app).pay(order)) == 0


@pytest.mark.long
def test_a_till_with_a_wrong_location_does_not_lock_out_its_partners_others(
    till: Till, order: int, make_app: Callable[..., Flask]
) -> None:
    app = make_app(SIGN_IN_LIMIT="2/minute")
    misled = Till(app, ACCESS, "wrong")

    answers = [misled.pay(order) for _ in range(3)]

    assert [code(answer) for answer in answers] == [4, 4, 3]
    assert code(till.at(app).pay(order)) == 0


@pytest.mark.long
def test_a_partners_own_limit_is_server_unavailable(
    till: Till, order: int, make_app: Callable[..., Flask]
) -> None:
    limited = till.at(make_app(PARTNER_PAYMENTS_LIMIT="2/minute"))

    answers = [limited.pay(order, Id=number, Amount="1.00") for number in (1, 2, 3)]

    assert [code(answer) for answer in answers] == [0, 0, 3]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.long
def test_messages_that_cannot_be_read_do_not_count_as_payments(
    till: Till, order: int, make_app: Callable[..., Flask]
) -> None:
    limited = till.at(make_app(PARTNER_PAYMENTS_LIMIT="1/minute"))

    assert [code(limited.pay(order, Amount="x")) for _ in range(2)] == [2, 2]
    assert fault(limited.send("<a>"))[0] == 500
    assert code(limited.pay(order)) == 0
