"""Storing statements: every line once, whatever files it comes in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit.db import in_transaction, transaction
from kit.errors import DomainError, Refused
from payments.statements import storing
from payments.statements.account_errors import AccountUnknown
from payments.statements.accounts import AccountSetup, add_account
from payments.statements.csv_columns import Columns
from payments.statements.models import BankAccount, BankLine, BankStatement, BankUpload
from payments.statements.reading import read_statement
from payments.statements.reading_errors import (
    DayOutOfReach,
    StatementIncomplete,
    WrongAccount,
    WrongCurrency,
)
from payments.statements.storing import Stored, StoreStatement, store_statement
from payments.statements.uploads import MOST_WAITING, forget_old_uploads, keep_upload, upload
from tests import make
from tests.meeting import PAUSE_S, at_once, before
from tests.payments.statements.files import (
    NUMBER,
    PLAIN,
    camt,
    entry,
    lead,
    part,
    rows,
    sample,
)

WHO = Origin(Actor("person", 7, "manager@example.com"))
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def account_id(app: Flask) -> int:
    make.location(1)
    setup = AccountSetup(
        name="Current", number=NUMBER, currency="EUR", location_id=1,
        method_id=make.method("BankTransfer"),
    )  # fmt: skip
    return in_transaction(lambda c: add_account(c, setup, None, WHO, NOW))


def store(account_id: int, data: bytes, name: str = "a.xml", **rest: object) -> Stored:
    order = StoreStatement(account_id=account_id, name=name, data=data, **rest)  # type: ignore[arg-type]
    return in_transaction(lambda c: store_statement(c, order, WHO, lambda: NOW))


def stored_lines() -> list[tuple[int, str]]:
    return [(each.amount, each.remittance) for each in make.rows_of(BankLine)]


def counts(stored: Stored) -> tuple[int, int, bool]:
    return stored.new, stored.known, stored.again


def test_a_statement_is_stored_with_all_it_says(account_id: int) -> None:
    stored = store(account_id, sample("camt053.xml"), "november.xml")

    assert counts(stored) == (6, 0, False)
    assert (stored.skipped.pending, stored.skipped.zero) == (1, 1)
    [row] = make.rows_of(BankStatement)
    assert (row.name, row.format, row.new, row.known) == ("november.xml", "camt.053", 6, 0)
    assert (row.opening, row.closing, row.person_id) == (100000, 190310, 7)
    assert (row.from_day, row.to_day) == (date(2026, 11, 18), date(2026, 11, 19))
    lines = make.rows_of(BankLine)
    assert [each.position for each in lines] == [1, 2, 3, 4, 5, 6]
    assert {(each.currency, each.revision, each.settled_at) for each in lines} == {("EUR", 0, None)}


def test_the_event_log_tells_counts_and_nothing_of_people(account_id: int) -> None:
    stored = store(account_id, sample("camt053.xml"))

    [entry] = make.rows_of(LogEntry, action="statement.imported")
    assert (
        f'"about":{{"bank_account":{account_id},"statement":{stored.statement_id}}}' in entry.body
    )
    assert '"after":{"format":"camt.053","known":0,"new":6}' in entry.body
    assert "Sousa" not in entry.body


def test_the_same_file_again_changes_nothing(account_id: int) -> None:
    first = store(account_id, sample("camt053.xml"))

    again = store(account_id, sample("camt053.xml"), "another name.xml")

    assert (again.statement_id, *counts(again)) == (first.statement_id, 6, 0, True)
    assert len(make.rows_of(BankStatement)) == 1
    assert len(make.rows_of(LogEntry, action="statement.imported")) == 1


def test_of_an_overlapping_file_only_new_lines_are_added(account_id: int) -> None:
    week = [entry("1.00", "one", day="2026-11-10", ref="R000001"), entry("2.00", "two")]
    store(account_id, camt(part(*week)))

    month = store(account_id, camt(part(*week[::-1], entry("3.00", "three"))))

    assert counts(month) == (1, 2, False)
    assert stored_lines() == [(100, "one"), (200, "two"), (300, "three")]


def test_equal_lines_of_a_day_are_as_many_as_the_fullest_file_has(account_id: int) -> None:
    rent = entry("5.00", "rent")
    store(account_id, camt(part(rent)))

    assert counts(store(account_id, camt(part(rent, rent)))) == (1, 1, False)
    assert counts(store(account_id, camt(part(rent), part(rent), version="08"))) == (0, 2, False)
    assert len(stored_lines()) == 2


def test_a_reference_of_the_bank_makes_a_line_one_whatever_else_is_said(account_id: int) -> None:
    store(account_id, camt(part(entry("5.00", "before", ref="20261118-0001"))))

    again = store(account_id, camt(part(entry("5.00", "after", ref="20261118-0001"))))

    assert counts(again) == (0, 1, False)


@pytest.mark.parametrize("reference", ["NONREF", "0000000000", "", "TRF"])
def test_what_stands_where_a_reference_is_missing_makes_no_two_lines_one(
    account_id: int, reference: str
) -> None:
    data = rows(
        ("2026-11-18", "5.00", "Ana", "", reference), ("2026-11-18", "5.00", "Rui", "", reference)
    )

    assert counts(store(account_id, data, columns=PLAIN.as_json)) == (2, 0, False)


def test_lines_of_another_account_are_other_lines(account_id: int) -> None:
    number = "DE89370400440532013000"
    setup = AccountSetup(name="Other", number=number, currency="EUR", location_id=None,
                         method_id=make.row_of(BankAccount, account_id).method_id)  # fmt: skip
    other = in_transaction(lambda c: add_account(c, setup, None, WHO, NOW))
    store(account_id, camt(part(entry("5.00", ref="20261118-0001"))))

    stored = store(other, camt(part(entry("5.00", ref="20261118-0001"), number=number)))

    assert counts(stored) == (1, 0, False)


# What a day is in the plain columns, and with other heads, in which the texts are elsewhere.
OTHER = Columns(
    heads=("Date", "Sum", "Purpose", "Number"), separator=";", encoding="utf-8", days="ymd",
    decimal=".", thousands="", date="Date", amount="Sum", remittance="Purpose",
    bank_reference="Number",
)  # fmt: skip


def test_a_constant_reference_makes_two_lines_two_in_overlapping_files(account_id: int) -> None:
    first = entry("50.00", "Ana", ref="ZAHLUNG2026")
    second = entry("50.00", "Rui", ref="ZAHLUNG2026")
    store(account_id, camt(part(first)))

    evening = store(account_id, camt(part(second, first)))  # the newest first

    assert (counts(evening), evening.alike) == ((1, 1, False), 0)
    assert stored_lines() == [(5000, "Ana"), (5000, "Rui")]
    assert counts(store(account_id, camt(part(first, second)))) == (0, 2, False)


def test_other_columns_of_the_same_period_make_no_line_new(account_id: int) -> None:
    day = "2026-11-18"
    store(account_id, rows((day, "5.00", "Ana", "rent", "")), columns=PLAIN.as_json)

    other = rows((day, "5.00", "Ana Sousa rent", "X-000001"), heads=OTHER.heads)
    again = store(account_id, other, columns=OTHER.as_json)

    assert (counts(again), again.alike) == ((0, 1, False), 1)
    assert len(stored_lines()) == 1


@pytest.mark.parametrize("csv_first", [False, True])
def test_csv_beside_camt_of_the_same_period_adds_only_what_that_has_not(
    account_id: int, *, csv_first: bool
) -> None:
    two = camt(part(*(entry("5.00", f"guest {n}", ref=f"20261118-000{n}") for n in (1, 2))))
    line = ("2026-11-18", "5.00", "Ana", "rent", "")
    three = rows(line, line, line)
    files = [(two, None), (three, PLAIN.as_json)]

    found = [
        counts(store(account_id, data, columns=columns))[:2]
        for data, columns in (files[::-1] if csv_first else files)
    ]

    assert found == ([(3, 0), (0, 2)] if csv_first else [(2, 0), (1, 2)])
    # Each of them once more, a little different as a file, changes nothing.
    assert store(account_id, two + b"\n").new == store(account_id, three + b"\n").new == 0


def test_another_reference_of_the_same_format_is_another_line(account_id: int) -> None:
    store(account_id, camt(part(entry("5.00", "rent", ref="20261118-0001"))))

    assert counts(store(account_id, camt(part(entry("5.00", "rent", ref="20261118-0002"))))) == (
        1, 0, False,
    )  # fmt: skip


# --- all or nothing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (camt(part(entry("1.00"), balances=lead("0.00", "2.00"))), StatementIncomplete),
        (camt(part(entry("1.00"), entry("1.00", day="2027-11-18"))), DayOutOfReach),
        (camt(part(entry("1.00"), entry("x"), entry("y"))), Refused),
    ],
)
def test_of_a_file_that_is_refused_nothing_is_stored(
    account_id: int, data: bytes, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        store(account_id, data)

    assert make.rows_of(BankStatement) == make.rows_of(BankLine) == []
    assert make.row_of(BankAccount, account_id).columns is None


def test_an_account_that_is_not_there_has_no_statements(app: Flask) -> None:
    with pytest.raises(AccountUnknown):
        store(99, camt(part(entry("1.00"))))


def test_the_columns_are_remembered_with_the_account(account_id: int) -> None:
    day = ("2026-11-18", "5.00", "Ana", "", "")
    store(account_id, rows(day), columns=PLAIN.as_json)

    assert make.row_of(BankAccount, account_id).columns == PLAIN.as_json
    assert counts(store(account_id, rows(day, day))) == (1, 1, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"number": "DE89370400440532013000"}, WrongAccount), ({"currency": "GBP"}, WrongCurrency)],
)
def test_a_file_read_ahead_is_of_the_account_as_it_is_now(
    account_id: int, changed: dict[str, str], error: type[DomainError]
) -> None:
    data = sample("camt053.xml")
    read = read_statement(data, "EUR", NUMBER, None)
    with transaction() as connection:
        connection.execute(update(BankAccount).values(**changed))

    with pytest.raises(error):
        store(account_id, data, read=read)

    assert make.rows_of(BankLine) == []


# --- at once -------------------------------------------------------------------------------------


def calls_of(app: Flask, work: Callable[[], Stored], times: int) -> list[Callable[[], Stored]]:
    def call() -> Stored:
        with app.app_context():
            return work()

    return [call] * times


@pytest.mark.long
def test_of_two_uploads_of_one_file_one_wins_and_the_other_is_told(
    app: Flask, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[float] = []

    def pause() -> None:
        written.append(time.monotonic())
        time.sleep(10 * PAUSE_S)

    before(monkeypatch, storing, "compare", pause)

    answers = at_once(calls_of(app, lambda: store(account_id, sample("camt053.xml")), 2))

    assert sorted(each.again for each in answers) == [False, True]
    assert len(written) == 1  # the other one has waited, and has not tried
    assert len(make.rows_of(BankLine)) == 6


@pytest.mark.long
def test_two_files_that_overlap_add_each_line_once_when_they_come_at_once(
    app: Flask, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, storing, "_rows", lambda: time.sleep(10 * PAUSE_S))
    shared = entry("5.00", "shared")
    files = iter([camt(part(shared, entry("1.00"))), camt(part(shared, entry("2.00")))])

    answers = at_once(calls_of(app, lambda: store(account_id, next(files)), 2))

    assert sorted((each.new, each.known) for each in answers) == [(1, 1), (2, 0)]
    assert sorted(amount for amount, _ in stored_lines()) == [100, 200, 500]


def test_the_database_refuses_a_line_twice(account_id: int) -> None:
    store(account_id, camt(part(entry("5.00"))))
    [line] = make.rows_of(BankLine)
    row = {**line._asdict(), "id": line.id + 1}

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(insert(BankLine), [row])


# --- much ---------------------------------------------------------------------------------------


@pytest.mark.long
def test_many_lines_are_stored_in_few_statements_and_within_seconds(account_id: int) -> None:
    count = 5_000
    lines = [
        (f"2026-11-{1 + place % 18:02}", f"{place}.25", f"Guest {place}", f"A{place}.1", "")
        for place in range(1, count + 1)
    ]
    started = time.monotonic()

    stored = store(account_id, rows(*lines), columns=PLAIN.as_json)
    again = store(account_id, rows(*lines, ("2026-11-19", "1.00", "", "", "")))

    assert counts(stored) == (count, 0, False)
    assert counts(again) == (1, count, False)
    assert time.monotonic() - started < 60


# --- uploads that wait ---------------------------------------------------------------------------


def test_a_file_whose_columns_are_not_known_waits_for_a_day(account_id: int) -> None:
    with transaction() as connection:
        keep_upload(connection, account_id, "a.csv", b"a;b", WHO, NOW - timedelta(days=2))
        new = keep_upload(connection, account_id, "b.csv", b"c;d", WHO, NOW)

    with transaction() as connection:
        assert upload(connection, new, frozenset({2})) is None
        found = upload(connection, new, frozenset({1}))
        forgotten = forget_old_uploads(connection, NOW)

    assert found is not None
    assert (found.account_id, found.name, found.data) == (account_id, "b.csv", b"c;d")
    assert forgotten == 1
    assert [row.id for row in make.rows_of(BankUpload)] == [new]


def test_of_the_files_of_one_person_the_last_few_wait(account_id: int) -> None:
    other = Origin(Actor("person", 8, "other@example.com"))
    with transaction() as connection:
        theirs = keep_upload(connection, account_id, "a.csv", b"a;b", other, NOW)
        mine = [
            keep_upload(connection, account_id, "b.csv", b"c;d", WHO, NOW)
            for _ in range(MOST_WAITING + 2)
        ]

    assert {row.id for row in make.rows_of(BankUpload)} == {theirs, *mine[-MOST_WAITING:]}
