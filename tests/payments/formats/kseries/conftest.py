"""A location with a till, its endpoint at a real receiver, and the worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import insert, update

from demo.loading import load
from kit import clock
from kit.db import transaction
from partners.models import Endpoint, Partner
from payments.models import DefaultMethod
from tests import make
from tests.partners.receiver import Receiver, receiving
from tests.payments.formats.kseries.given import ACCOUNT, ENDPOINT, METHOD, Till, Worker, document


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The program that the till's endpoint leads to, on this machine."""
    monkeypatch.setitem(app.config, "ALLOW_LOOPBACK_TARGETS", True)
    with receiving() as made:
        yield made


@pytest.fixture
def till(app: Flask, receiver: Receiver) -> Till:
    """A partner of location 1, which takes Online ordering, and that by default."""
    made = Till(app, make.partner())
    method = make.method("Online ordering", code=METHOD, paying="external", takes_tips=True)
    with transaction() as connection:
        row = {"location_id": 1, "method_id": method}
        connection.execute(insert(DefaultMethod), [row])
    make.endpoint(made.partner_id, receiver.url(), kind="kseries", name=ENDPOINT, secret=None)
    return made


@pytest.fixture
def demo(app: Flask, receiver: Receiver) -> Till:
    """The partner of the demonstration, its endpoint led to the receiver by a call; what else it
    would be told, it is not."""
    with transaction() as connection:
        load(connection, clock.now())
        events = update(Endpoint).where(Endpoint.kind == "events")
        connection.execute(events.values(live=False))
    [partner] = make.rows_of(Partner, client_id="demo")
    till = Till(app, partner.id)
    led = {"endpointId": "MY-AWESOME-ENDPOINT-ID", "url": receiver.url("/kseries")}
    assert till.call("POST", "/o/wh/1/webhook", document(led)).status_code == 200
    return till


@pytest.fixture
def worker(app: Flask, receiver: Receiver) -> Worker:
    return Worker(app, receiver)


@pytest.fixture
def booking(till: Till) -> int:
    """The booking ACCOUNT: 100.00 due with the deposit, 200.00 with the balance."""
    dues: list[str | make.Due] = ["100.00", make.Due("200.00", stage=2, due_in=30)]
    return make.booking(dues, account_identifier=ACCOUNT)
