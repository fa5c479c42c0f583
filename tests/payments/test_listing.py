"""GET /apis/payments: the vendor's shape, the newest first, only what the partner may see."""

from __future__ import annotations

from typing import Any

import pytest

from kit.paging import Bookmarks
from tests import make
from tests.make import Client, Due
from tests.payments.proofs import counted_queries, refusal
from tests.payments.test_representation import PAYMENT_KEYS

PATH = "/apis/payments"


@pytest.fixture(autouse=True)
def _methods(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client
    # What pages of other tests, on rows that are gone, have left behind.
    monkeypatch.setattr("payments.routes.BOOKMARKS", Bookmarks())
    make.method("PayPal")
    make.method("BankTransfer")


def listed(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    found: dict[str, Any] = answer.json  # type: ignore[assignment]
    return found


def ids(client: Client, query: str = "") -> list[int]:
    return [payment["PaymentID"] for payment in listed(client, query)["Payments"]]


def pay(client: Client, booking: int, amount: str = "1.00", **fields: Any) -> int:
    answer = client.pay(booking, amount, **fields)
    assert answer.json is not None, answer.text
    found: int = answer.json["PaymentId"]
    return found


def test_the_vendors_example_is_listed_as_the_vendor_lists_it(client: Client) -> None:
    dues = [
        Due("90.00", name="10% tax"),
        Due("25.00", name="Booking Fee"),
        Due("248.00", name="Rental Deposit"),
        Due("652.00", stage=2, due_in=60, name="Rental Balance"),
    ]
    booking = make.booking(dues, id=602)
    payment = pay(client, 602, "1015.00", PaymentMethod="BankTransfer", PaymentDate="2021-03-26")
    parts = [
        f'{{"PaymentScheduleID":{line.id},"PaymentScheduleName":"{line.name}","Amount":{amount}}}'
        for line, amount in zip(
            make.lines_of(booking), ["90.00", "25.00", "248.00", "652.00"], strict=True
        )
    ]

    answer = client.get(f"{PATH}?BookingId=602")

    assert answer.text.startswith(
        f'{{"Payments":[{{"PaymentID":{payment},"BookingID":602,"Amount":1015.00,'
        '"PaymentMethod":"BankTransfer","PaymentDate":"26/03/2021","PaymentCategory":2,'
        '"PaymentType":2,"Comments":"","PaymentToken":"","CardPartialNumbers":"",'
        '"SagepaySecurityKey":null,"SagepayVendorTxCode":null,"SagepayVPSTxId":null,'
        f'"SagepayTxAuthNo":"","PaymentSchedules":[{",".join(parts)}],'
    )
    [shown] = listed(client, "BookingId=602")["Payments"]
    assert list(shown) == PAYMENT_KEYS


def test_a_payment_is_listed_as_its_answer_showed_it(client: Client) -> None:
    booking = make.booking(["60.00"])
    prefer = {"Prefer": "return=representation"}

    answer = client.pay(
        booking,
        "75.00",
        Charges="1.00",
        Reference="r",
        PaymentToken="tok_123456789",
        headers=prefer,
    )

    assert answer.json is not None
    shown = answer.json["Payment"]
    del shown["Booking"]
    assert listed(client)["Payments"] == [shown]


def test_the_newest_payment_comes_first(client: Client) -> None:
    booking = make.booking(["60.00"])
    made = [pay(client, booking) for _ in range(4)]

    assert ids(client) == made[::-1]


def test_without_payments_the_list_is_empty_and_not_null(client: Client) -> None:
    assert client.get(PATH).text == '{"Payments":[]}'
    assert client.get(f"{PATH}?size=5").text == '{"TotalHits":0,"Payments":[]}'


def test_payments_of_one_booking(client: Client) -> None:
    one, other = make.booking(["60.00"]), make.booking(["60.00"])
    mine = [pay(client, one), pay(client, one, "2.00", Status=1)]
    theirs = pay(client, other)

    assert ids(client, f"BookingId={one}") == mine[::-1]
    assert ids(client, f"bookingid={other}") == [theirs]
    assert ids(client, "BookingId=999999") == []
    assert ids(client, "BookingId=&DateFrom=&DateTo&") == [theirs, *mine[::-1]]


def test_days_are_filtered_with_both_their_ends(client: Client) -> None:
    booking = make.booking(["60.00"])
    days = ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    made = dict(zip(days, (pay(client, booking, PaymentDate=day) for day in days), strict=True))
    newest = [made[day] for day in reversed(days)]

    assert ids(client, "DateFrom=2026-02-28&DateTo=2026-03-01") == newest[1:3]
    assert ids(client, "DateFrom=2026-03-01") == newest[:2]
    assert ids(client, "DateTo=2026-02-28") == newest[2:]
    assert ids(client, "DateFrom=2026-03-01&DateTo=2026-02-28") == []


def test_filters_that_are_malformed_are_told_all_at_once(client: Client) -> None:
    answer = client.get(f"{PATH}?BookingId=x&DateFrom=2026-02-30&DateTo=soon&size=0&index=a")

    status, wrong = refusal(answer)
    assert status == 400
    assert dict(wrong) == dict.fromkeys(
        ["BookingId", "DateFrom", "DateTo", "size", "index"], "invalid"
    )
    assert refusal(client.get(f"{PATH}?size=301")) == (400, [("size", "invalid")])


def test_pages_have_a_total_and_together_give_every_payment_once(client: Client) -> None:
    booking = make.booking(["60.00"])
    made = [pay(client, booking) for _ in range(7)][::-1]

    pages = [listed(client, f"size=3&index={index}") for index in (1, 2, 3, 4)]

    assert [page["TotalHits"] for page in pages] == [7] * 4
    assert list(pages[0]) == ["TotalHits", "Payments"]
    found = [[payment["PaymentID"] for payment in page["Payments"]] for page in pages]
    assert found == [made[:3], made[3:6], made[6:], []]
    assert listed(client, "size=3=1")["Payments"] == pages[0]["Payments"]
    assert ids(client, "index=1") == made
    assert "TotalHits" not in listed(client)


@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_page_asked_for_alone_is_the_same_as_in_a_row(client: Client, index: int) -> None:
    booking = make.booking(["60.00"])
    made = [pay(client, booking) for _ in range(8)][::-1]

    assert ids(client, f"size=3&index={index}") == made[index * 3 - 3 : index * 3]


def test_a_page_counts_only_what_its_filters_leave(client: Client) -> None:
    one, other = make.booking(["60.00"]), make.booking(["60.00"])
    mine = [pay(client, one) for _ in range(3)]
    pay(client, other)

    page = listed(client, f"BookingId={one}&size=2&index=2")

    assert page["TotalHits"] == 3
    assert [payment["PaymentID"] for payment in page["Payments"]] == mine[:1]


def test_a_partner_sees_only_the_payments_of_its_locations(client: Client) -> None:
    make.location(5)
    here, there = make.booking(["60.00"]), make.booking(["60.00"], location_id=5)
    elsewhere = Client.of_new_partner(client.app, locations=[5])
    everywhere = Client.of_new_partner(client.app, locations=[1, 5])
    mine, theirs = pay(client, here), pay(elsewhere, there)

    assert ids(client) == [mine]
    assert ids(elsewhere) == [theirs]
    assert ids(everywhere) == [theirs, mine]
    assert ids(client, f"BookingId={there}") == []
    assert listed(client, f"BookingId={there}&size=5")["TotalHits"] == 0


def test_reading_needs_its_scope(client: Client) -> None:
    writer = Client.of_new_partner(client.app, scopes="payments:write")

    assert refusal(writer.get(PATH)) == (403, [(None, "scope_missing")])


def test_credit_is_not_listed_as_a_line(client: Client) -> None:
    booking = make.booking(["60.00"])

    pay(client, booking, "75.00")

    [shown] = listed(client)["Payments"]
    assert [part["Amount"] for part in shown["PaymentSchedules"]] == [60]
    assert shown["Amount"] == 75


def test_a_page_takes_as_many_queries_for_one_payment_as_for_many(client: Client) -> None:
    booking = make.booking(["60.00"])
    for _ in range(12):
        pay(client, booking, PaymentToken="tok_123456789")

    with counted_queries() as one:
        listed(client, "size=1")
    with counted_queries() as many:
        listed(client, "size=12")

    assert len(one) == len(many) <= 4
