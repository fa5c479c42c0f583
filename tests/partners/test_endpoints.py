"""Webhook endpoints: added, changed, removed, switched off and on; all of it in the event log."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select, text, update

from audit.chain import SYSTEM
from kit.db import Base, reading, transaction
from kit.vault import vault
from partners import endpoints
from partners.endpoints import (
    MOST_ENDPOINTS,
    NewEndpoint,
    add_endpoint,
    change_endpoint,
    remove_endpoint,
    renew_secret,
    signing_secret,
    switch_off,
    switch_on,
)
from partners.errors import EndpointExists, EndpointUnknown, TargetRefused
from partners.models import Endpoint
from partners.targets import Target
from tests import make
from tests.make import SIGNING_SECRET
from tests.outbox.make import NOON
from tests.partners.telling import logged, row

URL, PASSWORD = "https://example.com/hooks", "correct horse battery staple"


def new(**values: Any) -> NewEndpoint:
    given: dict[str, Any] = {"name": "till", "secret": SIGNING_SECRET} | values
    return NewEndpoint(target=Target(given.pop("url", URL)), **given)


def add(partner_id: int, **values: Any) -> int:
    with transaction() as connection:
        return add_endpoint(connection, partner_id, new(**values), SYSTEM, NOON)


def change(partner_id: int, **values: Any) -> None:
    with transaction() as connection:
        change_endpoint(connection, partner_id, new(**values), SYSTEM, NOON)


def remove(partner_id: int, name: str = "till", kind: str = "events") -> None:
    with transaction() as connection:
        remove_endpoint(connection, partner_id, kind, name, SYSTEM, NOON)


def told_of(action: str) -> dict[str, Any]:
    [entry] = logged(action)
    found: dict[str, Any] = orjson.loads(entry.body)["entry"]
    return found


@pytest.fixture
def partner(app: Flask) -> int:
    return make.partner()


def test_an_endpoint_is_stored_with_its_secret_sealed(partner: int) -> None:
    mine = row(add(partner, events=("payment.recorded", "booking.created")))

    assert (mine.partner_id, mine.kind, mine.name, mine.url) == (partner, "events", "till", URL)
    assert mine.events == "payment.recorded booking.created"
    assert (mine.live, mine.removed_at, mine.failing_since) == (True, None, None)
    assert SIGNING_SECRET not in mine.sealed
    assert vault().open(mine.sealed) == SIGNING_SECRET


def test_the_event_log_tells_who_is_told_and_no_secret(partner: int) -> None:
    mine = add(partner, kind="kseries", username="lightspeed", secret=PASSWORD)

    told = told_of("endpoint.added")
    assert told["about"] == {"endpoint": mine, "partner": partner}
    assert told["after"] == {
        "name": "till",
        "url": URL,
        "events": "",
        "username": "lightspeed",
        "provides_account": False,
    }
    assert logged("endpoint.added")[0].severity == "high"


def test_the_event_log_has_no_query_of_an_address_for_that_may_be_a_secret(partner: int) -> None:
    secret = f"{URL}?token={PASSWORD.replace(' ', '-')}#part"
    mine = add(partner, url=secret)
    change(partner, url=secret + "-2")
    remove(partner)

    assert row(mine).url == secret + "-2"
    told = [told_of(f"endpoint.{what}") for what in ("added", "changed", "removed")]
    facts = [each[when] for each in told for when in ("before", "after") if each[when]]
    assert [each["url"] for each in facts] == [URL] * 4


def test_no_table_holds_a_secret_in_clear(partner: int) -> None:
    add(partner)
    add(partner, kind="kseries", username="lightspeed", secret=PASSWORD)
    change(partner, secret=signing_secret())

    with reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = repr(session.execute(select(text("*")).select_from(table)).all())
            assert SIGNING_SECRET not in rows
            assert PASSWORD not in rows


def test_the_same_endpoint_again_is_no_other_one(partner: int) -> None:
    first = add(partner)

    assert add(partner) == first

    assert len(make.rows_of(Endpoint)) == len(logged("endpoint.added")) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"url": "https://example.com/other"},
        {"secret": signing_secret()},
        {"events": ("booking.created",)},
    ],
    ids=["url", "secret", "events"],
)
def test_a_name_belongs_to_one_endpoint_of_its_kind(partner: int, other: dict[str, Any]) -> None:
    add(partner)

    with pytest.raises(EndpointExists):
        add(partner, **other)


def test_names_are_a_partners_own_and_told_apart_by_every_letter(partner: int) -> None:
    own = add(partner)

    others = [
        add(make.partner()),
        add(partner, name="Till"),
        add(partner, kind="kseries", secret=None),
    ]

    assert len({own, *others}) == 4


@pytest.mark.long
def test_a_name_is_free_again_when_its_endpoint_was_removed(partner: int) -> None:
    first = add(partner)
    remove(partner)

    second = add(partner, url="https://example.com/other")

    assert first != second
    assert (row(first).live, row(first).removed_at) == (False, NOON)
    assert told_of("endpoint.removed")["before"]["url"] == URL


def test_a_partner_has_twenty_endpoints_at_most(partner: int) -> None:
    """Of whatever kind: each of them may keep a worker waiting."""
    for number in range(MOST_ENDPOINTS - 1):
        add(partner, name=f"till {number}")
    last = add(partner, name="last", kind="kseries", secret=None)

    with pytest.raises(TargetRefused, match="20 others are called already"):
        add(partner, name="one more")

    assert add(partner, name="last", kind="kseries", secret=None) == last
    assert add(make.partner(), name="of another")
    remove(partner, "till 0")
    assert add(partner, name="one more")


def test_a_changed_endpoint_is_the_same_one_on_and_well(partner: int) -> None:
    mine = add(partner)
    with transaction() as connection:
        switch_off(connection, mine, SYSTEM, "it answered 410", NOON)

    other = signing_secret()
    change(partner, url="https://example.com/other", secret=other)

    changed = row(mine)
    assert (changed.url, changed.live, changed.failing_since) == (
        "https://example.com/other",
        True,
        None,
    )
    assert vault().open(changed.sealed) == other
    told = told_of("endpoint.changed")
    assert (told["before"]["url"], told["after"]["url"]) == (URL, "https://example.com/other")


@pytest.mark.parametrize("work", [change, remove])
def test_what_is_not_there_cannot_be_changed_or_removed(partner: int, work: Any) -> None:
    add(make.partner())
    add(partner, name="Till")

    with pytest.raises(EndpointUnknown, match="endpoint ID not found for till"):
        work(partner)


def test_what_was_removed_stays_removed(partner: int) -> None:
    mine = add(partner)
    remove(partner)

    for work in (change, remove):
        with pytest.raises(EndpointUnknown):
            work(partner)
    with transaction() as connection:
        assert switch_on(connection, mine, SYSTEM, "by command", NOON) is False
    assert row(mine).live is False


def test_switching_is_told_once_and_ends_the_failing(partner: int) -> None:
    mine = add(partner)

    with transaction() as connection:
        connection.execute(update(Endpoint).values(failing_since=NOON))
        off = [switch_off(connection, mine, SYSTEM, "it answered 410", NOON) for _ in range(2)]
    with transaction() as connection:
        on = [switch_on(connection, mine, SYSTEM, "by command", NOON) for _ in range(2)]

    assert (off, on) == ([True, False], [True, False])
    assert row(mine).failing_since is None
    assert told_of("endpoint.switched_off")["reason"] == "it answered 410"
    assert told_of("endpoint.switched_on")["after"] == {"live": True}


def test_a_renewed_secret_is_another_one_and_told_by_name_only(partner: int) -> None:
    mine, secret = add(partner), signing_secret()

    with transaction() as connection:
        renew_secret(connection, mine, secret, SYSTEM, NOON)

    assert vault().open(row(mine).sealed) == secret
    assert told_of("endpoint.secret_renewed")["after"] == {}


def test_signing_secrets_are_like_those_of_standard_webhooks_and_never_the_same() -> None:
    made = {signing_secret() for _ in range(20)}

    assert len(made) == 20
    # 24 to 64 random bytes in base64, after a prefix.
    assert all(re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", each) for each in made)


def test_endpoints_are_listed_in_the_order_they_were_added(partner: int) -> None:
    names = [f"till {number}" for number in range(3)]
    for name in names:
        add(partner, name=name)
    add(partner, name="removed")
    remove(partner, "removed")
    add(make.partner())

    with transaction() as connection:
        found = endpoints.endpoints_of(connection, partner, "events")

    assert [each.name for each in found] == names
