"""Lists as files: short ones at once, long ones by the worker and a link that is worth something as
long as the person may have the file."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
import time_machine
from flask import Flask
from sqlalchemy import delete, insert, update

from audit.models import LogEntry
from desk.exports import sending
from desk.exports.working import write_exports
from desk.logged import LoggedEntry
from kit import clock
from kit.db import transaction
from office.exports.files import LIVES, MOST_WAITING
from office.models import ExportFile
from staff.models import Person, PersonLocation, PersonPermission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.exporting import HERE, asked, link, of, rows, workbook, written
from tests.desk.people import Desk
from tests.desk.visitors import Visitor
from tests.make import Client
from tests.served import served


@pytest.fixture
def client(app: Flask) -> Client:
    make.method("PayPal")
    make.location(1)
    make.location(2)
    return Client.of_new_partner(app, locations=(1, 2))


@pytest.fixture
def paid(client: Client) -> int:
    """A booking at location 1 with a payment."""
    booking = make.booking(["100.00"])
    client.pay(booking, "60.00")
    return booking


def downloads() -> list[LoggedEntry]:
    return [LoggedEntry.of_row(row) for row in make.rows_of(LogEntry, action="export.downloaded")]


# --- at once -------------------------------------------------------------------------------------


def test_a_short_list_comes_at_once(paid: int, manager: Desk) -> None:
    page = manager.get(f"{HERE}payments.csv?state=cleared")

    [row] = rows(page)
    assert (row["booking"], row["amount"], row["currency"]) == (str(paid), "60.00", "EUR")
    headers = page.answer.headers
    assert headers["Content-Disposition"] == 'attachment; filename="payments.csv"'
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert int(headers["Content-Length"]) == len(page.answer.data)
    assert headers["Cache-Control"] == "no-store"


def test_the_same_as_a_workbook(paid: int, manager: Desk) -> None:
    page = manager.get(f"{HERE}payments.xlsx")

    [row] = workbook(page)
    assert (row["booking"], row["amount"], row["state"]) == (paid, 60, "cleared")
    assert page.answer.content_type.endswith("spreadsheetml.sheet")


@pytest.mark.one_database
def test_a_list_without_rows_has_its_columns(manager: Desk) -> None:
    assert manager.get(f"{HERE}payments.csv").answer.data.startswith(b"\xef\xbb\xbfpayment,booking")


@pytest.mark.one_database
def test_a_filter_that_cannot_be_read_gives_no_file(paid: int, manager: Desk) -> None:
    page = manager.get(f"{HERE}payments.csv?from=yesterday")

    assert page.status == 422
    assert "yesterday" in page.text
    assert manager.get(f"{HERE}allocations.csv?location=here").status == 422
    assert downloads() == []


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["nothing.csv", "payments.pdf", "payments"])
def test_there_is_no_file_of_what_is_no_list(manager: Desk, name: str) -> None:
    assert manager.get(HERE + name).status == 404


@pytest.mark.one_database
def test_filters_of_any_name_break_nothing(paid: int, manager: Desk) -> None:
    for query in ("name=x&format=y&endpoint=z&_external=1", "list=staff&as=xlsx&self=1"):
        assert manager.get(f"/desk/payments?{query}").status == 200
        assert manager.get(f"{HERE}payments.csv?{query}").status == 200
        assert manager.get(f"{HERE}pick?{query}").status in (200, 303)


@pytest.mark.one_database
def test_filters_that_are_lists_break_no_form(paid: int, manager: Desk) -> None:
    page = manager.post(f"{HERE}payments.csv", {"locations[]": "1", "method[]": "2"})

    assert page.status < 500


@pytest.mark.long
@pytest.mark.one_database
def test_the_form_for_lists_without_a_page_leads_to_the_file(manager: Desk) -> None:
    query = "list=schedule-lines&from=2026-01-01&to=&location=2&as=xlsx"

    page = manager.get(f"{HERE}pick?{query}")

    assert page.leads_to == f"{HERE}schedule-lines.xlsx?from=2026-01-01&location=2"
    assert manager.get(f"{HERE}pick?list=secrets").leads_to == HERE


@pytest.mark.one_database
def test_a_download_is_logged_by_the_names_of_its_filters(paid: int, manager: Desk) -> None:
    of(manager, "bookings", "q=Silva&location=1&status=")
    of(manager, "tags")

    of_guests, of_settings = downloads()

    assert of_guests.after == {"list": "bookings", "format": "csv", "filters": ["location", "q"]}
    assert (of_guests.severity, of_settings.severity) == ("medium", "low")
    assert of_guests.actor_id == manager.person_id
    assert "exported bookings as CSV, filtered by location, q" in manager.get("/desk/log/").text


# --- by the worker -------------------------------------------------------------------------------


@pytest.fixture
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list is a long one."""
    monkeypatch.setattr(sending, "MOST_AT_ONCE", {"csv": 0, "xlsx": 0})


