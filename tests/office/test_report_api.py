"""Reports for partners: figures and rows of their own locations, and no names of people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask

from kit import clock
from office import describing
from office.reports.all import REPORTS
from office.reports.filters import WIRE
from office.reports.report import Dimension
from office.schemas import wire
from partners.scopes import DEFAULT
from tests import make
from tests.apidocs.conftest import table_rows
from tests.make import Client, Due
from tests.payments.proofs import refusal

TODAY = clock.now().date()
DAY = {"From": TODAY.isoformat(), "To": TODAY.isoformat()}


@pytest.fixture(autouse=True)
def _house(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")


def get(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/apis/reports{path}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=str)


def faults(client: Client, path: str, **query: Any) -> dict[str, str]:
    """Fields and sentences of a request that is malformed."""
    answer = client.get(f"/apis/reports{path}?{urlencode(query)}")
    assert answer.status_code == 400, answer.text
    return {each["Field"]: each["Message"] for each in answer.json["Errors"]}


def something_of_everything(client: Client) -> int:
    """A booking with a line in every report; its id."""
    booking = make.booking([Due("100.00"), Due("50.00", 2, 30)])
    payment = client.pay(booking, "120", Charges="2").json["PaymentId"]
    client.post(f"/apis/payments/{payment}/refund", "Amount=20")
    client.pay(booking, "10", Status=2)
    client.pay(booking, "10", Status=1, AddBookingTag=20, Comments="Declined & gone")
    client.pay(make.booking(["10.00"]), "15")
    return booking


@pytest.mark.one_database
def test_the_reports_are_listed_with_what_they_are_asked_by(client: Client) -> None:
    found = get(client, "")["Reports"]

    assert [each["Name"] for each in found] == list(REPORTS)
    assert found[2] == {
        "Name": "due",
        "Title": "Outstanding by due week",
        "About": REPORTS["due"].says,
        "DatedBy": "Day it is due",
        "Filters": ["From", "To", "LocationId", "Currency"],
        "Lines": ["Week"],
        "Figures": ["Count", "Outstanding", "Promised", "Open"],
    }


def test_money_is_told_by_currency_with_its_decimals(client: Client) -> None:
    something_of_everything(client)

    found = get(client, "/money", **DAY)

    [section] = found["Sections"]
    sums = {
        "Count": 3, "Cleared": "135.00", "Refunded": "-20.00", "Charges": "2.00", "Tips": "0.00",
        "Total": "117.00",
    }  # fmt: skip
    [line] = section["Lines"]
    assert (found["Report"], found["From"], found["To"]) == ("money", str(TODAY), str(TODAY))
    assert (section["Currency"], section["Sums"]) == ("EUR", sums)
    assert {"Day": str(TODAY), "MethodId": line["MethodId"], "Method": "PayPal"} | sums == line


@pytest.mark.long
def test_every_figure_is_the_sum_of_the_rows_it_leads_to(client: Client) -> None:
    something_of_everything(client)

    for name, report in REPORTS.items():
        [section] = get(client, f"/{name}")["Sections"]
        assert section["Lines"]
        for line in section["Lines"]:
            of = {key: line[key] for key in (WIRE[each.name] for each in report.dimensions)}
            sent = {key: "none" if value is None else value for key, value in of.items()}
            found = get(client, f"/{name}/rows", Currency=section["Currency"], **sent)
            assert found["TotalHits"] == len(found["Rows"]) == line["Count"]
            for measure in report.measures:
                key = wire(measure.name)
                added = sum(int(str(row[key]).replace(".", "")) for row in found["Rows"])
                assert added == int(str(line[key]).replace(".", "")), (name, key)


def test_rows_are_paged_in_their_order(client: Client) -> None:
    booking = make.booking(["500.00"])
    ids = [client.pay(booking, "10").json["PaymentId"] for _ in range(5)]

    pages = [
        get(client, "/money/rows", Currency="EUR", size=2, index=index) for index in (1, 2, 3, 4)
    ]

    assert [[row["PaymentId"] for row in page["Rows"]] for page in pages] == [
        [ids[4], ids[3]], [ids[2], ids[1]], [ids[0]], [],
    ]  # fmt: skip
    assert {page["TotalHits"] for page in pages} == {5}


@pytest.mark.long
def test_rows_hold_nothing_of_a_person(client: Client) -> None:
    something_of_everything(client)

    for name in REPORTS:
        shown = json.dumps(get(client, f"/{name}/rows", Currency="EUR"))
        assert "Maria" not in shown
        assert "Silva" not in shown
        assert "guest@example.com" not in shown


@pytest.mark.long
def test_only_locations_of_the_partner_are_reported_on(app: Flask, client: Client) -> None:
    elsewhere = Client.of_new_partner(app, locations=[2])
    elsewhere.pay(make.booking(location_id=2), "40")
    something_of_everything(client)

    for name in REPORTS:
        [mine] = get(client, f"/{name}")["Sections"]
        both = get(Client.of_new_partner(app, locations=[1, 2]), f"/{name}", LocationId=1)
        assert both["Sections"][0]["Sums"] == mine["Sums"]
        rows = get(client, f"/{name}/rows", Currency="EUR")["Rows"]
        assert {row["Location"] for row in rows} == {"Location 1"}
    assert faults(client, "/money", LocationId=2) == {
        "LocationId": "LocationId is 2; it must be one of 1."
    }


def test_other_partners_are_just_others(app: Flask, client: Client) -> None:
    booking = make.booking(["500.00"])
    other = Client.of_new_partner(app)
    client.pay(booking, "10")
    other.pay(booking, "20")

    [section] = get(client, "/sources")["Sections"]
    [row] = get(client, "/sources/rows", Currency="EUR", PartnerId=0)["Rows"]

    assert [(line["PartnerId"], line["Cleared"]) for line in section["Lines"]] == [
        (client.partner_id, "10.00"),
        (0, "20.00"),
    ]
    assert section["Lines"][1]["Partner"] == row["Partner"] == "other"
    assert faults(client, "/sources", PartnerId=other.partner_id) == {
        "PartnerId": f"PartnerId is {other.partner_id}; it must be one of none,"
        f" {client.partner_id}, 0."
    }


def test_why_an_attempt_failed_is_told_to_whoever_said_it(app: Flask, client: Client) -> None:
    booking = make.booking(["500.00"])
    for each, words in ((client, "card expired"), (Client.of_new_partner(app), "the aunt rang")):
        each.pay(booking, "10", Status=1, AddBookingTag=20, Comments=words)

    [section] = get(client, "/attempts")["Sections"]

    assert sorted(line["Reason"] for line in section["Lines"]) == ["-", "card expired"]


@pytest.mark.one_database
def test_the_scope_is_asked_for_by_name(app: Flask) -> None:
    reader = Client.of_new_partner(app, scopes=" ".join(DEFAULT))

    for path in ("", "/money", "/money/rows?Currency=EUR"):
        assert refusal(reader.get(f"/apis/reports{path}")) == (403, [(None, "scope_missing")])


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/nothing", "/nothing/rows", "/Money"])
def test_a_report_that_there_is_none_of_is_not_there(client: Client, path: str) -> None:
    assert refusal(client.get(f"/apis/reports{path}")) == (404, [(None, "not_found")])


@pytest.mark.one_database
def test_all_that_is_wrong_is_told_at_once(client: Client) -> None:
    found = faults(
        client, "/money/rows", From="1.1.2026", To="2026-02-30", LocationId=9, MethodId="x",
        PartnerId="all", Source="fax", Currency="XXQ", Week="2026-01-05", size=0,
    )  # fmt: skip

    assert found == {
        "From": "From is '1.1.2026'; it must be a real date, yyyy-mm-dd.",
        "To": "To is '2026-02-30'; it must be a real date, yyyy-mm-dd.",
        "LocationId": "LocationId is 9; it must be one of 1.",
        "MethodId": "MethodId is 'x'; it must be a whole number.",
        "PartnerId": "PartnerId is 'all'; it must be a whole number, or none.",
        "Source": "Source is 'fax'; it must be one of ipro, spektrix, kseries, brink, iiko, desk,"
        " guest, import.",
        "Currency": "Currency is XXQ; it must be an ISO 4217 code such as EUR.",
        "Week": "Week is no filter of the report money; it is filtered by From, To, LocationId,"
        " MethodId, PartnerId, Source, Currency, and its rows by Day.",
        "size": "size is '0'; it must be a whole number from 1 to 300.",
    }


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("path", "name", "given"),
    [
        ("/money", "Form", "2026-01-01"),
        ("/money", "Day", "2026-01-05"),  # of its rows
        ("/money", "size", "1"),
        ("/money/rows", "Foo", "1"),
    ],
)
def test_a_filter_that_no_report_knows_is_refused(
    client: Client, path: str, name: str, given: str
) -> None:
    found = faults(client, path, Currency="EUR", **{name: given})

    assert found == {
        name: f"{name} is no filter of a report; GET /apis/reports names those of each."
    }


@pytest.mark.one_database
def test_a_week_is_named_by_its_monday(client: Client) -> None:
    found = faults(client, "/due/rows", Currency="EUR", Week="2026-11-24")

    assert found == {"Week": "Week is '2026-11-24'; it must be a Monday, yyyy-mm-dd."}


@pytest.mark.one_database
def test_rows_are_of_one_currency(client: Client) -> None:
    assert faults(client, "/money/rows") == {
        "Currency": "Currency is missing; it must be an ISO 4217 code such as EUR."
    }


@pytest.mark.one_database
def test_a_day_twice_and_a_card_number_are_refused(client: Client) -> None:
    twice = client.get("/apis/reports/money?From=2026-01-01&from=2026-01-02")
    card = client.get("/apis/reports/attempts/rows?Currency=EUR&Reason=4242+4242+4242+4242")

    assert refusal(twice) == (400, [("From", "repeated")])
    assert refusal(card) == (400, [("Reason", "card_number")])
    assert "4242" not in card.text


@pytest.mark.one_database
@time_machine.travel("2026-10-31T23:30:00Z", tick=False)
def test_the_present_month_is_that_of_the_location(app: Flask) -> None:
    make.location(2, time_zone="Pacific/Auckland")
    client = Client.of_new_partner(app, locations=[1, 2])

    here, there = (get(client, "/money", LocationId=location) for location in (1, 2))

    assert (here["From"], here["To"]) == ("2026-10-01", "2026-10-31")
    assert (there["From"], there["To"]) == ("2026-11-01", "2026-11-30")


@pytest.mark.one_database
def test_every_name_on_the_wire_is_described() -> None:
    described = {*describing.DIMENSIONS, *describing.MEASURES, *describing.DETAILS}
    sent = {
        name
        for report in REPORTS.values()
        for name in (
            *(WIRE[each.name] for each in report.dimensions),
            *(wire(each.label) for each in report.dimensions if each.label),
            *(wire(each.name) for each in report.measures),
            *(wire(each.name) for each in report.details if not each.is_private),
        )
    }

    assert sent | {"Currency"} == described


@pytest.mark.one_database
def test_the_document_names_what_lines_and_rows_have() -> None:
    page = (Path(__file__).parents[2] / "docs" / "office" / "reports.md").read_text()
    common = ("Location", "BookingId")

    told = {row[0]: row[1:] for row in table_rows(page, "### What lines and rows have")}

    assert told == {
        f"`{name}`": [
            _named(*(key for each in report.dimensions for key in _of_line(each))),
            _named(*(wire(each.name) for each in report.measures)),
            _named(
                *(
                    wire(each.name)
                    for each in report.details
                    if not each.is_private and wire(each.name) not in common
                )
            ),
        ]
        for name, report in REPORTS.items()
    }


def _of_line(dimension: Dimension) -> list[str]:
    return [WIRE[dimension.name], *([wire(dimension.label)] if dimension.label else [])]


def _named(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)
