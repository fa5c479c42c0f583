"""The list of tags at the desk."""

from __future__ import annotations

import pytest

from audit.models import LogEntry
from tags.models import Tag
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk


def test_a_manager_adds_a_tag(manager: Desk) -> None:
    page = manager.get("/desk/tags/")

    answer = manager.post("/desk/tags/", page.form("/tags/") | {"name": "VIP", "colour": "#b8860b"})

    assert (answer.status, answer.leads_to) == (303, "/desk/tags/")
    assert [(tag.name, tag.colour) for tag in make.rows_of(Tag)] == [("VIP", "#b8860b")]
    assert "The tag was added." in manager.get("/desk/tags/").text
    [entry] = make.rows_of(LogEntry, action="tag.added")
    assert (entry.actor_kind, entry.actor_id) == ("person", manager.person_id)


def test_every_wrong_field_is_told_and_nothing_written(manager: Desk) -> None:
    answer = manager.post("/desk/tags/", {"name": " ", "colour": "red"})

    assert answer.status == 422
    assert answer.all("#e-name") == [
        "name is missing; it must be a text of at most 100 characters."
    ]
    assert answer.all("#e-colour") == ["colour is 'red'; it must be a colour such as #c4332b."]
    assert make.rows_of(Tag) == []


def test_two_tags_never_have_one_name(manager: Desk) -> None:
    make.tag(1, "VIP")

    answer = manager.post("/desk/tags/", {"name": "VIP", "colour": "#b8860b"})

    assert answer.all("#e-name") == ["There is a tag “VIP” already."]


def test_a_form_sent_twice_adds_one_tag(manager: Desk) -> None:
    form = manager.get("/desk/tags/").form("/tags/") | {"name": "VIP", "colour": "#b8860b"}

    answers = [manager.post("/desk/tags/", form) for _ in range(2)]

    assert [answer.leads_to for answer in answers] == ["/desk/tags/"] * 2
    assert len(make.rows_of(Tag)) == 1


def test_a_tag_in_use_or_with_a_role_is_not_deleted(manager: Desk) -> None:
    make.tag(1, "VIP")
    make.tag(12, "Website Booking in Progress", role="website_booking_in_progress")
    make.booking(["10.00"], tags=[1])

    answers = [manager.post(f"/desk/tags/{id}/delete") for id in (1, 12)]

    assert [answer.status for answer in answers] == [422, 422]
    assert "“VIP” cannot be deleted: 1 booking carries it." in answers[0].text
    assert len(make.rows_of(Tag)) == 2


def test_an_operator_sees_the_tags_but_cannot_change_them(operator: Desk) -> None:
    make.tag(1, "VIP")

    page = operator.get("/desk/tags/")
    answer = operator.post("/desk/tags/1/delete")

    assert "Add a tag" not in page.text
    assert answer.status == 403
    assert "This needs the permission “Change the list of tags”" in answer.text
    [entry] = make.rows_of(LogEntry, action="staff.refused")
    assert entry.severity == "medium"
    assert len(make.rows_of(Tag)) == 1


@pytest.mark.parametrize("path", ["", "1", "1/delete"])
def test_whoever_works_at_some_locations_cannot_change_tags_of_all(
    desk_of: DeskOf, path: str
) -> None:
    make.tag(1, "VIP")
    desk = desk_of("manager", locations=[make.location(1)])

    answer = desk.post(f"/desk/tags/{path}", {"name": "Late", "colour": "#b8860b"})

    assert answer.status == 403
    assert "Tags are the same for all locations" in answer.text
    assert [tag.name for tag in make.rows_of(Tag)] == ["VIP"]
    [entry] = make.rows_of(LogEntry, action="staff.refused")
    assert (entry.severity, entry.actor_id) == ("medium", desk.person_id)


def test_whoever_works_at_some_locations_is_offered_no_change_of_tags(desk_of: DeskOf) -> None:
    make.tag(1, "VIP")
    desk = desk_of("manager", locations=[make.location(1)])

    page = desk.get("/desk/tags/")

    assert "VIP" in page.text
    assert "Add a tag" not in page.text
    assert page.root.cssselect("main a[href='/desk/tags/1']") == []
    assert desk.get("/desk/tags/1").status == 403