@pytest.mark.usefixtures("_long")
def test_a_long_list_is_written_by_the_worker_and_fetched_by_a_link(
    paid: int, manager: Desk, visitor: Visitor
) -> None:
    page = manager.get(f"{HERE}payments.csv?state=cleared&from=")
    form = page.form("payments.csv")
    there = manager.post(f"{HERE}payments.csv", form)
    again = manager.post(f"{HERE}payments.csv", form)
    waiting = manager.get(HERE)
    write_exports("a test")
    ready = manager.get(HERE)

    assert "has 1 row with these filters" in page.text
    assert form["state"] == "cleared"
    assert (there.leads_to, again.leads_to) == (HERE, HERE)
    assert len(make.rows_of(ExportFile)) == 1
    assert waiting.root.cssselect("progress")
    assert "Waiting" in waiting.text
    assert "Ready" in ready.text
    assert "1 row," in ready.text
    path = link(manager)
    [row] = rows(visitor.get(path))
    assert (row["booking"], row["amount"]) == (str(paid), "60.00")
    entry = downloads()[-1]
    assert entry.after["by_link"]
    assert (entry.after["filters"], entry.actor_id) == (["state"], manager.person_id)


def test_a_server_sends_a_file_after_the_request_is_over(
    app: Flask, paid: int, manager: Desk
) -> None:
    path = written(manager)

    with served(app) as address:
        answer = requests.get(address + path, timeout=10)

    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"])
    assert answer.text.count("\n") == 2


@pytest.mark.one_database
@pytest.mark.usefixtures("_long")
def test_a_file_that_waits_asks_for_news_and_one_that_is_ready_does_not(manager: Desk) -> None:
    asked(manager)
    page = manager.get(HERE)
    part = manager.get(HERE, HX_Request="true")
    write_exports("a test")
    after = manager.get(HERE, HX_Request="true")

    assert page.root.cssselect("#files[hx-trigger]")
    assert not part.root.cssselect("nav")
    assert "1 file is being written" in part.answer.text
    assert 'hx-trigger="every' not in after.answer.text
    assert "All files are ready" in after.answer.text


@pytest.mark.one_database
def test_files_wait_one_after_the_other_and_not_without_end(manager: Desk) -> None:
    for _ in range(MOST_WAITING):
        asked(manager)

    page = asked(manager)

    assert page.status == 422
    assert f"{MOST_WAITING} files of yours are waiting" in page.text


def test_a_file_that_failed_says_why_and_is_tried_again(paid: int, desk_of: DeskOf) -> None:
    desk = desk_of("manager")
    asked(desk)
    change(desk, withdrawn="reports")
    write_exports("a test")
    give_back(desk)
    failed = desk.get(HERE)
    desk.post(f"{HERE}files/1/again", failed.form("/again"))
    write_exports("a test")

    assert "You may not have this list any more" in failed.text
    [row] = rows(desk.get(link(desk)))
    assert row["booking"] == str(paid)


# --- who may -------------------------------------------------------------------------------------


def change(desk: Desk, *, withdrawn: str = "", left: bool = False, location: int = 0) -> None:
    """Something happens to what a person may."""
    me = desk.person_id
    with transaction() as connection:
        if withdrawn:
            row = {"person_id": me, "permission": withdrawn, "granted": False}
            connection.execute(insert(PersonPermission), [row])
        if left:
            gone = update(Person).where(Person.id == me).values(left_at=clock.now())
            connection.execute(gone)
        if location:
            row = {"person_id": me, "location_id": location}
            connection.execute(insert(PersonLocation), [row])


def give_back(desk: Desk) -> None:
    with transaction() as connection:
        mine = PersonPermission.person_id == desk.person_id
        connection.execute(delete(PersonPermission).where(mine))


AFTERWARDS = pytest.mark.parametrize(
    "afterwards", [{"withdrawn": "reports"}, {"withdrawn": "read"}, {"left": True}, {"location": 1}]
)


@pytest.mark.long
@AFTERWARDS
def test_whoever_may_not_any_more_gets_nothing_by_a_link(
    paid: int, desk_of: DeskOf, visitor: Visitor, afterwards: dict[str, object]
) -> None:
    desk = desk_of("manager")
    path = written(desk)
    before = visitor.get(path).status

    change(desk, **afterwards)  # type: ignore[arg-type]

    assert (before, visitor.get(path).status) == (200, 404)


