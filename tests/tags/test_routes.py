"""GET /apis/bookingtags."""

from __future__ import annotations

from flask import Flask

from tests import make
from tests.make import Client


def test_the_tags_are_a_bare_array_by_id(client: Client) -> None:
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    make.tag(2, "VIP")

    answer = client.get("/apis/bookingtags")

    assert answer.status_code == 200
    assert answer.json == [
        {"Id": 2, "Name": "VIP"},
        {"Id": 12, "Name": "Website Booking in Progress"},
    ]
    assert answer.content_type == "application/json; charset=utf-8"


def test_without_tags_the_array_is_empty(client: Client) -> None:
    assert client.get("/apis/bookingtags").json == []


def test_reading_tags_needs_the_scope_to_read_bookings(app: Flask) -> None:
    stranger = Client.of_new_partner(app, scopes="payments:read")

    answer = stranger.get("/apis/bookingtags")

    assert answer.status_code == 403
    assert "bookings:read" in answer.json["Message"]
