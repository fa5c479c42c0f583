"""The benchmark stands on the tables as they are: its figures would mislead otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from benchmarks import floor, ground, inside, proof
from benchmarks.ground import Ground, Plan
from kit.db import reading
from outbox.models import Message
from payments.models import Allocation, Payment
from tests.conftest import missing

pytestmark = pytest.mark.long

PLAN = Plan.of(load=1, floor=5, inside=5, hot=1)


@pytest.fixture(scope="module")
def filled(
    new_postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    found = ground.prepare(new_postgres("bench"), PLAN, tmp_path_factory.mktemp("bench"))
    yield found
    ground.hang_up(found.app)


def run_floor(filled: Ground) -> float:
    program = floor.pgbench()
    if program is None:
        missing("no pgbench (it comes with the PostgreSQL server)")
    uri = make_url(filled.settings["FLASK_SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    address = uri.render_as_string(hide_password=False)
    return floor.transactions_per_second(str(program), address, PLAN.floor, seconds=1)


def rows_of_a_payment(filled: Ground, bookings: range) -> tuple[int, int]:
    """How many allocations and messages the first payment on these bookings wrote."""
    with filled.app.app_context(), reading() as session:
        own = Payment.booking_id.between(bookings[0], bookings[-1])
        payments = session.scalars(select(Payment.id).where(own)).all()
        shares = session.scalars(select(Allocation.id).where(Allocation.payment_id == payments[0]))
        between = Message.booking_id.between(bookings[0], bookings[-1])
        messages = session.scalars(select(Message.id).where(between)).all()
        return len(shares.all()), len(messages) // len(payments)


def test_the_floor_writes_as_many_rows_as_a_payment_of_the_load(filled: Ground) -> None:
    run_floor(filled)
    inside.call(filled.app, inside.environs(filled, first=0, count=1))

    assert rows_of_a_payment(filled, PLAN.floor) == (2, 1)
    assert rows_of_a_payment(filled, PLAN.inside) == (2, 1)


def test_the_proof_leaves_the_floor_out_and_misses_payments_that_were_not_stored(
    filled: Ground,
) -> None:
    run_floor(filled)
    with filled.app.app_context(), reading() as session:
        own = Payment.booking_id.between(PLAN.inside[0], PLAN.inside[-1])
        stored = len(session.scalars(select(Payment.id).where(own)).all())

    assert proof.problems(filled, stored) == []
    assert proof.problems(filled, stored + 1) == [
        f"{stored} payments are stored, {stored + 1} were answered with 200",
        f"{stored} messages are stored, {stored + 1} were answered with 200",
    ]