@AFTERWARDS
def test_nothing_is_written_for_whoever_may_not_any_more(
    paid: int, desk_of: DeskOf, afterwards: dict[str, object]
) -> None:
    desk = desk_of("manager")
    asked(desk)

    change(desk, **afterwards)  # type: ignore[arg-type]
    write_exports("a test")

    [file] = make.rows_of(ExportFile)
    assert (file.state, file.problem, file.size) == ("failed", "not_allowed", 0)


@pytest.mark.long
def test_a_file_holds_what_the_person_reached_when_asking(
    client: Client, desk_of: DeskOf, visitor: Visitor
) -> None:
    here, there = make.booking(["10.00"]), make.booking(["10.00"], location_id=2)
    client.pay(here, "10.00")
    client.pay(there, "10.00")
    desk = desk_of("manager", locations=[1])
    asked(desk)
    with transaction() as connection:  # they reach all locations by now
        mine = PersonLocation.person_id == desk.person_id
        connection.execute(delete(PersonLocation).where(mine))
    write_exports("a test")

    assert [row["booking"] for row in rows(visitor.get(link(desk)))] == [str(here)]


@pytest.mark.long
@pytest.mark.one_database
def test_a_list_needs_the_permission_of_its_page_and_that_for_exports(
    operator: Desk, manager: Desk, desk_of: DeskOf
) -> None:
    administrator = desk_of("administrator")
    lists = ("payments", "event-log", "partners", "staff", "locations")

    def statuses(desk: Desk) -> list[int]:
        return [desk.get(f"{HERE}{name}.csv").status for name in lists]

    assert statuses(operator) == [403] * 5
    assert statuses(manager) == [200, 200, 403, 403, 403]
    assert statuses(administrator) == [200] * 5
    assert asked(manager, "staff.csv").status == 403
    assert "/desk/exports/staff" not in manager.get(HERE).answer.text
    assert "/desk/exports/" not in operator.get("/desk/payments").answer.text


@pytest.mark.one_database
def test_nobody_deletes_or_sees_the_file_of_another(manager: Desk, desk_of: DeskOf) -> None:
    written(manager)
    other = desk_of("manager")

    deleted = other.post(f"{HERE}files/1/delete")

    assert deleted.status == 422
    assert not other.get(HERE).root.cssselect("a[id^='get-']")
    assert link(manager)


# --- links ---------------------------------------------------------------------------------------


def test_a_link_ends_with_its_file(manager: Desk, visitor: Visitor) -> None:
    path = written(manager)
    manager.post(f"{HERE}files/1/delete")

    assert visitor.get(path).status == 404


def test_a_link_ends_after_a_day(manager: Desk, visitor: Visitor) -> None:
    path = written(manager)
    with time_machine.travel(clock.now() + LIVES - timedelta(minutes=1), tick=True):
        in_time = visitor.get(path).status
    with time_machine.travel(clock.now() + LIVES + timedelta(minutes=1), tick=True):
        too_late = visitor.get(path).status

    assert (in_time, too_late) == (200, 404)


@pytest.mark.one_database
def test_a_wrong_link_tells_nothing(manager: Desk, visitor: Visitor) -> None:
    path = written(manager)
    token = path.rpartition("/")[2]
    forged = token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")
    other = f"x{token[1:]}"

    pages = [visitor.get(f"/desk/files/{each}") for each in (forged, other, "x" * 500, "1")]

    assert {page.status for page in pages} == {404}
    assert len({page.answer.text for page in pages}) == 1
    assert "There is no file here" in pages[0].text


@pytest.mark.one_database
def test_many_wrong_links_from_one_address_have_to_wait(visitor: Visitor) -> None:
    statuses = [visitor.get("/desk/files/nothing").status for _ in range(40)]

    assert statuses[0] == 404
    assert statuses[-1] == 429


@pytest.mark.long
@pytest.mark.one_database
def test_a_link_of_an_application_with_another_key_is_none(manager: Desk, make_app: object) -> None:
    path = written(manager)

    other = make_app(SECRET_KEY="another key for tests, long enough")  # type: ignore[operator]

    assert other.test_client().get(path).status_code == 404


@pytest.mark.one_database
def test_a_link_is_shown_whole_for_scripts(manager: Desk) -> None:
    path = written(manager)

    [code] = manager.get(HERE).all("code")

    assert code == f"http://localhost{path}"
