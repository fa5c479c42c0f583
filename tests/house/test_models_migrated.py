"""The migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import (
    CheckConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    insert,
    inspect,
    select,
    text,
)

from audit.chain import SYSTEM
from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import Base, db, in_transaction, store, transaction
from locations.models import Location
from payments.clearing import ClearPayment, clear_payment
from payments.gateways.models import CardIntent
from payments.gateways.sandbox.models import SandboxTransaction
from payments.models import IssuedReceipt, Payment, PaymentMethod
from tests import make
from tests.bookings.importing import sheets
from tests.conftest import SECRET_KEY
from tests.office.closing import given
from wsgi import create_app

pytestmark = [
    pytest.mark.long,
    # An index over lower(...): SQLite cannot tell it back, PostgreSQL can.
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based"),
]

TABLES = Base.metadata.sorted_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without a single table."""
    if request.param == "sqlite":
        uri = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        new_postgres: Callable[[str], str] = request.getfixturevalue("new_postgres")
        uri = new_postgres("migrations")
    given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "ERROR"}
    app = create_app(given, tmp_path)
    with app.app_context():
        yield app
        for engine in db.engines.values():
            engine.dispose()


def differences() -> list[Any]:
    with store().reader.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def test_the_migrated_tables_are_those_of_the_models(app: Flask) -> None:
    assert differences() == []


