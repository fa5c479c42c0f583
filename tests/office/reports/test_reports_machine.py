"""Whatever becomes of bookings and their money: reports say what the ledger says.

The steps are those of tests/test_life_machine.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.life import world
from tests.office.reports.agreeing import agree_with_the_ledger, lines_are_their_rows
from tests.test_life_machine import Agency


class Reported(Agency):
    """The agency, and somebody who looks at all reports after every step."""

    @invariant()
    def reports_say_what_the_ledger_says(self) -> None:
        agree_with_the_ledger(self.start)

    def teardown(self) -> None:
        lines_are_their_rows(self.now)
        super().teardown()


@pytest.mark.long
def test_reports_equal_the_ledger_after_any_steps(app: Flask) -> None:
    assert app
    partner = world()

    run_state_machine_as_test(
        cast(Any, lambda: Reported(partner)),
        settings=settings(
            max_examples=2,
            stateful_step_count=15,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
        ),
    )


@pytest.mark.long
def test_reports_equal_the_ledger_after_each_step_of_a_life(app: Flask) -> None:
    assert app
    agency = Agency(world())
    visit = (0, 70, 3, 1, "deposit")
    steps: list[Callable[[], None]] = [
        lambda: agency.create(1, [visit], None, "desk", None),
        lambda: agency.pay(0, 140, 2, "Any", (1, 2), "cleared", False, False),
        lambda: agency.create(2, [(0, 2, 3, 1, "deposit")], None, "desk", None),
        lambda: agency.pay(1, 50, 2, "Any", (1, 2), "deferred", False, True),
        lambda: agency.pay(1, 20, 0, "Any", (2, 1), "uncleared", True, False),
        lambda: agency.pay(1, 30, 0, "Any", (2, 1), "failed", False, False),
        lambda: agency.clear(1, False),
        lambda: agency.fail(2),
        lambda: agency.refund(0, 30, True, False),
        lambda: agency.amend(0, [(0, 70, 1, 0, "none")]),
        lambda: agency.cancel(0, True, 30),
        lambda: agency.void(2),
    ]

    for step in steps:
        step()
        agree_with_the_ledger(agency.start)

    lines_are_their_rows(agency.now)
    assert sum(agency.done.values()) >= 10
