"""Ids of this wire: stable, and an order's UUID can be read back."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.formats.iiko import ids

BOOKING_IDS = st.integers(min_value=1, max_value=2**60 - 1)


@given(BOOKING_IDS)
def test_the_uuid_of_an_order_is_one_of_version_8_and_leads_back_to_its_booking(id: int) -> None:
    made = UUID(ids.order(id))

    assert (made.version, made.variant) == (8, UUID(int=0, version=4).variant)
    assert ids.booking(str(made)) == id


@given(BOOKING_IDS, st.integers(min_value=0, max_value=127))
def test_no_uuid_but_the_right_one_leads_to_a_booking(id: int, bit: int) -> None:
    wrong = UUID(int=UUID(ids.order(id)).int ^ 1 << bit)

    assert ids.booking(str(wrong)) == 0


@pytest.mark.parametrize("came", [uuid4(), uuid5(NAMESPACE_DNS, "4354"), UUID(int=0)])
def test_a_uuid_of_somebody_else_leads_to_no_booking(came: UUID) -> None:
    assert ids.booking(str(came)) == 0


def test_the_id_can_be_read_in_the_uuid() -> None:
    assert ids.order(0x1234567) == "00000000-1234-8567-" + ids.order(0x1234567)[19:]


def test_ids_stay_what_they_are() -> None:
    """Senders keep them: a change of the formula would cut them off."""
    assert ids.order(4354) == "00000000-0001-8102-959d-1a482fa84db9"
    assert ids.organization(1) == "0abba8a1-1758-5bb7-8334-5a79492c4199"
    epos = ids.payment_type("93AGQTGJBKVCQVRRKBVCCRTPJTBKCNLBH")
    assert epos == "51c2066f-8660-59f7-a37e-8e33fd72ad39"


def test_a_plain_number_is_its_own_booking() -> None:
    assert ids.booking("4354") == 4354
