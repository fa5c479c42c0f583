"""Finding entries of the event log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit import reading as audit_reading
from audit.chain import SYSTEM, Actor, Entry, Origin
from audit.models import LogEntry
from audit.reading import (
    NEWEST,
    AboutLocation,
    AboutPayment,
    Wanted,
    external_payments,
    last_reasons,
)
from audit.recording import record
from kit.db import reading, transaction

pytestmark = pytest.mark.usefixtures("app")

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANA = Origin(Actor("person", 7, "ana@example.com"))
TILL = Origin(Actor("partner", 7, "Till"))


def log(action: str, origin: Origin = SYSTEM, hours: int = 0, **values: Any) -> None:
    given = {"about": {}, "before": {}, "after": {}} | values
    with transaction() as connection:
        record(connection, Entry(action, **given), origin, NOON + timedelta(hours=hours))


def found(**wanted: Any) -> list[str]:
    with reading() as session:
        query = select(LogEntry.action).where(*Wanted(**wanted).conditions())
        return list(session.scalars(query.order_by(*NEWEST.by())))


def test_entries_come_newest_first_and_those_of_one_moment_in_turn() -> None:
    log("tag.added", hours=1)
    log("tag.changed", hours=1)
    log("tag.deleted")

    assert found() == ["tag.changed", "tag.added", "tag.deleted"]


def test_a_time_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    for hours in range(4):
        log(f"tag.at_{hours}", hours=hours)

    hour = timedelta(hours=1)
    assert found(since=NOON + hour, until=NOON + 3 * hour) == ["tag.at_2", "tag.at_1"]


def test_a_person_and_a_partner_of_one_id_are_not_the_same() -> None:
    log("staff.signed_in", ANA)
    log("payment.recorded", TILL)
    log("booking.abandoned")

    assert found(actor_kind="person", actor_id=7) == ["staff.signed_in"]
    assert found(actor_kind="partner", actor_id=7) == ["payment.recorded"]
    assert found(actor_kind="system") == ["booking.abandoned"]


def test_a_group_is_of_whole_words() -> None:
    for action in ("payment.failed", "payments.moved", "booking.created", "staff.added"):
        log(action)

    assert found(groups=("payment",)) == ["payment.failed"]
    assert sorted(found(groups=("booking", "staff"))) == ["booking.created", "staff.added"]


def test_severity_and_chain_are_asked_for() -> None:
    log("partner.added", severity="high")
    log("tag.added")

    assert found(severity="high") == ["partner.added"]
    assert found(chain=1) == []
    assert len(found(chain=0)) == 2


def test_what_an_entry_is_about_is_read_from_its_text() -> None:
    log("payment.deleted", about={"location": 3, "payment": 2**40}, after={"external": [5, 6]})
    log("payment.deleted", after={"external": True})

    with reading() as session:
        body = LogEntry.body
        about = select(AboutLocation(body), AboutPayment(body), external_payments())
        rows = session.execute(about.order_by(LogEntry.id)).all()

    assert [tuple(row) for row in rows][1] == (None, None, "[]")
    assert (rows[0][0], rows[0][1], rows[0][2].replace(" ", "")) == (3, 2**40, "[5,6]")


def test_the_last_reason_is_told_for_each_endpoint() -> None:
    for endpoint, why in ((1, "it moves"), (2, "it answered 410"), (1, "it is gone")):
        log("endpoint.switched_off", about={"endpoint": endpoint}, reason=why)
    log("endpoint.switched_on", about={"endpoint": 2}, reason="at the desk")

    with reading() as session:
        assert last_reasons(session, "endpoint.switched_off", [1, 2, 3]) == {
            1: "it is gone",
            2: "it answered 410",
        }
        assert last_reasons(session, "endpoint.switched_off", []) == {}


def test_nothing_that_reads_the_log_could_change_it() -> None:
    words = Path(audit_reading.__file__).read_text()

    assert not [word for word in ("insert(", "update(", "delete(", "transaction") if word in words]
