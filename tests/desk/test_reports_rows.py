"""The rows of a figure: every figure of every report is the sum of the rows it leads to."""

from __future__ import annotations

import pytest

from office.reports.all import REPORTS
from tests import make
from tests.desk.people import Desk, Page
from tests.desk.reporting import EVERY, day, money
from tests.make import Client
from tests.payments.moving import move, paid


def figures_of(page: Page) -> list[tuple[str, str]]:
    """The figures of a report that lead somewhere, each with where."""
    return [(link.text_content(), link.get("href")) for link in page.root.cssselect("a.dk-rep-fig")]


def one_currency(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The figures in euros, and the last one of the other currency."""
    return [each for each in found if "currency=EUR" in each[1]] + found[-1:]


def sum_of(page: Page) -> str:
    """What the rows of a page add up to, as a figure is written."""
    cells = page.all("td.dk-rep-sum")
    if not cells:  # a number of things
        return f"{len(page.root.cssselect('tbody tr')):,}"
    total = sum(float(text.replace(",", "").replace("−", "-")) for text in cells)
    return f"{total:,.2f}".replace("-", "−")


@pytest.mark.long
def test_every_figure_is_the_sum_of_the_rows_it_leads_to(client: Client, manager: Desk) -> None:
    money(client)

    for name in EVERY:
        report = manager.get(f"/desk/reports/{name}?from={day(-20)}&to={day(120)}")
        found = figures_of(report)
        assert len(found) >= 10
        for text, path in one_currency(found):
            rows = manager.get(path)
            currency = rows.all("h2 + span")[0]
            [head] = rows.all("h1")
            figure = head.partition(": ")[2].removesuffix(f" {currency}")
            assert (path, figure, sum_of(rows)) == (path, text, text)


@pytest.mark.long
def test_rows_lead_to_their_payment_and_booking(client: Client, manager: Desk) -> None:
    make.method("PayPal")
    booking = make.booking()
    payment = paid(client, booking, "30")
    back = move(client, payment, "refund", "Amount=10").json["PaymentId"]

    page = manager.get("/desk/reports/money/rows?currency=EUR&figure=total")

    links = [link.get("href") for link in page.root.cssselect("td a")]
    refund = [f"/desk/payments/{back}", f"/desk/payments/{payment}", f"/desk/bookings/{booking}"]
    assert links == [*refund, f"/desk/payments/{payment}", f"/desk/bookings/{booking}"]
    assert {manager.get(path).status for path in links} == {200}
    assert "Maria Silva" in page.text


@pytest.mark.one_database
def test_rows_say_what_the_figure_is_about(client: Client, manager: Desk) -> None:
    method = money(client)

    page = manager.get(
        f"/desk/reports/money/rows?from={day(-3)}&to={day()}&location=1&currency=EUR"
        f"&method={method}&partner={client.partner_id}&figure=cleared"
    )

    facts = dict(zip(page.all("main dt"), page.all("main dd"), strict=True))
    assert list(facts) == ["Day the money was there", "Method", "Location", "Partner"]
    assert facts["Method"] == "PayPal"
    assert page.all("h1") == ["Cleared: 191.25 EUR"]
    assert "The sum of 3 rows." in page.text


def test_a_figure_of_what_has_no_partner_has_its_rows(client: Client, manager: Desk) -> None:
    make.method("PayPal")
    booking = make.booking()
    form = manager.get(f"/desk/bookings/{booking}/record").form("/record")
    manager.post(f"/desk/bookings/{booking}/record", form | {"amount": "20"})
    paid(client, booking, "30")

    page = manager.get("/desk/reports/sources?partner=none")

    found = figures_of(page)
    assert {text for text, _path in found} == {"1", "20.00"}
    assert all("partner=none" in path for _text, path in found)
    assert manager.get(found[1][1]).all("h1") == ["Cleared: 20.00 EUR"]


@pytest.mark.long
def test_rows_have_pages_and_the_head_is_of_all_of_them(
    client: Client, manager: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.reports.listing.SIZE", 2)
    make.method("PayPal")
    booking = make.booking()
    ids = [paid(client, booking, "10") for _ in range(5)]
    seen, path = list[int](), "/desk/reports/money/rows?currency=EUR&figure=cleared&source=ipro"

    while path:
        page = manager.get(path)
        assert page.all("h1") == ["Cleared: 50.00 EUR"]
        seen += [int(text) for text in page.all("tbody td:nth-child(3) a")]
        links = [link.get("href") for link in page.root.cssselect("a[rel=next]")]
        assert all("source=ipro" in link and "figure=cleared" in link for link in links)
        path = links[0] if links else ""

    assert seen == ids[::-1]


def test_a_page_after_the_last_row_still_says_the_figure(client: Client, manager: Desk) -> None:
    make.method("PayPal")
    paid(client, make.booking(), "10")
    start = "/desk/reports/money/rows?currency=EUR&figure=cleared"

    beyond = "WyJbImRheSIsIl0="  # of no list
    assert manager.get(f"{start}&after={beyond}").all("h1") == ["Cleared: 10.00 EUR"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "The currency is missing; it must be a code such as EUR."),
        ("currency=EUR&figure=profit", "There is no figure 'profit'; it must be one of count, "),
        ("currency=EUR&day=never", "Day is 'never'; it must be a real date, yyyy-mm-dd."),
        ("currency=EUR&method=777", "There is no method 777"),
    ],
)
def test_what_is_no_figure_is_told(manager: Desk, query: str, said: str) -> None:
    make.location(1)

    page = manager.get(f"/desk/reports/money/rows?{query}")

    assert (page.status, page.root.cssselect("table")) == (422, [])
    assert said in " ".join(page.all("[role=alert]"))


@pytest.mark.long
@pytest.mark.one_database
def test_files_are_of_the_same_filters(client: Client, manager: Desk) -> None:
    money(client)
    report = manager.get("/desk/reports/money?period=today&location=1")
    [link, _xlsx] = report.root.cssselect(".dk-head .dk-acts a")

    assert link.get("href") == (
        f"/desk/exports/report-money.csv?from={day()}&to={day()}&location=1"
    )
    rows = manager.get(figures_of(report)[-1][1])
    paths = [each.get("href") for each in rows.root.cssselect(".dk-head .dk-acts a")]
    assert all("figure=total&" in f"{path}&" and "location=1" in path for path in paths)
    assert [path.partition("?")[0] for path in paths] == [
        "/desk/exports/report-money-rows.csv", "/desk/exports/report-money-rows.xlsx",
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.one_database
def test_every_report_can_be_had_as_files(manager: Desk) -> None:
    make.location(1)
    names = [each for name in REPORTS for each in (f"report-{name}", f"report-{name}-rows")]

    found = {name: manager.get(f"/desk/exports/{name}.csv?currency=EUR").status for name in names}

    assert found == dict.fromkeys(names, 200)
