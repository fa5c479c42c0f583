"""The report of dangerous operations: what is on it, for whom, and with what partners answered."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text

from audit.chain import Entry
from audit.models import LogEntry
from audit.recording import chain
from bookings.waiving import waive_commission
from desk.exports import making
from kit import clock
from kit.db import in_transaction
from outbox.models import Message
from partners.models import Partner, WebhookCall
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.endangering import PERSON, by, cancel, delete, log, paid, refund
from tests.desk.people import Desk, Page
from tests.make import Client

REPORT, CSV = "/desk/dangerous/", "/desk/dangerous.csv"


@pytest.fixture
def client(app: Flask) -> Client:
    make.method("PayPal")
    make.location(1)
    make.location(2)
    return Client.of_new_partner(app, locations=(1, 2))


def table(page: Page) -> list[list[str]]:
    """The rows: what and why, on what, amount, severity."""
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.cssselect("td")][2:]
        for row in page.root.cssselect(".dk-dg tbody tr")
    ]


def figures(page: Page) -> dict[str, str]:
    return dict(zip(page.all(".dk-figs dt"), page.all(".dk-figs dd"), strict=True))


def rows(desk: Desk, path: str = CSV) -> list[dict[str, str]]:
    text = desk.get(path).answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# --- what is on it -------------------------------------------------------------------------------


def test_a_deleted_external_payment_is_on_the_report(client: Client, manager: Desk) -> None:
    booking, payment = paid(client)
    delete(payment)

    page = manager.get(REPORT)

    assert table(page) == [
        [
            "External payment deleted recorded twice. No partner was told: none listens.",
            f"{booking} Payment {payment}",
            "100.00 EUR",
            "High",
        ]
    ]
    assert figures(page)["Deletions"] == "1"
    assert [e.get("href") for e in page.root.cssselect(".dk-dg a")] == [
        f"/desk/bookings/{booking}",
        f"/desk/payments/{payment}",
    ]


def test_a_voided_payment_of_the_desk_is_not_dangerous(client: Client, manager: Desk) -> None:
    _, payment = paid(client)
    in_transaction(
        lambda each: each.execute(text("UPDATE payments SET partner_id = NULL, source = 'desk'"))
    )
    delete(payment)

    assert table(manager.get(REPORT)) == []


def test_cancelling_with_an_external_payment_tells_its_money(client: Client, manager: Desk) -> None:
    booking, _ = paid(client, amount="115.00")
    cancel(booking)
    cancel(make.booking(["10.00"]))

    page = manager.get(REPORT)

    assert table(page) == [
        ["Cancelled with an external payment asked in writing", str(booking), "115.00 EUR", "High"]
    ]


def test_refunds_are_on_the_report_with_all_that_went_back(client: Client, manager: Desk) -> None:
    booking, payment = paid(client)
    refund(payment, "10.50")

    [row] = table(manager.get(REPORT))

    assert row[0] == "Refunded left early"
    assert row[2] == "10.50 EUR"
    assert row[1].startswith(str(booking))


def test_changed_permissions_say_what_was_given_and_taken(desk_of: DeskOf) -> None:
    desk = desk_of("manager", email="boss@example.com")
    about = {"person": desk.person_id}
    log(
        "staff.permissions_changed",
        about=about,
        before={"granted": ["D_DEP"], "withdrawn": []},
        after={"granted": ["settings"], "withdrawn": ["charge"]},
    )
    log("staff.role_changed", about=about, before={"role": "operator"}, after={"role": "manager"})
    log("staff.signed_in", about=about, severity="low")

    found = table(desk.get(REPORT))

    assert found == [
        ["Role changed role operator → manager", "boss@example.com", "–", "High"],
        [
            "Permission granted: settings; Permission taken away: D_DEP, charge",
            "boss@example.com",
            "–",
            "High",
        ],
    ]


def test_rights_of_partners_are_permissions_too(manager: Desk) -> None:
    partner = make.partner()
    log(
        "partner.scopes_changed",
        about={"partner": partner},
        before={"scopes": ["payments:read"]},
        after={"scopes": ["payments:read", "payments:refund"]},
        reason="it refunds by itself",
    )
    log("partner.renamed", about={"partner": partner}, severity="medium")

    page = manager.get(REPORT)

    [row] = table(page)
    assert row[0].startswith("Scopes changed scopes payments:read → payments:read, payments:refund")
    assert "it refunds by itself" in row[0]
    assert row[1] == make.row_of(Partner, partner).name
    assert figures(page)["Permissions"] == "1"


def test_changed_policies_name_the_method(manager: Desk) -> None:
    method = make.method("Tender")
    log(
        "method.policy_changed",
        about={"method": method},
        before={"paying": "on_site"},
        after={"paying": "external"},
    )
    log("method.changed", about={"method": method}, severity="medium")

    page = manager.get(REPORT)

    assert table(page) == [
        ["Policy changed: Tender paying on_site → external", "Tender", "–", "High"],
    ]
    assert figures(page)["Policies"] == "1"


def test_a_waived_commission_is_on_the_report(client: Client, manager: Desk) -> None:
    booking = make.booking(["100.00"], status="provisional")
    [line] = make.lines_of(booking)
    in_transaction(
        lambda each: each.execute(
            text("UPDATE schedule_lines SET kind = 'fee' WHERE id = :id"), {"id": line.id}
        )
    )
    in_transaction(lambda connection: waive_commission(connection, booking, by()))

    page = manager.get(REPORT)

    assert table(page) == [["Commission waived", str(booking), "100.00 EUR", "High"]]
    assert figures(page)["Commissions"] == "1"


def test_another_grave_change_of_a_booking_is_no_waived_commission(manager: Desk) -> None:
    booking = make.booking()
    entry = Entry("booking.amended", {"booking": booking}, {}, {"difference": 1}, severity="high")
    row, _ = chain().link(booking, chain().empty(booking), entry, by(), clock.now())
    in_transaction(lambda connection: connection.execute(insert(LogEntry), [row]))

    assert table(manager.get(REPORT)) == []


def test_nothing_dangerous_says_what_would_stand_here(manager: Desk) -> None:
    log("tag.added", severity="low")

    page = manager.get(REPORT)

    assert "0 operations" in page.text
    assert "Nothing dangerous was done in the last 30 days." in page.text
    assert set(figures(page).values()) == {"–"}


# --- what partners answered ----------------------------------------------------------------------


def answered(payment: int, **values: Any) -> None:
    """The last message was called, and this came back."""
    message = make.rows_of(Message)[-1]
    row = {"endpoint_id": int(message.receiver.split()[1]), "message_id": message.id,
           "at": clock.now(), "url": "https://e.x/", "request": "{}", "status": 204,
           "took_ms": 12, "answer": ""}  # fmt: skip
    make._insert(WebhookCall, **row | values)


def test_the_answer_of_the_partner_is_told(client: Client, manager: Desk) -> None:
    make.endpoint(client.partner_id)
    _, payment = paid(client)
    delete(payment)
    name = make.row_of(Partner, client.partner_id).name
    assert f"{name} has not been reached yet" in manager.get(REPORT).text

    answered(payment, status=None, problem="no answer within 10 s")
    assert f"{name} did not answer: no answer within 10 s" in manager.get(REPORT).text

    answered(payment)
    assert f"{name} answered 204" in manager.get(REPORT).text
    assert rows(manager)[0]["answers"] == f"{name} answered 204"


# --- who sees what, and finding ------------------------------------------------------------------


@pytest.mark.long
def test_operations_at_other_locations_are_not_visible(client: Client, desk_of: DeskOf) -> None:
    mine, one = paid(client)
    _, two = paid(client, location=2)
    for payment in (one, two):
        delete(payment)
    log("staff.role_changed", about={"person": 1})
    log("method.policy_changed", about={"method": 1, "location": 2})
    log("method.policy_changed", about={"method": 1, "location": 1})
    desk = desk_of("manager", locations=[1])

    page = desk.get(REPORT)

    assert [row[1].split()[0] for row in table(page)] == ["PayPal", str(mine)]
    assert figures(page) | {} == {
        "Deletions": "1", "Cancellations": "–", "Refunds": "–", "Stored cards": "–",
        "Permissions": "–", "Policies": "1", "Commissions": "–",
    }  # fmt: skip
    assert [row["booking"] for row in rows(desk)] == ["", str(mine)]
    assert table(desk.get(f"{REPORT}?location=2")) == []
    assert rows(desk, f"{CSV}?location=2") == []


def test_an_operator_does_not_see_the_report(operator: Desk) -> None:
    assert [operator.get(path).status for path in (REPORT, CSV)] == [403, 403]


def test_nothing_changes_an_entry_through_the_report(client: Client, desk_of: DeskOf) -> None:
    _, payment = paid(client)
    delete(payment)
    desk = desk_of("administrator")
    was = make.rows_of(LogEntry)

    statuses = {desk.post(path).status for path in (REPORT, CSV, f"{REPORT}1")}
    desk.get(REPORT)

    assert statuses <= {404, 405}
    assert make.rows_of(LogEntry) == was


@pytest.mark.long
def test_operations_are_found_by_time_person_partner_and_location(
    client: Client, manager: Desk
) -> None:
    other = Client.of_new_partner(client.app, locations=(1, 2))
    first, one = paid(client)
    second, two = paid(other, location=2)
    delete(one)
    delete(two, origin=by(78))
    log("staff.role_changed", 40, about={"person": 1})

    def bookings(query: str) -> list[str]:
        return [row["booking"] for row in rows(manager, f"{CSV}?{query}")]

    assert bookings("") == [str(second), str(first)]
    assert bookings("days=90") == [str(second), str(first), ""]
    assert bookings("days=0") == [str(second), str(first), ""]
    assert bookings(f"person={PERSON}") == [str(first)]
    assert bookings(f"partner={other.partner_id}") == [str(second)]
    assert bookings(f"partner={client.partner_id}&location=2") == []
    assert bookings("location=2") == [str(second)]
    assert bookings("days=everything&person=x&location=-1") == [str(second), str(first)]


def test_a_partner_is_found_by_its_refunded_and_cancelled_payments(
    client: Client, manager: Desk
) -> None:
    booking, payment = paid(client)
    refund(payment, "10.00")
    cancel(booking)
    log("partner.revoked", about={"partner": client.partner_id})

    there = rows(manager, f"{CSV}?partner={client.partner_id}")

    assert [row["kind"] for row in there] == ["permission", "cancellation", "refund"]
    assert rows(manager, f"{CSV}?partner=4711") == []


def test_filters_are_kept_in_the_form_and_the_address_of_the_file(
    client: Client, manager: Desk
) -> None:
    page = manager.get(f"{REPORT}?days=90&partner={client.partner_id}&location=2")

    chosen = [e.get("value") for e in page.root.cssselect("main option[selected]")]
    assert chosen == ["90", str(client.partner_id), "2"]
    links = [e.get("href") for e in page.root.cssselect("a[href*='/exports/d']")]
    file = "/desk/exports/dangerous-operations"
    asked = f"?days=90&partner={client.partner_id}&location=2"
    assert links == [f"{file}.csv{asked}", f"{file}.xlsx{asked}"]


# --- long reports, and the file ------------------------------------------------------------------


def test_a_page_takes_under_five_statements(client: Client, manager: Desk) -> None:
    make.endpoint(client.partner_id)
    for _ in range(6):
        _, payment = paid(client)
        delete(payment)

    with counted() as statements:
        page = manager.get(REPORT)
    with counted() as of_nothing:
        manager.get(f"{REPORT}?location=2")

    assert len(table(page)) == 6
    assert 0 < len(statements) < 5
    assert 0 < len(of_nothing) < 5


def test_figures_count_what_is_on_other_pages_too(manager: Desk) -> None:
    for _ in range(60):
        log("staff.role_changed", about={"person": 1})

    page = manager.get(REPORT)
    [older] = page.root.cssselect("a[rel=next]")
    second = manager.get(older.get("href"))

    assert (len(table(page)), len(table(second))) == (50, 10)
    assert figures(page)["Permissions"] == figures(second)["Permissions"] == "60"
    assert "60 operations" in second.text


def test_formulas_in_the_file_are_escaped(client: Client, manager: Desk) -> None:
    _, payment = paid(client)
    delete(payment, reason="=1+1 recorded twice")

    [row] = rows(manager)

    assert row["reason"] == "'=1+1 recorded twice"
    assert (row["amount"], row["currency"], row["what"]) == (
        "100.00",
        "EUR",
        "External payment deleted",
    )


def test_the_file_is_read_in_parts(manager: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "AT_ONCE", 3)
    for number in range(10):
        log("staff.role_changed", about={"person": 1000 + number})

    there = [row["on"] for row in rows(manager)]
    assert there == [str(1000 + number) for number in reversed(range(10))]
