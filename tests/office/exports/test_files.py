"""What people do to the files that they asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from kit import clock
from kit.db import in_transaction, reading, transaction
from office.exports.files import (
    LIVES,
    MOST_WAITING,
    FileUnknown,
    TooManyFiles,
    files_of,
    try_again,
)
from office.exports.writing import write_waiting
from office.models import ExportFile
from tests.office.exports.files import (
    ANA,
    RUI,
    Numbers,
    ask,
    content,
    delete,
    later,
    stored,
    thread_of,
)

pytestmark = pytest.mark.usefixtures("app")


def test_a_failed_file_can_be_tried_again() -> None:
    mine = ask()
    write_waiting({}, Numbers.reader, "a worker")

    in_transaction(lambda connection: try_again(connection, ANA, mine, clock.now()))
    Numbers().write()

    assert stored(mine).state == "done"
    with pytest.raises(FileUnknown):
        in_transaction(lambda connection: try_again(connection, ANA, mine, clock.now()))


def test_a_deleted_file_is_gone_with_what_it_was_asked_for_by() -> None:
    mine = ask()
    Numbers().write()

    delete(mine)

    assert content(mine) == b""
    assert (stored(mine).state, stored(mine).wanted) == ("deleted", {})
    with pytest.raises(FileUnknown):
        delete(mine)


def test_deleting_a_file_that_is_being_written_stops_the_worker() -> None:
    mine = ask()
    source = Numbers(50, at={20: lambda: thread_of(lambda: delete(mine))})

    source.write()

    assert content(mine) == b""
    assert stored(mine).state == "deleted"


def test_a_file_that_is_deleted_as_it_fails_is_left_alone() -> None:
    mine = ask()

    def break_off() -> None:
        thread_of(lambda: delete(mine))
        raise ValueError("no such row")

    Numbers(50, at={20: break_off}).write()

    assert stored(mine).state == "deleted"


def test_a_file_is_its_persons_alone() -> None:
    mine = ask()

    with pytest.raises(FileUnknown):
        delete(mine, person=RUI)
    with pytest.raises(FileUnknown):
        in_transaction(lambda connection: try_again(connection, RUI, mine, clock.now()))
    with reading() as session:
        assert files_of(session, RUI) == []
        assert [each.id for each in files_of(session, ANA)] == [mine]


def test_only_so_many_of_a_persons_files_wait() -> None:
    files = [ask() for _ in range(MOST_WAITING)]

    with pytest.raises(TooManyFiles):
        ask()
    ask(person=RUI)
    delete(files[0])

    assert ask()


def test_no_more_of_them_wait_because_they_are_tried_again() -> None:
    failed = ask()
    with transaction() as connection:
        connection.execute(update(ExportFile).values(state="failed", problem="gone"))
    for _ in range(MOST_WAITING):
        ask()

    with pytest.raises(TooManyFiles):
        in_transaction(lambda connection: try_again(connection, ANA, failed, clock.now()))


def test_a_file_is_removed_when_its_day_is_over() -> None:
    old, waiting = ask(), ask()
    Numbers().write()
    over = later(seconds=LIVES.total_seconds() + 60)

    Numbers().write(now=lambda: clock.now() + LIVES - timedelta(minutes=1))
    still = content(old)
    Numbers().write(now=over)

    assert still
    assert (stored(old).state, content(old), stored(old).wanted) == ("deleted", b"", {})
    assert stored(waiting).state == "done"
