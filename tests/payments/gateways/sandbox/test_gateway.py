"""The sandbox as a gateway: answers that come, that are lost, and that nobody understands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from kit.money import Money
from payments.gateways.gateway import Order
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import SLOW_S
from payments.gateways.sandbox.gateway import Sandbox
from tests.payments import cards


@pytest.fixture
def sandbox(app: Flask) -> Sandbox:
    return cards.sandbox(app)


def order(minor: int) -> Order:
    return Order("charge", "BP1", Money(minor, "EUR"), "Booking 1", {"PaymentToken": "tok"})


@pytest.mark.parametrize(
    ("digits", "answers", "asked"),
    [(0, "succeeded", "succeeded"), (1, "failed", "failed"), (5, "unknown", "succeeded"),
     (6, "pending", "pending"), (8, "unknown", "missing"), (9, "unknown", "succeeded"),
     (10, "unknown", "missing"), (12, "unknown", "failed")],
)  # fmt: skip
def test_what_it_answers_and_what_it_says_when_it_is_asked(
    sandbox: Sandbox, digits: int, answers: str, asked: str
) -> None:
    assert sandbox.perform(order(10000 + digits)).status == answers
    assert sandbox.ask("BP1").status == asked


def test_a_decline_has_a_kind_and_the_provider_s_words(sandbox: Sandbox) -> None:
    told = sandbox.perform(order(10002))

    assert (told.decline, told.reason) == ("expired", "2001 NOTAUTHED card expired")
    assert told.secrets == {}


def test_a_slow_answer_takes_its_time_and_is_right(app: Flask, sandbox: Sandbox) -> None:
    slept: list[float] = []
    told = replace(sandbox, sleep=slept.append).perform(order(10004))

    assert app
    assert (told.status, slept) == ("succeeded", [SLOW_S])


def test_it_uses_only_cards_that_there_are(sandbox: Sandbox) -> None:
    assert sandbox.can("pay", {})
    assert not sandbox.can("charge", {})
    assert sandbox.can("charge", {"PaymentToken": "tok"})


def test_a_notice_s_signature_is_of_its_code_and_our_key(sandbox: Sandbox) -> None:
    engine.open_page("BP1", Money(100, "EUR"), "", cards.BACK, None)
    for signature, believed in ((sandbox.signature("BP1"), True),
                                (sandbox.signature("BP2"), False),
                                (replace(sandbox, key=b"other").signature("BP1"), False),
                                ("é", False)):  # fmt: skip
        notice = sandbox.notice({"code": "BP1", "signature": signature})
        assert notice is not None
        assert (sandbox.believe(notice, {}) is not None) == believed


def test_what_it_passes_on_shows_no_key(sandbox: Sandbox) -> None:
    assert repr(sandbox.key) not in repr(sandbox)
