"""Names that mean a part of a form and are not written as its fields are."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.kit.test_nested import STAY, VISA, Stay, faults, read

MISPLACED = {
    "Properties.Id": "Properties[0].Id",
    "properties.id": "Properties[0].Id",
    "Properties.0.Id": "Properties[0].Id",
    "Properties.2.Id": "Properties[2].Id",
    "Properties[].Id": "Properties[0].Id",
    "Properties[x].Id": "Properties[0].Id",
    "Properties[-1].Id": "Properties[0].Id",
    "Properties[+1].Id": "Properties[0].Id",
    "Properties[ 1].Id": "Properties[0].Id",
    "Properties[1_0].Id": "Properties[0].Id",
    "Properties[٣].Id": "Properties[0].Id",
    "Properties[1]].Id": "Properties[1].Id",
    "Properties[1][2].Id": "Properties[1].Id",
    "Properties[2000]Id": "Properties[0].Id",
    "Properties[20]Id": "Properties[0].Id",
    "Properties[19]Id": "Properties[19].Id",
    "Properties[0]Id": "Properties[0].Id",
    "Properties[1][Id]": "Properties[1].Id",
    "Properties[1][Extras][02][Id]": "Properties[1].Extras[2].Id",
    "[Properties][1][Id]": "Properties[1].Id",
    ".Properties[1].Id": "Properties[1].Id",
    "Properties[1].PropertyId[": "Properties[1].Id",
    "Properties.Extras.Qty": "Properties[0].Extras[0].Qty",
    "Properties[3].Extras.Id": "Properties[3].Extras[0].Id",
    "Properties[3].People.Name": "Properties[3].Guests[0].Name",
    "Contact[0].FirstName": "Contact.FirstName",
    "Contact[FirstName]": "Contact.FirstName",
    "Contact..FirstName": "Contact.FirstName",
    "Contact": "a field such as Contact.FirstName",
    "Properties": "a field such as Properties[0].Id",
    "Properties[4]": "a field such as Properties[4].Id",
    "Properties[4].": "a field such as Properties[4].Id",
    "Properties[4].Guests": "a field such as Properties[4].Guests[0].Name",
}


@pytest.mark.parametrize("name", MISPLACED)
def test_a_name_that_means_a_part_and_is_written_otherwise_is_told_with_what_is_right(
    name: str,
) -> None:
    wrong = faults(f"{STAY}&{quote(name)}=7")

    sentence = f"{name} is wrongly named; it must be {MISPLACED[name]}."
    assert wrong == {name: [("misplaced", sentence)]}


def test_names_of_which_all_are_misplaced_are_all_told_once_each_with_the_rest() -> None:
    wrong = faults(f"{STAY}&Properties.Id=1&Properties.Id=2&Contact[Email]=x&Contact.Email=x")

    found = {name: [code for code, _ in told] for name, told in wrong.items()}
    assert found == {
        "Properties.Id": ["misplaced"],
        "Contact[Email]": ["misplaced"],
        "Contact.Email": ["invalid"],
    }


@pytest.mark.parametrize("name", ["Properties[].Id", "Contact", "Properties.Guests"])
def test_a_misplaced_name_without_a_value_is_absent(name: str) -> None:
    assert read(f"{STAY}&{name}=&{name}") == {"properties": (Stay(8849, "x"),)}


def test_misplaced_names_that_are_long_are_not_repeated_but_what_is_right_is() -> None:
    far = "Properties[" + "0" * 60 + "][{}]"

    wrong = faults(f"{STAY}&{far.format('Id')}=1&{far.format('Id')}=2&{far.format('Checkout')}=3")

    must = "A field is wrongly named; it must be Properties[0]"
    assert wrong == {"?": [("misplaced", f"{must}.Id."), ("misplaced", f"{must}.Checkout.")]}


@pytest.mark.parametrize(
    "name", [f"Properties[{VISA}][Id]", "Properties.4111111111111111.Id", f"Contact[{VISA}].Email"]
)
def test_a_card_number_in_a_misplaced_name_is_not_repeated(name: str) -> None:
    wrong = faults(f"{STAY}&{quote(name)}=7")

    assert [code for code, _ in wrong["?"]] == ["misplaced"]
    assert "4111" not in str(wrong)
    assert "1111" not in str(wrong)


def test_a_card_number_in_a_misplaced_text_is_what_is_told() -> None:
    wrong = faults(f"{STAY}&Contact[FirstName]={VISA}&Properties.Id=4111111111111111")

    codes = {name: [code for code, _ in told] for name, told in wrong.items()}
    assert codes == {"Contact[FirstName]": ["card_number"], "Properties.Id": ["misplaced"]}
    assert "4111" not in str(wrong)
