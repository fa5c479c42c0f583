"""The event log at the desk: who sees which entries, how they are found, and that nobody changes
one."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from audit.chain import Actor, Entry, Origin
from audit.models import LogEntry
from audit.recording import record
from desk.exports import making
from kit import clock
from kit.db import transaction
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk, Page
from tests.make import Client

LOG, CSV = "/desk/log/", "/desk/log.csv"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def client(app: Flask) -> Client:
    """A checkout page at two locations, one of them far away."""
    make.method("PayPal")
    make.location(1)
    make.location(2, time_zone="Asia/Tokyo")
    return Client.of_new_partner(app, locations=(1, 2))


def log(
    action: str, at: datetime = NOON, by: int | None = None, where: str | None = None, **values: Any
) -> None:
    """Write an entry about no booking."""
    given: dict[str, Any] = {"about": {}, "before": {}, "after": {}} | values
    actor = Actor("system", None, "system") if by is None else Actor("person", by, "a@example.com")
    with transaction() as connection:
        record(connection, Entry(action, **given), Origin(actor, where, "a-request"), at)


def told(page: Page) -> list[str]:
    """The sentences, without details."""
    for details in page.root.cssselect("details"):
        details.drop_tree()
    return [" ".join(e.text_content().split()) for e in page.root.cssselect(".dk-log .dk-ev > div")]


def rows(desk: Desk, path: str = CSV) -> list[dict[str, str]]:
    text = desk.get(path).answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# --- what is told --------------------------------------------------------------------------------


def test_entries_are_told_in_sentences_newest_first(client: Client, manager: Desk) -> None:
    booking = make.booking(["100.00"])
    client.pay(booking, "40.00")
    client.pay(booking, "60.00")

    page = manager.get(LOG)

    name = page.all(".dk-log .dk-ev > div > b")
    assert [text.removeprefix(f"{name[0]} ") for text in told(page)][:2] == [
        f"recorded 60.00 EUR by PayPal, cleared Booking {booking}, Payment 2",
        f"recorded 40.00 EUR by PayPal, cleared Booking {booking}, Payment 1",
    ]


def test_times_are_those_of_the_location(client: Client, manager: Desk) -> None:
    here, there = make.booking(), make.booking(location_id=2)
    for booking in (here, there):
        client.pay(booking, "40.00")
    log("tag.added", datetime(2020, 1, 1, 23, 30, tzinfo=UTC))

    zones = {row["booking"]: row["zone"] for row in rows(manager)}
    times = manager.get(LOG).all(".dk-log time")

    assert zones[str(here)] == "Europe/Lisbon"
    assert zones[str(there)] == "Asia/Tokyo"
    assert times[-1] == "1 Jan 2020, 23:30UTC"


def test_only_medium_and_high_severity_is_told_as_a_word(manager: Desk) -> None:
    for severity in ("low", "medium", "high"):
        log("tag.added", severity=severity)

    page = manager.get(f"{LOG}?group=settings")

    assert page.all(".dk-sev") == ["High", "Medium"]


def test_details_tell_what_changed_why_and_from_where(manager: Desk) -> None:
    log(
        "tag.changed",
        about={"tag": 1},
        before={"name": "VIP", "colour": "#000000"},
        after={"name": "Guest of honour", "colour": "#000000"},
        reason="a better word",
        where="192.0.2.7",
    )

    page = manager.get(f"{LOG}?group=settings")

    [found] = page.root.cssselect("details.dk-small")
    details = " ".join(" ".join(found.itertext()).split())
    assert "name VIP Guest of honour" in details
    assert "#000000" not in details
    assert "a better word" in details
    assert "192.0.2.7" in details
    assert "a-request" in details


def test_what_others_wrote_is_text_and_nothing_else(manager: Desk) -> None:
    log("tag.added", after={"name": "<script>alert(1)</script>"}, reason="<img src=x>")

    page = manager.get(LOG)

    assert page.root.cssselect("main script, main img") == []
    assert "<script>alert(1)</script>" in page.text


# --- who sees what -------------------------------------------------------------------------------


def test_entries_of_other_locations_are_not_visible(client: Client, desk_of: DeskOf) -> None:
    mine, theirs = make.booking(["10.00"]), make.booking(["10.00"], location_id=2)
    client.pay(mine, "10.00")
    client.pay(theirs, "10.00")
    log("tag.added")
    log("location.changed", about={"location": 2})
    log("method.policy_changed", about={"method": 1, "location": 1})
    desk = desk_of("manager", locations=[1])

    page, sheet = desk.get(LOG), rows(desk)

    assert len(told(page)) == 2
    assert [row["action"] for row in sheet] == ["payment.recorded", "method.policy_changed"]
    assert {row["booking"] for row in sheet} == {"", str(mine)}
    assert "Location 2" not in page.text


@pytest.mark.parametrize(
    "query", ["booking={theirs}", "payment=1", "location=2", "actor=partner-1"]
)
def test_no_filter_leads_to_what_is_not_theirs(client: Client, desk_of: DeskOf, query: str) -> None:
    theirs = make.booking(["10.00"], location_id=2)
    client.pay(theirs, "10.00")
    desk = desk_of("manager", locations=[1])

    page = desk.get(f"{LOG}?{query.format(theirs=theirs)}")

    assert told(page) == []
    assert rows(desk, f"{CSV}?{query.format(theirs=theirs)}") == []


def test_an_operator_does_not_see_the_log(operator: Desk) -> None:
    assert [operator.get(path).status for path in (LOG, CSV)] == [403, 403]
    assert "/desk/log" not in operator.get("/desk/tags/").answer.text


def test_nothing_changes_an_entry_through_any_page(app: Flask, desk_of: DeskOf) -> None:
    log("tag.added", NOON)
    desk = desk_of("administrator")
    rules = [each for each in app.url_map.iter_rules() if each.endpoint.startswith("desk.log.")]
    was = make.rows_of(LogEntry)

    statuses = {
        getattr(desk.http, method)(path, data={"csrf_token": desk.token()}).status_code
        for method in ("post", "put", "patch", "delete")
        for path in (LOG, CSV, f"{LOG}1")
    }
    desk.get(LOG)
    desk.get(CSV)

    assert {method for rule in rules for method in rule.methods or ()} == {
        "GET",
        "HEAD",
        "OPTIONS",
    }
    assert statuses <= {404, 405}
    # That somebody took the log away as a file is in it, too.
    told = [each for each in make.rows_of(LogEntry) if each.action != "export.downloaded"]
    assert told == was


# --- finding -------------------------------------------------------------------------------------


def found(desk: Desk, query: str) -> list[str]:
    return [row["action"] for row in rows(desk, f"{CSV}?{query}")]


def test_filters_are_in_the_address_and_kept_in_the_form(client: Client, manager: Desk) -> None:
    booking = make.booking(["10.00"])
    client.pay(booking, "10.00")

    page = manager.get(f"{LOG}?booking={booking}&severity=low&actor=partner-{client.partner_id}")

    assert len(told(page)) == 1
    chosen = [e.get("value") for e in page.root.cssselect("main option[selected]")]
    assert chosen == [f"partner-{client.partner_id}", "low"]
    assert page.root.cssselect("#f-booking")[0].get("value") == str(booking)
    [link] = [e.get("href") for e in page.root.cssselect("a[href*='.csv']")]
    assert f"booking={booking}" in link
    assert "severity=low" in link


@pytest.mark.long
def test_entries_are_found_by_who_what_and_how_serious(client: Client, manager: Desk) -> None:
    first, second = make.booking(["10.00"]), make.booking(["10.00"])
    for booking in (first, second):
        client.pay(booking, "10.00")
    log("tag.added", by=manager.person_id)
    log("partner.revoked", severity="high")

    person = f"person-{manager.person_id}"
    assert found(manager, f"actor={person}&group=settings") == ["tag.added"]
    assert "payment.recorded" not in found(manager, f"actor={person}")
    assert "partner.revoked" in found(manager, "actor=system")
    assert found(manager, "severity=high") == ["partner.revoked"]
    assert found(manager, "group=partners") == ["partner.revoked"]
    assert found(manager, "group=payments") == ["payment.recorded"] * 2
    assert found(manager, f"booking={first}") == ["payment.recorded"]
    assert found(manager, f"booking={first}&group=staff") == []
    assert found(manager, "payment=2") == ["payment.recorded"]
    assert found(manager, "payment=3") == []


def test_a_refund_is_found_by_the_payment_it_pays_back(client: Client, manager: Desk) -> None:
    client.pay(make.booking(["10.00"]), "10.00")
    client.post("/apis/payments/1/refund", "Amount=4.00")

    assert found(manager, "payment=1") == ["payment.refunded", "payment.recorded"]


def test_days_are_those_of_the_location_asked_for(manager: Desk) -> None:
    make.location(1)
    make.location(2, time_zone="Asia/Tokyo")
    late = datetime(2026, 11, 20, 16, tzinfo=UTC)  # in Tokyo the 21st has begun
    log("location.changed", late, about={"location": 2})

    assert found(manager, "from=2026-11-21&to=2026-11-21&location=2") == ["location.changed"]
    assert found(manager, "from=2026-11-20&to=2026-11-20&location=2") == []
    assert found(manager, "from=2026-11-20&to=2026-11-20") == ["location.changed"]


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "to=2026-13-01", "actor=person-x", "actor=guest-1", "booking=-1",
     "payment=99999999999999999999", "severity=worst", "group=all", "location=%00", "after=x"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_passed_over(manager: Desk, query: str) -> None:
    log("tag.added")

    page = manager.get(f"{LOG}?{query}")

    assert page.status == 200
    assert len(told(page)) >= 1


def test_nothing_found_says_what_to_do(manager: Desk) -> None:
    assert "No entry is like that. Choose another time" in manager.get(f"{LOG}?booking=4711").text


# --- long lists ----------------------------------------------------------------------------------


@pytest.mark.long
def test_pages_follow_each_other_without_a_gap(manager: Desk) -> None:
    for number in range(120):
        log("tag.added", NOON + timedelta(seconds=number // 7), after={"no": number})
    path, seen = f"{LOG}?group=settings", list[str]()

    while path and len(seen) < 200:
        page = manager.get(path)
        seen += told(page)
        links = page.root.cssselect("a[rel=next]")
        path = links[0].get("href") if links else ""

    assert seen == [f"system tag added: no {number}" for number in reversed(range(120))]
    assert "group=settings" in page.root.cssselect("a[rel=prev]")[0].get("href")


@pytest.mark.long
def test_a_page_takes_under_five_statements(client: Client, manager: Desk) -> None:
    booking = make.booking(["100.00"])
    for number in range(12):
        client.pay(booking, "1.00")
        log("booking.reminded", after={"lines": [[number, 100, "2026-01-01"]]})

    with counted() as statements:
        page = manager.get(LOG)

    assert len(told(page)) > 20
    assert 0 < len(statements) < 5


# --- the file ------------------------------------------------------------------------------------


def test_formulas_in_the_file_are_escaped(manager: Desk) -> None:
    log("tag.added", reason='=HYPERLINK("http://evil.example","x")', after={"name": "+1"})

    [row] = rows(manager, f"{CSV}?group=settings")

    assert row["reason"] == '\'=HYPERLINK("http://evil.example","x")'
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "@", "\t"))]


def test_the_file_opens_with_its_letters_and_a_name(manager: Desk) -> None:
    log("tag.added", after={"name": "Açores"})

    answer = manager.get(CSV).answer

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert 'filename="event-log.csv"' in answer.headers["Content-Disposition"]
    assert "Açores" in answer.data.decode("utf-8-sig")


def test_the_file_is_read_in_parts_and_holds_every_entry_once(
    manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "AT_ONCE", 7)
    for number in range(40):
        log("tag.added", NOON + timedelta(seconds=number // 5), after={"no": number})

    there = [row["after"] for row in rows(manager, f"{CSV}?group=settings")]

    assert there == [f'{{"no":{number}}}' for number in reversed(range(40))]


def test_no_personal_data_is_in_the_log_of_a_paid_booking(client: Client, manager: Desk) -> None:
    booking = make.booking(["10.00"], email="secret.guest@example.com")
    client.pay(booking, "10.00")

    text = manager.get(LOG).answer.text + manager.get(CSV).answer.text

    assert "secret.guest" not in text
    assert "Silva" not in text
    assert str(clock.now().year) in text


def test_addresses_of_webhooks_are_told_without_what_may_be_a_secret(manager: Desk) -> None:
    url = "https://example.com/hooks"
    log("endpoint.changed", before={"url": f"{url}?token=secret-1"}, after={"url": "https://x.y/"})
    log("endpoint.added", after={"name": "till", "url": "https://me:secret-2@e.x/a?b=secret-3#c"})

    pages = [manager.get(path).answer.text for path in (LOG, CSV, "/desk/dangerous/")]

    assert all("secret" not in page for page in pages)
    assert all(url in page and "https://e.x/a" in page for page in pages[:2])
