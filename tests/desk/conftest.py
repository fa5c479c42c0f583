"""Somebody signed in at the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from desk.account import entering
from kit import clock
from tests import make
from tests.desk.carding import with_card
from tests.desk.people import PASSWORD, Desk, person
from tests.desk.visitors import EMAIL, Visitor, stored
from tests.make import Client

DeskOf = Callable[..., Desk]


@pytest.fixture
def desk_of(app: Flask) -> DeskOf:
    """Signs somebody new in: `desk_of("operator", locations=[1])`."""
    return lambda role="manager", **values: Desk.of(app, role, **values)


@pytest.fixture
def manager(desk_of: DeskOf) -> Desk:
    """The desk of a manager of all locations."""
    return desk_of("manager")


@pytest.fixture
def operator(desk_of: DeskOf) -> Desk:
    return desk_of("operator")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app)


@pytest.fixture
def manager_id(app: Flask) -> int:
    """A manager who has a password: EMAIL and PASSWORD."""
    return person("manager", EMAIL, password=stored())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared without Argon2, which takes its time."""
    monkeypatch.setattr(entering, "fits", lambda stored, typed: bool(stored) and typed == PASSWORD)


@pytest.fixture
def clock_of_tests() -> Iterator[time_machine.Traveller]:
    """The clock, to be moved: `clock_of_tests.shift(timedelta(hours=2))`."""
    with time_machine.travel(clock.now(), tick=True) as travelling:
        yield travelling


@pytest.fixture
def card_methods(client: Client) -> None:
    """What card payments come by, from outside and at the desk."""
    assert client
    make.method("Credit Card", paying="both")
    make.method("PayPal")


@pytest.fixture
def card(client: Client, booking: int) -> int:
    """30.00 that came from outside for the module's booking, with the card that they came from."""
    return with_card(client, booking, "30")


@pytest.fixture
def promise(client: Client, booking: int) -> int:
    """A promise that a provider has reserved on a card."""
    return with_card(client, booking, "60", Status=2, PaymentDate="2099-01-01")
