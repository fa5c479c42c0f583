"""Tags on the page of a booking: put on, taken off, undone."""

from __future__ import annotations

import pytest
from flask import Flask

from audit.models import LogEntry
from tags.models import BookingTag
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.payments.proofs import nothing_written


@pytest.fixture
def booking(app: Flask) -> int:
    make.tag(1, "Key sent")
    make.tag(2, "VIP")
    return make.booking(tags=[1])


def tags(booking: int) -> list[int]:
    return [row.tag_id for row in make.rows_of(BookingTag, booking_id=booking)]


def of(desk: Desk, booking: int) -> Page:
    return desk.get(f"/desk/bookings/{booking}")


def undo(page: Page) -> str:
    [form] = page.root.cssselect(".dk-undo")
    return str(form.get("action"))


def test_a_tag_is_put_on_and_the_page_says_so_and_offers_to_undo_it(
    operator: Desk, booking: int
) -> None:
    form = of(operator, booking).form("/tags")

    answer = operator.post(f"/desk/bookings/{booking}/tags", form | {"tag_id": "2"})

    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{booking}")
    assert tags(booking) == [1, 2]
    page = of(operator, booking)
    assert "The tag “VIP” was put on the booking." in page.text
    operator.post(undo(page))
    assert tags(booking) == [1]


@pytest.mark.long
def test_a_tag_is_taken_off_and_undoing_puts_it_on_again(operator: Desk, booking: int) -> None:
    path = f"/desk/bookings/{booking}/tags/1/remove"

    answer = operator.post(path, of(operator, booking).form("/tags/1/remove"))

    assert answer.status == 303
    assert tags(booking) == []
    page = of(operator, booking)
    assert "The tag “Key sent” was taken off the booking." in page.text
    operator.post(undo(page))
    assert tags(booking) == [1]
    assert [each.actor_id for each in make.rows_of(LogEntry, chain=booking)] == (
        [operator.person_id] * 2
    )


def test_only_tags_that_do_not_stand_on_it_are_offered(operator: Desk, booking: int) -> None:
    assert of(operator, booking).all("#f-tag_id option") == ["VIP"]


def test_what_is_done_already_changes_nothing_and_is_not_told(operator: Desk, booking: int) -> None:
    with nothing_written():
        operator.post(f"/desk/bookings/{booking}/tags", {"tag_id": "1"})
        operator.post(f"/desk/bookings/{booking}/tags/2/remove")

    assert of(operator, booking).all(".dk-said") == []


def test_a_form_sent_twice_is_told_once(operator: Desk, booking: int) -> None:
    form = of(operator, booking).form("/tags") | {"tag_id": "2"}
    operator.post(f"/desk/bookings/{booking}/tags", form)
    operator.post(f"/desk/bookings/{booking}/tags/2/remove")

    again = operator.post(f"/desk/bookings/{booking}/tags", form)

    assert again.leads_to == f"/desk/bookings/{booking}"
    assert tags(booking) == [1]


def test_a_tag_that_is_none_is_told_on_the_page(operator: Desk, booking: int) -> None:
    for tag in ("99", "", "x", "9" * 30):
        answer = operator.post(f"/desk/bookings/{booking}/tags", {"tag_id": tag})

        assert answer.status == 422
        assert "There is no tag" in answer.all("[role=alert]")[0]


def test_bookings_elsewhere_and_people_without_the_permission_are_refused(
    desk_of: DeskOf, booking: int
) -> None:
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    reader = desk_of("operator", withdrawn=["amend"])

    for path in (f"/desk/bookings/{booking}/tags?tag_id=2",
                 f"/desk/bookings/{booking}/tags/1/remove"):  # fmt: skip
        assert elsewhere.post(path).status == 404
        assert reader.post(path).status == 403
    assert desk_of("operator").post(f"/desk/bookings/{10**30}/tags?tag_id=2").status == 404
    assert tags(booking) == [1]
    assert "Take the tag" not in of(reader, booking).text
