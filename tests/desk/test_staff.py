"""The staff at the desk: who may change whom."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import event, update

from audit.chain import SYSTEM
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, store
from outbox.models import Message
from staff import changing
from staff.changing import Access
from staff.errors import LastAdministrator, NotAllowed
from staff.models import DeskSession, Person, PersonLocation, PersonPermission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page, person

STAFF = "/desk/staff/"


@pytest.fixture
def admin(desk_of: DeskOf) -> Desk:
    return desk_of("administrator", email="admin@example.com")


@pytest.fixture
def colleague(app: Flask) -> int:
    return person("operator", "operator@example.com")


def save(desk: Desk, person_id: int, **fields: Any) -> Page:
    """Open somebody's page, change some of it, and save."""
    path = f"{STAFF}{person_id}"
    return desk.post(path, desk.get(path).form(path) | fields)


def entry(action: str) -> dict[str, Any]:
    [row] = make.rows_of(LogEntry, action=action)
    told: dict[str, Any] = orjson.loads(row.body)["entry"]
    return {each: told[each] for each in ("about", "before", "after", "severity")}


def test_the_list_has_everybody_with_role_and_whether_they_are_still_there(
    admin: Desk, colleague: int
) -> None:
    person("manager", "gone@example.com", left_at=clock.now())

    page = admin.get(STAFF)

    assert page.all("tbody a") == ["admin@example.com", "operator@example.com", "gone@example.com"]
    assert "No password yet" in page.text
    assert "Has left" in page.text


def test_the_list_asks_the_database_no_more_than_four_times(
    app: Flask, admin: Desk, colleague: int
) -> None:
    asked: list[str] = []
    engines = {store().reader, store().glance}

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    try:
        admin.get(STAFF)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count)

    assert 0 < len(asked) <= 4


def test_somebody_added_gets_a_link_to_set_a_password(admin: Desk) -> None:
    make.location(7)
    form = admin.get(STAFF).form("/staff/")

    fields = {"email": "New@example.com", "role": "manager", "locations[]": "7"}
    answer = admin.post(STAFF, form | fields)

    [row] = make.rows_of(Person, email="new@example.com")
    assert answer.leads_to == f"{STAFF}{row.id}"
    assert (row.role, row.password) == ("manager", None)
    assert [each.location_id for each in make.rows_of(PersonLocation)] == [7]
    assert [each.kind for each in make.rows_of(Message)] == ["email.staff_invited"]
    assert entry("staff.added")["severity"] == "high"


def test_every_wrong_field_of_somebody_new_is_told(admin: Desk) -> None:
    answer = admin.post(STAFF, {"email": "new@@example.com", "role": "owner"})

    assert answer.status == 422
    assert answer.all("#e-email, #e-role")
    assert len(answer.all("#e-email, #e-role")) == 2
    assert len(make.rows_of(Person)) == 1


def test_nobody_is_added_twice(admin: Desk, colleague: int) -> None:
    answer = admin.post(STAFF, {"email": "OPERATOR@example.com", "role": "manager"})

    assert answer.all("#e-email") == [
        "There is somebody with the address operator@example.com already."
    ]


def test_a_change_of_role_permissions_and_locations_is_logged_with_before_and_after(
    admin: Desk, colleague: int
) -> None:
    make.location(7)

    answer = save(admin, colleague, **{"role": "manager", "p_partners": "granted",
                  "p_refund": "withdrawn", "locations[]": "7"})  # fmt: skip

    about = {"person": colleague}
    assert answer.status == 303
    assert entry("staff.role_changed") == {
        "about": about,
        "before": {"role": "operator"},
        "after": {"role": "manager"},
        "severity": "high",
    }
    assert entry("staff.permissions_changed") == {
        "about": about,
        "before": {"granted": [], "withdrawn": []},
        "after": {"granted": ["partners"], "withdrawn": ["refund"]},
        "severity": "high",
    }
    assert entry("staff.locations_changed")["after"] == {"locations": [7]}


def test_what_is_saved_unchanged_is_not_logged(admin: Desk, colleague: int) -> None:
    before = len(make.rows_of(LogEntry))

    assert save(admin, colleague).status == 303
    assert len(make.rows_of(LogEntry)) == before


