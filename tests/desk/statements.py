"""Files of banks, sent from the desk as a browser does."""

from __future__ import annotations

import io
from typing import Any

from kit import clock
from kit.db import in_transaction
from payments.models import PaymentMethod
from payments.statements.accounts import AccountSetup, add_account
from tests import make
from tests.desk.people import Desk, Page
from tests.payments.statements.bank import PERSON
from tests.payments.statements.files import NUMBER

UPLOAD = "/desk/statements/upload"


def account(location_id: int | None = 1, number: str = NUMBER, name: str = "Current") -> int:
    """An account of a location, in its currency."""
    make.location(location_id or 1)
    with_name = make.rows_of(PaymentMethod, name="BankTransfer")
    setup = AccountSetup(
        name=name,
        number=number,
        currency="EUR",
        location_id=location_id,
        method_id=with_name[0].id if with_name else make.method("BankTransfer"),
    )
    return in_transaction(lambda c: add_account(c, setup, None, PERSON, clock.now()))


def send(desk: Desk, data: bytes, name: str = "statement.xml", **fields: Any) -> Page:
    """Choose a file on the page and send it."""
    form = {**desk.get(UPLOAD).form("/upload"), **fields}
    return desk.post(UPLOAD, {**form, "file": (io.BytesIO(data), name)})
