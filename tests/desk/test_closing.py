"""Closing days at the desk: who may, what the pages say, and what a form does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from audit.models import LogEntry
from office.models import DayClose, DayCloseFigure
from tests import make
from tests.conftest import BOTH_DATABASES
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk, Page
from tests.office.closing.given import DAY, at, close, pay, refund, void

FORM = "/desk/closing/1/2026-11-20"

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with time_machine.travel(at("20 18:00"), tick=False):
        yield


@pytest.fixture
def cash(app: Flask) -> int:
    """A location whose till took 50.00, and 80.00 by card."""
    assert app
    make.location(1, name="Casa do Mar")
    make.method("Card")
    cash = make.method("Cash", kind="cash")
    booking = make.booking(["200.00"])
    pay(booking, "50.00", "20 09:00")
    pay(booking, "80.00", "20 10:00", "Card")
    return cash


def send(desk: Desk, path: str = FORM, **fields: str) -> Page:
    return desk.post(path, desk.get(path).form("/2026-11-20") | fields)


def counts(cash: int, counted: str, reason: str = "") -> dict[str, str]:
    return {f"counted-{cash}-EUR": counted, f"reason-{cash}-EUR": reason}


@BOTH_DATABASES
def test_a_manager_counts_the_cash_and_closes_the_day(manager: Desk, cash: int) -> None:
    page = manager.get(FORM)
    answer = send(manager, **counts(cash, "50.00"), note="Quiet")

    assert "50.00 EUR expected" in page.text
    [row] = make.rows_of(DayClose)
    assert (answer.status, answer.leads_to) == (303, f"/desk/closing/{row.id}")
    assert (row.day, row.person_id, row.note) == (DAY, manager.person_id, "Quiet")
    shown = manager.get(f"/desk/closing/{row.id}")
    assert "Fri 20 Nov 2026 is closed at Casa do Mar." in shown.text
    assert "Quiet" in shown.text
    figures = shown.all(".dk-close-t tbody tr")
    assert figures[:2] == [
        "Cash 1 entries by Cash 50.00––––50.00", "Card 1 entries by Card 80.00––––80.00",
    ]  # fmt: skip


@pytest.mark.long
def test_every_slip_is_told_at_its_field_and_what_was_typed_stays(manager: Desk, cash: int) -> None:
    missing = send(manager)
    wrong = send(manager, **counts(cash, "5O.00"), **{f"opening-{cash}-EUR": "1.005"})
    short = send(manager, **counts(cash, "49.00"))

    assert [page.status for page in (missing, wrong, short)] == [422] * 3
    assert missing.all(f"#e-counted-{cash}-EUR") == [
        "Cash has to be counted; 50.00 EUR is expected."
    ]
    assert wrong.all(f"#e-counted-{cash}-EUR")[0].startswith("Counted is '5O.00'; it must be a")
    assert short.all(f"#e-reason-{cash}-EUR") == ["Cash has 1.00 EUR less than expected; say why."]
    assert short.root.cssselect(f"#f-counted-{cash}-EUR")[0].get("value") == "49.00"
    assert make.rows_of(DayClose) == []


@pytest.mark.long
def test_a_difference_with_its_reason_stands_on_the_close(manager: Desk, cash: int) -> None:
    answer = send(manager, **counts(cash, "49.00", "Change given twice"))

    page = manager.get(str(answer.leads_to))
    assert "Reason: Change given twice" in page.text
    assert "−1.00" in page.text
    [entry] = make.rows_of(LogEntry, action="day.closed")
    assert (entry.severity, entry.actor_id) == ("medium", manager.person_id)
    assert (
        "closed the day 20 Nov 2026 of Casa do Mar, 2 payments, together 130.00 EUR, "
        "a difference of −1.00 EUR by Cash. Reason: Change given twice"
    ) in manager.get("/desk/log/").text
    assert "−1.00 EUR" in manager.get("/desk/closing/?differences=1").text


def test_the_preview_says_what_is_missing_and_stores_nothing(manager: Desk, cash: int) -> None:
    form = manager.get(FORM).form("/2026-11-20")

    fresh = manager.post(f"{FORM}/preview", form, HX_Request="true")
    less = manager.post(f"{FORM}/preview", form | counts(cash, "49.00"), HX_Request="true")
    whole = manager.post(f"{FORM}/preview", form | counts(cash, "50.00"))

    assert fresh.all(f"#e-counted-{cash}-EUR") == [""]
    assert less.all(f"#h-counted-{cash}-EUR") == ["1.00 EUR less than the 50.00 EUR expected"]
    assert less.all(f"#e-reason-{cash}-EUR") == ["Cash has 1.00 EUR less than expected; say why."]
    assert whole.all("h1") == ["Close Casa do Mar"]
    assert make.rows_of(DayClose) == []


@pytest.mark.long
@BOTH_DATABASES
def test_money_that_came_meanwhile_is_shown_before_the_day_is_closed(
    manager: Desk, cash: int
) -> None:
    form = manager.get(FORM).form("/2026-11-20") | counts(cash, "50.00")
    pay(make.booking(["10.00"]), "10.00", "20 17:59")

    answer = manager.post(FORM, form)
    again = answer.form("/2026-11-20") | counts(cash, "60.00")

    assert answer.status == 409
    assert "The figures of Casa do Mar changed after this page was made" in answer.text
    assert answer.root.cssselect(f"#f-counted-{cash}-EUR")[0].get("value") == "50.00"
    assert manager.post(FORM, again).status == 303


def test_who_comes_second_is_led_to_the_close_of_the_first(
    manager: Desk, desk_of: DeskOf, cash: int
) -> None:
    other = desk_of("administrator")
    form = other.get(FORM).form("/2026-11-20") | counts(cash, "50.00")
    send(manager, **counts(cash, "50.00"))

    answer = other.post(FORM, form)

    [row] = make.rows_of(DayClose)
    assert answer.status == 422
    assert "2026-11-20 is closed at Casa do Mar" in answer.text
    assert answer.root.cssselect(f"main a[href='/desk/closing/{row.id}']")
    assert other.get(FORM).leads_to == f"/desk/closing/{row.id}"


@pytest.mark.long
@BOTH_DATABASES
def test_a_form_sent_twice_closes_once(manager: Desk, cash: int) -> None:
    form = manager.get(FORM).form("/2026-11-20") | counts(cash, "50.00")

    answers = [manager.post(FORM, form) for _ in range(2)]

    assert len({answer.leads_to for answer in answers}) == 1
    assert len(make.rows_of(DayClose)) == 1


def test_what_was_counted_is_filled_in_the_next_day(
    manager: Desk, desk_of: DeskOf, cash: int
) -> None:
    send(manager, **counts(cash, "49.50", "Lost"))

    with time_machine.travel(at("21 18:00"), tick=False):
        page = desk_of("manager").get("/desk/closing/1/2026-11-21")

    assert page.form("/2026-11-21")[f"opening-{cash}-EUR"] == "49.50"
    assert "Nothing was recorded." in page.text
    assert "49.50 EUR expected" in page.text


# --- the lists ----------------------------------------------------------------------------------


@BOTH_DATABASES
def test_the_list_says_where_what_waits(manager: Desk, desk_of: DeskOf, cash: int) -> None:
    before = manager.get("/desk/closing/")
    send(manager, **counts(cash, "50.00"))
    after = manager.get("/desk/closing/")
    with time_machine.travel(at("23 09:00"), tick=False):
        later = desk_of("manager").get("/desk/closing/")

    assert before.all(".dk-close-places .sums") == ["130.00 EUR 2 entries"]
    assert "never; the first close begins with its day" in before.text
    assert after.all(".dk-close-places .act") == ["Today is closed"]
    assert later.all(".dk-close-places .sums") == ["nothing recorded 3 days open"]
    assert "or only 21 Nov 2026 first" in later.text
    assert after.all(".dk-close-list tbody .sum") == ["130.00 EUR"]


@pytest.mark.long
@BOTH_DATABASES
def test_closed_days_are_filtered_and_paged(manager: Desk, cash: int) -> None:
    make.location(2)
    for number in range(60):
        close(DAY + timedelta(days=number - 70), "20 12:00")
    close(DAY - timedelta(days=3), "20 12:00", location=2)

    first = manager.get("/desk/closing/")
    older = manager.get(first.root.cssselect("a[rel=next]")[0].get("href"))
    one = manager.get("/desk/closing/?location=2")
    days = manager.get("/desk/closing/?from=2026-09-12&to=2026-09-13&location=1")
    nonsense = manager.get("/desk/closing/?from=x&location=y&after=z")

    assert len(first.all(".dk-close-list tbody tr")) == 50
    assert len(older.all(".dk-close-list tbody tr")) == 11
    assert one.all(".dk-close-list .place") == ["Location 2"]
    assert len(days.all(".dk-close-list tbody tr")) == 2
    assert nonsense.status == 200


@pytest.mark.long
@BOTH_DATABASES
def test_the_pages_ask_few_statements_however_much_there_is(manager: Desk, cash: int) -> None:
    for number in range(2, 6):
        make.location(number)
        close(DAY, "20 17:00", number)
    closed = close(DAY, "20 17:00").close_id

    for path in ("/desk/closing/", f"/desk/closing/{closed}", "/desk/closing/1/2026-11-20"):
        with counted() as statements:
            assert manager.get(path).status in (200, 303)
        assert len(statements) <= 7  # who asks and what waits, and fewer than five of its own


@pytest.mark.long
@BOTH_DATABASES
def test_entries_lead_to_their_payments_and_can_be_those_of_one_method(
    manager: Desk, cash: int
) -> None:
    booking = make.booking(["100.00"])
    paid = pay(booking, "20.00", "20 11:00")
    refund(paid, "5.00", "20 12:00")
    void(pay(booking, "7.00", "20 13:00"), "20 14:00")
    closed = close(DAY, "20 17:00").close_id

    page = manager.get(f"/desk/closing/{closed}")
    some = manager.get(f"/desk/closing/{closed}?method={cash}&currency=EUR")

    rows = page.all("#entries tbody tr")
    assert len(rows) == 6
    assert sum("Reversed" in each for each in rows) == 1
    assert sum("Refund" in each for each in rows) == 1
    assert page.root.cssselect(f"#entries a[href='/desk/payments/{paid}']")
    assert len(some.all("#entries tbody tr")) == 5
    assert "Entries by Cash in EUR" in some.text


# --- who, and which days ------------------------------------------------------------------------


def test_an_operator_closes_no_day(operator: Desk, cash: int) -> None:
    assert operator.get("/desk/closing/").status == 403
    assert operator.post(FORM, counts(cash, "50.00")).status == 403
    assert make.rows_of(DayClose) == []


@pytest.mark.long
def test_whoever_works_at_some_locations_closes_theirs_only(desk_of: DeskOf, cash: int) -> None:
    make.location(2)
    theirs = close(DAY, "20 17:00").close_id
    desk = desk_of("manager", locations=[2])

    listed = desk.get("/desk/closing/")
    answers = [desk.get(path).status for path in (
        FORM, f"/desk/closing/{theirs}", f"/desk/closing/{theirs}/close.pdf",
        "/desk/closing/9/2026-11-20", "/desk/closing/99",
    )]  # fmt: skip

    assert listed.all(".dk-close-places tbody th") == ["Location 2"]
    assert listed.all(".dk-close-list tbody tr") == []
    assert answers == [404] * 5
    assert desk.post(FORM, counts(cash, "50.00")).status == 404
    assert desk.post(f"{FORM}/preview", {}).status == 404
    assert desk.get("/desk/closing/2/2026-11-20").status == 200


@pytest.mark.parametrize(
    ("day", "status"),
    [("2026-11-21", 422), ("2024-01-01", 422), ("0001-01-01", 422), ("9999-12-31", 422),
     ("20", 404), ("2026-02-30", 404), ("2026-W47-5", 404)],
)  # fmt: skip
def test_a_day_that_cannot_be_closed_is_told(
    manager: Desk, cash: int, day: str, status: int
) -> None:
    assert manager.get(f"/desk/closing/1/{day}").status == status
    assert manager.post(f"/desk/closing/1/{day}", counts(cash, "50.00")).status == status
    assert make.rows_of(DayClose) == []


def test_a_chosen_day_leads_to_its_page(manager: Desk, cash: int) -> None:
    page = manager.get("/desk/closing/day?location=1&day=2026-11-19")

    assert page.leads_to == "/desk/closing/1/2026-11-19"
    assert manager.get("/desk/closing/day?day=2026-11-19").leads_to == "/desk/closing/"


def test_no_route_changes_or_deletes_a_close(app: Flask) -> None:
    writing = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.closing.")
        and (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    ]

    assert sorted(writing) == [
        "/desk/closing/<int:location_id>/<day>", "/desk/closing/<int:location_id>/<day>/preview",
    ]  # fmt: skip


def test_a_card_number_is_never_kept(manager: Desk, cash: int) -> None:
    answer = send(manager, **counts(cash, "50.00"), note="4111 1111 1111 1111")

    assert answer.status == 422
    assert "4111" not in answer.text
    assert make.rows_of(DayCloseFigure) == []


@pytest.mark.long
def test_the_paper_of_a_close_is_the_same_every_time(manager: Desk, cash: int) -> None:
    closed = close(DAY, "20 17:00").close_id

    papers = [manager.get(f"/desk/closing/{closed}/close.pdf").answer for _ in range(2)]

    assert papers[0].data == papers[1].data
    assert papers[0].content_type == "application/pdf"
    assert "day-close-1-2026-11-20.pdf" in papers[0].headers["Content-Disposition"]
