"""What holds for every form of the desk, shown on the one for tags."""

from __future__ import annotations

import pytest

from bookings.models import Contact
from tags.models import Tag
from tests import make
from tests.desk.people import Desk

pytestmark = pytest.mark.one_database

CARD = "4111 1111 1111 1111"


def test_a_card_number_is_refused_at_its_field_and_never_repeated(manager: Desk) -> None:
    form = manager.get("/desk/tags/").form("/tags/")

    answer = manager.post("/desk/tags/", form | {"name": f"Card {CARD}", "colour": "#b8860b"})

    assert answer.status == 422
    told = "This holds what looks like a card number; never write one down."
    assert answer.all("#e-name") == [told]
    assert CARD not in answer.answer.text
    assert make.rows_of(Tag) == []


def test_a_card_number_among_a_guests_notes_is_neither_stored_nor_repeated(manager: Desk) -> None:
    booking = make.booking(["10.00"])
    path = f"/desk/bookings/{booking}/guest"
    form = manager.get(path).form()

    answer = manager.post(path, form | {"first_name": "Ana", "internal_notes": CARD})

    assert answer.status == 422
    assert CARD not in answer.answer.text
    assert [contact.first_name for contact in make.rows_of(Contact)] == ["Maria"]


def test_half_a_form_is_refused(manager: Desk) -> None:
    token = manager.token()
    body = f"csrf_token={token}&colour=%23b8860b&name=Ve"

    answer = manager.http.post(
        "/desk/tags/",
        data=body.encode(),
        content_type="application/x-www-form-urlencoded",
        # A server that hands on what came, and its end.
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 20), "wsgi.input_terminated": True},
    )

    assert answer.status_code == 400
    assert "cut off" in answer.text
    assert make.rows_of(Tag) == []


def test_a_list_that_no_page_sends_is_no_failure(manager: Desk) -> None:
    booking = make.booking(["10.00"])
    path = f"/desk/bookings/{booking}/record"

    answers = [
        manager.post(there, {"wishes[]": "1", "amount[]": "5.00", "name[]": "VIP"})
        for there in (path, f"{path}/preview", "/desk/tags/")
    ]

    assert [answer.status for answer in answers if answer.status >= 500] == []
    assert make.rows_of(Tag) == []