def test_a_change_holds_at_the_next_request(app: Flask, admin: Desk, operator: Desk) -> None:
    assert operator.post("/desk/tags/", {"name": "VIP", "colour": "#b8860b"}).status == 403

    save(admin, operator.person_id, p_tags="granted")

    assert operator.post("/desk/tags/", {"name": "VIP", "colour": "#b8860b"}).status == 303
    save(admin, operator.person_id, p_tags="withdrawn")
    assert operator.post("/desk/tags/", {"name": "Two", "colour": "#b8860b"}).status == 403


@pytest.mark.long
def test_a_permission_that_the_role_gives_is_not_kept_beside_it(
    admin: Desk, colleague: int
) -> None:
    save(admin, colleague, p_record="granted", p_refund="withdrawn", p_read="withdrawn")

    assert make.rows_of(PersonPermission) == []


def test_only_who_may_change_staff_sees_them(manager: Desk, colleague: int) -> None:
    assert manager.get(STAFF).status == 403
    assert manager.post(f"{STAFF}{colleague}/leave").status == 403
    assert make.row_of(Person, colleague).left_at is None
    assert make.rows_of(LogEntry, action="staff.refused")


def test_who_has_left_is_out_at_once_and_may_come_back(
    app: Flask, admin: Desk, operator: Desk
) -> None:
    path = f"{STAFF}{operator.person_id}"
    phone = Desk(app, operator.person_id)

    admin.post(f"{path}/leave")
    assert operator.get("/desk/tags/").status == 303
    admin.post(f"{path}/return")

    # The session of then has ended; a new sign-in is needed.
    assert phone.get("/desk/tags/").status == 303
    assert make.row_of(Person, operator.person_id).left_at is None
    assert entry("staff.left")["severity"] == entry("staff.returned")["severity"] == "high"


@pytest.mark.long
def test_all_sessions_of_somebody_are_ended(app: Flask, admin: Desk, operator: Desk) -> None:
    admin.post(f"{STAFF}{operator.person_id}/end-sessions")

    assert operator.get("/desk/tags/").status == 303
    assert all(row.ended_at for row in make.rows_of(DeskSession, person_id=operator.person_id))


def test_a_lost_phone_is_helped_by_taking_the_second_step_away(admin: Desk) -> None:
    there = person("operator", tf_totp_secret="sealed", recovery_codes="sealed", tf_counter=9)

    admin.post(f"{STAFF}{there}/reset-second-factor")

    row = make.row_of(Person, there)
    assert (row.tf_totp_secret, row.recovery_codes, row.tf_counter) == (None, None, None)
    assert entry("staff.second_factor_reset")["severity"] == "high"


def test_a_link_to_set_a_password_is_sent_again(admin: Desk, colleague: int) -> None:
    admin.post(f"{STAFF}{colleague}/send-link")

    assert [each.kind for each in make.rows_of(Message)] == ["email.staff_password_link"]
    assert entry("staff.link_sent")["about"] == {"person": colleague}


def test_nobody_takes_away_their_own_access(admin: Desk) -> None:
    person("administrator", "other@example.com")

    answers = [
        save(admin, admin.person_id, p_staff="withdrawn"),
        save(admin, admin.person_id, role="manager"),
        admin.post(f"{STAFF}{admin.person_id}/leave"),
    ]

    assert [answer.status for answer in answers] == [422] * 3
    assert all("Nobody takes away their own access" in answer.text for answer in answers)
    assert make.row_of(Person, admin.person_id).role == "administrator"


