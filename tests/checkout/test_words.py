"""The rules behind the guest's page, with plain objects."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from checkout.declines import DECLINED, REASONS, reason_of
from checkout.trying import SHOWN_FOR, last_try
from kit import clock
from payments.gateways.gateway import Decline
from payments.intents import Intent

NOW = clock.now()


def intent(state: str = "open", **values: Any) -> Intent:
    ended_at = None if state in ("open", "unknown") else NOW
    given: dict[str, Any] = {
        **dict.fromkeys(Intent.__dataclass_fields__),
        "id": 1, "kind": "pay", "state": state, "asks": 0, "amount": 24800, "currency": "EUR",
        "sealed": "x", "created_at": NOW, "ended_at": ended_at, "payment_id": 7,
        "expires_at": NOW + timedelta(minutes=30),
    }  # fmt: skip
    return Intent(**(given | values))


def test_every_decline_has_words_of_its_own() -> None:
    assert set(REASONS) == set(get_args(Decline))
    assert len({each.happened for each in REASONS.values()}) == len(REASONS)
    for each in REASONS.values():
        assert each.happened.endswith(".")
        assert each.helps.endswith(".")


@pytest.mark.parametrize("decline", [None, "", "something new"])
def test_a_decline_that_nobody_knows_is_told_plainly(decline: str | None) -> None:
    assert reason_of(decline) == DECLINED


@pytest.mark.parametrize(
    ("pending", "state"),
    [
        (intent(), "elsewhere"),
        (intent(sealed=None), "elsewhere"),
        (intent(asks=1), "waiting"),
        (intent(expires_at=NOW), "waiting"),
        (intent("unknown"), "stuck"),
        (intent(kind="charge", expires_at=None), "charging"),
        (intent("unknown", kind="charge", expires_at=None), "stuck"),
    ],
)
def test_what_is_pending_is_told_by_how_much_is_known_of_it(pending: Intent, state: str) -> None:
    found = last_try(intent("succeeded"), pending, 0, NOW)

    assert (found.state, found.intent) == (state, pending)


@pytest.mark.parametrize(
    ("latest", "state"),
    [
        (intent("succeeded"), "thanks"),
        (intent("failed"), "declined"),
        (intent("failed", sealed=None), "no_page"),
        (intent("cancelled"), "left"),
        (intent("cancelled", sealed=None), "no_page"),
    ],
)
def test_what_has_ended_is_told_for_a_while(latest: Intent, state: Any) -> None:
    shortly = NOW + SHOWN_FOR[state] - timedelta(seconds=1)

    assert last_try(latest, None, 0, shortly).state == state
    assert last_try(latest, None, 0, NOW + SHOWN_FOR[state]).state == "none"


def test_a_decline_before_other_money_is_past() -> None:
    assert last_try(intent("failed"), None, 6, NOW).state == "declined"
    assert last_try(intent("failed"), None, 8, NOW).state == "none"


def test_without_a_try_there_is_nothing_to_tell() -> None:
    assert last_try(None, None, 0, NOW).state == "none"


def test_the_document_has_the_words_for_every_decline() -> None:
    document = (Path(__file__).parents[2] / "docs" / "guest.md").read_text()

    for kind, reason in REASONS.items():
        assert f"| `{kind}` | {reason.happened} {reason.helps} |" in document
