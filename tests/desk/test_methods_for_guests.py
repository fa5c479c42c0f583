"""Whether guests may pay by a method on their page, as the desk says it."""

from __future__ import annotations

import pytest

from audit.models import LogEntry
from tests import make
from tests.desk.people import Desk
from tests.desk.test_methods import add, change, stored


@pytest.mark.long
def test_a_method_is_offered_to_guests_and_the_log_tells_of_it(
    manager: Desk, operator: Desk
) -> None:
    add(manager, paying="external")
    method_id = stored().id
    assert "Not offered" in operator.get(f"/desk/methods/{method_id}").text

    change(manager, method_id, for_guests="true")

    assert stored().for_guests is True
    [entry] = make.rows_of(LogEntry, action="method.policy_changed")
    assert entry.severity == "high"
    assert "for guests no → yes" in manager.get("/desk/dangerous/").text
    page = manager.get(f"/desk/methods/{method_id}")
    assert "Guests may pay by it on their page." in page.text
    assert page.form(str(method_id))["for_guests"] == "true"
    assert "Offered to guests" in operator.get("/desk/methods/").text
    assert "Offered" in operator.get(f"/desk/methods/{method_id}").all("dd")


def test_what_is_changed_besides_leaves_the_offer_to_guests(manager: Desk) -> None:
    add(manager, paying="external", for_guests="true")

    change(manager, stored().id, comment="Card payment")

    assert (stored().comment, stored().for_guests) == ("Card payment", True)


def test_what_guests_cannot_pay_by_is_refused_at_its_field(manager: Desk) -> None:
    answer = add(manager, paying="on_site", for_guests="true")

    assert answer.status == 422
    assert "completed at the desk" in answer.all("#e-for_guests")[0]
