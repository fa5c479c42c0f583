"""The list of bank lines: what each may be, and confirming one or many."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from audit.models import LogEntry
from kit import clock
from payments.models import Payment
from payments.statements.models import BankLine
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk
from tests.desk.statementing import LIST, cheque, matches, path, picks, row, split
from tests.make import Due
from tests.payments.moving import figures
from tests.payments.statements import bank
from tests.payments.typing_in import record

CONFIRM = "/desk/statements/confirm"
NUMBERS = count(4354)  # of bookings: shorter ones stand in any text


def certain(account: int, amount: str = "300.00") -> tuple[int, int]:
    """A booking with a cheque under way, and the line that it certainly is."""
    booking = make.booking([Due("1000.00")], id=next(NUMBERS))
    cheque(booking, amount)
    said = f"Cheque for booking {booking}"
    return booking, bank.line(account, amount, party="Maria Silva", remittance=said)


@pytest.mark.long
def test_a_line_shows_its_best_proposal_how_sure_it_is_and_what_would_happen(
    manager: Desk,
) -> None:
    booking, line = certain(bank.account())

    page = manager.get(LIST)

    [text] = page.all(f"#line-{line}")
    assert "Certain" in text
    assert f"Clears the Cheque of 300.00 EUR on booking {booking}, Maria Silva" in text
    assert f"The amount is that of the promise, it names booking {booking}" in text
    assert page.all("button[data-ticked]") == ["Confirm 1 certain match"]
    assert len(picks(page, ticked=True)) == 1


def test_what_is_not_certain_is_offered_but_not_ticked(manager: Desk) -> None:
    account = bank.account()
    booking = make.booking([Due("120.00")], id=next(NUMBERS))
    bank.line(account, "120.00", remittance=f"Booking {booking}")
    unknown = bank.line(account, "7.77", party="Nobody we know")

    page = manager.get(LIST)

    assert len(picks(page)) == 1
    assert picks(page, ticked=True) == []
    assert "Confirm what is ticked" in page.text
    assert "Name the booking" in page.all(f"#line-{unknown}")[0]
    assert figures(booking) == (0, 0, 0)


def test_certain_matches_are_confirmed_together(manager: Desk) -> None:
    account = bank.account()
    first, _ = certain(account)
    second, _ = certain(account, "250.00")
    page = manager.get(LIST)

    done = manager.post(
        CONFIRM + "?state=waiting", {**page.form("confirm"), "pick": picks(page, ticked=True)}
    )

    assert done.leads_to == "/desk/statements/?state=waiting"
    assert "2 lines are matched." in manager.get(LIST).text
    assert matches() == [(second, "cleared", True), (first, "cleared", True)]
    assert figures(first) == (30000, 0, 0)
    assert figures(second) == (25000, 0, 0)


def test_one_that_is_refused_keeps_no_other_from_being_done_and_says_why(manager: Desk) -> None:
    account = bank.account()
    first, lost = certain(account)
    second, _ = certain(account, "250.00")
    page = manager.get(LIST)
    bank.aside(lost)

    manager.post(CONFIRM, {"pick": picks(page, ticked=True)})
    told = manager.get(LIST)

    assert matches() == [(second, "cleared", True)]
    assert [
        f"Line {lost}, 300.00 EUR, was not matched" in text for text in told.all("[role=alert]")
    ] == [True]
    assert "changed meanwhile" in told.all("[role=alert]")[0]
    assert figures(first) == (0, 0, 0)


def test_the_one_whose_button_is_pressed_is_confirmed_alone(manager: Desk) -> None:
    account = bank.account()
    certain(account)
    second, line = certain(account, "250.00")
    page = manager.get(LIST)
    [mine] = [each for each in picks(page) if each.startswith(f"{line}.")]

    manager.post(CONFIRM, {"pick": picks(page), "only": mine})

    assert matches() == [(second, "cleared", True)]
    assert f"Line {line}, 250.00 EUR, is matched." in manager.get(LIST).text


def test_two_lines_of_one_promise_are_not_both_confirmed(manager: Desk) -> None:
    account = bank.account()
    booking, _ = certain(account)
    bank.line(account, "300.00", party="Maria Silva", remittance=f"Booking {booking} again")
    page = manager.get(LIST)

    manager.post(CONFIRM, {"pick": picks(page)})

    assert len(picks(page)) == 2
    assert picks(page, ticked=True) == []
    assert len([each for each in matches() if each[1] == "cleared"]) == 1
    assert len(manager.get(LIST).all("[role=alert]")) == 1


@pytest.mark.long
def test_a_form_that_comes_twice_matches_once(manager: Desk) -> None:
    booking, _ = certain(bank.account())
    page = manager.get(LIST)
    form = {**page.form("confirm"), "pick": picks(page)}

    answers = [manager.post(CONFIRM, form).status for _ in range(2)]

    assert answers == [303, 303]
    assert len(matches()) == 1
    assert figures(booking) == (30000, 0, 0)
    assert manager.get(LIST).all("[role=alert]") == []


@pytest.mark.one_database
@pytest.mark.parametrize("pick", ["", "x", "1", "1.x", "-1.x", f"{10**30}.x", "²." + "x"])
def test_what_no_page_posts_is_refused_and_changes_nothing(manager: Desk, pick: str) -> None:
    certain(bank.account())

    manager.post(CONFIRM, {"pick": pick} if pick else {})

    assert matches() == []


@pytest.mark.long
@pytest.mark.one_database
def test_nothing_ticked_is_told(manager: Desk) -> None:
    page = manager.post(CONFIRM, {})

    assert page.status == 422
    assert "Tick the matches to confirm first." in page.text


def test_filters_are_put_together(manager: Desk) -> None:
    account, other = bank.account(), bank.account()
    today = clock.now().date()
    wanted = bank.line(account, "300.00", party="Ana Sousa", remittance="Cheque 1044")
    bank.line(account, "300.00", party="Ana Sousa", booked_on=today - timedelta(days=40))
    bank.line(account, "-300.00", party="Ana Sousa")
    bank.line(other, "300.00", party="Ana Sousa")
    bank.line(account, "300.00", party="Rui 100%")
    since = (today - timedelta(days=7)).isoformat()

    page = manager.get(f"{LIST}?account={account}&way=came&q=SOUSA&amount=300&from={since}")

    assert [each.get("id") for each in page.root.cssselect("tbody tr")] == [f"line-{wanted}"]
    assert page.all(".dk-tabs .dk-count") == ["1", "0", "0", "1"]
    assert manager.get(f"{LIST}?q=100%25").all("tbody .who a")[0].startswith("Rui 100%")


def test_lines_are_found_by_what_has_become_of_them(manager: Desk) -> None:
    account = bank.account()
    booking = make.booking([Due("100.00")])
    waiting, matched, aside = (bank.line(account, "100.00") for _ in range(3))
    bank.confirm(matched, bank.part(booking, "100.00"))
    bank.aside(aside, "Fees")

    def shown(state: str) -> set[int]:
        found = manager.get(f"{LIST}?state={state}").root.cssselect("tbody tr")
        return {int(each.get("id").removeprefix("line-")) for each in found}

    assert shown("waiting") == {waiting}
    assert shown("matched") == {matched}
    assert shown("aside") == {aside}
    assert shown("all") == {waiting, matched, aside}
    assert "Fees" in manager.get(f"{LIST}?state=aside").text


@pytest.mark.one_database
def test_a_filter_that_cannot_be_read_is_told_and_passed_over(manager: Desk) -> None:
    bank.line(bank.account(), "100.00")

    page = manager.get(f"{LIST}?amount=much&from=yesterday&endpoint=x")

    assert len(page.root.cssselect("tbody tr")) == 1
    assert "an amount such as 300 or 300.00" in page.text


@pytest.mark.long
def test_lines_of_other_places_are_nobodys_business(desk_of: DeskOf) -> None:
    make.location(2)
    _, line = certain(bank.account(location_id=1))
    _, everywhere = certain(bank.account(location_id=None))
    page = desk_of("manager").get(LIST)
    there = desk_of("manager", locations=[2])
    here = desk_of("manager", locations=[1])

    there.post(CONFIRM, {"pick": picks(page)})

    assert len(picks(page)) == 2
    assert there.get(LIST).root.cssselect("tbody tr") == []
    assert there.get(path(line)).status == 404
    assert {
        there.post(path(line, each)).status for each in ("split", "aside", "up", "confirm")
    } == {404}
    assert [each.get("id") for each in here.get(LIST).root.cssselect("tbody tr")] == [
        f"line-{line}"
    ]
    assert here.get(path(everywhere)).status == 404
    assert matches() == []


def test_the_side_bar_counts_what_waits_within_reach(desk_of: DeskOf, operator: Desk) -> None:
    make.location(2)
    account = bank.account(location_id=1)
    for _ in range(3):
        bank.line(account, "7.00")
    bank.aside(bank.line(account, "8.00"))
    bank.line(bank.account(location_id=None), "7.00")

    def counted_by(desk: Desk) -> list[str]:
        links = desk.get("/desk/tags/").root.cssselect(".dk-side > a[href='/desk/statements/']")
        return [each.text_content().strip() for link in links for each in link.cssselect("span")]

    assert counted_by(desk_of("manager")) == ["4"]
    assert counted_by(desk_of("manager", locations=[1])) == ["3"]
    assert counted_by(desk_of("manager", locations=[2])) == []
    assert counted_by(operator) == []


def test_a_page_costs_the_same_statements_however_many_lines_it_has(manager: Desk) -> None:
    account = bank.account()
    certain(account)
    with counted() as few:
        manager.get(LIST)
    for _ in range(5):
        certain(account)

    with counted() as many:
        page = manager.get(LIST)

    assert len(picks(page)) == 6
    assert len(many) == len(few) <= 12


def test_a_line_that_left_is_no_money_that_came(manager: Desk) -> None:
    booking = make.booking([Due("120.00")], id=next(NUMBERS))
    line = bank.line(bank.account(), "-120.00", remittance=f"Booking {booking}")

    text = manager.get(path(line)).text

    assert "120.00 EUR left" in text
    assert "Records" not in text
    assert make.rows_of(Payment) == []
    assert make.row_of(BankLine, line).settled_at is None


@pytest.mark.long
def test_only_what_the_page_showed_is_confirmed(manager: Desk) -> None:
    booking = make.booking([Due("300.00")], id=next(NUMBERS))
    bank.line(bank.account(), "300.00", remittance=f"Booking {booking}")
    page = manager.get(LIST)
    cheque(booking)  # now the line is rather this than new money

    manager.post(CONFIRM, {"pick": picks(page)})

    assert "Records 300.00 EUR" in page.text
    assert matches() == []
    assert "has changed meanwhile" in manager.get(LIST).all("[role=alert]")[0]


def test_new_money_is_not_recorded_when_the_booking_changed_after_the_page(manager: Desk) -> None:
    booking = make.booking([Due("300.00")], id=next(NUMBERS))
    line = bank.line(bank.account(), "100.00", remittance=f"Booking {booking}")
    page, own = manager.get(LIST), manager.get(path(line))
    [offer] = own.root.cssselect("button[name=only]")[:1]
    record(booking, "100", method=bank.METHOD)

    manager.post(CONFIRM, {"pick": picks(page)})
    told = manager.get(LIST).all("[role=alert]")
    alone = manager.post(path(line, "confirm"), {"only": offer.get("value")})

    assert "Records 100.00 EUR" in page.text
    assert "has changed meanwhile" in told[0]
    assert alone.status == 422
    assert (matches(), figures(booking)) == ([], (10000, 0, 0))


def test_two_lines_of_one_booking_are_confirmed_by_one_form(manager: Desk) -> None:
    account = bank.account()
    booking = make.booking([Due("300.00"), Due("200.00", 2, 30)], id=next(NUMBERS))
    for amount in ("300.00", "200.00"):
        bank.line(account, amount, party="Maria Silva", remittance=f"Booking {booking}")

    manager.post(CONFIRM, {"pick": picks(manager.get(LIST))})

    assert "2 lines are matched." in manager.get(LIST).text
    assert figures(booking) == (50000, 0, 0)


@pytest.mark.long
def test_what_should_be_known_of_a_match_is_told_with_it(manager: Desk) -> None:
    booking = make.booking([Due("300.00")], id=next(NUMBERS))
    bank.line(bank.account(), "400.00", party="Maria Silva", remittance=f"Booking {booking}")

    manager.post(CONFIRM, {"pick": picks(manager.get(LIST))})

    assert "is matched. 100.00 EUR fits no open line; it is kept as credit." in (
        manager.get(LIST).text
    )


@pytest.mark.long
def test_new_money_and_clearing_need_their_own_permissions(desk_of: DeskOf) -> None:
    account = bank.account()
    _, promised = certain(account)
    booking = make.booking([Due("120.00")], id=next(NUMBERS))
    new = bank.line(account, "120.00", remittance=f"Booking {booking}")
    all_of_them = desk_of("manager").get(LIST)

    for withdrawn, mine, others in (("record", promised, new), ("clear", new, promised)):
        desk = desk_of("manager", withdrawn=[withdrawn])
        theirs = [each for each in picks(all_of_them) if each.startswith(f"{others}.")]
        assert [each.partition(".")[0] for each in picks(desk.get(LIST))] == [str(mine)]
        assert f'value="{theirs[0]}"' not in desk.get(path(others)).answer.text
        assert desk.post(CONFIRM, {"pick": theirs}).status == 403
        assert desk.post(path(others, "confirm"), {"only": theirs[0]}).status == 403
    no_record = desk_of("manager", withdrawn=["record"])
    assert split(no_record, new, row(0, booking, "120.00")).status == 403
    assert matches() == []
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 5
