"""One way to read and write rows that means the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    String,
    Text,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kit.db import BigId, Instant, transaction
from kit.sql import Changes, IsAmong, JsonRow, JsonRows, NextId, rows_of


class Own(DeclarativeBase):
    """Tables of these tests alone: no migration knows them."""


class Specimen(Own):
    """A column of every kind that we store."""

    __tablename__ = "specimens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    flag: Mapped[bool | None]
    day: Mapped[date | None]
    at: Mapped[datetime | None] = mapped_column(Instant)
    words: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    long: Mapped[str] = mapped_column(Text, server_default="as the table says")
    lot: Mapped[int] = mapped_column(server_default="1")


class Mark(Own):
    """A table without a key of one column."""

    __tablename__ = "marks"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[int] = mapped_column(server_default="1")


CHANGES = Changes(
    cast(Any, [Specimen, Mark]),
    {
        "insert specimens": "id name amount flag day at words",
        "update specimens": "id name amount day",
        "insert marks": "left right",
        "delete marks": "left right",
    },
    within={"specimens": "lot", "marks": "lot"},
)
AT = datetime(2026, 11, 20, 9, 30, 15, 123456, UTC)
FULL = {
    "id": 1,
    "name": 'Zoë\'s "10 %" \\ : {} 🏖',
    "amount": 9_007_199_254_740_993,  # no float holds it
    "flag": True,
    "day": date(2024, 2, 29),
    "at": AT,
    "words": {"a": [1, None, "é"], "b": {"c": False}},
}
EMPTY = dict.fromkeys(FULL) | {"id": 2}


@pytest.fixture
def tables(app: Flask) -> Iterator[None]:
    with transaction() as connection:
        Own.metadata.create_all(connection)
    yield
    with transaction() as connection:
        Own.metadata.drop_all(connection)


def write(**rows: list[dict[str, Any]]) -> None:
    with transaction() as connection:
        named = {what.replace("_", " "): some for what, some in rows.items()}
        CHANGES.write(connection, 1, named)


def specimens() -> list[dict[str, Any]]:
    with transaction() as connection:
        rows = connection.execute(select(Specimen.__table__).order_by(Specimen.id)).mappings()
        return [{name: row[name] for name in row if name != "lot"} for row in rows]


def marks() -> list[tuple[int, int]]:
    with transaction() as connection:
        rows = connection.execute(select(Mark.left, Mark.right).order_by(Mark.left, Mark.right))
        return [(row.left, row.right) for row in rows]


@pytest.mark.usefixtures("tables")
def test_every_kind_of_value_is_written_and_read_back_and_so_is_nothing() -> None:
    write(insert_specimens=[FULL, EMPTY])

    rest = {"long": "as the table says"}
    assert specimens() == [FULL | rest, EMPTY | rest]


@pytest.mark.usefixtures("tables")
def test_an_instant_is_the_same_moment_whatever_zone_it_was_given_in() -> None:
    lisbon_summer = timezone(timedelta(hours=1))
    write(insert_specimens=[FULL | {"at": AT.astimezone(lisbon_summer)}])

    [found] = specimens()

    assert found["at"] == AT
    assert found["at"].utcoffset() == timedelta(0)


@pytest.mark.usefixtures("tables")
def test_an_update_changes_the_columns_declared_of_the_rows_named() -> None:
    write(insert_specimens=[FULL, EMPTY])
    change = {"name": None, "amount": -5, "day": date(2026, 1, 1)}

    write(update_specimens=[{"id": 1, **change, "flag": False}])

    first, second = specimens()
    assert first == FULL | change | {"long": "as the table says"}
    assert second["name"] is second["amount"] is None


@pytest.mark.usefixtures("tables")
def test_several_rows_of_several_kinds_are_written_at_once() -> None:
    write(insert_specimens=[EMPTY], insert_marks=[{"left": 1, "right": n} for n in (1, 2, 3)])

    write(
        insert_specimens=[EMPTY | {"id": n} for n in (3, 4)],
        update_specimens=[{"id": 2, "name": "two", "amount": 2, "day": None}],
        insert_marks=[{"left": 2, "right": 1}],
        delete_marks=[{"left": 1, "right": 1}, {"left": 1, "right": 3}],
    )

    assert [(row["id"], row["name"]) for row in specimens()] == [(2, "two"), (3, None), (4, None)]
    assert marks() == [(1, 2), (2, 1)]


@pytest.mark.usefixtures("tables")
def test_kinds_without_rows_change_nothing() -> None:
    write(insert_specimens=[], delete_marks=[])
    write()

    assert (specimens(), marks()) == ([], [])


@pytest.mark.usefixtures("tables")
def test_rows_of_a_kind_that_was_not_declared_are_never_lost_in_silence() -> None:
    with pytest.raises(KeyError, match="update marks"):
        write(insert_specimens=[EMPTY], update_marks=[{"left": 1, "right": 2}])

    assert specimens() == []


def test_a_column_whose_type_is_not_known_yet_is_told_at_once_not_with_the_first_write() -> None:
    class Alone(DeclarativeBase):
        """Points to a table that nobody has imported."""

    class Pointer(Alone):
        __tablename__ = "pointers"

        to: Mapped[int] = mapped_column(ForeignKey("elsewhere.id"), primary_key=True)

    with pytest.raises(TypeError, match="pointers points to first: \\['to'\\]"):
        Changes(cast(Any, [Pointer]), {"insert pointers": "to"}, within={})


@pytest.mark.usefixtures("tables")
def test_what_fails_in_one_kind_is_written_in_none() -> None:
    write(insert_marks=[{"left": 1, "right": 1}])

    with pytest.raises(Exception, match=r"(?i)unique|constraint"):
        write(insert_specimens=[EMPTY], insert_marks=[{"left": 1, "right": 1}])

    assert specimens() == []


@pytest.mark.usefixtures("tables")
def test_rows_come_as_one_value_and_none_as_an_empty_list() -> None:
    write(insert_specimens=[FULL, EMPTY])
    some = rows_of(select(Specimen.id, Specimen.amount, Specimen.name))
    none = rows_of(select(Specimen.id).where(Specimen.id == 9))

    with transaction() as connection:
        row = connection.execute(select(some.label("some"), none.label("none"))).one()

    assert sorted(row.some) == [[1, FULL["amount"], FULL["name"]], [2, None, None]]
    assert row.none == []


@pytest.mark.usefixtures("tables")
def test_a_row_may_stand_in_a_row() -> None:
    write(insert_specimens=[FULL])
    nested = JsonRow(Specimen.id, JsonRow(Specimen.name, Specimen.amount))

    with transaction() as connection:
        found = connection.scalar(select(JsonRows(nested)))

    assert found == [[1, [FULL["name"], FULL["amount"]]]]


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(("numbers", "ids"), [("[1, 3]", [1, 3]), ("[]", []), ("[9]", [])])
def test_rows_are_found_by_a_list_of_numbers(numbers: str, ids: list[int]) -> None:
    write(insert_specimens=[EMPTY | {"id": n} for n in (1, 2, 3)])
    wanted = bindparam("wanted", type_=Text)
    query = select(Specimen.id).where(IsAmong(Specimen.id, wanted)).order_by(Specimen.id)

    with transaction() as connection:
        assert list(connection.scalars(query, {"wanted": numbers})) == ids


@pytest.mark.usefixtures("tables")
def test_the_next_id_is_known_before_its_row_is_written() -> None:
    next_id = select(NextId(literal_column("specimens")))
    given = []

    for _ in range(3):
        with transaction() as connection:
            given.append(connection.scalar(next_id))
            CHANGES.write(connection, 1, {"insert specimens": [EMPTY | {"id": given[-1]}]})

    assert given == [1, 2, 3]
    assert [row["id"] for row in specimens()] == given


@pytest.mark.usefixtures("tables")
def test_a_document_changes_nothing_of_another_whole(app: Flask) -> None:
    """PostgreSQL only: the condition is there so that it finds the rows by their index."""
    write(insert_specimens=[FULL], insert_marks=[{"left": 1, "right": 2}])

    with transaction() as connection:
        if connection.dialect.name == "postgresql":
            rows: dict[str, list[dict[str, Any]]] = {
                "update specimens": [EMPTY | {"id": 1}],
                "delete marks": [{"left": 1, "right": 2}],
            }
            CHANGES.write(connection, 2, rows)

    assert [row["name"] for row in specimens()] == [FULL["name"]]
    assert marks() == [(1, 2)]
