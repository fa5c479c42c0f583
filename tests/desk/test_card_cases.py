"""Card payments of which nobody could find out what has become: on Today, asked for again, settled
by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.chain import SYSTEM
from audit.models import LogEntry
from kit import clock
from kit.db import transaction
from payments import refunding
from payments.gateways.gateway import UNKNOWN
from payments.gateways.models import CardIntent
from payments.gateways.sandbox.gateway import Sandbox
from payments.models import Payment
from payments.refunding import RefundPayment
from payments.settling import settle, settle_pending
from tests import make
from tests.desk.carding import asked, charge, charged, last_intent
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.desk.todays import booked, change, rows
from tests.make import Client
from tests.payments.moving import figures, last_entry
from tests.payments.proofs import broken_chains, unchanged, wrong_books

CARD = "Card payments whose outcome is unknown"


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")


@pytest.fixture
def booking() -> int:
    return make.booking(["200.00"])


@pytest.fixture
def case(manager: Desk, card: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """A charge of 100.05 that nobody could find out about, for want of an answer; its id."""
    monkeypatch.setattr(Sandbox, "ask", lambda self, code: UNKNOWN)
    charge(manager, card, "100.05")
    settle_pending(lambda: clock.now() + timedelta(hours=2))
    assert (last_intent().state, last_intent().due_at) == ("unknown", None)
    found: int = last_intent().id
    return found


def by_hand(desk: Desk, case: int, result: str, **fields: str) -> Page:
    path = f"/desk/cards/{case}"
    form = desk.get(path).form("/settle") | {"reason": "Seen in MySandbox", "typed": "100.05"}
    return desk.post(f"{path}/settle", form | {"result": result} | fields)


def test_today_names_the_case_and_leads_to_it(manager: Desk, booking: int, case: int) -> None:
    page = manager.get("/desk/")

    assert booked(page, CARD) == [booking]
    [row] = rows(page, CARD)
    assert "Charge of 100.05 EUR, Sandbox" in row
    assert f"/desk/cards/{case}" in [each.get("href") for each in page.root.cssselect("main a")]
    assert page.all(".dk-cols .dk-stack:first-child h2")[0] == CARD
    assert page.all("nav.dk-side > a[aria-current] .dk-count") == ["1"]


@pytest.mark.long
def test_only_whoever_reaches_its_location_sees_it(desk_of: DeskOf, case: int) -> None:
    make.location(2)
    page = desk_of("manager", locations=[2]).get("/desk/")

    assert rows(page, CARD) == []
    assert page.all("nav.dk-side > a[aria-current] .dk-count") == []


def test_the_case_says_where_to_look_and_what_is_known(manager: Desk, card: int, case: int) -> None:
    page = manager.get(f"/desk/cards/{case}")

    assert "Look the code up at Sandbox and say what is so" in page.text
    assert last_intent().code in page.text
    assert "Agreed by telephone" in page.text
    assert page.all("fieldset label") == [
        "It was paid",
        "It was not paid, or it is recorded already",
    ]


def test_who_asks_again_and_gets_no_answer_is_told_so(manager: Desk, case: int) -> None:
    manager.post(f"/desk/cards/{case}/ask")

    assert "It cannot say yet what has become of it." in manager.get(f"/desk/cards/{case}").text
    assert last_intent().state == "unknown"


@pytest.mark.long
def test_said_to_be_paid_it_is_recorded_once_as_settled_by_hand(
    manager: Desk, booking: int, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = by_hand(manager, case, "done")

    assert (answer.status, answer.leads_to) == (303, f"/desk/cards/{case}")
    assert "It is settled, by your word." in manager.get(f"/desk/cards/{case}").text
    assert figures(booking) == (13005, 0, 0)
    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("card.settled_by_hand", "high")
    assert entry["reason"] == "Seen in MySandbox"
    assert entry["about"]["payment"] == last_intent().payment_id
    assert rows(manager.get("/desk/"), CARD) == []
    monkeypatch.undo()
    assert not settle(last_intent().code).is_news
    assert figures(booking) == (13005, 0, 0)
    assert asked() == [("charge", 10005, "paid")]
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_what_a_person_vouched_for_is_made_void_by_hand(
    manager: Desk, booking: int, case: int
) -> None:
    by_hand(manager, case, "done")
    path = f"/desk/payments/{last_intent().payment_id}/void"
    page = manager.get(path)

    answer = manager.post(path, page.form("/void") | {"reason": "Void there", "typed": "100.05"})

    assert "No money moves here." in page.text
    assert answer.status == 303
    assert figures(booking) == (3000, 0, 0)
    assert asked() == [("charge", 10005, "paid")]
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_said_to_be_nothing_it_records_nothing_and_lets_others_charge(
    manager: Desk, booking: int, card: int, case: int
) -> None:
    by_hand(manager, case, "nothing")

    assert last_intent().state == "cancelled"
    assert figures(booking) == (3000, 0, 0)
    assert len(make.rows_of(Payment)) == 1
    assert last_entry(booking)["after"]["state"] == "cancelled"
    assert "Came to nothing" in manager.get(f"/desk/bookings/{booking}").text
    assert charge(manager, card, "10").status == 303


def test_news_that_money_moved_after_all_is_still_recorded(
    manager: Desk, booking: int, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand(manager, case, "nothing")
    monkeypatch.undo()

    settle(make.row_of(CardIntent, case).code)

    assert figures(booking) == (13005, 0, 0)
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_the_log_and_the_report_tell_who_said_what(manager: Desk, booking: int, case: int) -> None:
    by_hand(manager, case, "done")

    log = " ".join(manager.get(f"/desk/bookings/{booking}").all(".dk-ev"))
    assert "said that the charge of 100.05 EUR was paid. Reason: Seen in MySandbox" in log
    told = manager.get("/desk/dangerous/").all(".dk-why")
    assert told[0] == "Settled by hand: it was doneSeen in MySandbox"
    group = " ".join(manager.get("/desk/log/?group=payments").all(".dk-ev"))
    assert "said that the charge of 100.05 EUR was paid" in group
    [entry] = make.rows_of(LogEntry, action="card.settled_by_hand")
    assert (entry.actor_kind, entry.actor_id) == ("person", manager.person_id)


@pytest.mark.long
def test_reason_amount_and_what_is_so_must_be_said(manager: Desk, case: int) -> None:
    with unchanged():
        answers = [
            by_hand(manager, case, "done", reason=""),
            by_hand(manager, case, "done", typed="1.00"),
            by_hand(manager, case, ""),
            by_hand(manager, case, "perhaps"),
        ]

    assert [each.status for each in answers] == [422] * 4
    assert answers[2].all("#e-result")


@pytest.mark.long
def test_what_is_settled_meanwhile_is_not_settled_again(manager: Desk, case: int) -> None:
    path = f"/desk/cards/{case}"
    form = manager.get(path).form("/settle") | {"reason": "x", "typed": "100.05", "result": "done"}
    by_hand(manager, case, "nothing")

    stale = manager.post(f"{path}/settle", form)
    anew = manager.post(f"{path}/settle", form | {"seen": "", "form_key": ""})

    assert (stale.status, anew.status) == (409, 422)
    assert "It is settled meanwhile: cancelled." in anew.text


def test_a_case_that_the_worker_still_asks_about_is_not_settled_by_hand(
    manager: Desk, card: int
) -> None:
    charge(manager, card, "100.05")
    path = f"/desk/cards/{last_intent().id}"

    with unchanged():
        form = {"reason": "x", "typed": "100.05", "result": "done"}
        answer = manager.post(f"{path}/settle", form)

    assert answer.status == 422
    assert manager.get(path).all("#by-hand") == []


@pytest.mark.long
def test_what_does_not_fit_the_books_is_told_and_not_forced(
    manager: Desk, booking: int, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refund that the provider made, and somebody had recorded in the meantime."""
    monkeypatch.setattr(Sandbox, "ask", lambda self, code: UNKNOWN)
    payment = charged(manager, card, "40")
    path = f"/desk/payments/{payment}/refund"
    form = manager.get(path).form("/refund") | {"reason": "x", "amount": "30.05"}
    manager.post(path, form)
    case = last_intent().id
    back = RefundPayment(payment_id=payment, source="desk", amount=Decimal(30))
    with monkeypatch.context() as patched, transaction() as connection:
        # While it is not settled nobody can: something else must have gone wrong.
        patched.setattr(refunding, "check_unchanging", lambda *_: None)
        refunding.refund_payment(connection, back, SYSTEM)
    monkeypatch.undo()
    settle(last_intent().code)

    page = manager.get(f"/desk/cards/{case}")
    answer = by_hand(manager, case, "done", typed="30.05")

    assert "The provider has done it, and it does not fit the books." in page.text
    assert answer.status == 422
    assert "say that there is nothing to record" in answer.text
    assert by_hand(manager, case, "nothing", typed="30.05").status == 303
    assert last_intent().state == "cancelled"
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_an_operator_sees_the_case_and_settles_nothing(
    operator: Desk, booking: int, case: int
) -> None:
    page = operator.get(f"/desk/cards/{case}")

    assert (page.all("#by-hand"), page.status) == ([], 200)
    assert "Ask the provider now" not in page.text
    assert "Settle it" not in " ".join(operator.get("/desk/").all("main .btn"))
    form = {"reason": "x", "typed": "100.05", "result": "done"}
    assert operator.post(f"/desk/cards/{case}/settle", form).status == 403
    assert operator.post(f"/desk/cards/{case}/ask").status == 403
    assert figures(booking) == (3000, 0, 0)


