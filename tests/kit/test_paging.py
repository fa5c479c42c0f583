"""Pages by number that give each row once, wherever they start and whatever comes in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from kit import paging
from kit.db import reading, transaction
from kit.paging import Bookmarks, Order, Page, page
from outbox.models import Message

DAY = datetime(2026, 11, 20, tzinfo=UTC)
BY_ID = Order((Message.id.expression,))
OLDEST_FIRST = Order((Message.id.expression,), descending=False)
BY_TIME = Order((Message.created_at.expression, Message.id.expression))
BY_TIME_RISING = Order((Message.created_at.expression, Message.id.expression), descending=False)
ORDERS = pytest.mark.parametrize(
    "order", [BY_ID, OLDEST_FIRST, BY_TIME, BY_TIME_RISING], ids=["ids", "rising", "time", "older"]
)
# Lists of ten rows are read as short ones; with FEW at none, as long ones.
LENGTHS = pytest.mark.parametrize("few", [10, 0], ids=["short", "long"])
# Hours of ten rows: out of order, and several at the same time.
HOURS = (5, 1, 3, 3, 3, 2, 9, 1, 3, 0)


def rows(hours: Sequence[int], kind: str = "a") -> None:
    """A row for each hour, with ids in the order given."""
    with transaction() as connection:
        for hour in hours:
            at = DAY + timedelta(hours=hour)
            number = connection.scalar(select(Message.id).order_by(Message.id.desc()).limit(1)) or 0
            row = {"kind": kind, "message_id": f"<{number + 1}>", "context": {}}
            connection.execute(insert(Message), [row | {"created_at": at, "due_at": at}])


def page_of(
    order: Order, size: int, index: int, bookmarks: Bookmarks | None = None, kind: str = "a"
) -> Page:
    """One page, by default as a process sees it that has shown none before."""
    wanted = select(Message).where(Message.kind == kind)
    with reading() as session:
        return page(session, wanted, order, size, index, bookmarks or Bookmarks(), kind)


def all_ids(order: Order) -> list[int]:
    with reading() as session:
        return list(session.scalars(select(Message.id).order_by(*order.by())))


@ORDERS
@LENGTHS
@pytest.mark.parametrize("size", [1, 3, 5, 10, 300])
@pytest.mark.usefixtures("app")
def test_every_page_is_right_without_having_seen_the_ones_before(
    order: Order, size: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    rows(HOURS)
    every = all_ids(order)

    pages = [page_of(order, size, index) for index in range(1, -(-len(every) // size) + 1)]

    assert [found.ids for found in pages] == [
        every[start : start + size] for start in range(0, len(every), size)
    ]
    assert {found.total for found in pages} == {10}


@ORDERS
@LENGTHS
@pytest.mark.usefixtures("app")
def test_page_after_page_gives_the_same_as_each_page_alone(
    order: Order, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    rows(HOURS)
    bookmarks = Bookmarks()

    found = [id for index in range(1, 5) for id in page_of(order, 3, index, bookmarks).ids]

    assert found == all_ids(order)


@pytest.mark.parametrize("order", [BY_ID, BY_TIME], ids=["ids", "time"])
@LENGTHS
@pytest.mark.usefixtures("app")
def test_rows_that_come_in_between_two_pages_neither_repeat_nor_hide_one(
    order: Order, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    rows(HOURS)
    before = all_ids(order)
    bookmarks, found = Bookmarks(), []

    for index in range(1, 5):
        found += page_of(order, 3, index, bookmarks).ids
        rows([23, 23])  # newer than all: they stand before the first page

    assert found[: len(before)] == before
    assert len(set(found)) == len(found)


@LENGTHS
@pytest.mark.usefixtures("app")
def test_two_workers_that_share_the_pages_of_one_reader_give_each_row_once(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    rows(HOURS)
    before = all_ids(BY_TIME)
    one, other = Bookmarks(), Bookmarks()
    found = page_of(BY_TIME, 3, 1, one).ids + page_of(BY_TIME, 3, 2, other).ids

    rows([23, 23])  # newer than all: they stand before the first page
    found += page_of(BY_TIME, 3, 3, one).ids + page_of(BY_TIME, 3, 4, other).ids

    assert found == before


@pytest.mark.usefixtures("app")
def test_a_page_far_from_every_bookmark_is_that_of_the_list_as_it_is_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "NEAR", 2)
    rows(HOURS)
    bookmarks = Bookmarks()
    page_of(BY_ID, 2, 1, bookmarks)

    rows([23, 23])

    assert page_of(BY_ID, 2, 3, bookmarks).ids == [6, 5]  # two pages after the first
    assert page_of(BY_ID, 2, 3).ids == [8, 7]
    assert page_of(BY_ID, 2, 6, bookmarks).ids == [2, 1]


@pytest.mark.usefixtures("app")
def test_without_a_bookmark_rows_that_come_in_do_repeat_one() -> None:
    # What the bookmarks are for; if this no longer holds, they may go.
    rows(HOURS)
    first = page_of(BY_ID, 3, 1).ids
    rows([23])

    assert page_of(BY_ID, 3, 2).ids[0] == first[-1]


@ORDERS
@pytest.mark.usefixtures("app")
def test_the_last_page_may_be_partly_filled_and_past_the_end_there_is_none(order: Order) -> None:
    rows(HOURS)
    bookmarks = Bookmarks()

    pages = [page_of(order, 4, index, bookmarks) for index in (1, 2, 3, 4, 999)]

    assert [len(found.keys) for found in pages] == [4, 4, 2, 0, 0]
    assert {found.total for found in pages} == {10}


@pytest.mark.usefixtures("app")
def test_an_empty_list_has_an_empty_first_page() -> None:
    found = page_of(BY_ID, 10, 1)

    assert (found.ids, found.total) == ([], 0)


@pytest.mark.usefixtures("app")
def test_a_page_that_grew_is_filled_up_from_its_bookmark() -> None:
    rows([1, 2, 3, 4])
    bookmarks = Bookmarks()
    page_of(OLDEST_FIRST, 3, 1, bookmarks)

    rows([5, 6, 7])

    assert page_of(OLDEST_FIRST, 3, 2, bookmarks).ids == [4, 5, 6]
    assert page_of(OLDEST_FIRST, 3, 3, bookmarks).ids == [7]


@pytest.mark.usefixtures("app")
def test_only_rows_that_the_filter_selects_are_counted_and_paged() -> None:
    rows([1, 2], kind="a")
    rows([3, 4, 5], kind="b")

    found = page_of(BY_ID, 2, 1, kind="b")

    assert (found.ids, found.total) == ([5, 4], 3)


@pytest.mark.usefixtures("app")
def test_one_list_does_not_start_where_another_ended() -> None:
    rows([1, 2, 3], kind="a")
    rows([4, 5, 6], kind="b")
    bookmarks = Bookmarks()
    page_of(BY_ID, 2, 1, bookmarks, kind="b")
    page_of(BY_ID, 1, 1, bookmarks, kind="a")

    assert page_of(BY_ID, 2, 2, bookmarks, kind="a").ids == [1]
    assert page_of(BY_ID, 2, 2, bookmarks, kind="b").ids == [4]


def test_a_bookmark_is_found_again_until_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    bookmarks = Bookmarks()
    bookmarks.keep("fresh", (7,))
    monkeypatch.setattr(paging, "KEPT_S", -1)
    bookmarks.keep("old", (8,))

    assert bookmarks.find("fresh") == (7,)
    assert bookmarks.find("old") is None
    assert bookmarks.find("never kept") is None


def test_only_so_many_bookmarks_are_kept_the_oldest_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "MOST_KEPT", 2)
    bookmarks = Bookmarks()
    for place in ("one", "two", "one", "three"):
        bookmarks.keep(place, (place,))

    assert bookmarks.find("one") == ("one",)
    assert bookmarks.find("two") is None
    assert bookmarks.find("three") == ("three",)
