"""How the sandbox answers: by the last two digits of the amount in minor units. Pure.

100.00 works, 100.01 is declined for want of money, 100.05 works but its answer is lost, and so on;
docs/gateways.md has the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from payments.gateways.gateway import Decline

# How the answer travels: at once, slowly, not at all, as an error of the server, as nonsense, or
# the order itself is lost on the way.
Answer = Literal["at_once", "slow", "lost", "error", "nonsense", "unheard"]

SLOW_S = 3.0
LATER = timedelta(seconds=5)

REASONS: dict[Decline, str] = {
    "no_funds": "2000 NOTAUTHED insufficient funds",
    "expired": "2001 NOTAUTHED card expired",
    "declined": "2000 NOTAUTHED declined by the bank",
    "not_authenticated": "2002 NOTAUTHED authentication failed",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of an order, and how the answer travels. `later`: it is settled after LATER."""

    becomes: Literal["paid", "declined"] = "paid"
    decline: Decline | None = None
    later: bool = False
    answer: Answer = "at_once"


WORKS = Behaviour()

BY_LAST_DIGITS: dict[int, Behaviour] = {
    1: Behaviour("declined", "no_funds"),
    2: Behaviour("declined", "expired"),
    3: Behaviour("declined", "declined"),
    4: Behaviour(answer="slow"),
    5: Behaviour(answer="lost"),
    6: Behaviour(later=True),
    7: Behaviour("declined", "declined", later=True),
    8: Behaviour(answer="error"),
    9: Behaviour(answer="nonsense"),
    10: Behaviour(answer="unheard"),
    11: Behaviour("declined", "not_authenticated"),
    12: Behaviour("declined", "declined", answer="lost"),
}


def behaviour(minor: int) -> Behaviour:
    """How an order of so many minor units goes."""
    return BY_LAST_DIGITS.get(minor % 100, WORKS)


def in_words(goes: Behaviour) -> str:
    """What becomes of a payment on the sandbox's page, as its page says it."""
    paid = "the payment works" if goes.becomes == "paid" else IN_WORDS[goes.decline or "declined"]
    return f"the bank answers after {LATER.seconds} seconds: {paid}" if goes.later else paid


IN_WORDS: dict[Decline, str] = {
    "no_funds": "it is declined for want of money",
    "expired": "it is declined because the card has expired",
    "declined": "it is declined by the bank",
    "not_authenticated": "it is declined because the bank could not confirm who pays",
}