def test_the_database_has_every_check_that_the_models_name(app: Flask) -> None:
    named = {
        (table.name, str(constraint.name))
        for table in TABLES
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    inspector = inspect(store().reader)
    there = {
        (table.name, str(check["name"]))
        for table in TABLES
        for check in inspector.get_check_constraints(table.name)
    }

    assert len(named) > 30
    assert there == named


def _in_order(told: Any) -> str:
    """As text that is the same for the same facts; the condition of an index is an object."""
    if isinstance(told, Mapping):
        return str(sorted((name, _in_order(value)) for name, value in told.items()))
    return str(told)


def _as_made(table: str) -> dict[str, Any]:
    """All that the database itself says of a table, in an order that does not depend on who
    made it."""
    inspector = inspect(store().reader)
    told: dict[str, Sequence[Mapping[str, Any]]] = {
        "columns": inspector.get_columns(table),
        "checks": inspector.get_check_constraints(table),
        "indexes": inspector.get_indexes(table),
        "unique": inspector.get_unique_constraints(table),
        "foreign": inspector.get_foreign_keys(table),
        "key": [inspector.get_pk_constraint(table)],
    }
    return {kind: sorted(map(_in_order, rows)) for kind, rows in told.items()}


def test_the_migrations_make_what_the_models_would_make_to_the_letter(empty: Flask) -> None:
    """Defaults, the text of checks and the conditions of indexes: Alembic compares none of them."""
    upgrade()
    migrated = {table.name: _as_made(table.name) for table in TABLES}
    downgrade(revision="base")
    with transaction() as connection:
        Base.metadata.create_all(connection)

    made = {table.name: _as_made(table.name) for table in TABLES}

    assert migrated == made


def test_it_goes_up_and_down_and_up_again(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    left = set(inspect(store().reader).get_table_names()) - {"alembic_version", "sqlite_sequence"}
    upgrade()

    assert left == set()
    assert differences() == []


def test_the_first_line_of_a_new_database_has_the_number_1001(empty: Flask) -> None:
    """1 and 2 are stages; making a table anew sets SQLite's count back."""
    upgrade()

    booking = make.booking(["100.00", "20.00"])

    assert [line.id for line in make.lines_of(booking)] == [1001, 1002]


def test_what_was_agreed_on_before_it_was_kept_is_read_from_the_schedule(empty: Flask) -> None:
    upgrade(revision="0003")
    now, day = clock.now(), clock.now().date()
    rows: list[tuple[Any, dict[str, Any]]] = [
        (Location, {"id": 1, "name": "Lisbon", "client_name": "lisbon", "currency": "EUR",
                    "business_location_id": 1001, "token_hash": "x",
                    "time_zone": "Europe/Lisbon", "mail_sender": "stay@example.com"}),
        (Property, {"id": 1, "location_id": 1, "name": "Casa Azul"}),
        (Contact, {"id": 1}),
    ]  # fmt: skip
    for id_, status in ((1, "blockout"), (2, "booking"), (3, "cancelled")):
        booking = {"id": id_, "location_id": 1, "contact_id": 1, "account_identifier": f"A{id_}.1",
                   "status": status, "currency": "EUR", "arrives_on": day, "total": 0,
                   "leaves_on": day + timedelta(days=7), "created_at": now, "modified_at": now,
                   "log_count": 0, "log_hash": "", "log_seal": ""}  # fmt: skip
        stay = {"booking_id": id_, "property_id": 1, "arrives_on": day,
                "leaves_on": day + timedelta(days=7),
                "breakages": "none" if id_ == 1 else "insurance"}  # fmt: skip
        line = {"id": 1000 + id_, "booking_id": id_, "property_id": 1, "name": "Insurance",
                "kind": "insurance", "stage": 1, "amount": 0 if id_ == 3 else 3500, "due_on": day,
                "closed_amount": 3500 if id_ == 3 else None}  # fmt: skip
        rows += [(Booking, booking), (Stay, stay), (ScheduleLine, line)]
    with transaction() as connection:
        for model, row in rows:
            connection.execute(insert(model), [row])

    upgrade()

    with store().reader.connect() as connection:
        owners = connection.execute(select(Booking.is_owners).order_by(Booking.id)).scalars().all()
        terms = connection.execute(select(Stay.insurance, Stay.tax_rate).order_by(Stay.id)).all()
    assert owners == [True, False, False]
    assert terms == [(0, None), (3500, None), (3500, None)]


def test_card_payments_come_and_go_with_their_migration(empty: Flask) -> None:
    """What stood before stands again after going back, and can be used."""
    upgrade()
    booking = make.booking(["100.00"])
    method = make.method("Credit Card", for_guests=True, paying="external")
    payment = {"booking_id": booking, "method_id": method, "source": "guest", "state": "cleared",
               "amount": 10000, "currency": "EUR", "paid_on": clock.now().date(),
               "settled_on": clock.now().date(), "cleared_at": clock.now(),
               "gateway": "sandbox", "wishes": "1,2",
               "category": 1, "send_email": False, "created_at": clock.now()}  # fmt: skip
    intent = {"booking_id": booking, "gateway": "sandbox", "kind": "pay", "code": "BP1",
              "amount": 10000, "currency": "EUR", "method_id": method, "state": "succeeded",
              "created_at": clock.now(), "ended_at": clock.now()}  # fmt: skip
    sandbox = {"code": "BP1", "kind": "pay", "amount": 10000, "currency": "EUR", "state": "paid",
               "token": "SBX-1", "created_at": clock.now()}  # fmt: skip
    with transaction() as connection:
        payment_id = connection.scalar(insert(Payment).values(payment).returning(Payment.id))
        connection.execute(insert(CardIntent), [intent | {"payment_id": payment_id}])
        connection.execute(insert(SandboxTransaction), [sandbox])
        receipt: dict[str, Any] = {"payment_id": payment_id, "context": {}}
        connection.execute(insert(IssuedReceipt), [receipt | {"issued_at": clock.now()}])

    downgrade(revision="0010")
    tables = set(inspect(store().reader).get_table_names())
    with store().reader.connect() as connection:
        amounts = connection.execute(text("SELECT amount FROM payments")).scalars().all()
    upgrade()

    assert not tables & {"card_intents", "sandbox_transactions", "receipts"}
    assert amounts == [10000]
    assert make.rows_of(CardIntent) == make.rows_of(SandboxTransaction) == []
    assert make.row_of(Payment, payment_id or 0).gateway is None
    assert make.row_of(Booking, booking).link_version == 0
    assert [row.for_guests for row in make.rows_of(PaymentMethod)] == [False]
    assert differences() == []


def _moments() -> dict[int, tuple[str, Any, Any]]:
    """When each payment's money began to count, and when it stopped."""
    return {row.id: (row.state, row.cleared_at, row.voided_at) for row in make.rows_of(Payment)}


def _pay_in_every_way(app: Flask) -> None:
    """Money that cleared at once and later, that went back and was reversed, each at a time of its
    own; what never came; and what was imported."""
    sheets.agency()
    booking = make.booking(["500.00"])

    def paid(state: Any, when: str) -> int:
        return given.pay(booking, "10.00", when, "PayPal", state=state)

    def cleared(payment_id: int, when: str) -> None:
        order = ClearPayment(payment_id=payment_id)
        in_transaction(lambda c: clear_payment(c, order, SYSTEM, None, lambda: given.at(when)))

    paid("cleared", "01 10:00"), paid("uncleared", "01 11:00")
    cleared(paid("deferred", "01 12:00"), "02 12:00")
    given.void(paid("cleared", "01 13:00"), "03 13:00")
    given.void(paid("uncleared", "01 14:00"), "03 14:00")
    reversed_later = paid("uncleared", "01 15:00")
    cleared(reversed_later, "02 15:00")
    given.void(reversed_later, "03 15:00")
    given.refund(paid("cleared", "01 16:00"), "4.00", "02 16:00")
    back = paid("cleared", "01 17:00")
    refunds = [given.refund(back, "1.00", f"02 17:0{minute}") for minute in range(3)]
    given.void(refunds[0], "03 17:00"), given.void(refunds[1], "04 17:00")
    given.void(refunds[2], "05 17:00"), given.void(back, "06 17:00")
    file = sheets.sheet([sheets.line(**sheets.WEEK, **sheets.ASKED, **sheets.MONEY)])
    assert sheets.imported(app, file).exit_code == 0


def test_moments_are_found_for_what_the_release_before_wrote(empty: Flask) -> None:
    """Without the columns its rows are left: their moments are in the ledger and the event log."""
    upgrade()
    _pay_in_every_way(empty)
    written = _moments()

    downgrade(revision="0011")
    upgrade()

    assert len(written) == 13
    assert {row.source for row in make.rows_of(Payment)} == {"desk", "import"}
    assert _moments() == written
    assert differences() == []


def _leads(table: Table, columns: list[str]) -> bool:
    """Whether some index, unique constraint or key begins with these columns."""
    indexed = [[column.name for column in index.columns] for index in table.indexes]
    indexed += [
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
    ]
    return any(names[: len(columns)] == columns or columns[0] == names[0] for names in indexed)


def test_every_foreign_key_can_be_found_by_an_index() -> None:
    """Otherwise deleting or changing what is referred to would read the whole table."""
    kept = {"payments": ("method_id", "partner_id"), "day_close_entries": ("method_id",)}
    few = {"bank_accounts": ("method_id", "location_id"), "bank_uploads": ("account_id",),
           "day_close_figures": ("method_id",)}  # fmt: skip
    # What is referred to is never deleted nor changed, or hardly anything refers to it.
    small = {(table, name) for table, names in {**kept, **few}.items() for name in names}
    bare = {
        (table.name, key.column_keys[0])
        for table in TABLES
        for key in table.foreign_key_constraints
        if not _leads(table, list(key.column_keys))
    }

    assert bare <= small
