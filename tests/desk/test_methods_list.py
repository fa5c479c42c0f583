"""The list of payment methods."""

from __future__ import annotations

from typing import Any

import pytest

from partners.models import Partner
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.people import Desk
from tests.desk.test_methods import VISA, change, stored


@pytest.mark.parametrize(
    ("values", "desk_says", "outside_says"),
    [
        ({"paying": "both"}, "Entered by hand", "Completed or not"),
        ({"paying": "external"}, "Never entered by hand", "Completed payments only"),
        ({"paying": "on_site"}, "Entered by hand", "Payments not completed only"),
        ({"paying": "both", "manual_prohibited": True},
         "Never entered by hand; what comes is completed here", "Completed or not"),
        ({"from_outside": False}, "Entered by hand", "Not accepted"),
        ({"from_outside": False, "manual_prohibited": True}, "Never entered by hand",
         "Not accepted"),
    ],
)  # fmt: skip
def test_the_list_says_how_each_method_may_be_used(
    manager: Desk, values: dict[str, Any], desk_says: str, outside_says: str
) -> None:
    make.method("PayPal", **values)

    page = manager.get("/desk/methods/")

    assert page.all("tbody td")[:2] == [desk_says, outside_says]


@pytest.mark.long
def test_the_list_tells_what_else_is_said_of_a_method(manager: Desk, desk_of: DeskOf) -> None:
    make.location(1), make.location(2)
    make.method("PayPal", code="PP", number=3, overpayment="refuse", takes_tips=True,
                is_refund=True, active=False)  # fmt: skip
    partner = make.partner()
    change(manager, stored().id, whom="named", **{"partners[]": [str(partner)]})
    manager.post(f"/desk/methods/{stored().id}/locations/2/off")

    page = manager.get("/desk/methods/")

    assert page.all("tbody th") == ["PayPal PP · Bank · number 3"]
    assert "Refund type · Takes tips · Overpayment refused" in page.text
    assert f"Only for {make.row_of(Partner, partner).name}" in page.text
    assert "Switched off Off at Location 2" in page.text
    limited = desk_of("operator", locations=[1]).get("/desk/methods/")
    assert "Location 2" not in limited.text


def test_without_methods_the_list_says_what_to_do(manager: Desk) -> None:
    assert "There are no payment methods yet." in manager.get("/desk/methods/").text


def test_what_there_is_not_is_not_found(manager: Desk) -> None:
    make.location(1)

    assert manager.get("/desk/methods/77").status == 404
    assert manager.post("/desk/methods/77/delete").status == 404
    assert manager.post("/desk/methods/77", VISA).status == 404


def test_the_list_takes_four_statements(manager: Desk) -> None:
    make.location(1)
    for number in range(5):
        make.method(f"Method {number}")
    manager.get("/desk/methods/")

    with counted() as statements:
        manager.get("/desk/methods/")

    assert len(statements) <= 4
