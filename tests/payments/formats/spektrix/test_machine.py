"""Whatever is paid and paid back, in any order: figures add up, and so do custom payments."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from werkzeug.test import TestResponse

from bookings.models import ScheduleLine
from kit.db import transaction
from partners.models import Partner
from tests import make
from tests.make import Due
from tests.payments.formats.spektrix.given import OTHER, REFUND, TILL, Till, details, told
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

FEE, TOTAL = 1500, 15500
WAIVE = '{"WaiveTransactionCommission":true}'

minors = st.one_of(st.integers(1, 9000), st.sampled_from([FEE, 7500, TOTAL - FEE, TOTAL]))
moves = st.one_of(
    st.tuples(st.sampled_from([TILL, TILL, OTHER, REFUND]), minors),
    st.tuples(st.sampled_from(["waive", "confirm", "again"]), st.just(0)),
)


def exact(answer: TestResponse) -> Any:
    """The body of an answer, amounts as they are written."""
    return json.loads(answer.data, parse_float=Decimal)


class Story:
    """A basket, what should be paid of it by now, and the last request that was sent to it."""

    def __init__(self, till: Till) -> None:
        self.till, self.paid, self.total = till, 0, TOTAL
        dues = [Due("60.00"), Due("15.00"), Due("80.00", 2, 30)]
        self.basket = make.booking(dues, status="provisional")
        self.last: tuple[dict[str, str], str, bytes, Any] | None = None
        fee = make.lines_of(self.basket)[1].id
        with transaction() as connection:
            mine = update(ScheduleLine).where(ScheduleLine.id == fee)
            connection.execute(mine.values(kind="fee"))

    def move(self, what: str, minor: int) -> None:
        if what in (TILL, OTHER, REFUND):
            self.pay(what, minor)
        else:
            {"waive": self.waive, "confirm": self.confirm, "again": self.again}[what]()

    def send(self, method: str, call: str, body: str = "") -> Any:
        path = self.till.path(f"baskets/{self.basket}{call}")
        headers = self.till.headers(method, path, body.encode())
        answer = self.till.send(method, path, body.encode(), headers)
        self.last = headers, path, body.encode(), (method, answer)
        return answer

    def pay(self, type_id: str, minor: int) -> None:
        amount = f"{Decimal(minor).scaleb(-2):f}"
        more = details(Appeal="Roof") if type_id == OTHER else ""
        body = f'{{"PaymentTypeId":"{type_id}","Amount":{amount}{more}}}'
        answer = self.send("POST", "/custom-payments", body)
        back = type_id == REFUND
        if minor > (self.paid if back else self.total - self.paid):
            code = "repayment_too_large" if back else "overpaid"
            assert told(answer) == (400, [("Amount", code)])
        else:
            assert (answer.status_code, exact(answer)["amount"] * 100) == (200, minor)
            self.paid += -minor if back else minor

    def waive(self) -> None:
        answer = self.send("PATCH", "", WAIVE)
        if answer.status_code == 200:
            self.total = TOTAL - FEE
        else:
            assert told(answer) == (409, [("id", "too_late_to_waive")])

    def confirm(self) -> None:
        answer = self.send("POST", "/confirm")
        if self.paid < self.total:
            assert told(answer) == (409, [("id", "still_open")])
        else:
            assert answer.status_code == 200

    def again(self) -> None:
        if self.last is not None:
            headers, path, body, (method, first) = self.last
            answer = self.till.send(method, path, body, headers)
            assert (answer.status_code, answer.data) == (first.status_code, first.data)

    def adds_up(self) -> None:
        shown = exact(self.till.get(f"baskets/{self.basket}"))
        figures = {name: shown[name] * 100 for name in ("total", "paid", "outstanding")}
        assert figures == {"total": self.total, "paid": self.paid,
                           "outstanding": self.total - self.paid}  # fmt: skip
        parts = sum(each["amount"] * 100 for each in shown["customPayments"])
        assert parts == self.paid


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(story=st.lists(moves, max_size=12))
def test_any_payments_and_refunds_add_up(till: Till, story: list[tuple[str, int]]) -> None:
    with transaction() as connection:
        connection.execute(update(Partner).values(may_waive_commission=True))
    told_of = Story(till)

    for what, minor in story:
        told_of.move(what, minor)
        told_of.adds_up()

    assert wrong_books([told_of.basket]) == broken_chains() == []
