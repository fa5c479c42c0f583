"""Addresses that somebody wrote by hand: whatever stands in them, no page of the desk fails."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, request

from bookings.models import Booking
from desk import paging
from desk.access import STATIC
from payments.gateways.models import CardIntent
from payments.models import Payment
from tests import make
from tests.desk.carding import charge, with_card
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client

NUMBER = re.compile(r"<int:(\w+)>")
LARGEST = 2**63 - 1
NUMBERS = ("0", str(LARGEST), str(LARGEST + 1), "9" * 40, "9" * 5000, "-1", "1.5", "x", "a\0b", "²")
# PostgreSQL minds what a value is, and our own reading is the same for both; SQLite's driver fails
# at what is too large for it.
EVERY_NUMBER = pytest.mark.parametrize(
    ("database_uri", "number"),
    [("postgresql", each) for each in NUMBERS]
    + [("sqlite", each) for each in (str(LARGEST + 1), "a\0b")],
    indirect=["database_uri"],
    ids=lambda value: value[:20],
)
IDS = ("booking", "location", "method", "partner", "payment", "person", "property", "tag")
# Whatever a list of the desk is filtered by, and what its forms are filled in with beforehand.
WORDS = (
    "actor", "amount", "arrives_from", "arrives_to", "booking", "days", "from", "group", "kind",
    "lines", "location", "method", "money", "partner", "payment", "person", "property", "q",
    "reference", "severity", "sort", "source", "state", "status", "tag", "to",
)  # fmt: skip
# What forms have.
FIELDS = (
    "amount", "charges", "colour", "confirmed", "days", "events", "fee", "formats", "kind", "lines",
    "locations", "method", "name", "number", "partners", "person", "property", "reason", "result",
    "scopes", "seen", "stage", "state", "stays[0].property", "tag_id", "tip", "typed", "way",
    "whom", "wishes",
)  # fmt: skip
INSTANT = ["instant", "2026-11-20T12:00:00+00:00"]
VALUES: tuple[Any, ...] = (
    1, -1, LARGEST, LARGEST + 1, -LARGEST - 1, -LARGEST - 2, 2**64 - 1, 1.5, True, None, "", "x",
    "a\0b", [], {}, ["instant"], ["instant", 5], ["day", "x"], [[], []], INSTANT,
    ["instant", "2026-11-20T12:00:00"], ["instant", "0001-01-01T00:00:00+14:00"],
    ["instant", "9999-12-31T23:59:59-14:00"], ["day", "2026-11-20"], ["day", "0001-01-01"],
)  # fmt: skip


def pages(app: Flask, method: str = "GET") -> list[str]:
    """The rules of all pages that take this method."""
    rules = [each for each in app.url_map.iter_rules() if each.endpoint.startswith("desk.")]
    return sorted(
        each.rule for each in rules if method in (each.methods or ()) and each.endpoint != STATIC
    )


def known(rules: Sequence[str]) -> dict[str, str]:
    """By rule, the paths of pages about things that there are, as far as `everywhere` has them."""
    models = {"booking_id": Booking, "payment_id": Payment, "intent_id": CardIntent}
    ids = {name: make.rows_of(model)[0].id for name, model in models.items()}
    return {rule: NUMBER.sub(lambda found: str(ids.get(found[1], 1)), rule) for rule in rules}


def key(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def keys() -> Iterator[str]:
    """What `after` could carry that none of our links does: lists go by a moment or a day and an
    id, or by an id."""
    yield from ("", "x", "é", "=", base64.urlsafe_b64encode(b"{}").decode(), key())
    for value in VALUES:
        yield from (key(value), key(INSTANT, value), key(["day", "2026-11-20"], value))


@pytest.fixture
def everywhere(client: Client, desk_of: DeskOf) -> Desk:
    """Somebody who may open everything; there is one of most things."""
    make.method("PayPal")
    make.tag(1, "VIP")
    payment = with_card(client, make.booking(), "30")
    desk = desk_of("administrator")
    charge(desk, payment, "10.05")  # the outcome is not known yet
    return desk


@pytest.mark.long
def test_an_id_that_cannot_be_is_not_found(app: Flask, everywhere: Desk) -> None:
    rules = [rule for rule in pages(app) if NUMBER.search(rule)]
    paths = [
        NUMBER.sub(number, rule) for rule in rules for number in ("0", str(LARGEST + 1), "9" * 40)
    ]

    statuses = {path: everywhere.get(path).status for path in paths}

    assert len(rules) > 20
    assert {path: found for path, found in statuses.items() if found != 404} == {}


@pytest.mark.long
def test_a_form_about_an_id_that_cannot_be_is_not_found(app: Flask, everywhere: Desk) -> None:
    posts = [rule for rule in pages(app, "POST") if NUMBER.search(rule)]
    paths = [NUMBER.sub(str(LARGEST + 1), rule) for rule in posts]

    statuses = {path: everywhere.post(path).status for path in paths}

    assert len(paths) > 20
    assert {path: found for path, found in statuses.items() if found != 404} == {}


@pytest.mark.long
@EVERY_NUMBER
def test_no_filter_breaks_a_page(app: Flask, everywhere: Desk, number: str) -> None:
    asked = [urlencode(dict.fromkeys(names, number)) for names in (WORDS, IDS)]

    statuses = {
        (rule, query): everywhere.get(f"{path}?{query}").status
        for rule, path in known(pages(app)).items()
        for query in asked
    }

    assert {rule for (rule, _), status in statuses.items() if status >= 500} == set()


@pytest.mark.long
@EVERY_NUMBER
def test_no_form_breaks_a_page(app: Flask, everywhere: Desk, number: str) -> None:
    rules = [rule for rule in pages(app, "POST") if not rule.endswith("sign-out")]

    statuses = {
        rule: everywhere.post(path, dict.fromkeys(FIELDS, number)).status
        for rule, path in known(rules).items()
    }

    assert {rule for rule, status in statuses.items() if status >= 500} == set()


@pytest.mark.long
def test_no_key_breaks_a_list(
    app: Flask, everywhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = set()

    def seen(name: str, order: Any) -> Any:
        lists.add(request.path)
        return read(name, order)

    read = paging._key
    monkeypatch.setattr(paging, "_key", seen)
    for path in known(pages(app)).values():
        everywhere.get(path)
    names = cycle(("after", "before"))

    statuses = {
        (path, each): everywhere.get(f"{path}?{urlencode({next(names): each})}").status
        for path in sorted(lists)
        for each in keys()
    }

    assert len(lists) >= 5
    assert {call for call, status in statuses.items() if status >= 500} == set()