@pytest.mark.parametrize(
    "given_up",
    [
        {"p_partners": "withdrawn"},
        {"p_settings": "withdrawn"},
        {"locations[]": "7"},
        {"role": "manager", "p_staff": "granted", "p_partners": "granted"},
    ],
)
def test_the_last_one_with_every_permission_keeps_them_all(
    admin: Desk, given_up: dict[str, str]
) -> None:
    """Nobody grants what they do not have: it would be gone for good."""
    make.location(7)
    person("administrator", "almost@example.com", withdrawn=["settings"])
    person("administrator", "there@example.com", locations=[7])
    person("administrator", "gone@example.com", left_at=clock.now())

    refused = save(admin, admin.person_id, **given_up)
    person("manager", "deputy@example.com", granted=["partners", "staff", "settings"])
    done = save(admin, admin.person_id, **given_up)

    assert refused.status == 422
    assert "This is the last one who has every permission" in refused.text
    assert done.status == 303


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(app: Flask) -> None:
    one, two = person("administrator"), person("administrator")
    refused: list[Exception] = []

    def remove(whom: int, by: int) -> None:
        with app.app_context():
            try:
                in_transaction(
                    lambda connection: changing.leave(connection, whom, by, SYSTEM, clock.now())
                )
            except (NotAllowed, LastAdministrator) as error:
                refused.append(error)

    for _ in range(5):
        refused.clear()
        threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        there = [row for row in make.rows_of(Person) if row.left_at is None]
        assert (len(there), len(refused)) == (1, 1)
        in_transaction(_both_back)


def _both_back(connection: Any) -> None:
    connection.execute(update(Person).values(left_at=None))


@pytest.mark.long
def test_who_is_limited_to_locations_decides_within_them_only(desk_of: DeskOf) -> None:
    make.location(7)
    make.location(8)
    limited = desk_of("manager", granted=["staff"], locations=[7])
    inside = person("operator", "inside@example.com", locations=[7])
    outside = person("operator", "outside@example.com", locations=[8])
    everywhere = person("operator", "everywhere@example.com")

    page = limited.get(STAFF)
    assert page.all("tbody a")[0] == "inside@example.com"
    assert "outside@example.com" not in page.text
    for each in (outside, everywhere):
        assert limited.get(f"{STAFF}{each}").status == 404
        assert limited.post(f"{STAFF}{each}/leave").status in (404, 422)
        assert make.row_of(Person, each).left_at is None
    wider: dict[str, Any] = {"role": "operator", "locations[]": ["7", "8"]}
    for locations in (wider, {"role": "operator"}):
        answer = limited.post(f"{STAFF}{inside}", locations)
        assert answer.status == 422
        assert "locations that you do not reach" in answer.text
    new = {"email": "new@example.com", "role": "operator"}
    assert limited.post(STAFF, new).status == 422
    assert limited.post(STAFF, new | {"locations[]": "7"}).status == 303


@pytest.mark.parametrize(
    "wanted", [{"role": "administrator"}, {"role": "operator", "p_partners": "granted"}]
)
def test_nobody_grants_more_than_they_have(
    desk_of: DeskOf, colleague: int, wanted: dict[str, str]
) -> None:
    deputy = desk_of("manager", granted=["staff"])

    for whom in (colleague, deputy.person_id):
        answer = deputy.post(f"{STAFF}{whom}", {"p_staff": "granted"} | wanted)
        assert answer.status == 422
        assert "You cannot decide about more than you have yourself" in answer.text
    refused = make.rows_of(LogEntry, action="staff.refused")
    assert [orjson.loads(row.body)["entry"]["after"] for row in refused] == [
        {"path": f"{STAFF}{whom}", "permission": "staff", "reason": "beyond_own"}
        for whom in (colleague, deputy.person_id)
    ]


@pytest.mark.long
def test_nobody_decides_about_who_may_do_more(desk_of: DeskOf) -> None:
    above = person("administrator", "above@example.com")
    person("administrator", "another@example.com")
    deputy = desk_of("manager", granted=["staff"])

    paths = ["leave", "end-sessions", "reset-second-factor", "send-link"]
    statuses = [deputy.post(f"{STAFF}{above}/{each}").status for each in paths]

    assert statuses == [422] * 4
    assert make.rows_of(Message) == []
    refused = make.rows_of(LogEntry, action="staff.refused")
    assert [row.severity for row in refused] == ["medium"] * 4


def test_who_lost_the_permission_meanwhile_is_refused_under_the_lock(app: Flask) -> None:
    by, whom = person("manager"), person("operator")
    access = Access("operator", {}, frozenset())

    with pytest.raises(NotAllowed):
        in_transaction(
            lambda connection: changing.change_access(
                connection, whom, access, by, SYSTEM, clock.now()
            )
        )
