"""What is kept of where a caller comes from: the address, and nothing that a proxy adds."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from flask import Flask

from partners.authentication import address_of
from payments.models import AcceptedCommand
from tests import make
from tests.payments.formats.iiko.till import CARD, payment
from tests.payments.formats.kseries.given import SCOPES, body

pytestmark = pytest.mark.one_database

LONGEST = "2001:db8:85a3:1111:2222:8a2e:370:7334"


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("2001:0db8:85a3:1111:2222:8a2e:0370:7334", LONGEST),
        ("[2001:0db8:85a3:1111:2222:8a2e:0370:7334]:443210", LONGEST),
        ("[::1]", "::1"),
        ("fe80::1%a-very-long-name-of-an-interface-indeed", "fe80::1"),
        ("unknown", None),
        ("_hidden:80", None),
        ("[", None),
        ("x" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_the_address_is_kept_without_port_and_brackets(came: str | None, kept: str | None) -> None:
    assert address_of(came) == kept


@pytest.mark.long
@pytest.mark.parametrize("format", ["kseries", "iiko"])
@pytest.mark.parametrize(
    ("forwarded", "kept"),
    [
        ("[2001:0db8:85a3:1111:2222:8a2e:0370:7334]:443210", LONGEST),
        ("a name that is longer than any address can be, by far", None),
    ],
)
def test_whatever_a_proxy_says_a_payment_is_accepted(
    app: Flask, make_app: Callable[..., Flask], format: str, forwarded: str, kept: str | None
) -> None:
    assert app
    partner = make.partner()
    make.location(1)
    make.endpoint(partner, kind="kseries", name="till", secret=None)
    http = make_app(PROXY_HOPS=1).test_client()
    paths = {"kseries": "/o/op/1/pay", "iiko": "/api/1/order/add_payments"}
    order = {"organizationId": 1, "orderId": 7, "payments": [payment("1.00", CARD)]}
    bodies = {"kseries": body(), "iiko": orjson.dumps(order).decode()}
    token = make.token(partner, f"payments:write {SCOPES}")
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": forwarded}

    answer = http.post(paths[format], data=bodies[format], headers=headers)

    assert answer.status_code == 200, answer.text
    [row] = make.rows_of(AcceptedCommand)
    assert row.address == kept
