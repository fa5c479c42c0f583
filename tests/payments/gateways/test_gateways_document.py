"""What docs/gateways.md says of the sandbox and of intents is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from payments.gateways.gateway import Decline, Kind
from payments.gateways.models import CardIntent
from payments.gateways.sandbox.behaviour import BY_LAST_DIGITS, LATER, SLOW_S, WORKS, Behaviour
from payments.gateways.sandbox.routes import CARDS
from wsgi import GATEWAYS

PAGE = (Path(__file__).parents[3] / "docs" / "gateways.md").read_text()
# The document's words for how an answer travels.
ANSWERS = {
    "at_once": "comes",
    "slow": "comes after 3 seconds",
    "lost": "is lost",
    "error": "is an error of the server",
    "nonsense": "is nonsense",
    "unheard": "never comes, nor did the order arrive",
}


def table(first: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    below = PAGE.split(f"\n| {first} |", 1)[1].split("\n\n")[0].split("\n")[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in below]


def told(goes: Behaviour) -> list[str]:
    """What the document is to say of an amount."""
    if goes.answer in ("error", "unheard"):
        return ["nothing", "", "", ANSWERS[goes.answer]]
    when = f"after {LATER.seconds} seconds" if goes.later else "at once"
    return [goes.becomes, goes.decline or "", when, ANSWERS[goes.answer]]


def test_every_amount_of_the_sandbox_is_in_the_table() -> None:
    found = {int(ends): rest for ends, *rest in table("ends in")}

    assert found == {ends: told(goes) for ends, goes in BY_LAST_DIGITS.items()}
    assert Behaviour() == WORKS
    assert SLOW_S == 3


def test_every_card_of_the_sandbox_is_in_the_table() -> None:
    found = {name: (digits, becomes) for name, digits, becomes in table("card")}

    expected = {}
    for name, (digits, decline, later) in CARDS.items():
        becomes = f"declined: `{decline}" if decline else "paid"
        expected[name] = (digits, becomes + (", five seconds later" if later else ""))
    assert found == expected


def test_every_kind_of_intent_is_in_the_table() -> None:
    assert [row[0] for row in table("kind")] == list(get_args(Kind))


def test_every_state_of_an_intent_is_in_the_diagram() -> None:
    drawn = {
        word for pair in re.findall(r"^    (\S+) --> (\w+)", PAGE, re.MULTILINE) for word in pair
    }
    [check] = [
        str(each.sqltext)
        for each in CardIntent.__table__.constraints  # type: ignore[attr-defined]
        if str(each.name).endswith("_state") or each.name == "state"
    ]

    assert drawn - {"[*]"} == set(re.findall(r"'(\w+)'", check))


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_provider_is_in_the_table(name: str) -> None:
    assert name.split(".")[2] in [row[0] for row in table("provider")]


def test_a_provider_s_refusals_come_down_to_as_many_words_as_it_says() -> None:
    assert "the nine words of `Decline`" in PAGE
    assert len(get_args(Decline)) == 9
