"""Which account each kind of money is booked on."""

from __future__ import annotations

import pytest

from kit.account_codes import LINE_KINDS
from office.journal.accounts import CHARGES, CREDIT, NAMES, TIP, Chart

NOTHING_SET = Chart({})


@pytest.mark.parametrize(
    ("codes", "account"),
    [
        ({"method:CASH": "1000", "method:7": "1010", "method:*": "1200"}, "1000"),
        ({"method:7": "1010", "method:*": "1200"}, "1010"),
        ({"method:*": "1200"}, "1200"),
        ({"method:8": "1010", "line:*": "4400"}, "method:CASH"),
    ],
)
def test_a_method_s_account_is_that_of_its_code_its_id_or_all_methods(
    codes: dict[str, str], account: str
) -> None:
    assert Chart(codes).of_method(7, "CASH") == account


def test_a_method_without_a_code_is_named_by_its_id() -> None:
    assert Chart({"method:7": "1010"}).of_method(7, None) == "1010"
    assert NOTHING_SET.of_method(7, None) == "method:7"


def test_a_code_that_looks_like_an_id_goes_before_the_id() -> None:
    chart = Chart({"method:7": "1010", "method:*": "1200"})

    assert chart.of_method(8, "7") == "1010"


def test_lines_have_an_account_by_kind_or_one_for_all_kinds() -> None:
    chart = Chart({"line:deposit": "4400", "line:*": "4000"})

    assert (chart.of_place("deposit"), chart.of_place("tax")) == ("4400", "4000")


def test_credit_charges_and_tips_are_no_lines() -> None:
    chart = Chart({"line:*": "4000", "credit": "3270", "charges": "4800", "tips": "3790"})

    assert [chart.of_place(each) for each in (CREDIT, CHARGES, TIP)] == ["3270", "4800", "3790"]


def test_what_is_not_set_has_the_name_by_which_it_can_be_set() -> None:
    places = ["deposit", "cancellation_fee", CREDIT, CHARGES, TIP]

    found = [NOTHING_SET.of_place(place) for place in places]

    assert found == ["line:deposit", "line:cancellation_fee", "credit", "charges", "tips"]


def test_every_place_has_a_name() -> None:
    assert set(NAMES) == {*LINE_KINDS, CREDIT, CHARGES, TIP}


def test_methods_in_the_setting_that_there_are_not_are_told() -> None:
    chart = Chart({"method:CSH": "1", "method:9": "2", "method:7": "3", "method:CASH": "4",
                   "method:*": "5", "credit": "6"})  # fmt: skip

    assert chart.idle([(7, None), (8, "CASH")]) == ["method:9", "method:CSH"]
