"""The links, heads and seals of the event log, on plain objects."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from audit.chain import Actor, Chain, Entry, Head, Origin, canonical

KEY = b"k" * 32
CHAIN = Chain(KEY)
AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
PAID = Entry("payment.recorded", {"payment": 1207}, {"paid": 0}, {"paid": 5000})
PARTNER = Origin(Actor("partner", 3, "Checkout page"), "203.0.113.9", "0123456789abcdef")


def mac(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_a_link_is_an_hmac_over_its_place_the_hash_before_it_and_the_text() -> None:
    made = CHAIN.link_hash(4354, 2, "hash before", "the text")

    # Written out: logs that exist must verify with every later version of the code.
    assert made == mac("entry\n4354\n2\nhash before\nthe text")


@pytest.mark.parametrize(
    "other",
    [(4355, 2, "before", "text"), (4354, 3, "before", "text"),
     (4354, 2, "BEFORE", "text"), (4354, 2, "before", "text ")],
    ids=["chain", "number", "hash before", "text"],
)  # fmt: skip
def test_whatever_is_changed_changes_the_hash(other: tuple[int, int, str, str]) -> None:
    assert CHAIN.link_hash(*other) != CHAIN.link_hash(4354, 2, "before", "text")


def test_another_key_makes_other_hashes_and_other_seals() -> None:
    other = Chain(b"K" * 32)

    assert other.link_hash(1, 1, "", "text") != CHAIN.link_hash(1, 1, "", "text")
    assert other.empty(1).seal != CHAIN.empty(1).seal


def test_the_seal_of_a_head_covers_its_chain_its_count_and_its_hash() -> None:
    head = CHAIN.head(4354, 2, "last")

    assert head == Head(2, "last", mac("head\n4354\n2\nlast"))
    others = [CHAIN.head(4355, 2, "last"), CHAIN.head(4354, 1, "last"), CHAIN.head(4354, 2, "los")]
    assert head.seal not in [each.seal for each in others]


def test_a_new_chain_has_no_entries_and_a_seal_of_its_own() -> None:
    one, two = CHAIN.empty(1), CHAIN.empty(2)

    assert (one.count, one.hash) == (0, "")
    assert one.seal != two.seal


def test_a_link_cannot_pass_for_a_seal() -> None:
    """Both are made with one key: without a word in front one could be had by asking for the
    other."""
    link = CHAIN.link_hash(1, 2, "last", "")

    assert link != CHAIN.head(1, 2, "last").seal
    assert link != CHAIN.head(1, 2, "last\n").seal


def test_linking_appends_after_the_head_and_gives_the_new_head() -> None:
    first, head = CHAIN.link(7, CHAIN.empty(7), PAID, PARTNER, AT)
    second, last = CHAIN.link(7, head, PAID, PARTNER, AT)

    assert (first["chain"], first["no"], second["no"]) == (7, 1, 2)
    assert second["hash"] == CHAIN.link_hash(7, 2, first["hash"], second["body"])
    assert head == CHAIN.head(7, 1, first["hash"])
    assert last == CHAIN.head(7, 2, second["hash"])


def test_the_same_fact_twice_in_a_chain_has_two_hashes() -> None:
    first, head = CHAIN.link(7, CHAIN.empty(7), PAID, PARTNER, AT)
    second, _ = CHAIN.link(7, head, PAID, PARTNER, AT)

    assert first["body"] == second["body"]
    assert first["hash"] != second["hash"]


def test_the_columns_of_a_row_repeat_what_its_text_says() -> None:
    row, _ = CHAIN.link(7, CHAIN.empty(7), replace(PAID, severity="high"), PARTNER, AT)

    told = orjson.loads(row["body"])
    assert (row["action"], row["severity"]) == ("payment.recorded", "high")
    assert (told["entry"]["action"], told["entry"]["severity"]) == ("payment.recorded", "high")
    assert (row["actor_kind"], row["actor_id"], row["at"]) == ("partner", 3, AT)
    assert (told["origin"]["actor"]["kind"], told["origin"]["actor"]["id"]) == ("partner", 3)
    assert datetime.fromisoformat(told["at"]) == AT


def test_the_text_of_an_entry_says_who_did_what_when_from_where_and_why() -> None:
    entry = Entry("tag.removed", {"tag": 12}, {"on": True}, {"é": None}, "medium", "guest asked")

    # Logs that exist have this shape: it may grow, but what is there keeps its name.
    assert canonical(entry, PARTNER, AT) == (
        '{"at":"2026-03-01T12:30:15.123456+00:00",'
        '"entry":{"action":"tag.removed","about":{"tag":12},"before":{"on":true},'
        '"after":{"é":null},"severity":"medium","reason":"guest asked"},'
        '"origin":{"actor":{"kind":"partner","id":3,"name":"Checkout page"},'
        '"address":"203.0.113.9","request_id":"0123456789abcdef"}}'
    )


def test_the_order_in_which_facts_were_put_together_does_not_matter() -> None:
    one: dict[str, Any] = {"paid": 1, "credit": {"before": 2, "after": 3}}
    other: dict[str, Any] = {"credit": {"after": 3, "before": 2}, "paid": 1}

    assert canonical(replace(PAID, after=one), PARTNER, AT) == canonical(
        replace(PAID, after=other), PARTNER, AT
    )


def test_a_text_with_line_ends_stays_one_line_of_the_hash() -> None:
    """Line ends part what is hashed: one in a reason must not be able to shift the parts."""
    body = canonical(replace(PAID, reason="one\ntwo"), PARTNER, AT)

    assert "\n" not in body


def test_an_instant_told_in_another_zone_is_still_the_same_instant() -> None:
    lisbon = AT.astimezone(timezone(timedelta(hours=1)))
    row, _ = CHAIN.link(7, CHAIN.empty(7), PAID, PARTNER, lisbon)

    assert datetime.fromisoformat(orjson.loads(row["body"])["at"]) == AT
