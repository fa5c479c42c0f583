"""Changing the settings of a location, and its LocationToken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from audit.chain import Actor, Origin
from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, transaction
from kit.errors import DomainError, Refused
from locations.changing import (
    LocationSettings,
    change_location,
    held_settings,
    rotate_token,
    zones,
)
from locations.finding import by_token
from locations.models import Location
from tests import make

pytestmark = pytest.mark.usefixtures("app")

ORIGIN = Origin(Actor("person", 7, "admin@example.com"), "192.0.2.1", "request")


def none() -> bool:
    return False


def settings(location_id: int = 1) -> LocationSettings:
    with transaction() as connection:
        return held_settings(connection, location_id)


def change(
    has_amounts: Callable[[], bool] = none, has_money: Callable[[], bool] = none, **other: Any
) -> bool:
    wanted = replace(settings(), **other)
    return in_transaction(
        lambda connection: change_location(
            connection,
            1,
            wanted,
            ORIGIN,
            clock.now(),
            has_amounts=has_amounts,
            has_money=has_money,
        )
    )


def entries() -> list[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """What was logged: action, severity, about, before, after."""
    told = [(row, orjson.loads(row.body)["entry"]) for row in make.rows_of(LogEntry)]
    return [
        (row.action, row.severity, entry["about"], entry["before"], entry["after"])
        for row, entry in told
    ]


def test_all_settings_are_changed_and_logged_with_before_and_after() -> None:
    make.location(1)
    before = settings()
    wanted: dict[str, Any] = {
        "name": "Azores Villas", "mail_sender": "stay@azores.example.com",
        "time_zone": "Atlantic/Azores", "currency": "JPY", "overpayment": "refuse",
        "hold_minutes": 45, "reminder_days": 3, "checkout_url": "https://example.com/{booking}",
    }  # fmt: skip

    assert change(**wanted)

    assert asdict(settings()) == wanted
    assert entries() == [("location.changed", "high", {"location": 1}, asdict(before), wanted)]


@pytest.mark.parametrize(
    ("name", "value", "severity"),
    [
        ("name", "Azores Villas", "low"),
        ("hold_minutes", 45, "low"),
        ("reminder_days", 0, "low"),
        ("overpayment", "refuse", "medium"),
        ("time_zone", "Atlantic/Azores", "medium"),
        ("mail_sender", "a@example.com", "medium"),
        ("checkout_url", "https://example.com/", "high"),
        ("currency", "GBP", "high"),
    ],
)
def test_only_what_changed_is_logged_as_severe_as_it_is(
    name: str, value: Any, severity: str
) -> None:
    make.location(1)
    was = asdict(settings())[name]

    change(**{name: value})

    assert entries() == [
        ("location.changed", severity, {"location": 1}, {name: was}, {name: value})
    ]


def test_what_changes_nothing_is_not_logged() -> None:
    make.location(1)

    assert not change()
    assert entries() == []


def test_all_that_is_wrong_is_told_at_once_and_nothing_written() -> None:
    make.location(1)
    before = settings()

    with pytest.raises(Refused) as refused:
        change(time_zone="Mars/Olympus", currency="XXX", checkout_url="javascript:alert(1)")

    fields = [each.field for each in refused.value.problems]
    assert fields == ["time_zone", "currency", "checkout_url"]
    assert settings() == before
    assert entries() == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/{booking}", "example.com/{booking}", "https://", "https:///x",
        "https://example.com/{bookingid}", "https://example.com/{}", "https://exa mple.com/",
        "https://user:secret@example.com/", "https://[", "https://example.com/\"onclick",
    ],
)  # fmt: skip
def test_guests_are_sent_to_addresses_of_the_web_only(url: str) -> None:
    make.location(1)

    with pytest.raises(DomainError) as refused:
        change(checkout_url=url)

    assert refused.value.field == "checkout_url"


@pytest.mark.parametrize(
    "url", ["https://example.com/pay?id={booking}&x=1", "http://127.0.0.1:8080/{booking}", None]
)
def test_the_booking_may_stand_anywhere_in_the_address(url: str | None) -> None:
    make.location(1)
    change(checkout_url="https://example.com/")

    assert change(checkout_url=url)
    assert settings().checkout_url == url


def test_the_currency_stays_once_there_are_amounts_in_it() -> None:
    make.location(1)

    with pytest.raises(DomainError) as refused:
        change(lambda: True, currency="GBP")

    assert (refused.value.field, refused.value.code) == ("currency", "currency_fixed")
    assert change(lambda: True, name="Another name")


def test_the_time_zone_stays_once_money_was_recorded_on_its_days() -> None:
    make.location(1)

    with pytest.raises(DomainError) as refused:
        change(has_money=lambda: True, time_zone="Asia/Tokyo")

    assert (refused.value.field, refused.value.code) == ("time_zone", "zone_fixed")
    assert change(has_money=lambda: True, name="Another name")


def test_zones_are_names_of_places() -> None:
    assert {"UTC", "Atlantic/Azores", "Europe/London"} <= set(zones())
    assert not {"EST", "Etc/GMT+3", "Turkey", "posixrules", "Factory"} & set(zones())
    assert max(map(len, zones())) <= 50


def test_every_zone_is_one_that_the_database_knows() -> None:
    """Days of locations are counted there, too."""
    with transaction() as connection:
        if connection.dialect.name == "sqlite":
            return
        known = {row[0] for row in connection.exec_driver_sql("SELECT name FROM pg_timezone_names")}

    assert set(zones()) - known == set()


def test_an_old_zone_may_stay_as_it_is() -> None:
    make.location(1)
    with transaction() as connection:
        connection.execute(update(Location).values(time_zone="Portugal"))

    assert change(name="Azores Villas")


def test_a_new_token_ends_the_old_one_and_is_stored_as_its_hash_only() -> None:
    make.location(1)
    assert by_token("location token 1") is not None

    token = in_transaction(lambda connection: rotate_token(connection, 1, ORIGIN, clock.now()))

    place = by_token(token)
    assert place is not None
    assert place.id == 1
    assert by_token("location token 1") is None
    assert len(token) == 43
    assert token not in str(make.row_of(Location, 1))
    assert entries() == [("location.token_rotated", "high", {"location": 1}, {}, {})]


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        in_transaction(lambda connection: rotate_token(connection, 1, ORIGIN, clock.now()))

    assert refused.value.code == "no_such_location"
