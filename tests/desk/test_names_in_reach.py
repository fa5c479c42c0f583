"""Filters offer whom a person at some locations may know: colleagues and partners of these."""

from __future__ import annotations

import pytest

from partners.models import Partner
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import person


@pytest.mark.parametrize("path", ["/desk/payments", "/desk/log/"])
def test_partners_of_other_locations_are_not_named(desk_of: DeskOf, path: str) -> None:
    make.location(1)
    elsewhere = make.row_of(Partner, make.partner(locations=[2])).name

    assert elsewhere in desk_of("manager").get(path).answer.text
    assert elsewhere not in desk_of("manager", locations=[1]).get(path).answer.text


def test_staff_of_other_locations_is_not_named(desk_of: DeskOf) -> None:
    make.location(1)
    make.location(2)
    person("operator", "there@example.com", locations=[2])
    person("operator", "everywhere@example.com")

    page = desk_of("manager", locations=[1]).get("/desk/log/").answer.text

    assert "there@example.com" not in page
    assert "everywhere@example.com" in page
