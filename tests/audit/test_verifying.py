"""Whatever is done to the event log by hand shows, with its place; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update

from audit.chain import SYSTEM, Chain, Entry, Head
from audit.models import LogEntry
from audit.recording import chain
from kit import clock
from kit.db import transaction
from tests import make
from tests.audit.conftest import Log, append, broken, by_hand
from tests.make import rows_of

pytestmark = pytest.mark.long

CHANGED = "its text or its hash is not what was written"
COLUMNS = "its columns do not say what its text says"
SEAL = "the seal of the chain's head is not ours"
GONE = "the chain has entries but no head: its booking is gone"

both_kinds = pytest.mark.parametrize("zero", [True, False], ids=["chain 0", "a booking"])


def test_a_log_that_nobody_touched_is_whole(log: Log) -> None:
    counts = {which: len(rows_of(LogEntry, chain=which)) for which in (0, log.one, log.other)}

    assert counts == {0: 3, log.one: 3, log.other: 3}
    assert broken() == []


def insert_by_hand(which: int, head: Head) -> None:
    """Put a well-made entry after this head, and leave the head of the chain as it is."""
    entry = Entry("test.happened", {}, {}, {})
    row, _ = chain().link(which, head, entry, SYSTEM, clock.now())
    with transaction() as connection:
        connection.execute(insert(LogEntry), [row])


@pytest.mark.usefixtures("app")
def test_a_log_without_entries_is_whole() -> None:
    assert broken() == []


def test_a_log_without_entries_about_bookings_is_whole(app: Flask) -> None:
    append(Entry("test.happened", {}, {}, {}))

    assert broken() == []


@both_kinds
def test_a_changed_text_is_named(log: Log, zero: bool) -> None:
    which = 0 if zero else log.other

    by_hand(
        f"UPDATE event_log SET body = replace(body, ':', ': ') WHERE chain = {which} AND no = 2"
    )

    assert broken() == [(which, 2, CHANGED)]


@both_kinds
def test_a_changed_hash_is_named(log: Log, zero: bool) -> None:
    which = 0 if zero else log.one

    by_hand(f"UPDATE event_log SET hash = '{'0' * 64}' WHERE chain = {which} AND no = 3")

    assert broken() == [(which, 3, CHANGED)]


@pytest.mark.parametrize(
    "change",
    ["action = 'payment.deleted'", "severity = 'high'", "actor_kind = 'person'",
     "actor_id = actor_id + 1", "actor_id = NULL"],
)  # fmt: skip
def test_a_column_that_no_longer_says_what_the_text_says_is_named(log: Log, change: str) -> None:
    by_hand(f"UPDATE event_log SET {change} WHERE chain = {log.one} AND no = 1")

    assert broken() == [(log.one, 1, COLUMNS)]


def test_a_changed_time_is_named(log: Log) -> None:
    [entry] = rows_of(LogEntry, chain=log.one, no=2)
    with transaction() as connection:
        later = entry.at + timedelta(microseconds=1)
        connection.execute(update(LogEntry).where(LogEntry.id == entry.id).values(at=later))

    assert broken() == [(log.one, 2, COLUMNS)]


@both_kinds
def test_an_entry_removed_in_the_middle_is_named(log: Log, zero: bool) -> None:
    which = 0 if zero else log.one

    by_hand(f"DELETE FROM event_log WHERE chain = {which} AND no = 2")

    assert broken() == [(which, 2, "it is missing; entry 3 follows instead")]


def test_an_entry_removed_in_the_middle_shows_when_the_others_move_up(log: Log) -> None:
    by_hand(f"DELETE FROM event_log WHERE chain = {log.one} AND no = 2")
    by_hand(f"UPDATE event_log SET no = 2 WHERE chain = {log.one} AND no = 3")

    assert broken() == [(log.one, 2, CHANGED)]


@both_kinds
def test_a_removed_tail_is_named(log: Log, zero: bool) -> None:
    which = 0 if zero else log.other

    by_hand(f"DELETE FROM event_log WHERE chain = {which} AND no = 3")

    assert broken() == [(which, 3, "the chain ends here, but its head counts 3")]


@both_kinds
def test_a_removed_tail_shows_when_the_head_is_set_back(log: Log, zero: bool) -> None:
    which = 0 if zero else log.other
    [second] = rows_of(LogEntry, chain=which, no=2)

    by_hand(f"DELETE FROM event_log WHERE chain = {which} AND no = 3")
    back = f"log_count = 2, log_hash = '{second.hash}'"
    by_hand("UPDATE " + log.heads_of(which).format(back))

    assert broken() == [(which, 2, SEAL)]


@both_kinds
def test_a_chain_emptied_with_its_head_set_to_nothing_shows(log: Log, zero: bool) -> None:
    which = 0 if zero else log.one

    by_hand(f"DELETE FROM event_log WHERE chain = {which}")
    by_hand("UPDATE " + log.heads_of(which).format("log_count = 0, log_hash = ''"))

    assert broken() == [(which, 0, SEAL)]


def test_a_seal_borrowed_from_another_chain_does_not_pass(log: Log) -> None:
    seal = chain().empty(log.other).seal

    by_hand(f"DELETE FROM event_log WHERE chain = {log.one}")
    nothing = f"log_count = 0, log_hash = '', log_seal = '{seal}'"
    by_hand("UPDATE " + log.heads_of(log.one).format(nothing))

    assert broken() == [(log.one, 0, SEAL)]


@both_kinds
def test_a_forged_seal_is_named(log: Log, zero: bool) -> None:
    which = 0 if zero else log.one
    [last] = rows_of(LogEntry, chain=which, no=3)
    forged = Chain(b"a key that is not ours, 32 bytes").head(which, 3, last.hash).seal

    by_hand("UPDATE " + log.heads_of(which).format(f"log_seal = '{forged}'"))

    assert broken() == [(which, 3, SEAL)]


def test_swapped_entries_are_named(log: Log) -> None:
    for old, new in ((1, 99), (2, 1), (99, 2)):
        by_hand(f"UPDATE event_log SET no = {new} WHERE chain = {log.one} AND no = {old}")

    assert broken() == [(log.one, 1, CHANGED)]


def test_an_entry_moved_to_another_chain_shows_in_both(log: Log) -> None:
    by_hand(f"UPDATE event_log SET chain = {log.other}, no = 4 WHERE chain = {log.one} AND no = 3")

    ends = "the chain ends here, but its head counts 3"
    assert broken() == [(log.one, 3, ends), (log.other, 4, CHANGED)]


def test_an_entry_added_without_the_head_is_named(log: Log) -> None:
    """Even a good link: the program writes both or neither."""
    [last] = rows_of(LogEntry, chain=log.one, no=3)

    insert_by_hand(log.one, chain().head(log.one, 3, last.hash))

    assert broken() == [(log.one, 4, "the chain's head counts only 3")]


def test_a_head_set_back_below_entries_that_are_there_is_named(log: Log) -> None:
    [first] = rows_of(LogEntry, chain=0, no=1)

    back = f"log_count = 1, log_hash = '{first.hash}'"
    by_hand("UPDATE " + log.heads_of(0).format(back))

    assert broken() == [(0, 2, "the chain's head counts only 1")]


@pytest.mark.parametrize("gone", [-1, 999_999], ids=["before all", "after all"])
def test_entries_of_a_chain_that_vanished_are_named(log: Log, gone: int) -> None:
    insert_by_hand(gone, chain().empty(gone))

    assert broken() == [(gone, 1, GONE)]


def test_a_vanished_chain_between_others_does_not_hide_what_is_wrong_with_them(log: Log) -> None:
    """Entries are read alongside their heads: what has none must not shift the rest."""
    gone = log.other + 1
    after = make.booking(id=log.other + 2)
    insert_by_hand(gone, chain().empty(gone))
    insert_by_hand(after, chain().empty(after))

    by_hand(f"UPDATE event_log SET severity = 'medium' WHERE chain = {log.other} AND no = 1")

    assert broken() == [
        (log.other, 1, COLUMNS),
        (gone, 1, GONE),
        (after, 1, "the chain's head counts only 0"),
    ]


def test_the_head_of_everything_else_removed_is_named(log: Log) -> None:
    by_hand("DELETE FROM log_heads")

    assert broken() == [(0, 1, "the chain has entries but no head")]


def test_every_broken_chain_is_named_once_with_its_first_fault(log: Log) -> None:
    by_hand("UPDATE event_log SET severity = 'medium' WHERE no >= 2")

    assert broken() == [(0, 2, COLUMNS), (log.one, 2, COLUMNS), (log.other, 2, COLUMNS)]
