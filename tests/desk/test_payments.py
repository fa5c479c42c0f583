"""The list of payments, one payment, and clearing or failing what was promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from audit.models import LogEntry
from bookings.models import Booking
from kit import clock
from kit.db import transaction
from payments.models import Payment, PaymentMethod
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client, Due
from tests.payments.listening import listen
from tests.payments.moving import figures, last_entry, move, on_lines, paid
from tests.payments.proofs import counted_queries, unchanged, wrong_books

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("40.00", 2, 30, "Rental Balance")]
FAILED = {"Status": 1, "AddBookingTag": 20, "Comments": "Card declined"}


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Desk card", paying="on_site")
    make.tag(20, "Payment Failed", "payment_failed")


def listed(desk: Desk, query: str = "") -> list[int]:
    return [int(text) for text in desk.get(f"/desk/payments{query}").all("td.at a")]


def day(ago: int) -> str:
    return (clock.now().date() - timedelta(days=ago)).isoformat()


# --- the list ---------------------------------------------------------------------------------


def test_payments_are_listed_by_day_the_latest_first(client: Client, operator: Desk) -> None:
    booking = make.booking(STAGES)
    old = paid(client, booking, "10", PaymentDate=day(9))
    first, second = (paid(client, booking, "20", PaymentDate=day(1)) for _ in range(2))

    page = operator.get("/desk/payments")

    assert listed(operator) == [second, first, old]
    assert len(page.all("tr.when")) == 2


def test_a_day_tells_its_cleared_money_by_currency_and_takes_refunds_off(
    client: Client, operator: Desk
) -> None:
    make.location(2, "GBP")
    here, there = make.booking(STAGES), make.booking(STAGES, location_id=2, currency="GBP")
    other = Client.of_new_partner(client.app, locations=[1, 2])
    payment = paid(other, here, "50")
    move(other, payment, "refund", "Amount=20")
    paid(other, here, "7", Status=1)
    paid(other, there, "30", Currency="GBP")

    assert operator.get("/desk/payments").all(".dk-day-sum") == ["30.00 EUR", "30.00 GBP"]
    assert operator.get("/desk/payments?state=uncleared").all("tr.when .dk-money") == [
        "nothing cleared"
    ]


def test_a_promise_that_came_true_stands_on_the_day_the_money_came(
    client: Client, operator: Desk
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=2, PaymentDate=day(-20))
    waiting = paid(client, booking, "30", Status=2, PaymentDate=day(-20))
    move(client, payment, "clear")

    page = operator.get("/desk/payments")

    assert listed(operator) == [waiting, payment]
    assert page.all("tr.when .dk-money") == ["nothing cleared", "50.00 EUR"]
    until, since = listed(operator, f"?to={day(0)}"), listed(operator, f"?from={day(-1)}")
    assert (until, since) == ([payment], [waiting])


@pytest.mark.long
def test_every_filter_of_the_address_counts(client: Client, operator: Desk) -> None:
    booking = make.booking(STAGES)
    other = Client.of_new_partner(client.app)
    method = make.rows_of(PaymentMethod, name="Desk card")[0].id
    old = paid(client, booking, "10", PaymentDate=day(9), Reference="R-1")
    coming = paid(other, booking, "20", Status=1, PaymentMethod="Desk card")

    filters = {
        f"?from={day(5)}": [coming],
        f"?to={day(5)}": [old],
        "?state=uncleared": [coming],
        f"?method={method}": [coming],
        f"?partner={client.partner_id}": [old],
        "?source=ipro": [coming, old],
        "?source=desk": [],
        "?reference=R-1": [old],
        "?location=1": [coming, old],
        "?location=2": [],
        f"?state=uncleared&partner={client.partner_id}": [],
    }

    assert {query: listed(operator, query) for query in filters} == filters


def test_a_filter_that_cannot_be_read_is_told_and_the_others_count(
    client: Client, operator: Desk
) -> None:
    payment = paid(client, make.booking(STAGES), "10")

    page = operator.get("/desk/payments?from=yesterday&state=cleared")

    assert page.all("#e-from") == ["From is 'yesterday'; it must be a real date, yyyy-mm-dd."]
    assert listed(operator, "?from=yesterday&state=cleared") == [payment]
    assert operator.get("/desk/payments?state=cleared&after=nonsense").status == 200


def test_long_lists_have_pages_that_keep_the_filters(
    client: Client, operator: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.payments.queries.SIZE", 2)
    booking = make.booking(STAGES)
    ids = [paid(client, booking, "1") for _ in range(5)]
    seen, path = list[int](), "/desk/payments?state=cleared"

    while path:
        page = operator.get(path)
        seen += [int(text) for text in page.all("td.at a")]
        links = [link.get("href") for link in page.root.cssselect("a[rel=next]")]
        assert all("state=cleared" in link for link in links)
        path = links[0] if links else ""

    assert seen == ids[::-1]


def test_the_list_is_read_in_two_statements(client: Client, operator: Desk) -> None:
    booking = make.booking(STAGES)
    for _ in range(3):
        paid(client, booking, "1")

    with counted_queries() as seen:
        operator.get("/desk/payments?state=cleared")

    assert len(seen) <= 4


def test_people_see_the_payments_of_their_locations(client: Client, desk_of: DeskOf) -> None:
    make.location(2)
    payment = paid(client, make.booking(STAGES), "10")
    elsewhere, here = desk_of("manager", locations=[2]), desk_of("operator", locations=[1])

    paths = [f"/desk/payments/{payment}{what}" for what in ("", "/clear", "/refund", "/void")]
    assert [elsewhere.get(path).status for path in paths] == [404] * 4
    posts = [elsewhere.post(path, {"reason": "x"}).status for path in paths[1:]]
    assert posts == [404] * 3
    assert (listed(elsewhere), listed(here)) == ([], [payment])


@pytest.mark.long
def test_an_empty_list_says_what_to_do(operator: Desk) -> None:
    assert "There are no payments yet." in operator.get("/desk/payments").text
    assert "No payment fits these filters." in operator.get("/desk/payments?state=void").text


# --- one payment ------------------------------------------------------------------------------


def test_a_payment_shows_everything_that_is_known_of_it(client: Client, operator: Desk) -> None:
    listen()
    token = {"PaymentToken": "tok_1234567890", "CardPartialNumbers": "4242"}
    payment = paid(client, make.booking(STAGES), "70", Charges="5", Reference="R-1", **token)
    back = move(client, payment, "refund", "Amount=20&Reason=Too+much").json["PaymentId"]

    page = operator.get(f"/desk/payments/{payment}")

    assert page.all("h1") == ["Payment of 70.00 EUR"]
    rows = page.all("main .dk-stack table")
    assert "Rental Deposit" in rows[0]
    assert "Refunded" in rows[0]
    facts = " ".join(page.all(".dk-dl"))
    assert all(text in facts for text in ("House API", "external", "R-1", "4242", "5.00 EUR"))
    assert "tok_1234567890" not in page.text
    assert "Can still go back50.00 EUR" in facts
    assert page.all(".dk-ev a") == ["payment.recorded"]
    log = page.all(".dk-ev")
    assert any("refunded 20.00 EUR" in text and "Too much" in text for text in log)
    refund = operator.get(f"/desk/payments/{back}")
    assert refund.all("h1") == ["Refund of 20.00 EUR"]
    assert refund.all(".dk-ev a") == ["payment.refunded"]


def test_actions_are_those_of_its_state_and_of_who_looks(
    client: Client, operator: Desk, manager: Desk
) -> None:
    booking = make.booking(STAGES)
    there, coming = paid(client, booking, "10"), paid(client, booking, "10", Status=1)
    failed = paid(client, booking, "10", **FAILED)

    def actions(desk: Desk, payment: int) -> list[str]:
        hidden = f" payment {payment}"
        found = desk.get(f"/desk/payments/{payment}").all(".dk-pay-acts a")
        return [text.removesuffix(hidden) for text in found]

    assert actions(operator, there) == ["Receipt (PDF)"]
    assert actions(operator, coming) == ["Clear", "It failed"]
    assert actions(manager, there) == ["Refund", "Delete external payment", "Receipt (PDF)"]
    assert actions(manager, coming) == ["Clear", "It failed", "Delete external payment"]
    assert actions(manager, failed) == []


# --- clearing and failing -----------------------------------------------------------------------


def act(desk: Desk, payment: int, what: str, **fields: Any) -> Any:
    path = f"/desk/payments/{payment}/{what}"
    return desk.post(path, desk.get(path).form(f"/{what}") | fields)


def test_an_operator_completes_an_external_payment_that_is_completed_here(
    client: Client, operator: Desk
) -> None:
    booking = make.booking(STAGES, status="provisional")
    payment = paid(client, booking, "70", Status=1, PaymentMethod="Desk card")
    page = operator.get(f"/desk/payments/{payment}/clear")

    answer = act(operator, payment, "clear", paid_on=day(1))

    assert page.all("tbody .dk-plus") == ["+ 60.00", "+ 10.00"]
    assert answer.leads_to == f"/desk/bookings/{booking}#payment-{payment}"
    row = make.row_of(Payment, payment)
    assert (row.state, str(row.settled_on)) == ("cleared", day(1))
    assert (on_lines(booking), make.row_of(Booking, booking).status) == ([6000, 1000], "booking")
    assert "70.00 EUR is there now, and counts as paid." in operator.get("/desk/payments").text


def test_what_only_the_partner_completes_is_explained_and_not_cleared(
    client: Client, operator: Desk
) -> None:
    payment = paid(client, make.booking(STAGES), "70", Status=1)
    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(paying="external"))
    path = f"/desk/payments/{payment}/clear"

    page = operator.get(path)
    with unchanged():
        answer = operator.post(path, {"paid_on": day(0)})

    assert "is completed outside only" in page.text
    assert page.all("button.btn-primary") == []
    assert answer.status == 422
    assert "whoever sent it clears it" in answer.text


def test_money_that_is_there_is_not_cleared_again(client: Client, operator: Desk) -> None:
    payment = paid(client, make.booking(STAGES), "70")

    assert "There is nothing to clear" in operator.get(f"/desk/payments/{payment}/clear").text
    answer = operator.post(f"/desk/payments/{payment}/clear", {"paid_on": day(0)})
    assert answer.status == 422
    assert f"Payment {payment} is cleared" in answer.text


def test_a_promise_fails_with_a_reason(client: Client, operator: Desk) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Status=2)

    refused = act(operator, payment, "fail", reason=" ")
    answer = act(operator, payment, "fail", reason="Cheque bounced")

    assert refused.status == 422
    assert refused.all("#e-reason")[0].startswith("Reason is missing")
    row = make.row_of(Payment, payment)
    assert (answer.status, row.state, row.failure_reason) == (303, "failed", "Cheque bounced")
    assert (last_entry(booking)["reason"], last_entry(booking)["severity"]) == (
        "Cheque bounced", "medium",
    )  # fmt: skip
    assert figures(booking) == (0, 0, 0)
    assert "70.00 EUR will not come" in operator.get("/desk/payments").text
    assert wrong_books() == []


def test_clearing_is_a_permission_of_its_own(client: Client, desk_of: DeskOf) -> None:
    payment = paid(client, make.booking(STAGES), "70", Status=2)
    reader = desk_of("operator", withdrawn=["clear"])

    answers = [reader.post(f"/desk/payments/{payment}/{what}").status for what in ("clear", "fail")]

    assert answers == [403, 403]
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 2
    assert "Clear" not in reader.get(f"/desk/payments/{payment}").all(".dk-pay-acts a")
