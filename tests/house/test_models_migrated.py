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
)

from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import Base, db, store, transaction
from locations.models import Location
from tests.conftest import SECRET_KEY
from wsgi import create_app

pytestmark = pytest.mark.long

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
    small = {("payments", "method_id"), ("payments", "partner_id")}  # never deleted, never changed
    bare = {
        (table.name, key.column_keys[0])
        for table in TABLES
        for key in table.foreign_key_constraints
        if not _leads(table, list(key.column_keys))
    }

    assert bare <= small
