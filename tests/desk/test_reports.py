"""The pages of reports: what they say, and what their addresses ask for."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from office.reports.all import REPORTS
from partners.models import Partner
from staff.permissions import Permission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk
from tests.desk.reporting import EVERY, day, lines, money
from tests.make import Client
from tests.payments.moving import paid

WEEKS = "?" + urlencode({"from": day(-20), "to": day(120)})


@pytest.mark.one_database
def test_the_overview_leads_to_every_report_and_says_what_it_is_about(manager: Desk) -> None:
    page = manager.get("/desk/reports/")

    paths = [link.get("href") for link in page.root.cssselect("main li h2 a")]
    assert paths == [f"/desk/reports/{name}" for name in REPORTS]
    assert page.all("main li p") == [report.says for report in REPORTS.values()]


def test_a_report_says_its_figures_by_currency_with_sums_of_all_lines(
    client: Client, manager: Desk
) -> None:
    money(client)

    page = manager.get(f"/desk/reports/money{WEEKS}")

    assert page.all("section h2") == ["EUR", "GBP"]
    euros = lines(page)[:6]
    assert [each[1:] for each in euros] == [
        ["1", "25.00", "–", "–", "–", "25.00"],
        ["1", "25.00", "–", "–", "–", "25.00"],
        ["4", "191.25", "−10.00", "1.50", "–", "182.75"],
        ["4", "191.25", "−10.00", "1.50", "–", "182.75"],
        ["5", "216.25", "−10.00", "1.50", "–", "207.75"],
        ["1", "25.00", "–", "–", "–", "25.00"],
    ]
    assert [each[0] for each in euros[1:4:2]] == ["Cheque", "PayPal"]


@pytest.mark.long
@pytest.mark.one_database
def test_bars_are_of_the_numbers_in_the_table(client: Client, manager: Desk) -> None:
    money(client)

    for name, report in REPORTS.items():
        page = manager.get(f"/desk/reports/{name}{WEEKS}")
        told = [json.loads(each.text_content()) for each in page.root.cssselect("main script")]
        totals = [row for row in lines(page) if row[0] == "In all"]
        places = [1 + [each.name for each in report.measures].index(each) for each in report.chart]

        assert [bars["unit"] for bars in told] in (["EUR", "GBP"], ["", ""])
        for bars, total in zip(told, totals, strict=True):
            added = [sum(map(float, series["values"])) for series in bars["series"]]
            assert added == [number(total[place]) for place in places]
            assert {len(series["values"]) for series in bars["series"]} == {len(bars["titles"])}


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-").replace("–", "0"))


@pytest.mark.one_database
def test_every_report_says_what_would_stand_in_it(manager: Desk) -> None:
    make.location(1)
    told = {name: manager.get(f"/desk/reports/{name}") for name in EVERY}

    assert {page.status for page in told.values()} == {200}
    assert len({page.text for page in told.values()}) == len(EVERY)
    assert all("There is nothing to report." in page.text for page in told.values())
    assert all(not page.root.cssselect("table, canvas") for page in told.values())


# --- what the address asks for ----------------------------------------------------------------


@pytest.mark.long
def test_every_filter_of_the_address_counts(client: Client, manager: Desk) -> None:
    method = money(client)
    other = make.rows_of(Partner)[-1].id

    def totals(query: str) -> list[str]:
        page = manager.get(f"/desk/reports/money{WEEKS}&{query}")
        return [row[1] for row in lines(page) if row[0] == "In all"]

    filters = {
        "": ["5", "5"],
        "location=2": ["5"],
        "currency=eur": ["5"],
        f"method={method}": ["4", "4"],
        f"partner={client.partner_id}": ["5"],
        f"partner={other}&location=2": ["5"],
        "partner=none": [],
        "source=ipro": ["5", "5"],
        "source=desk": [],
        f"from={day(-3)}&to={day(-3)}": ["1", "1"],
    }
    # Of a filter that comes twice the first one counts, so days come without those above.
    days = f"from={day(-3)}&to={day(-3)}"
    found = {query: totals(query) for query in filters if query != days}
    page = manager.get(f"/desk/reports/money?{days}")
    found[days] = [row[1] for row in lines(page) if row[0] == "In all"]
    assert found == filters


@pytest.mark.one_database
def test_a_period_is_asked_for_by_a_word_and_keeps_the_other_filters(
    client: Client, manager: Desk
) -> None:
    money(client)

    today = manager.get("/desk/reports/money?period=today&source=ipro")

    assert [row[1] for row in lines(today) if row[0] == "In all"] == ["4", "4"]
    assert today.all("nav.dk-rep-periods a[aria-current]") == ["Today"]
    links = {link.get("href") for link in today.root.cssselect("nav.dk-rep-periods a")}
    assert "/desk/reports/money?period=last_month&source=ipro" in links


@pytest.mark.one_database
def test_days_of_ones_own_count_before_a_period(client: Client, manager: Desk) -> None:
    money(client)

    page = manager.get(f"/desk/reports/money?period=today&from={day(-3)}&to={day(-3)}")

    assert [row[1] for row in lines(page) if row[0] == "In all"] == ["1", "1"]
    assert page.all("nav.dk-rep-periods a[aria-current]") == []


def test_what_is_to_come_is_shown_of_all_days_unless_asked_otherwise(
    client: Client, manager: Desk
) -> None:
    money(client)

    page = manager.get("/desk/reports/deferred?location=1")

    assert page.all("nav.dk-rep-periods a[aria-current]") == ["All days"]
    assert [row for row in lines(page) if row[0] == "In all"] == [
        ["In all", "2", "15.00", "12.00", "27.00", "–"]
    ]


@pytest.mark.one_database
def test_wrong_filters_are_told_at_their_fields_and_no_figures_are_shown(
    client: Client, manager: Desk
) -> None:
    money(client)

    page = manager.get("/desk/reports/money?from=yesterday&to=2026-02-30&location=77&method=999")

    assert page.status == 422
    assert page.all("#e-from") == ["From is 'yesterday'; it must be a real date, yyyy-mm-dd."]
    assert page.all("#e-to") == ["To is '2026-02-30'; it must be a real date, yyyy-mm-dd."]
    assert page.all("#e-location") == ["You work with no location 77; choose one of the list."]
    assert page.all("#e-method") == ["There is no method 999; choose one of the list."]
    strange = manager.get(f"/desk/reports/money{WEEKS}&source=fax")
    assert "No figures are shown." in strange.text
    assert (lines(strange), strange.root.cssselect("canvas")) == ([], [])


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-02-02&to=2026-02-01", "From must not be after To"),
        ("currency=XXX", "it must be an ISO 4217 code such as EUR"),
        ("source=fax", "it must be one of ipro, spektrix"),
        ("period=ever", "There is no period 'ever'"),
        ("from=1900-01-01&to=2030-01-01", "at most 731 days"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    manager: Desk, query: str, said: str
) -> None:
    make.location(1)
    page = manager.get(f"/desk/reports/money?{query}")

    assert (page.status, said in page.text) == (422, True)


@pytest.mark.one_database
def test_a_filter_that_a_report_has_not_is_no_filter_in_vain(manager: Desk) -> None:
    make.location(1)
    method = make.method("PayPal")

    page = manager.get(f"/desk/reports/due?method={method}")

    assert page.status == 422
    assert page.all("[role=alert]") == [
        "This report has no filter method; it has from, to, location, currency, week."
    ]


STRANGE = (
    "0", "-1", str(2**63), "9" * 5000, "a\0b", "²", "٣", "\ud83d", "0001-01-01", "9999-12-31",
    "none",
)  # fmt: skip
FILTERS = (
    "from", "to", "period", "location", "method", "partner", "source", "currency", "figure",
)  # fmt: skip
DIMENSIONS = {"day": "money", "week": "held", "age": "overdue", "reason": "attempts"}


@pytest.mark.one_database
@pytest.mark.long
def test_no_address_breaks_a_report(manager: Desk) -> None:
    make.location(1)
    wanted = [
        (f"{name}{rows}", {**dict.fromkeys(FILTERS, value), dimension: value})
        for dimension, name in DIMENSIONS.items()
        for rows in ("", "/rows")
        for value in STRANGE
    ]
    # One at a time gets further: nothing else is wrong.
    wanted += [
        (f"{name}/rows", {"currency": "EUR", wrong: value})
        for dimension, name in DIMENSIONS.items()
        for wrong in (dimension, "after")
        for value in STRANGE
    ]
    paths = [f"{name}?{urlencode(query, errors='surrogatepass')}" for name, query in wanted]

    statuses = {path: manager.get(f"/desk/reports/{path}").status for path in paths}

    assert {path: found for path, found in statuses.items() if found not in (200, 422)} == {}
    assert set(statuses.values()) == {200, 422}


@pytest.mark.one_database
def test_there_is_no_other_report(manager: Desk) -> None:
    assert manager.get("/desk/reports/profit").status == 404
    assert manager.get("/desk/reports/profit/rows?currency=EUR").status == 404


# --- who sees what ----------------------------------------------------------------------------


@pytest.mark.one_database
def test_reports_are_for_people_who_may_read_them(desk_of: DeskOf) -> None:
    operator = desk_of("operator")
    without = desk_of("manager", withdrawn=[Permission.REPORTS.value])
    paths = ("/desk/reports/", "/desk/reports/money", "/desk/reports/money/rows?currency=EUR")

    assert [desk.get(path).status for desk in (operator, without) for path in paths] == [403] * 6


@pytest.mark.long
def test_people_see_the_money_of_their_locations(client: Client, desk_of: DeskOf) -> None:
    money(client)
    here = desk_of("manager", locations=[1])

    pages = [here.get(f"/desk/reports/{name}{WEEKS}") for name in EVERY]

    assert [page.all("section h2") for page in pages] == [["EUR"]] * len(EVERY)
    rows = here.get("/desk/reports/money/rows?currency=GBP")
    assert "The sum of 0 rows." in rows.text
    elsewhere = here.get("/desk/reports/money?location=2")
    assert (elsewhere.status, elsewhere.all("#f-location option")) == (422, ["All", "Location 1"])


# --- size -------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_report_and_its_rows_are_read_in_a_few_statements(client: Client, manager: Desk) -> None:
    money(client)

    for name in EVERY:
        with counted() as page:
            manager.get(f"/desk/reports/{name}{WEEKS}")
        with counted() as rows:
            manager.get(f"/desk/reports/{name}/rows?currency=EUR")

        assert (len(page), len(rows)) == (4, 4)


@pytest.mark.one_database
def test_a_table_that_is_too_long_is_cut_and_its_sums_are_of_all_lines(
    client: Client, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.reports.tables.MOST_LINES", 2)
    make.method("PayPal")
    booking = make.booking()
    for ago in range(4):
        paid(client, booking, "10", PaymentDate=day(-ago))

    page = manager.get(f"/desk/reports/money{WEEKS}")

    assert [row[2] for row in lines(page)] == ["10.00"] * 4 + ["40.00"]
    assert "2 more lines are in the file only; the sums are of all." in page.text
