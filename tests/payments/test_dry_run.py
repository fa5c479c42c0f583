"""Trying a payment out is not possible yet, and must never become a real payment by mistake."""

from __future__ import annotations

import pytest

from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal


@pytest.mark.parametrize(
    "prefer",
    [
        "dry-run",
        "Dry-Run",
        "return=representation, dry-run",
        "dry-run;x=1",
        "dry-run=true",
        'dry-run="";x=y',
    ],
)
def test_a_dry_run_is_told_to_be_impossible_and_writes_nothing(client: Client, prefer: str) -> None:
    make.method("PayPal")
    booking = make.booking(["60.00"])
    headers = {"Prefer": prefer, "Idempotency-Key": "a key"}

    with nothing_written():
        answer = client.pay(booking, headers=headers)
    taken = client.pay(booking, headers={"Idempotency-Key": "a key"})

    assert refusal(answer) == (501, [(None, "dry_run_not_supported")])
    assert taken.status_code == 200
