"""The sandbox's own books: a code moves money once, and a page is paid on once."""

from __future__ import annotations

import pytest
from flask import Flask

from kit.money import Money
from payments.gateways.gateway import Kind
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS, WORKS, Behaviour, behaviour
from payments.gateways.sandbox.models import SandboxTransaction
from tests import make
from tests.meeting import at_once, before, pause
from tests.payments import cards
from tests.payments.conftest import Processes

AMOUNT = Money(10000, "EUR")
DECLINED, LATER, LATER_DECLINED = (BY_LAST_DIGITS[each] for each in (1, 6, 7))


def taken() -> int:
    return engine.taken("EUR").minor


def test_the_last_two_digits_say_how_it_goes_whatever_the_currency() -> None:
    assert behaviour(10001) == behaviour(1) == BY_LAST_DIGITS[1]
    assert behaviour(10000) == behaviour(13) == behaviour(99) == WORKS


def test_the_same_code_moves_money_once(app: Flask) -> None:
    assert app
    first, second = (engine.do("charge", "BP1", AMOUNT, WORKS) for _ in range(2))

    assert (first.state, second.state) == ("paid", "paid")
    assert (first.told, second.told) == (1, 2)
    assert taken() == 10000


@pytest.mark.long
def test_the_same_code_at_once_moves_money_once(
    app: Flask, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, engine, "_made", pause)

    def charge(each: Flask) -> str:
        with each.app_context():
            return engine.do("charge", "BP1", AMOUNT, WORKS).state

    apps = processes(2)
    assert at_once([lambda each=each: charge(each) for each in apps]) == ["paid", "paid"]  # type: ignore[misc]
    assert taken() == 10000


def test_a_page_is_paid_on_once_and_not_when_it_is_closed(app: Flask) -> None:
    assert app
    for code in ("BP1", "BP2"):
        engine.open_page(code, AMOUNT, "", cards.BACK, None)
    engine.pay("BP1", DECLINED, "0019")
    engine.close("BP2")

    for code in ("BP1", "BP2", "BP3"):
        engine.pay(code, WORKS, "0006")

    assert [row.state for row in make.rows_of(SandboxTransaction)] == ["declined", "closed"]
    assert engine.pay("BP3", WORKS, "0006") is None
    assert taken() == 0


def test_a_page_that_was_paid_on_is_not_closed_any_more(app: Flask) -> None:
    assert app
    engine.open_page("BP1", AMOUNT, "", cards.BACK, None)
    engine.pay("BP1", WORKS, "0006")

    closed = engine.close("BP1")

    assert closed is not None
    assert closed.state == "paid"


@pytest.mark.parametrize(("goes", "at_last"), [(LATER, "paid"), (LATER_DECLINED, "declined")])
def test_what_is_settled_later_is_settled_when_somebody_looks(
    app: Flask, goes: Behaviour, at_last: str
) -> None:
    assert app
    engine.do("charge", "BP1", AMOUNT, goes)
    at_once_ = engine.look("BP1")
    with cards.later(seconds=6):
        later = engine.look("BP1")

    assert at_once_ is not None
    assert later is not None
    assert (at_once_.state, later.state) == ("pending", at_last)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("charge", 1), ("release", 1), ("refund", -1), ("void", -1), ("abort", 0)],
)
def test_its_books_count_what_it_holds(app: Flask, kind: Kind, counts: int) -> None:
    assert app
    engine.do(kind, "BP1", AMOUNT, WORKS)
    engine.do(kind, "BP2", AMOUNT, DECLINED)
    engine.do(kind, "BP3", AMOUNT, LATER)
    engine.do(kind, "BP4", Money(1, "USD"), WORKS)

    assert taken() == counts * 10000


def test_a_notice_is_posted_again_until_it_is_heard(app: Flask) -> None:
    assert app
    engine.open_page("BP1", AMOUNT, "", cards.BACK, cards.NOTICE)
    engine.pay("BP1", WORKS, "0006")
    with cards.later(seconds=1) as now:
        [waiting] = engine.notices_due(now, 9)
        engine.noticed("BP1", now)
        again = engine.notices_due(now, 9)
        engine.noticed("BP1", None)
        heard = engine.notices_due(now, 9)

    assert waiting.code == again[0].code == "BP1"
    assert heard == []


@pytest.mark.parametrize("code", ["\0", "BP1\0", "", "x" * 51])
def test_what_is_no_code_is_nothing_to_look_for(app: Flask, code: str) -> None:
    """PostgreSQL cannot even be asked for a text with a NUL in it."""
    assert app
    assert engine.look(code) is None
    assert engine.look_at_page(code) is None
