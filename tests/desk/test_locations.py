"""The settings of locations at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from audit.models import LogEntry
from desk.locations.queries import has_amounts
from kit.db import transaction
from locations.finding import by_token
from locations.models import Location
from payments.models import DefaultMethod
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client

PATH = "/desk/locations/1"


@pytest.fixture
def admin(desk_of: DeskOf) -> Desk:
    """An administrator's desk; there is a location."""
    make.location(1)
    return desk_of("administrator")


def save(desk: Desk, **other: Any) -> Page:
    return desk.post(PATH, desk.get(PATH).form("/1") | other)


def place() -> Any:
    return make.row_of(Location, 1)


def test_an_administrator_changes_all_settings(admin: Desk) -> None:
    method_id = make.method("Online ordering")

    answer = save(
        admin, name="Azores Villas", mail_sender="stay@azores.example.com",
        time_zone="Atlantic/Azores", currency="GBP", overpayment="refuse", hold_minutes="45",
        reminder_days="0", checkout_url="https://example.com/{booking}",
        default_method=str(method_id),
    )  # fmt: skip

    row = place()
    assert (answer.status, answer.leads_to) == (303, PATH)
    assert (row.name, row.mail_sender, row.time_zone) == (
        "Azores Villas", "stay@azores.example.com", "Atlantic/Azores",
    )  # fmt: skip
    assert (row.currency, row.overpayment, row.hold_minutes, row.reminder_days) == (
        "GBP", "refuse", 45, 0,
    )  # fmt: skip
    assert row.checkout_url == "https://example.com/{booking}"
    assert [each.method_id for each in make.rows_of(DefaultMethod)] == [method_id]
    assert "The settings were changed. They count from now on." in admin.get(PATH).text
    entries = {row.action: row.severity for row in make.rows_of(LogEntry)}
    assert entries["location.changed"] == "high"
    assert entries["method.default_changed"] == "medium"


def test_saving_what_is_there_changes_nothing(admin: Desk) -> None:
    before = place()

    save(admin)

    assert "Nothing was different" in admin.get(PATH).text
    assert place() == before
    assert make.rows_of(LogEntry, action="location.changed") == []