def test_a_guests_payment_is_said_to_be_the_guests(manager: Desk, case: int) -> None:
    change(CardIntent, case, kind="pay", person_id=None)
    page = manager.get(f"/desk/cards/{case}")

    assert page.all("main h1") == ["Payment of 100.05 EUR by the guest"]
    assert "the guest" in page.all(".dk-dl dd")


@pytest.mark.long
@pytest.mark.parametrize(("kind", "permission"), [("refund", "refund"), ("void", "void")])
def test_what_was_ordered_says_who_may_settle_it(
    desk_of: DeskOf, case: int, kind: str, permission: str
) -> None:
    change(CardIntent, case, kind=kind)
    form = {"reason": "x", "typed": "100.05", "result": "nothing"}
    other = desk_of("manager", withdrawn=[permission])
    mine = desk_of("operator", granted=[permission])

    assert other.get(f"/desk/cards/{case}").all("#by-hand") == []
    assert "Settle it" not in " ".join(other.get("/desk/").all("main .btn"))
    assert other.post(f"/desk/cards/{case}/ask").status == 403
    assert other.post(f"/desk/cards/{case}/settle", form).status == 403
    assert make.rows_of(LogEntry, action="staff.refused")[-1].severity == "medium"
    assert "Settle it" in " ".join(mine.get("/desk/").all("main .btn"))
    assert mine.post(f"/desk/cards/{case}/ask").status == 303
    assert by_hand(mine, case, "nothing").status == 303
    assert last_intent().state == "cancelled"


@pytest.mark.long
def test_what_the_provider_has_done_is_not_asked_for_again(manager: Desk, case: int) -> None:
    told = "At most 0.00 EUR of payment 1 can still be refunded."
    change(CardIntent, case, trouble=told)

    page = manager.get(f"/desk/cards/{case}")
    answer = manager.post(f"/desk/cards/{case}/ask")
    after = manager.get(f"/desk/cards/{case}").text
    [row] = rows(manager.get("/desk/"), CARD)

    assert "Ask the provider now" not in page.text
    assert "then say here “It was not paid, or it is recorded already”" in page.text
    assert f"Why it was not recorded: {told}" in page.text
    assert answer.status == 303
    assert "It cannot say yet" not in after
    assert "the provider has done it, and it does not fit the books" in row
    assert told not in row