def test_every_wrong_field_is_told_at_once(admin: Desk) -> None:
    desk_only = make.method("At the desk", paying="on_site")

    answer = save(
        admin, time_zone="Mars/Olympus", currency="XXX", checkout_url="javascript:alert(1)",
        default_method=str(desk_only), hold_minutes="0",
    )  # fmt: skip

    assert answer.status == 422
    for field, told in {
        "hold_minutes": "Minutes is '0'",
        "time_zone": "“Mars/Olympus” is no time zone",
        "currency": "“XXX” is no currency",
        "checkout_url": "This must be an address of the web",
        "default_method": "“At the desk” cannot be the default",
    }.items():
        assert answer.all(f"#e-{field}")[0].startswith(told)
    assert make.rows_of(DefaultMethod) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("mail_sender", "nobody"), ("mail_sender", "a@b.example,c@d.example"),
        ("hold_minutes", "0"), ("hold_minutes", "43201"), ("hold_minutes", "1.5"),
        ("reminder_days", "-1"), ("reminder_days", "366"), ("overpayment", "perhaps"),
        ("currency", "eur"), ("name", "4111 1111 1111 1111"), ("default_method", "x"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_at_its_field(admin: Desk, field: str, value: str) -> None:
    before = place()

    answer = save(admin, **{field: value})

    assert answer.status == 422
    assert len(answer.all(f"#e-{field}")) == 1
    assert place() == before


def test_the_currency_cannot_be_chosen_once_there_are_bookings(admin: Desk) -> None:
    make.booking()

    page = admin.get(PATH)
    answer = save(admin, currency="GBP")

    assert page.root.cssselect("select[name=currency]") == []
    assert answer.all("#e-currency") == [
        "The currency stays EUR: there are bookings or prices in it at this location."
    ]
    assert place().currency == "EUR"


def test_the_time_zone_cannot_be_chosen_once_money_was_recorded(admin: Desk, app: Flask) -> None:
    booking = make.booking(["300.00"])
    offered = admin.get(PATH).root.cssselect("select[name=time_zone]")
    make.method("PayPal")
    Client.of_new_partner(app).pay(booking, "100.00")

    page = admin.get(PATH)
    answer = save(admin, time_zone="Asia/Tokyo")

    assert len(offered) == 1
    assert page.root.cssselect("select[name=time_zone]") == []
    assert answer.all("#e-time_zone") == [
        "The time zone stays Europe/Lisbon: money was recorded at this location, "
        "on days of this zone."
    ]
    assert place().time_zone == "Europe/Lisbon"


@pytest.mark.usefixtures("app")
def test_prices_hold_the_currency_too() -> None:
    make.location(1), make.location(2), make.location(3)
    make.place(1)
    make.rule(2)

    with transaction() as connection:
        found = [has_amounts(connection, each) for each in (1, 2, 3)]

    assert found == [True, True, False]


def test_only_methods_that_tills_can_use_are_offered_as_default(admin: Desk) -> None:
    make.method("Good")
    make.method("At the desk", paying="on_site")
    make.method("Not from outside", from_outside=False)
    make.method("Gone", active=False)

    page = admin.get(PATH)

    assert page.all("#f-default_method option") == ["None: such payments are refused", "Good"]


def test_a_default_that_cannot_be_used_any_more_is_shown_until_it_is_changed(admin: Desk) -> None:
    old = make.method("Gone", active=False)
    with transaction() as connection:
        row = {"location_id": 1, "method_id": old}
        connection.execute(insert(DefaultMethod), [row])

    kept = save(admin, name="Another name")
    taken = save(admin, default_method="")

    assert (kept.status, taken.status) == (303, 303)
    assert make.rows_of(DefaultMethod) == []


def test_who_looked_at_older_settings_is_shown_the_new_ones(admin: Desk) -> None:
    old = admin.get(PATH).form("/1")
    save(admin, name="New name")

    answer = admin.post(PATH, old | {"hold_minutes": "99"})

    assert answer.status == 409
    assert "were changed after this page was made" in answer.text
    assert answer.form("/1")["name"] == "New name"
    assert (place().name, place().hold_minutes) == ("New name", 30)


def test_a_new_token_is_shown_once_and_ends_the_old_one(admin: Desk) -> None:
    form = admin.get(f"{PATH}/token").form("/token")

    made = admin.post(f"{PATH}/token", form)
    again = admin.post(f"{PATH}/token", form)

    token = made.root.cssselect("#s-token")[0].get("value")
    assert made.status == 200
    assert (by_token(token) or place()).id == 1
    assert by_token("location token 1") is None
    assert again.leads_to == PATH
    shown = admin.get(PATH)
    assert token not in shown.answer.text
    assert "cannot be shown again" in shown.text
    [entry] = make.rows_of(LogEntry, action="location.token_rotated")
    assert (entry.severity, entry.actor_id) == ("high", admin.person_id)
    assert token not in entry.body


def test_looking_at_the_question_changes_nothing(admin: Desk) -> None:
    page = admin.get(f"{PATH}/token")

    assert "The present token ends at once" in page.text
    assert by_token("location token 1") is not None


def test_what_partners_call_it_is_shown_and_not_changed(admin: Desk) -> None:
    page = admin.get(PATH)

    save(admin, client_name="other", business_location_id="1", token_hash="x")

    assert "client1" in page.text
    assert "1001" in page.text
    assert (place().client_name, place().business_location_id) == ("client1", 1001)


def test_whoever_is_limited_to_locations_reaches_no_other(desk_of: DeskOf) -> None:
    make.location(1), make.location(2)
    desk = desk_of("administrator", locations=[1])

    assert desk.get("/desk/locations/").all("tbody th a") == ["Location 1"]
    assert desk.get("/desk/locations/2").status == 404
    assert desk.post("/desk/locations/2", desk.get(PATH).form("/1")).status == 404
    assert desk.get("/desk/locations/2/token").status == 404
    assert desk.post("/desk/locations/2/token").status == 404
    assert by_token("location token 2") is not None


def test_a_manager_has_no_settings(manager: Desk) -> None:
    make.location(1)

    assert manager.get("/desk/locations/").status == 403
    assert manager.post(PATH, {}).status == 403
    assert manager.post(f"{PATH}/token").status == 403
    assert by_token("location token 1") is not None


def test_the_list_tells_each_locations_own_time(admin: Desk) -> None:
    save(admin, time_zone="Asia/Tokyo")

    page = admin.get("/desk/locations/")

    assert page.all("tbody th") == ["Location 1client1"]
    assert page.all("tbody td")[1].startswith("Asia/Tokyonow ")


def test_without_locations_the_list_says_what_to_do(desk_of: DeskOf) -> None:
    page = desk_of("administrator").get("/desk/locations/")

    assert "There are no locations yet." in page.text
